package twin

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/jsontext"
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
	return chat.Idempotency{Key: key, Caller: a.Proxies.ClientAddr(r).String(), BodyHash: bodyHash(body)}, nil
}

// bodyHash tells bodies apart by what they say: the order of the members and the white space
// between the tokens make no difference.
func bodyHash(body []byte) string {
	sum := sha256.Sum256(jsontext.Canonical(body))
	return hex.EncodeToString(sum[:])
}
