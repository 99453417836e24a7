package auth

import (
	"net/http"
	"strings"
)

// OriginAllowed reports whether a page of a browser's Origin may use a chat with these
// Origins. An empty list allows all; so does a request without an Origin, which does not
// come from a page. An entry is an origin ("https://shop.example"), one with all
// subdomains of a host ("https://*.shop.example"), or "*".
func OriginAllowed(allowed []string, origin string) bool {
	if len(allowed) == 0 || origin == "" {
		return true
	}
	for _, entry := range allowed {
		if originMatches(strings.TrimSuffix(entry, "/"), origin) {
			return true
		}
	}
	return false
}

func originMatches(entry, origin string) bool {
	if entry == "*" || strings.EqualFold(entry, origin) {
		return true
	}
	scheme, domain, ok := strings.Cut(entry, "*")
	if !ok || scheme == "" || !strings.HasPrefix(domain, ".") || len(origin) <= len(scheme)+len(domain) {
		return false
	}
	end := len(origin) - len(domain)
	return strings.EqualFold(origin[:len(scheme)], scheme) &&
		strings.EqualFold(origin[end:], domain) &&
		isHostPart(origin[len(scheme):end])
}

func isHostPart(s string) bool {
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_':
		default:
			return false
		}
	}
	return true
}

// AllowOrigin writes the CORS headers with which a page of this origin may read the answer
// about a chat with these Origins, and reports whether it may. Without an Origin there is
// nothing to write. Cookies are never allowed: nothing of ours is authorised by them.
func AllowOrigin(h http.Header, allowed []string, origin string) bool {
	if origin == "" {
		return true
	}
	if !OriginAllowed(allowed, origin) {
		h.Del("Access-Control-Allow-Origin")
		h.Set("Vary", "Origin")
		return false
	}
	if len(allowed) == 0 {
		origin = "*"
	} else {
		h.Set("Vary", "Origin")
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", "Retry-After")
	return true
}

// AllowPreflight completes the answer to a browser's preflight request for a resource with
// these methods; AllowOrigin has said yes before.
func AllowPreflight(h http.Header, methods string) {
	h.Set("Access-Control-Allow-Methods", methods)
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, X-Requested-With")
	h.Set("Access-Control-Max-Age", "7200") // seconds; browsers allow no more
}
