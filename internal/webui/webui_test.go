package webui_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/webui"
)

func page(t *testing.T) *http.ServeMux {
	t.Helper()
	mux := http.NewServeMux()
	if err := webui.Register(mux); err != nil {
		t.Fatal(err)
	}
	return mux
}

func get(mux *http.ServeMux, method, path string, header http.Header) *http.Response {
	r := httptest.NewRequest(method, path, nil)
	for k, v := range header {
		r.Header[k] = v
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestServes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		method, path string
		status       int
		contentType  string
	}{
		{"GET", "/", 200, "text/html; charset=utf-8"},
		{"HEAD", "/", 200, "text/html; charset=utf-8"},
		{"GET", "/setup", 200, "text/html; charset=utf-8"},
		{"GET", "/setup/", 404, ""},
		{"GET", "/webui/setup.html", 404, ""},
		{"GET", "/webui/app.js", 200, "text/javascript; charset=utf-8"},
		{"GET", "/webui/style.css", 200, "text/css; charset=utf-8"},
		{"GET", "/webui/icon.svg", 200, "image/svg+xml"},
		{"POST", "/", 405, ""},
		{"GET", "/webui/", 404, ""},
		{"GET", "/webui/index.html", 404, ""},
		{"GET", "/webui/../webui.go", 307, ""},
		{"GET", "/other", 404, ""},
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			t.Parallel()
			r := get(page(t), tt.method, tt.path, nil)
			if r.StatusCode != tt.status {
				t.Errorf("status %d, want %d", r.StatusCode, tt.status)
			}
			if got := r.Header.Get("Content-Type"); tt.contentType != "" && got != tt.contentType {
				t.Errorf("content type %q, want %q", got, tt.contentType)
			}
		})
	}
}

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	mux := page(t)
	for _, path := range []string{"/", "/setup", "/webui/app.js"} {
		h := get(mux, "GET", path, nil).Header
		policy := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'", "require-trusted-types-for 'script'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: no %q in the policy %q", path, want, policy)
			}
		}
		for _, not := range []string{"unsafe", "http:", "https:", "*", "data:"} {
			if strings.Contains(policy, not) {
				t.Errorf("%s: %q in the policy %q", path, not, policy)
			}
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: headers %v", path, h)
		}
	}
}

func TestNotModified(t *testing.T) {
	t.Parallel()
	mux := page(t)
	tag := get(mux, "GET", "/", nil).Header.Get("ETag")
	if tag == "" {
		t.Fatal("no ETag")
	}
	if r := get(mux, "GET", "/", http.Header{"If-None-Match": {tag}}); r.StatusCode != http.StatusNotModified {
		t.Errorf("status %d", r.StatusCode)
	}
}

// The policy forbids what is inline or elsewhere; the page must not depend on it. Every file
// it names must be there.
func TestPageNeedsNothingForeign(t *testing.T) {
	t.Parallel()
	mux := page(t)
	html := body(t, get(mux, "GET", "/", nil)) + body(t, get(mux, "GET", "/setup", nil))
	for _, bad := range []string{`\son\w+=`, `\sstyle=`, `<style`, `<script>`, `https?://`} {
		if found := regexp.MustCompile(bad).FindString(html); found != "" {
			t.Errorf("%q in the page", found)
		}
	}
	for _, m := range regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(html, -1) {
		if r := get(mux, "GET", m[1], nil); r.StatusCode != 200 {
			t.Errorf("%s: status %d", m[1], r.StatusCode)
		}
	}
	for _, name := range []string{"app.js", "api.js", "centrifugo.js", "messages.js", "setup.js", "text.js"} {
		script := body(t, get(mux, "GET", "/webui/"+name, nil))
		for _, m := range regexp.MustCompile(`from "\./([^"]+)"`).FindAllStringSubmatch(script, -1) {
			if r := get(mux, "GET", "/webui/"+m[1], nil); r.StatusCode != 200 {
				t.Errorf("%s imports %s: status %d", name, m[1], r.StatusCode)
			}
		}
		if found := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(`).FindString(script); found != "" {
			t.Errorf("%s makes HTML or code of text: %s", name, found)
		}
	}
}

// Every text the page names is there in both languages.
func TestTextsInBothLanguages(t *testing.T) {
	t.Parallel()
	mux := page(t)
	texts := body(t, get(mux, "GET", "/webui/text.js", nil))
	_, ru, ok := strings.Cut(texts, "  ru: {")
	if !ok {
		t.Fatal("no Russian texts")
	}
	ru, _, _ = strings.Cut(ru, "  },")
	_, en, _ := strings.Cut(texts, "  en: {")
	en, _, _ = strings.Cut(en, "  },")
	names := regexp.MustCompile(`(?m)^    (\w+): "`)
	known := map[string]bool{}
	for _, m := range names.FindAllStringSubmatch(en, -1) {
		known[m[1]] = true
		if !strings.Contains(ru, "    "+m[1]+`: "`) {
			t.Errorf("no Russian text of %s", m[1])
		}
	}
	if a, b := len(known), len(names.FindAllString(ru, -1)); a != b {
		t.Errorf("%d English texts, %d Russian", a, b)
	}
	html := body(t, get(mux, "GET", "/", nil)) + body(t, get(mux, "GET", "/setup", nil))
	for _, m := range regexp.MustCompile(`data-(?:text|label|placeholder)="(\w+)"`).FindAllStringSubmatch(html, -1) {
		if !known[m[1]] {
			t.Errorf("the page names the text %s, which is not there", m[1])
		}
	}
}
