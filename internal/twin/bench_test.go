package twin_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/auth"
)

// BenchmarkSend is what this package adds to a client's message: everything but net/http's
// reading and writing and the domain.
func BenchmarkSend(b *testing.B) {
	const body = `{"body":"Здравствуйте, когда привезут мой заказ?","attachments":[]}`
	many := auth.Rate{PerSecond: 1e12, Burst: 1e9}
	s := serve(b, newFake(), auth.NewLimits(auth.LimitParams{Address: many, Session: many})).mux
	w := discard{http.Header{}}
	r := httptest.NewRequest("POST", sessionPath+"/messages", nil)
	r.ContentLength = int64(len(body))
	b.ReportAllocs()
	for b.Loop() {
		clear(w.header)
		text := reader{strings.NewReader(body)}
		r.Body = text
		s.ServeHTTP(w, r)
	}
}

type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(status int) {
	if status != http.StatusCreated {
		panic(status)
	}
}

type reader struct{ *strings.Reader }

func (reader) Close() error { return nil }
