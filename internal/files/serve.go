package files

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

// Register adds the route of the links.
func (s *Service) Register(mux *http.ServeMux) { mux.Handle(route+"{id}", s) }

// IsLink reports whether a path is one of a link: its answers may take long.
func IsLink(path string) bool { return strings.HasPrefix(path, route) }

// ServeHTTP serves the file of a link. The link is the right: there are no other credentials.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Referrer-Policy", "no-referrer") // an address here is a right
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Cache-Control", "no-store")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		writeError(w, http.StatusMethodNotAllowed, "Method not allowed", "see the Allow header")
		return
	}
	if err := s.serve(w, r); err != nil {
		s.refuse(w, r, err)
	}
}

// serve returns an error only while nothing of the answer has gone out.
func (s *Service) serve(w http.ResponseWriter, r *http.Request) error {
	if s.Allow != nil {
		if err := s.Allow(r); err != nil {
			return err
		}
	}
	q := r.URL.Query()
	if err := s.verify(r.PathValue("id"), q); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	leave, err := s.enterDownload(s.address(r), cancel)
	if err != nil {
		return err
	}
	defer leave()
	f, err := s.Domain.FindFile(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	c := &content{size: f.Size, from: func(offset int64) (io.ReadCloser, error) { return s.Blobs.Open(ctx, f.Blob, offset) }}
	defer c.close()
	single(r.Header)
	if r.Method == http.MethodGet {
		if err := c.open(firstByte(r.Header.Get("Range"))); err != nil {
			return s.gone(ctx, f, err)
		}
	}
	s.describe(w.Header(), f, q.Get(expiryParam), q.Has(downloadParam))
	http.ServeContent(&leaving{w, newPace(w), ctx.Err}, r, "", f.CreatedAt, c)
	if c.failed != nil && ctx.Err() == nil {
		s.Log.ErrorContext(ctx, "a file was cut off: its bytes cannot be read", "blob", f.Blob, "error", c.failed)
	}
	return nil
}

// gone says that a file's bytes are not where they should be: a backup was restored without them.
func (s *Service) gone(ctx context.Context, f *chat.File, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	s.Log.ErrorContext(ctx, "the bytes of a file are missing", "blob", f.Blob, "error", err)
	return &chat.Error{Code: chat.CodeNotFound, Message: "the bytes of the file are missing", Err: err}
}

// describe sets the headers of a file. Its bytes never change, so its id names them.
func (s *Service) describe(h http.Header, f *chat.File, expires string, download bool) {
	h.Set("Content-Type", f.ContentType)
	h.Set("Content-Disposition", disposition(f.ContentType, f.Name, download))
	h.Set("ETag", `"`+f.ID+`"`)
	at, err := strconv.ParseInt(expires, 10, 64)
	if err == nil {
		h.Set("Cache-Control", "private, max-age="+strconv.FormatInt(max(at-s.Now().Unix(), 0), 10))
	}
}

// single leaves one range to ask for: many small ones would be many readings. All of a file is a
// valid answer to any (RFC 9110, section 14.2).
func single(h http.Header) {
	if strings.Contains(h.Get("Range"), ",") || len(h["Range"]) > 1 {
		h.Del("Range")
	}
}

// firstByte guesses where reading will begin, so that it need not begin twice.
func firstByte(ranges string) int64 {
	from, ok := strings.CutPrefix(ranges, "bytes=")
	from, _, dash := strings.Cut(from, "-")
	n, err := strconv.ParseInt(from, 10, 64)
	if !ok || !dash || err != nil || n < 0 {
		return 0
	}
	return n
}

// content is a blob as http.ServeContent wants it. It is opened where it is read.
type content struct {
	size   int64
	from   func(offset int64) (io.ReadCloser, error)
	place  int64 // next byte to be read
	body   io.ReadCloser
	at     int64 // next byte of body
	failed error
}

func (c *content) open(offset int64) error {
	if offset >= c.size { // a range that cannot be satisfied
		return nil
	}
	body, err := c.from(offset)
	if err != nil {
		return fmt.Errorf("open file: %w", err)
	}
	c.close()
	c.body, c.at = body, offset
	return nil
}

// Read implements io.Reader.
func (c *content) Read(p []byte) (n int, err error) {
	if c.place >= c.size {
		return 0, io.EOF
	}
	if c.body == nil || c.at != c.place {
		err = c.open(c.place)
	}
	if err == nil {
		n, err = c.body.Read(p)
	}
	c.place, c.at = c.place+int64(n), c.at+int64(n)
	if err == io.EOF && c.place < c.size { //nolint:errorlint // readers return it bare
		err = io.ErrUnexpectedEOF
	}
	if err != nil && err != io.EOF { //nolint:errorlint // the same
		c.failed = err
	}
	return n, err
}

// Seek implements io.Seeker.
func (c *content) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += c.place
	case io.SeekEnd:
		offset += c.size
	}
	if offset < 0 {
		return 0, fmt.Errorf("seek to %d", offset)
	}
	c.place = offset
	return offset, nil
}

func (c *content) close() {
	if c.body != nil {
		_ = c.body.Close() // it was read only
		c.body = nil
	}
}

// refuse says why there is no file. What the domain does not know is logged here, once.
func (s *Service) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var known *chat.Error
	if !errors.As(err, &known) {
		known = &chat.Error{Code: chat.CodeUnavailable}
		if !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
			known = &chat.Error{Code: chat.CodeInternal}
			s.Log.ErrorContext(r.Context(), "a file cannot be served", "route", r.Pattern, "error", err)
		}
	}
	retry := strconv.Itoa(max(1, int(math.Ceil(known.RetryAfter.Seconds()))))
	switch known.Code {
	case chat.CodeForbidden:
		writeError(w, http.StatusForbidden, "Invalid user permissions", known.Message)
	case chat.CodeNotFound:
		writeError(w, http.StatusNotFound, "Entity not found", known.Message)
	case chat.CodeRateLimited:
		w.Header().Set("Retry-After", retry)
		writeError(w, http.StatusTooManyRequests, "Too many requests", known.Message)
	case chat.CodeUnavailable:
		w.Header().Set("Retry-After", retry)
		writeError(w, http.StatusServiceUnavailable, "Service is unavailable", known.Message)
	default:
		writeError(w, http.StatusInternalServerError, "Internal error", "")
	}
}

// writeError answers as every HTTP interface does (TWIN, section 1, errors).
func writeError(w http.ResponseWriter, status int, text, details string) {
	type detail struct {
		Message string `json:"message"`
	}
	body := struct {
		Error   string  `json:"error"`
		Details *detail `json:"details,omitempty"`
	}{Error: text}
	if details != "" {
		body.Details = &detail{details}
	}
	data, err := json.Marshal(body)
	if err != nil {
		data = []byte(`{"error":"Internal error"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(data) // an error means that nobody listens any more
}

// Clean removes what no message refers to for too long. What is interrupted is done by the next
// call, on whatever node.
func (s *Service) Clean(ctx context.Context) error {
	_, err := s.Domain.DoomFiles(ctx, s.Now().Add(-s.OrphanTTL))
	if err != nil {
		return err
	}
	removed, err := s.Domain.ForgetFiles(ctx, func(ctx context.Context, f *chat.File) error { return s.Blobs.Delete(ctx, f.Blob) })
	add(s.Metrics.Removed, float64(removed))
	return err
}

// Tidy removes drafts that a crash has left on this node.
func (s *Service) Tidy(context.Context) error { return s.Blobs.Tidy(time.Now().Add(-draftLife)) }
