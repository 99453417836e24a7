package outbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/govorun/govorun/internal/chat"
)

const (
	// maxAnswer is how much of an answer is read, and dropped, so that its connection can be used again.
	maxAnswer = 16 << 10
	// maxError bounds what is kept of an error, in bytes.
	maxError = 300
	// HeaderAttempt carries which attempt it is, from 1 on.
	HeaderAttempt = "Webhook-Attempt"
)

// attempt is what came of a try.
type attempt struct {
	chat.Outcome
	posted bool // it came to a call of the receiver
}

// attempt tries to deliver once. It fails when nothing can be said of the delivery: storage is away, or
// posts has ended.
func (b *Outbox) attempt(posts context.Context, d *chat.Delivery) (a attempt, err error) {
	loading, cancel := context.WithTimeout(posts, storeTimeout)
	out, err := b.Service.LoadOutgoing(loading, d)
	cancel()
	a.At = time.Now()
	switch {
	case err == nil:
	case passing(err):
		return a, err
	case chat.CodeOf(err) == chat.CodeNotFound:
		a.Outcome = refuse(a.Outcome, "what it is about is gone")
		return a, nil
	default: // of a later program, or damaged: that may be mended until it is given up
		b.Log.Error("outbox: a delivery cannot be read", "delivery", d.ID, "error", err)
		a.Error = "what it is about cannot be read"
		return a, nil
	}
	render := b.Render[d.Kind]
	if render == nil { // of a later program, which may run beside this one
		a.Error = fmt.Sprintf("this program does not know deliveries of kind %q", d.Kind)
		return a, nil
	}
	body, err := b.render(render, out)
	if err != nil {
		a.Outcome = refuse(a.Outcome, "it cannot be rendered")
		return a, nil
	}
	posting, cancel := context.WithTimeout(posts, b.Timeout)
	defer cancel()
	a.Outcome, a.posted = b.post(posting, out, body, a.Outcome), true
	a.Took = time.Since(a.At)
	if !a.Delivered && posts.Err() != nil {
		return a, posts.Err()
	}
	return a, nil
}

// passing reports whether an error says nothing of what was asked for: storage is away, or there was no
// time.
func passing(err error) bool {
	return chat.CodeOf(err) == chat.CodeUnavailable || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

func refuse(o chat.Outcome, reason string) chat.Outcome {
	o.Permanent, o.Error = true, reason
	return o
}

// render has a panic cost one delivery only.
func (b *Outbox) render(render Render, out *chat.Outgoing) (body []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			b.Log.Error("outbox: rendering panicked", "delivery", out.ID, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("rendering panicked: %v", p)
		}
	}()
	if body, err = render(out); err != nil {
		b.Log.Error("outbox: a delivery cannot be rendered", "delivery", out.ID, "error", err)
	}
	return body, err
}

func (b *Outbox) post(ctx context.Context, d *chat.Outgoing, body []byte, o chat.Outcome) chat.Outcome {
	req, err := b.request(ctx, d, body, o.At)
	if err != nil {
		return refuse(o, reason(err))
	}
	res, err := b.Client.Do(req)
	if err != nil {
		o.Refused = b.Refused(err) // a name may stand for another address soon
		o.Error = reason(err)
		return o
	}
	_, _ = io.CopyN(io.Discard, res.Body, maxAnswer) // only the status counts
	_ = res.Body.Close()
	o.Status = res.StatusCode
	switch {
	case res.StatusCode/100 == 2:
		o.Delivered = true
		return o
	case res.StatusCode == http.StatusGone:
		o.Permanent, o.Error = true, "the receiver answers 410 Gone: it takes no more"
	case res.StatusCode/100 == 3:
		o.Error = fmt.Sprintf("the receiver answers %d: redirects are not followed", res.StatusCode)
	default:
		o.Error = fmt.Sprintf("the receiver answers %d", res.StatusCode)
	}
	o.RetryAfter = retryAfter(res.Header.Get("Retry-After"), time.Now())
	return o
}

// request is signed as Standard Webhooks wants it (Standard Webhooks 1.0, "Signature scheme").
func (b *Outbox) request(ctx context.Context, d *chat.Outgoing, body []byte, at time.Time) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	signer, err := standardwebhooks.NewWebhookRaw(b.Key(d))
	if err != nil {
		return nil, err
	}
	signature, err := signer.Sign(d.ID, at, body)
	if err != nil {
		return nil, err
	}
	h := req.Header
	h.Set("Content-Type", "application/json")
	h.Set("User-Agent", "Govorun/"+b.Version)
	h.Set(standardwebhooks.HeaderWebhookID, d.ID)
	h.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	h.Set(standardwebhooks.HeaderWebhookSignature, signature)
	h.Set(HeaderAttempt, strconv.Itoa(d.Attempts+1))
	// Not sent: it tells the client that repeating does no harm, so that it takes another connection
	// when the one it has kept was closed meanwhile (net/http, Transport).
	h["Idempotency-Key"] = nil
	return req, nil
}

// reason says what went wrong without the URL, which may carry secrets.
func reason(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "the receiver did not answer in time"
	}
	text := strings.ToValidUTF8(strings.ReplaceAll(err.Error(), "\x00", ""), "�")
	if len(text) > maxError {
		text = text[:maxError]
		for !utf8.ValidString(text) {
			text = text[:len(text)-1]
		}
	}
	return text
}

// retryAfter reads for how long a receiver wants to be left alone (RFC 9110, section 10.2.3); 0: it
// does not say.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil {
		return time.Duration(max(seconds, 0)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
