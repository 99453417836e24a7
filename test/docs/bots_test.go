//go:build e2e

package docs_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/govorun/govorun/internal/bot/scenario"
	"github.com/govorun/govorun/internal/chat"
)

// TestTheExamplesOfBotsWork loads every scenario of docs/bots.md. A "text" block below one is what
// the reader says of its mistakes; a "dialogue" block is a talk with it.
func TestTheExamplesOfBotsWork(t *testing.T) {
	t.Parallel()
	const file = "../../docs/bots.md"
	blocks := read(t, file, "sc", "text", "dialogue")
	var bot *scenario.Bot
	for i, b := range blocks {
		switch b.lang {
		case "sc":
			loaded, err := load(b.text)
			mistakes := ""
			if err != nil {
				mistakes = err.Error() + "\n"
			}
			expected := ""
			if i+1 < len(blocks) && blocks[i+1].lang == "text" {
				expected = blocks[i+1].text
			}
			if mistakes != expected {
				t.Errorf("%s:%d: the mistakes are\n%swant\n%s", file, b.line, mistakes, expected)
			}
			bot = loaded
		case "dialogue":
			if bot == nil {
				t.Fatalf("%s:%d: a dialogue without a bot", file, b.line)
			}
			if got := talk(t, bot, b.text); got != b.text {
				t.Errorf("%s:%d: the dialogue went\n%s", file, b.line, got)
			}
		}
	}
}

// load makes a bot of one file. Its dice always show the first side.
func load(main string) (*scenario.Bot, error) {
	return scenario.Load(fstest.MapFS{
		"chatbot.yaml": {Data: []byte("name: example\nentryPoint: main.sc\n")},
		"src/main.sc":  {Data: []byte(main)},
	}, scenario.Options{Rand: func(int) int { return 0 }})
}

// talk says the lines of a dialogue that begin with "> " and returns all of it as it went: each
// message a line, its buttons in brackets behind it. "(start)" opens the session, "(event name)"
// presses an action button, "(file)" sends a file, and the dialogue begins with a session of its own.
func talk(t *testing.T, bot *scenario.Bot, dialogue string) string {
	t.Helper()
	var went strings.Builder
	turn := chat.Turn{
		Details: &chat.SessionDetails{Variables: map[string]any{"city": "Perm"}},
		Client:  &chat.Client{FirstName: "Ann", Metadata: map[string]string{"level": "7"}},
	}
	for line := range strings.Lines(dialogue) {
		said, ok := strings.CutPrefix(line, "> ")
		if !ok {
			continue
		}
		went.WriteString(line)
		turn.Cause = chat.Event{Payload: cause(strings.TrimSpace(said))}
		result, err := bot.React(t.Context(), &turn)
		if err != nil {
			t.Fatal(err)
		}
		if result.SessionState != nil {
			turn.State.Session = result.SessionState
		}
		for _, o := range result.Outputs {
			went.WriteString(shown(o.(chat.Say).Message) + "\n")
		}
	}
	return went.String()
}

func cause(said string) chat.Payload {
	event, pressed := strings.CutPrefix(said, "(event ")
	switch {
	case said == "(start)":
		return &chat.SessionStarted{Greet: true}
	case said == "(file)":
		return &chat.Message{AuthorType: chat.AuthorClient, Attachments: []chat.Attachment{{ID: "1"}}}
	case pressed:
		return &chat.ActionPressed{Event: strings.TrimSuffix(event, ")")}
	}
	return &chat.Message{AuthorType: chat.AuthorClient, Body: said}
}

func shown(m chat.Message) string {
	line := m.Body
	for _, a := range m.Attachments {
		line += "<" + a.URL + ">"
	}
	if m.Keyboard != nil {
		line += " [" + strings.Join(m.Keyboard.Buttons, "] [") + "]"
	}
	return line
}
