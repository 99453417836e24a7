package app

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// readyTimeout bounds what a look at the storage may take.
const readyTimeout = 2 * time.Second

// health says whether the server lives and whether it should be given requests.
type health struct {
	version  string
	stopping atomic.Bool
	store    func(ctx context.Context) error // nil: the storage answers
}

type healthBody struct {
	Status  string `json:"status"`
	Version string `json:"version,omitempty"`
}

type errorBody struct {
	Error string `json:"error"`
}

// register adds /healthz, which says that the process answers, and /readyz, which says that
// it also works.
func (h *health) register(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, healthBody{Status: "ok", Version: h.version})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
		defer cancel()
		switch {
		case h.stopping.Load():
			writeJSON(w, http.StatusServiceUnavailable, healthBody{Status: "stopping"})
		case h.store(ctx) != nil:
			writeJSON(w, http.StatusServiceUnavailable, healthBody{Status: "storage does not answer"})
		default:
			writeJSON(w, http.StatusOK, healthBody{Status: "ok"})
		}
	})
}

// metricsPage serves the metrics, to those who know the token if there is one.
func metricsPage(registry *prometheus.Registry, token string) http.Handler {
	page := promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	if token == "" {
		return page
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok || subtle.ConstantTimeCompare([]byte(given), []byte(token)) != 1 {
			w.Header().Set("WWW-Authenticate", "Bearer")
			writeJSON(w, http.StatusUnauthorized, errorBody{"User is not authenticated"})
			return
		}
		page.ServeHTTP(w, r)
	})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	data, err := json.Marshal(body)
	if err != nil {
		panic(err) // a type of ours that is no JSON
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(data) // an error means that nobody listens any more
}
