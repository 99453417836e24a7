//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/uuid"
)

// TestTenMessagesAtOnce: the bot answers each, in the order of their sequence.
func TestTenMessagesAtOnce(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	a := newAPI(t, s.url())
	for round := range 5 {
		p := &person{api: a, session: a.open(t, object{}).ID, bot: true}
		atOnce(10, func(i int) {
			if err := p.say(t.Context(), fmt.Sprintf("question %d", i)); err != nil {
				t.Error(err)
			}
		})
		awaitSettled(t, s.data, settleWithin)
		b := readSound(t, s.data)
		answered := map[int64]bool{}
		for _, e := range b[p.session].entries {
			if e.author == "BOT" {
				answered[e.cause] = true
			}
		}
		if want := 11; len(answered) != want { // the greeting and ten answers
			t.Errorf("round %d: %d reactions, expected %d", round, len(answered), want)
		}
	}
}

// TestContinuesAtOnce: a new client that continues twice, or twenty times, at once has one
// session, and everything it said is in it.
func TestContinuesAtOnce(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	a := newAPI(t, s.url())
	for _, callers := range []int{2, 2, 2, 20} {
		client := uuid.NewString()
		answers := make([]started, callers)
		atOnce(callers, func(i int) {
			body := object{"clientExternalId": client, "messageBody": fmt.Sprintf("%d of %s", i, client), "returnAnswerAsync": i%2 == 0}
			res, err := a.do(t.Context(), http.MethodPut, starts, body, "")
			if err != nil || res.status != http.StatusCreated {
				t.Errorf("continue: %v %+v", err, res)
				return
			}
			res.decode(t, &answers[i])
		})
		messages := map[string]bool{}
		for _, got := range answers {
			if got.ID != answers[0].ID || got.ClientID != answers[0].ClientID {
				t.Errorf("sessions %s and %s", got.ID, answers[0].ID)
			}
			messages[got.MessageID] = true
		}
		awaitSettled(t, s.data, settleWithin)
		b := readSound(t, s.data)
		for _, e := range b[answers[0].ID].entries {
			if e.author == "CLIENT" {
				delete(messages, e.id)
			}
		}
		if len(messages) > 0 {
			t.Errorf("messages that are not in the session: %v", messages)
		}
	}
	if n := len(readBook(t, s.data)); n != 4 {
		t.Errorf("%d sessions for 4 clients", n)
	}
}
