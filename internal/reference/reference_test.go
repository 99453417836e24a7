package reference_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/govorun/govorun/api"
	"github.com/govorun/govorun/internal/reference"
)

func get(t *testing.T, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	mux := http.NewServeMux()
	if err := reference.Register(mux, "https://chat.example"); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	return w
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		path, contentType string
		body              []byte // nil for anything
	}{
		{"/api/openapi.yaml", "application/yaml", api.OpenAPI},
		{"/api/asyncapi.yaml", "application/yaml", api.AsyncAPI},
		{"/api/openapi.json", "application/json", nil},
		{"/docs", "text/html; charset=utf-8", nil},
		{"/docs/style.css", "text/css; charset=utf-8", nil},
	} {
		w := get(t, tt.path)
		if w.Code != 200 || w.Header().Get("Content-Type") != tt.contentType || (tt.body != nil && w.Body.String() != string(tt.body)) {
			t.Errorf("%s: %d %s, %d bytes", tt.path, w.Code, w.Header().Get("Content-Type"), w.Body.Len())
		}
		if again := get(t, tt.path, "If-None-Match", w.Header().Get("ETag")); again.Code != http.StatusNotModified {
			t.Errorf("%s: %d when the caller has it", tt.path, again.Code)
		}
		open := w.Header().Get("Access-Control-Allow-Origin") == "*"
		if open != strings.HasPrefix(tt.path, "/api/") || open == strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: headers %v", tt.path, w.Header())
		}
	}
	if w := get(t, "/docs/"); w.Code != http.StatusPermanentRedirect || w.Header().Get("Location") != "/docs" {
		t.Errorf("/docs/: %d %v", w.Code, w.Header())
	}
}

func TestTheJSONSaysTheSame(t *testing.T) {
	t.Parallel()
	var written, served any
	if err := yaml.Unmarshal(api.OpenAPI, &written); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(written)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &written); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(get(t, "/api/openapi.json").Body.Bytes(), &served); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(written, served) {
		t.Error("openapi.json differs from openapi.yaml")
	}
}

// TestPage: everything has a place on the page, every link on it leads somewhere, and nothing runs.
func TestPage(t *testing.T) {
	t.Parallel()
	page := get(t, "/docs").Body.String()
	ids := make(map[string]bool)
	for _, m := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if ids[m[1]] {
			t.Errorf("the id %s is there twice", m[1])
		}
		ids[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if !ids[m[1]] {
			t.Errorf("#%s leads nowhere", m[1])
		}
	}
	var document struct {
		Paths map[string]map[string]yaml.Node
	}
	if err := yaml.Unmarshal(api.OpenAPI, &document); err != nil {
		t.Fatal(err)
	}
	for path, item := range document.Paths {
		for method, node := range item {
			var operation struct {
				ID string `yaml:"operationId"`
			}
			if node.Decode(&operation) == nil && operation.ID != "" && !ids[operation.ID] {
				t.Errorf("%s %s is not on the page", method, path)
			}
		}
	}
	for _, never := range []string{"<script", "<code></code>", " style=", "javascript:", "ZgotmplZ", "no value", "$ref"} {
		if strings.Contains(page, never) {
			t.Errorf("%q is on the page", never)
		}
	}
	for _, want := range []string{
		"curl -X POST &#39;https://chat.example/api/v1/chats/11111111-1111-4111-8111-111111111111/sessions&#39;",
		"<code>clientExternalId</code>", "at most 255 characters", "messageBody", "Retry-After", "UUID or null",
		"chatMessageCreated", "<code>previousOperatorAvatar</code>", "string or null",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is not on the page", want)
		}
	}
}
