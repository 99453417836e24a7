//go:build interop

package interop

import (
	"encoding/json"
	"slices"
	"testing"
)

// publication is the envelope of everything that a channel carries.
type publication struct {
	By       string `json:"-"` // whose subscription it came by
	Offset   int64  `json:"-"` // 0: ephemeral
	Event    string
	Action   string
	ID       string
	Sequence int64
	Data     struct {
		ID         string
		AuthorType string
		Body       string
		SessionID  string
	}
}

func widget(session string) string { return "widget:" + session }
func whole(session string) string  { return "session:" + session }

// heard lists what came on a channel by the named subscriptions, but for ephemeral things.
func heard(t *testing.T, events []event, channel string, by ...string) []publication {
	t.Helper()
	var all []publication
	for _, e := range events {
		if e.Event != "publication" || e.Channel != channel || e.Offset == 0 || !slices.Contains(by, e.By) {
			continue
		}
		p := publication{By: e.By, Offset: e.Offset}
		if err := json.Unmarshal(e.Data, &p); err != nil {
			t.Fatalf("publication %s: %v", e.Data, err)
		}
		if p.Event == "" || p.Action != p.Event || p.Sequence == 0 {
			t.Errorf("publication %s: event %q, action %q, sequence %d", e.Data, p.Event, p.Action, p.Sequence)
		}
		all = append(all, p)
	}
	return all
}

// besides lists what came by the server's subscription while the client's own one stood. Before
// that there is something only where the machine was slower than the server waits for a
// subscribe: then the connection listens meanwhile, and its publications come again with the
// subscription.
func besides(t *testing.T, events []event, channel string) []publication {
	t.Helper()
	var during []event
	own := false
	for _, e := range events {
		switch {
		case e.Event == "connecting" || e.Event == "disconnected":
			own = false
		case e.Event == "subscribed" && e.By == "client" && e.Channel == channel:
			own = true
		case own:
			during = append(during, e)
		}
	}
	return heard(t, during, channel, "server")
}

// isSubscribed says that the client itself has subscribed to a channel.
func isSubscribed(channel string) func([]event) bool {
	return func(events []event) bool {
		return slices.ContainsFunc(events, func(e event) bool {
			return e.Event == "subscribed" && e.By == "client" && e.Channel == channel
		})
	}
}

// hasHeard says that a message has come by any subscription.
func hasHeard(id string) func([]event) bool { return hasHeardBy(id, "server", "client") }

// hasHeardBy says that a message has come by one of the named subscriptions. A client that
// subscribes by itself may hear it by the server's subscription first, see besides.
func hasHeardBy(id string, by ...string) func([]event) bool {
	return func(events []event) bool {
		return slices.ContainsFunc(events, func(e event) bool {
			var p publication
			return e.Event == "publication" && slices.Contains(by, e.By) && json.Unmarshal(e.Data, &p) == nil && p.Data.ID == id
		})
	}
}

// hasMessages says that so many messages have come by any subscription.
func hasMessages(n int) func([]event) bool {
	return func(events []event) bool {
		for _, e := range events {
			var p publication
			if e.Event == "publication" && json.Unmarshal(e.Data, &p) == nil && p.Event == "chatMessageCreated" {
				n--
			}
		}
		return n <= 0
	}
}

// byAuthors picks messages of a history. Without authors it picks all.
func byAuthors(history []message, authors ...string) []message {
	var picked []message
	for _, m := range history {
		if len(authors) == 0 || slices.Contains(authors, m.AuthorType) {
			picked = append(picked, m)
		}
	}
	return picked
}

// expectExactly fails unless every offset came once and in order, from the one after start
// on, and with them exactly the wanted messages.
func expectExactly(t *testing.T, got []publication, start int64, want []message) {
	t.Helper()
	sequence := int64(0)
	var messages []message
	for i, p := range got {
		if p.Offset != start+int64(i)+1 {
			t.Errorf("publication %d has offset %d, want %d", i, p.Offset, start+int64(i)+1)
			break
		}
		if p.Sequence <= sequence {
			t.Errorf("offset %d has sequence %d after %d", p.Offset, p.Sequence, sequence)
		}
		sequence = p.Sequence
		if p.Event == "chatMessageCreated" {
			messages = append(messages, message{p.Data.ID, p.Sequence, p.Data.AuthorType, p.Data.Body})
		}
	}
	if len(messages) != len(want) {
		t.Errorf("%d messages came, want %d", len(messages), len(want))
	}
	for i := range min(len(messages), len(want)) {
		if messages[i] != want[i] {
			t.Errorf("message %d is %+v, want %+v", i, messages[i], want[i])
			break
		}
	}
}

// expectRecovered fails if a client that named a position was not given what came after it.
func expectRecovered(t *testing.T, events []event) {
	t.Helper()
	for _, e := range events {
		if e.Event == "subscribed" && e.Recovering && !e.Recovered {
			t.Errorf("not recovered: %+v", e)
		}
	}
}
