//go:build e2e

package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// repeatEvery is how long a person waits before repeating what was not acknowledged.
const repeatEvery = 20 * time.Millisecond

// said is a message a person has sent.
type said struct {
	body     string
	id       string // "" while it is not acknowledged
	sequence int64
	repeats  int
}

// person is a client in one session who remembers what was acknowledged.
type person struct {
	api     *api
	session string
	bot     bool // a bot answers

	mu     sync.Mutex // guards what follows
	acked  []said     // in the order of sending
	unsure []string   // bodies of messages sent once, without a key, and not acknowledged
	faults []string
}

// say sends a message under a key and repeats it until it is acknowledged or ctx ends.
func (p *person) say(ctx context.Context, body string) error {
	key := uuid.NewString()
	for repeats := 0; ; repeats++ {
		res, err := p.api.do(ctx, http.MethodPost, messagesOf(p.session), object{"body": body}, key)
		if err == nil && res.status == http.StatusCreated {
			return p.note(body, res, repeats)
		}
		if err == nil && res.status != http.StatusServiceUnavailable && res.status != http.StatusTooManyRequests {
			return p.fault("%q was answered %d %.200s", body, res.status, res.body)
		}
		if !pause(ctx, repeatEvery) {
			return ctx.Err()
		}
	}
}

// sayOnce sends a message without a key and does not repeat it.
func (p *person) sayOnce(ctx context.Context, body string) {
	res, err := p.api.do(ctx, http.MethodPost, messagesOf(p.session), object{"body": body}, "")
	if err == nil && res.status == http.StatusCreated {
		_ = p.note(body, res, 0) // it is noted as a fault
		return
	}
	if err == nil && res.status != http.StatusServiceUnavailable && res.status != http.StatusTooManyRequests {
		_ = p.fault("%q was answered %d %.200s", body, res.status, res.body)
	}
	p.mu.Lock()
	p.unsure = append(p.unsure, body)
	p.mu.Unlock()
}

// act does something else than talking, once.
func (p *person) act(ctx context.Context, what string, body object, expected ...int) {
	res, err := p.api.do(ctx, http.MethodPost, base+"/sessions/"+p.session+"/"+what, body, "")
	if err == nil && res.status != http.StatusServiceUnavailable && !slices.Contains(expected, res.status) {
		_ = p.fault("%s was answered %d %.200s", what, res.status, res.body)
	}
}

// lastID is the id of the last message acknowledged, "" for none.
func (p *person) lastID() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.acked) == 0 {
		return ""
	}
	return p.acked[len(p.acked)-1].id
}

func (p *person) note(body string, res *answer, repeats int) error {
	var created listed
	if err := json.Unmarshal(res.body, &created); err != nil {
		return p.fault("%q: %v: %.200s", body, err, res.body)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.acked = append(p.acked, said{body, created.ID, created.Sequence, repeats})
	return nil
}

func (p *person) fault(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, err.Error())
	return err
}

// account is what the person knows to be true at one moment.
func (p *person) account() (acked []said, unsure, faults []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]said(nil), p.acked...), append([]string(nil), p.unsure...), append([]string(nil), p.faults...)
}

func sortBySequence(s []said) {
	slices.SortFunc(s, func(a, b said) int { return cmp.Compare(a.sequence, b.sequence) })
}
