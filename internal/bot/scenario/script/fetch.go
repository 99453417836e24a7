package script

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/text/encoding/htmlindex"
)

// Limits of $http.
const (
	fetchTimeout = 25 * time.Second // of one call (Chat API, 6)
	maxRequest   = 4 << 20          // bytes of a body that is sent
	maxResponse  = 4 << 20          // bytes of a body that is read
	maxRedirects = 5
)

// ErrFetchTimeout is why a call of $http failed that took too long.
var ErrFetchTimeout error = fetchTimedOut{}

type fetchTimedOut struct{}

// Error is in the words that scripts know.
func (fetchTimedOut) Error() string { return "Read timed out" }

// Fetcher makes the calls of $http over a client of the program's. Which addresses it may reach is
// the client's business.
type Fetcher struct {
	client http.Client
}

// NewFetcher returns a fetcher over a client, which it does not change. Redirects are followed, at
// most five, whatever the client does.
func NewFetcher(client *http.Client) *Fetcher {
	f := &Fetcher{client: *client}
	f.client.CheckRedirect = func(_ *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return fmt.Errorf("more than %d redirects", maxRedirects)
		}
		return nil
	}
	return f
}

// Fetch makes a call of at most 25 s, less if the request says so.
func (f *Fetcher) Fetch(ctx context.Context, r Request) (*Response, error) {
	timeout := fetchTimeout
	if r.Timeout > 0 {
		timeout = min(timeout, r.Timeout)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, ErrFetchTimeout)
	defer cancel()
	response, err := f.fetch(ctx, r)
	if err != nil && errors.Is(context.Cause(ctx), ErrFetchTimeout) {
		return nil, ErrFetchTimeout
	}
	return response, err
}

func (f *Fetcher) fetch(ctx context.Context, r Request) (*Response, error) {
	if len(r.Body) > maxRequest {
		return nil, fmt.Errorf("the body has more than %d bytes", maxRequest)
	}
	request, err := newRequest(ctx, r)
	if err != nil {
		return nil, err
	}
	answer, err := f.client.Do(request)
	if err != nil {
		var wrapped *url.Error // whose text repeats the URL, which may hold secrets
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxResponse+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxResponse {
		return nil, fmt.Errorf("the answer has more than %d bytes", maxResponse)
	}
	header := make(map[string]string, len(answer.Header))
	for name, values := range answer.Header {
		header[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	return &Response{Status: answer.StatusCode, Header: header, Body: body}, nil
}

func newRequest(ctx context.Context, r Request) (*http.Request, error) {
	target := escaped(r.URL)
	u, err := url.Parse(target)
	switch {
	case err != nil:
		return nil, errors.New("the URL is not one")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("the URL has the scheme %q, http or https is expected", u.Scheme)
	case u.Host == "":
		return nil, errors.New("the URL has no host")
	}
	var body io.Reader
	if r.Body != nil {
		body = bytes.NewReader(r.Body)
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, target, body)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	for name, value := range r.Header {
		request.Header.Set(name, value)
		if strings.EqualFold(name, "Host") {
			request.Host = value
		}
	}
	return request, nil
}

// escaped has what no request line may have, as browsers do: scripts put into URLs what clients said,
// with its spaces, Cyrillic and "50%".
func escaped(text string) string {
	hex := func(i int) bool {
		return i < len(text) && strings.IndexByte("0123456789abcdefABCDEF", text[i]) >= 0
	}
	var b strings.Builder
	for i := range len(text) {
		switch c := text[i]; {
		case c <= ' ', c >= 0x7f, c == '"', c == '<', c == '>', c == '%' && !(hex(i+1) && hex(i+2)):
			fmt.Fprintf(&b, "%%%02X", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// place is a URL for the log: the rest of it may hold secrets and what clients said.
func place(text string) string {
	u, err := url.Parse(escaped(text))
	if err != nil {
		return "a URL that is none"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// decode is a body as text, in the characters that its content type names.
func decode(body []byte, contentType string) string {
	if _, params, err := mime.ParseMediaType(contentType); err == nil && params["charset"] != "" {
		if e, err := htmlindex.Get(params["charset"]); err == nil {
			if decoded, err := e.NewDecoder().Bytes(body); err == nil {
				body = decoded
			}
		}
	}
	return strings.ToValidUTF8(strings.TrimPrefix(string(body), "\ufeff"), "\uFFFD")
}

// fetch carries out what prelude/http.js asks for; a call that failed is not an error of the script.
func (v *VM) fetch(text string) (any, error) {
	var wanted struct {
		Method  string            `json:"method"`
		URL     string            `json:"url"`
		Headers map[string]string `json:"headers"`
		Body    *string           `json:"body"`
		Timeout float64           `json:"timeout"` // ms
	}
	if err := json.Unmarshal([]byte(valid(text)), &wanted); err != nil {
		return nil, fmt.Errorf("$http: %w", err)
	}
	r := Request{Method: wanted.Method, URL: wanted.URL, Header: wanted.Headers}
	if wanted.Body != nil {
		r.Body = []byte(*wanted.Body)
	}
	if wanted.Timeout > 0 {
		r.Timeout = time.Duration(min(wanted.Timeout, float64(fetchTimeout.Milliseconds())) * float64(time.Millisecond))
	}
	var answer struct {
		Error   string            `json:"error,omitempty"`
		Status  int               `json:"status"`
		Headers map[string]string `json:"headers"`
		Body    string            `json:"body"`
	}
	ctx := v.work.ctx
	if ctx == nil {
		ctx = context.Background()
	}
	response, err := v.host.Fetch(ctx, r)
	if err == nil && response == nil {
		err = errors.New("there was no answer")
	}
	switch {
	case err != nil:
		answer.Status, answer.Error = -1, err.Error()
		v.host.Log(fmt.Sprintf("$http: %s %s: %v", r.Method, place(r.URL), err))
	default:
		if response.Status >= http.StatusBadRequest {
			v.host.Log(fmt.Sprintf("$http: %s %s: HTTP status %d", r.Method, place(r.URL), response.Status))
		}
		answer.Status, answer.Headers = response.Status, make(map[string]string, len(response.Header))
		for name, value := range response.Header {
			answer.Headers[strings.ToLower(name)] = valid(value)
		}
		answer.Body = decode(response.Body, answer.Headers["content-type"])
	}
	data, err := json.Marshal(answer)
	return string(data), err
}
