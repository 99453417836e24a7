package adminapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/jsontext"
)

// This file is where bytes become values and values bytes; with field.go, nothing else in the
// package touches JSON.

const maxKey = 255 // bytes of an Idempotency-Key

// timeLayout is ISO 8601 as in TWIN's dialect: seconds, and an offset that is never Z.
const timeLayout = "2006-01-02T15:04:05+00:00"

// stamp writes a time; none is null.
func stamp(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := t.UTC().Format(timeLayout)
	return &s
}

// object is a JSON object whose members are not read yet.
type object map[string]json.RawMessage

// readObject reads the JSON object of a request's body. No body is an empty object.
func readObject(r *http.Request) (object, []byte, error) {
	data, err := readBody(r, maxRequest)
	if err != nil {
		return nil, nil, err
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return object{}, nil, nil
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return nil, nil, errMedia
	}
	o, err := parseObject(data)
	return o, data, err
}

// readBody reads a body of which serve has bounded the length.
func readBody(r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		return nil, errTooLarge(limit)
	}
	var buf bytes.Buffer
	_, err := buf.ReadFrom(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, errTooLarge(limit)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, chat.Invalid("", "the body ends before its announced length")
	case err != nil:
		return nil, &chat.Error{Code: chat.CodeInvalid, Message: "the body could not be read", Err: err}
	}
	return buf.Bytes(), nil
}

func errTooLarge(limit int64) error {
	return chat.Errorf(chat.CodeTooLarge, "the body may have at most %d bytes", limit)
}

func parseObject(data []byte) (object, error) {
	if i := jsontext.InvalidUTF8(data); i >= 0 {
		return nil, chat.Invalid("", "the body is not valid UTF-8, see byte %d", i+1)
	}
	if i := jsontext.EscapedNUL(data); i >= 0 {
		return nil, chat.Invalid("", "U+0000 is not allowed in a text, see byte %d", i+1)
	}
	var o object
	err := json.Unmarshal(data, &o)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return nil, chat.Invalid("", "the body is not valid JSON: %s at byte %d", syntax, syntax.Offset)
	case err != nil || o == nil:
		return nil, chat.Invalid("", "expected an object, got %s", jsontext.Kind(bytes.TrimSpace(data)))
	}
	return o, nil
}

// parseID reads a UUID in its usual form of 36 characters.
func parseID(s string) (string, bool) {
	if len(s) != 36 || uuid.Validate(s) != nil {
		return "", false
	}
	return strings.ToLower(s), true
}

// idempotency reads the Idempotency-Key header of a create with this body (design, promise 3).
func idempotency(r *http.Request, body []byte) (chat.Idempotency, error) {
	values := r.Header["Idempotency-Key"]
	if len(values) == 0 {
		return chat.Idempotency{}, nil
	}
	key := values[0]
	if key == "" || len(key) > maxKey || len(values) > 1 || !utf8.ValidString(key) || strings.ContainsFunc(key, unicode.IsControl) {
		return chat.Idempotency{}, chat.Invalid("Idempotency-Key", "expected one header of 1 to %d bytes without control characters", maxKey)
	}
	sum := sha256.Sum256(jsontext.Canonical(body))
	return chat.Idempotency{Key: key, BodyHash: hex.EncodeToString(sum[:])}, nil
}

// writeJSON sends an answer.
func (a *API) writeJSON(w http.ResponseWriter, r *http.Request, answer reply) {
	h := w.Header()
	if answer.location != "" {
		h.Set("Location", answer.location)
	}
	if answer.body == nil {
		w.WriteHeader(answer.status)
		return
	}
	if zipped, ok := answer.body.(archive); ok {
		a.writeArchive(w, answer.status, zipped)
		return
	}
	data, err := json.Marshal(answer.body)
	if err != nil {
		a.Log.ErrorContext(r.Context(), "encode answer failed", "route", r.Pattern, "error", err)
		http.Error(w, `{"error":"Internal error"}`, http.StatusInternalServerError)
		return
	}
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(answer.status)
	w.Write(data) // an error means that nobody listens any more
}

// archive is a zip that is answered.
type archive struct {
	name string // by which it is saved
	data []byte
}

func (a *API) writeArchive(w http.ResponseWriter, status int, zipped archive) {
	h := w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Length", strconv.Itoa(len(zipped.data)))
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": zipped.name}))
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	w.Write(zipped.data) // an error means that nobody listens any more
}

// member is one of an object whose members have an order.
type member struct {
	name  string
	value any
}

// members are an object in the order in which it is documented.
type members []member

// MarshalJSON implements json.Marshaler.
func (m members) MarshalJSON() ([]byte, error) {
	var buf bytes.Buffer
	for i, one := range m {
		value, err := json.Marshal(one.value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", one.name, err)
		}
		buf.WriteByte("{,"[min(i, 1)])
		fmt.Fprintf(&buf, "%q:%s", one.name, value)
	}
	if len(m) == 0 {
		buf.WriteByte('{')
	}
	buf.WriteByte('}')
	return buf.Bytes(), nil
}
