//go:build interop

package interop

import (
	"encoding/json"
	"regexp"
	"testing"

	"github.com/govorun/govorun/test/contract"
)

// TestArticle runs the code of the vendor's article, with the vendor's host names.
func TestArticle(t *testing.T) {
	t.Parallel()
	texts := []string{"Привет! Как дела?", "Ещё раз: ёлочки «», — и 🙂👩‍👩‍👧", "plain \"quotes\" and \\ and \n a line"}
	s := startServer(t)
	c := startProgram(t, append([]string{installed.python, "python/article.py", contract.Proxy(t, s.url()), demoChat}, texts...))
	const answers = 6
	events := c.await("all answers", func(events []event) bool { return len(events) >= answers })

	instant := regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$`)
	var sessions []string
	var sent []message
	for _, e := range events {
		var answer struct {
			ID        string
			CreatedAt string
			StartedAt string
			ClientID  string
			MessageID string
			TTL       int
			Messages  []message
		}
		if err := json.Unmarshal(e.Data, &answer); err != nil {
			t.Fatalf("%s was answered with %s: %v", e.Message, e.Data, err)
		}
		if e.Code != 201 || answer.ID == "" || !instant.MatchString(answer.CreatedAt+answer.StartedAt) {
			t.Errorf("%s was answered with %d %s", e.Message, e.Code, e.Data)
		}
		switch {
		case e.Message == "send":
			sent = append(sent, message{ID: answer.ID})
		case answer.TTL != 3600 || answer.ClientID == "":
			t.Errorf("%s was answered with %s", e.Message, e.Data)
		case e.Message == "start" && len(answer.Messages) == 0:
			t.Error("the greeting is not in the answer to the start")
		}
		if e.Message != "send" {
			sessions = append(sessions, answer.ID)
		}
		if e.Message == "continue" && (answer.MessageID == "" || len(answer.Messages) > 0) {
			t.Errorf("an asynchronous message was answered with %s", e.Data)
		}
	}
	if sessions[0] == sessions[1] || sessions[1] != sessions[2] {
		t.Errorf("sessions %q: a client with an external id has one of its own, and continues it", sessions)
	}

	a := &api{t, s.url()}
	a.ask(sessions[0], "Пока")
	said := byAuthors(a.history(sessions[0]), "CLIENT")
	if len(said) < len(texts) {
		t.Fatalf("the history has %+v", said)
	}
	for i, text := range texts {
		if said[i].Body != text || said[i].ID != sent[i].ID {
			t.Errorf("message %d is %+v, want %q with id %s", i, said[i], text, sent[i].ID)
		}
	}
}
