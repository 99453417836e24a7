// Package reference serves the description of what the server speaks: the two documents of package
// api as they are, the one for HTTP in JSON as well, and a page made of both that a person can read.
// The page needs no scripts and nothing from elsewhere. It is not the guides in docs/, which tell how
// things are done.
package reference

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"time"

	"github.com/govorun/govorun/api"
)

//go:embed page
var files embed.FS

// policy lets the page load its style and nothing else, and run nothing.
const policy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Register adds the documents below "/api/" and the page at "/docs". The page's samples call the server
// at url, which has no slash at its end.
func Register(mux *http.ServeMux, url string) error {
	described, err := toJSON(api.OpenAPI)
	if err != nil {
		return fmt.Errorf("openapi.yaml: %w", err)
	}
	page, err := render(url)
	if err != nil {
		return fmt.Errorf("page of the reference: %w", err)
	}
	style, err := files.ReadFile("page/style.css")
	if err != nil {
		return fmt.Errorf("page of the reference: %w", err)
	}
	mux.Handle("GET /api/openapi.yaml", document("application/yaml", api.OpenAPI))
	mux.Handle("GET /api/openapi.json", document("application/json", described))
	mux.Handle("GET /api/asyncapi.yaml", document("application/yaml", api.AsyncAPI))
	mux.Handle("GET /docs", paper("text/html; charset=utf-8", page))
	mux.Handle("GET /docs/style.css", paper("text/css; charset=utf-8", style))
	mux.Handle("GET /docs/{$}", http.RedirectHandler("/docs", http.StatusPermanentRedirect))
	return nil
}

// document serves what tools read, also those that run in a page of another site.
func document(contentType string, data []byte) http.Handler {
	next := content(contentType, data)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		next.ServeHTTP(w, r)
	})
}

// paper serves what a person's browser shows.
func paper(contentType string, data []byte) http.Handler {
	next := content(contentType, data)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

// content answers with bytes that never change, or 304 when the caller has them.
func content(contentType string, data []byte) http.Handler {
	sum := sha256.Sum256(data)
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", contentType)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", tag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	})
}
