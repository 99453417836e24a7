//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// atOnce runs n functions at the same instant and waits for all.
func atOnce(n int, f func(i int)) {
	var running sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		running.Go(func() {
			<-begin
			f(i)
		})
	}
	close(begin)
	running.Wait()
}

func TestSameKeyAtOnce(t *testing.T) {
	t.Parallel()
	const callers = 20
	s := newServer(t)
	a := newAPI(t, s.url())
	p := &person{api: a, session: a.open(t, object{}).ID, bot: true}
	for _, tt := range []struct {
		name, method, path string
		body               object
	}{
		{"message", "POST", messagesOf(p.session), object{"body": "the same"}},
		{"client's message", "POST", base + "/sessions/" + p.session + "/clients/messages", object{"body": "the same"}},
		{"action", "POST", base + "/sessions/" + p.session + "/actions", object{"event": "pressed"}},
		{"start", "POST", starts, object{"messageBody": "the same"}},
		{"continue", "PUT", starts, object{"messageBody": "the same", "clientExternalId": uuid.NewString()}},
	} {
		key := uuid.NewString()
		answers := make([]started, callers)
		before := len(readBook(t, s.data))
		atOnce(callers, func(i int) {
			res, err := a.do(t.Context(), tt.method, tt.path, tt.body, key)
			if err != nil || res.status != http.StatusCreated {
				t.Errorf("%s: %v %+v", tt.name, err, res)
				return
			}
			res.decode(t, &answers[i])
		})
		for i := range answers {
			if answers[i].ID == "" || answers[i].ID != answers[0].ID || answers[i].MessageID != answers[0].MessageID {
				t.Errorf("%s: answers name %+v and %+v", tt.name, answers[0], answers[i])
			}
		}
		if grown := len(readBook(t, s.data)) - before; grown > 1 || (grown == 1 && tt.path != starts) {
			t.Errorf("%s: %d new sessions", tt.name, grown)
		}
		reused := object{"body": "another", "event": "another", "messageBody": "another"}
		res, err := a.do(t.Context(), tt.method, tt.path, reused, key)
		if err != nil || res.status != http.StatusUnprocessableEntity {
			t.Errorf("%s with another body: %v %+v", tt.name, err, res)
			continue
		}
		res.mustBeError(t, tt.name+" with another body")
	}
	awaitSettled(t, s.data, settleWithin)
	b := readSound(t, s.data)
	for id, page := range b {
		said, pressed := 0, 0
		for _, e := range page.entries {
			if e.author == "CLIENT" {
				said++
			}
			if e.kind == "action.pressed" {
				pressed++
			}
		}
		want, wantPressed := 1, 0
		if id == p.session {
			want, wantPressed = 2, 1 // two keys were used for messages, one for an action
		}
		if said != want || pressed != wantPressed {
			t.Errorf("session %s: said %d, pressed %d, expected %d, %d", id, said, pressed, want, wantPressed)
		}
	}
}

// TestLostResponse loses answers in two ways: cut when the request is through, when the server
// may notice and give it up; and cut when the answer comes, when it is done.
func TestLostResponse(t *testing.T) {
	t.Parallel()
	const messages = 25
	s := newServer(t)
	network := newProxy(t, s.addr)
	direct, broken := newAPI(t, s.url()), newAPI(t, network.url())
	broken.http = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for name, how := range map[string]fault{"cut after the request": faultCutAfter, "cut before the answer": faultCutAnswers} {
		network.set(how)
		p := &person{api: direct, session: direct.open(t, object{}).ID, bot: true}
		for i := range messages {
			body, key := fmt.Sprintf("%s %d", name, i), uuid.NewString()
			path := messagesOf(p.session)
			if res, err := broken.do(t.Context(), "POST", path, object{"body": body}, key); err == nil {
				t.Fatalf("%s: answered %d", name, res.status)
			}
			for repeat := range 2 {
				res := direct.post(t, path, object{"body": body}, key)
				if res.status != http.StatusCreated {
					t.Fatalf("%s: repeat: %d %s", name, res.status, res.body)
				}
				if repeat == 0 {
					if err := p.note(body, res, 1); err != nil {
						t.Fatal(err)
					}
				}
			}
			// Without a key, the same words are another message, sent at most once.
			unsure := "unsure " + body
			if _, err := broken.do(t.Context(), "POST", path, object{"body": unsure}, ""); err == nil {
				t.Fatalf("%s: answered", name)
			}
			p.unsure = append(p.unsure, unsure)
		}
		res := direct.post(t, messagesOf(p.session), object{"body": strings.Repeat("я", 50_001)}, uuid.NewString())
		if res.status != http.StatusBadRequest {
			t.Errorf("too long: %d", res.status)
		}
		eventually(t, settleWithin, "requests whose sender is gone have ended", func() bool {
			return s.metric(t, "govorun_http_requests_in_flight") == 0
		})
		awaitSettled(t, s.data, settleWithin)
		b := readSound(t, s.data)
		b.checkPerson(t, &complaints{t: t}, p, p.acked, p.unsure, true)
	}
}
