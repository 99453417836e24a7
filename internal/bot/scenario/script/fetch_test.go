package script

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestFetcher(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /echo", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Add("X-Two", "a")
		w.Header().Add("X-Two", "b")
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, "%s %s %s", r.Header.Get("X-A"), r.URL.RawQuery, body)
	})
	mux.HandleFunc("/redirect/{n}", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("n") == "0" {
			fmt.Fprint(w, "there")
			return
		}
		var n int
		_, _ = fmt.Sscan(r.PathValue("n"), &n)
		http.Redirect(w, r, fmt.Sprintf("/redirect/%d", n-1), http.StatusFound)
	})
	mux.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) {
		chunk := strings.Repeat("x", 1<<16)
		for range maxResponse>>16 + 1 {
			_, _ = io.WriteString(w, chunk)
		}
	})
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	f := NewFetcher(client)

	r, err := f.Fetch(t.Context(), Request{Method: "POST", URL: server.URL + "/echo?q=%D1%8F", Header: map[string]string{"X-A": "1"}, Body: []byte("тело")})
	if err != nil || r.Status != 201 || string(r.Body) != "1 q=%D1%8F тело" || r.Header["x-two"] != "a, b" {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := f.Fetch(t.Context(), Request{Method: "POST", URL: server.URL + "/echo?q=red \"коты\"\n50% %d1%8f&r=100%"}); err != nil || string(r.Body) != " q=red%20%22%D0%BA%D0%BE%D1%82%D1%8B%22%0A50%25%20%d1%8f&r=100%25 " {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := f.Fetch(t.Context(), Request{Method: "GET", URL: server.URL + "/redirect/5"}); err != nil || string(r.Body) != "there" {
		t.Errorf("%+v, %v", r, err)
	}
	for _, c := range []struct {
		r    Request
		want string
	}{
		{Request{Method: "GET", URL: server.URL + "/redirect/9"}, "more than 5 redirects"},
		{Request{Method: "GET", URL: server.URL + "/large"}, "the answer has more than"},
		{Request{Method: "GET", URL: server.URL + "/slow", Timeout: 20 * time.Millisecond}, "Read timed out"},
		{Request{Method: "GET", URL: "file:///etc/passwd"}, `the URL has the scheme "file"`},
		{Request{Method: "GET", URL: "http://"}, "the URL has no host"},
		{Request{Method: "GET", URL: "://"}, "the URL is not one"},
		{Request{Method: "GET", URL: "/relative"}, `the URL has the scheme ""`},
		{Request{Method: "НЕТ МЕТОДА", URL: server.URL}, "make the request"},
		{Request{Method: "POST", URL: server.URL, Body: make([]byte, maxRequest+1)}, "the body has more than"},
		{Request{Method: "GET", URL: server.URL, Header: map[string]string{"X\n": "1"}}, "invalid header"},
	} {
		if _, err := f.Fetch(t.Context(), c.r); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.r.URL, err, c.want)
		}
	}
	if _, err := f.Fetch(t.Context(), Request{Method: "GET", URL: server.URL + "/slow", Timeout: time.Millisecond}); !errors.Is(err, ErrFetchTimeout) {
		t.Errorf("error %v", err)
	}
}
