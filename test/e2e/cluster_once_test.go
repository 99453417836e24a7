//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/google/uuid"
)

// twoMessagesAtOnce commits messages to one session on two nodes at the same instant, again and
// again. The reader is at the third node.
func (c *cluster) twoMessagesAtOnce(t *testing.T) {
	const sessions, rounds = 3, 25
	apis := []*api{c.api(t, 0), c.api(t, 1)}
	atOnce(sessions, func(s int) {
		request := object{}
		if s > 0 {
			request["botId"] = noBot
		}
		session := apis[0].open(t, request).ID
		people := []*person{{api: apis[0], session: session, bot: s == 0}, {api: apis[1], session: session, bot: s == 0}}
		l := listening(t, &listener{url: c.nodes[2].url(), sessions: []string{session}, echo: true, subscribes: s == 1})
		for round := range rounds {
			atOnce(len(people), func(i int) {
				if err := people[i].say(t.Context(), fmt.Sprintf("%d of %d", round, i)); err != nil {
					t.Error(err)
				}
			})
		}
		b := c.check(t)
		wrong := &complaints{t: t}
		both := &person{session: session, bot: s == 0}
		for _, p := range people {
			if p.acked[len(p.acked)-1].repeats > 0 {
				t.Errorf("a message was not acknowledged at once")
			}
			both.acked = append(both.acked, p.acked...)
		}
		sortBySequence(both.acked)
		b.checkPerson(t, wrong, both, both.acked, nil, true)
		b.awaitListener(t, l)
		b.checkListener(t, wrong, l)
	})
}

// sameRequestAtOnce sends one request to all nodes at once, twice to each.
func (c *cluster) sameRequestAtOnce(t *testing.T) {
	const callers = 2 * clusterNodes
	session := c.api(t, 0).open(t, object{}).ID
	for _, tt := range []struct {
		name, method, path string
		body               object
		sessions           int // that it starts
	}{
		{"message", "POST", messagesOf(session), object{"body": "the same"}, 0},
		{"action", "POST", base + "/sessions/" + session + "/actions", object{"event": "pressed"}, 0},
		{"start", "POST", starts, object{"messageBody": "the same"}, 1},
		{"continue", "PUT", starts, object{"messageBody": "the same", "clientExternalId": uuid.NewString()}, 1},
	} {
		for range 5 {
			before := c.count(t, countSessions)
			key := uuid.NewString()
			request := object{}
			for name, value := range tt.body {
				request[name] = value
			}
			if request["clientExternalId"] != nil {
				request["clientExternalId"] = key
			}
			answers := make([]started, callers)
			atOnce(callers, func(i int) {
				res, err := c.api(t, i%clusterNodes).do(t.Context(), tt.method, tt.path, request, key)
				if err != nil || res.status != http.StatusCreated {
					t.Errorf("%s: %v %+v", tt.name, err, res)
					return
				}
				res.decode(t, &answers[i])
			})
			for _, got := range answers {
				if got.ID == "" || got.ID != answers[0].ID || got.MessageID != answers[0].MessageID {
					t.Errorf("%s: answers name %+v and %+v", tt.name, answers[0], got)
				}
			}
			if grown := c.count(t, countSessions) - before; grown != tt.sessions {
				t.Errorf("%s: %d new sessions, expected %d", tt.name, grown, tt.sessions)
			}
		}
	}
	said, pressed := 0, 0
	for _, e := range c.check(t)[session].entries {
		if e.author == "CLIENT" {
			said++
		}
		if e.kind == "action.pressed" {
			pressed++
		}
	}
	if said != 5 || pressed != 5 {
		t.Errorf("said %d, pressed %d, each with 5 keys", said, pressed)
	}
}

// sameClientAtOnce has one client continue on all nodes at once: it has one session, and all
// that it said is in it.
func (c *cluster) sameClientAtOnce(t *testing.T) {
	const rounds = 10
	before := c.count(t, countSessions)
	said := map[string]string{} // messages, and the session of each
	for round := range rounds {
		client := uuid.NewString()
		callers := clusterNodes * (1 + round%3)
		answers := make([]started, callers)
		atOnce(callers, func(i int) {
			body := object{"clientExternalId": client, "messageBody": fmt.Sprintf("%d of %s", i, client), "returnAnswerAsync": i%2 == 0}
			res, err := c.api(t, i%clusterNodes).do(t.Context(), http.MethodPut, starts, body, "")
			if err != nil || res.status != http.StatusCreated {
				t.Errorf("continue: %v %+v", err, res)
				return
			}
			res.decode(t, &answers[i])
		})
		for _, got := range answers {
			if got.ID != answers[0].ID || got.ClientID != answers[0].ClientID {
				t.Errorf("sessions %s and %s", got.ID, answers[0].ID)
			}
			said[got.MessageID] = got.ID
		}
	}
	b := c.check(t)
	for message, session := range said {
		page := b[session]
		if page == nil || !slices.ContainsFunc(page.entries, func(e entry) bool { return e.id == message }) {
			t.Errorf("message %s is not in its session", message)
		}
	}
	if grown := c.count(t, countSessions) - before; grown != rounds {
		t.Errorf("%d sessions for %d clients", grown, rounds)
	}
}
