package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/egress"
)

// outcome is what became of one call, as it is counted.
type outcome string

const (
	answered    outcome = "answered"
	later       outcome = "later"       // 202
	badAnswer   outcome = "bad_answer"  // it says what cannot be
	badStatus   outcome = "status"      // not one of success
	unavailable outcome = "unavailable" // 429 or 5xx
	unreachable outcome = "unreachable" // no answer, or half of one
	refused     outcome = "refused"     // by us: a private address
	timedOut    outcome = "timeout"
)

var outcomes = []outcome{answered, later, badAnswer, badStatus, unavailable, unreachable, refused, timedOut}

// Waits before a call is tried again, unless the bot says how long.
const (
	firstWait = 200 * time.Millisecond
	maxWait   = 2 * time.Second
)

// failure is a call that came to nothing.
type failure struct {
	outcome outcome
	wait    time.Duration // as the bot asks; 0: it does not
	err     error
}

func (f *failure) Error() string { return fmt.Sprintf("call: %s", f.err) }
func (f *failure) Unwrap() error { return f.err }

// again reports whether the same call may come to something.
func (f *failure) again() bool { return f.outcome == unavailable || f.outcome == unreachable }

// call calls the bot until it answers, its retries are used up or the turn has no time left for
// another one. Every call of a turn carries the same id.
func (b *Bot) call(ctx context.Context, turnID string, body []byte) (*chat.TurnResult, error) {
	retries := setting(b.record.Settings.Retries, DefaultRetries, chat.MaxBotRetries)
	for tried := 0; ; tried++ {
		result, failed := b.once(ctx, turnID, body)
		if failed == nil {
			return result, nil
		}
		if tried == retries || !failed.again() {
			return nil, failed
		}
		wait := failed.wait
		if wait == 0 {
			wait = min(firstWait<<tried, maxWait)
			wait += rand.N(wait / 2) // so that the turns of a bot that was away do not come all at once
		}
		if end, ok := ctx.Deadline(); ok && time.Until(end) <= wait {
			return nil, failed
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, failed
		}
	}
}

// once makes one call, and counts it.
func (b *Bot) once(ctx context.Context, turnID string, body []byte) (*chat.TurnResult, *failure) {
	start := b.caller.Now()
	limit := DefaultTimeout
	if s := b.record.Settings.Timeout; s > 0 {
		limit = time.Duration(s) * time.Second
	}
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	result, failed := b.post(limited, turnID, body)
	if failed != nil && failed.outcome == unreachable {
		switch {
		case errors.Is(failed.err, egress.ErrPrivate):
			failed.outcome = refused
		case isTimeout(limited, failed.err):
			failed.outcome = timedOut
		}
	}
	done := answered
	switch {
	case failed != nil:
		done = failed.outcome
	case result.Later:
		done = later
	}
	if m := b.caller.Metrics; m.Calls != nil {
		m.Calls.WithLabelValues(string(done)).Inc()
	}
	if m := b.caller.Metrics; m.Seconds != nil {
		m.Seconds.Observe(b.caller.Now().Sub(start).Seconds())
	}
	return result, failed
}

func isTimeout(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded)
}

func (b *Bot) post(ctx context.Context, turnID string, body []byte) (*chat.TurnResult, *failure) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, b.record.Settings.URL, bytes.NewReader(body))
	if err != nil {
		return nil, &failure{outcome: badStatus, err: errors.New("the bot's URL is not one that can be called")}
	}
	if err := b.sign(r, turnID, body); err != nil {
		return nil, &failure{outcome: badStatus, err: err}
	}
	res, err := b.caller.Client.Do(r)
	if err != nil {
		return nil, &failure{outcome: unreachable, err: withoutURL(err)}
	}
	defer res.Body.Close()
	if failed := judge(res); failed != nil {
		return nil, failed
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return nil, &failure{outcome: unreachable, err: fmt.Errorf("read the answer: %w", withoutURL(err))}
	}
	if res.StatusCode != http.StatusOK && len(bytes.TrimSpace(data)) == 0 { // 202 and 204
		return &chat.TurnResult{Later: res.StatusCode == http.StatusAccepted}, nil
	}
	said, err := readAnswer(data)
	if err != nil {
		return nil, &failure{outcome: badAnswer, err: fmt.Errorf("the answer: %w", err)}
	}
	return &chat.TurnResult{
		Outputs: said.outputs, Amend: said.change.amend(b.record.ID), Later: res.StatusCode == http.StatusAccepted,
	}, nil
}

// sign sets the headers of a call. The time is that of the call, so that one that is tried again is
// not too old for its receiver (Standard Webhooks, "Webhook headers").
func (b *Bot) sign(r *http.Request, turnID string, body []byte) error {
	hook, err := standardwebhooks.NewWebhookRaw(b.caller.Secret(b.record.ID))
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	now := b.caller.Now()
	signature, err := hook.Sign(turnID, now, body)
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "Govorun/"+b.caller.Version)
	r.Header.Set("Idempotency-Key", turnID)
	r.Header.Set(standardwebhooks.HeaderWebhookID, turnID)
	r.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	r.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return nil
}

// judge says which statuses are no answer.
func judge(res *http.Response) *failure {
	switch code := res.StatusCode; {
	case code == http.StatusOK, code == http.StatusAccepted, code == http.StatusNoContent:
		return nil
	case code == http.StatusTooManyRequests, code >= 500:
		return &failure{outcome: unavailable, wait: retryAfter(res.Header.Get("Retry-After")), err: fmt.Errorf("status %d", code)}
	case code >= 300 && code < 400:
		return &failure{outcome: badStatus, err: fmt.Errorf("status %d: redirects are not followed", code)}
	default:
		return &failure{outcome: badStatus, err: fmt.Errorf("status %d", code)}
	}
}

// retryAfter reads a header of seconds; its form with a date is left out.
func retryAfter(text string) time.Duration {
	n, err := strconv.ParseUint(text, 10, 20)
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Second
}

// withoutURL takes the URL out of an error: it may hold what is secret.
func withoutURL(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}
