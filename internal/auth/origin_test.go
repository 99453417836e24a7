package auth_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/auth"
)

func TestOriginAllowed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		allowed string // separated by spaces
		origin  string
		want    bool
	}{
		{"", "https://anyone.example", true},
		{"", "null", true},
		{"https://shop.example", "", true}, // not from a page
		{"https://shop.example", "https://shop.example", true},
		{"https://shop.example/", "https://shop.example", true},
		{"https://Shop.Example", "https://shop.example", true},
		{"https://a.example https://shop.example", "https://shop.example", true},
		{"https://shop.example:8443", "https://shop.example:8443", true},
		{"*", "https://anyone.example", true},
		{"https://*.shop.example", "https://www.shop.example", true},
		{"https://*.shop.example", "https://a.b.shop.example", true},

		{"https://shop.example", "null", false},
		{"https://shop.example", "http://shop.example", false},
		{"https://shop.example", "https://shop.example:8443", false},
		{"https://shop.example", "https://shop.example.evil.example", false},
		{"https://shop.example", "https://evilshop.example", false},
		{"https://*.shop.example", "https://shop.example", false},
		{"https://*.shop.example", "https://.shop.example", false},
		{"https://*.shop.example", "http://www.shop.example", false},
		{"https://*.shop.example", "https://evilshop.example", false},
		{"https://*.shop.example", "https://evil.example/.shop.example", false},
		{"https://*.shop.example", "https://evil.example#.shop.example", false},
		{"https://*.shop.example", "https://www.shop.example.evil.example", false},
		{"https://*", "https://anyone.example", false},
		{"*.shop.example", "https://www.shop.example", false},
	} {
		if got := auth.OriginAllowed(strings.Fields(tt.allowed), tt.origin); got != tt.want {
			t.Errorf("allowed %q, origin %q: %v", tt.allowed, tt.origin, got)
		}
	}
}

func TestAllowOriginHeaders(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, allowed, origin string
		ok                    bool
		allow, vary           string
	}{
		{"no page", "https://shop.example", "", true, "", ""},
		{"open chat", "", "https://anyone.example", true, "*", ""},
		{"listed", "https://shop.example", "https://shop.example", true, "https://shop.example", "Origin"},
		{"not listed", "https://shop.example", "https://evil.example", false, "", "Origin"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := http.Header{}
			if got := auth.AllowOrigin(h, strings.Fields(tt.allowed), tt.origin); got != tt.ok {
				t.Errorf("got %v", got)
			}
			if got := h.Get("Access-Control-Allow-Origin"); got != tt.allow {
				t.Errorf("Access-Control-Allow-Origin %q, want %q", got, tt.allow)
			}
			if got := h.Get("Vary"); got != tt.vary {
				t.Errorf("Vary %q, want %q", got, tt.vary)
			}
			if h.Get("Access-Control-Allow-Credentials") != "" {
				t.Error("cookies are allowed")
			}
		})
	}
}
