package twin

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/govorun/govorun/internal/chat"
)

// maxKey is the longest Idempotency-Key, in bytes.
const maxKey = 255

// idempotency reads the Idempotency-Key header of a create with this body (design, promise 3).
func (a *API) idempotency(r *http.Request, body []byte) (chat.Idempotency, error) {
	values := r.Header["Idempotency-Key"]
	if len(values) == 0 {
		return chat.Idempotency{}, nil
	}
	key := values[0]
	if key == "" || len(key) > maxKey || len(values) > 1 || !utf8.ValidString(key) || strings.ContainsFunc(key, unicode.IsControl) {
		return chat.Idempotency{}, chat.Invalid("Idempotency-Key", "expected one header of 1 to %d bytes without control characters", maxKey)
	}
	return chat.Idempotency{Key: key, Caller: a.Proxies.ClientAddr(r).String(), BodyHash: bodyHash(r, body)}, nil
}

// bodyHash tells requests apart. The base path and the white space between the tokens of the
// body make no difference.
func bodyHash(r *http.Request, body []byte) string {
	path := r.URL.Path
	for _, base := range bases {
		if rest, ok := strings.CutPrefix(path, base); ok {
			path = rest
			break
		}
	}
	h := sha256.New()
	h.Write([]byte(r.Method + " " + path + "\n"))
	h.Write(compact(body))
	return hex.EncodeToString(h.Sum(nil))
}
