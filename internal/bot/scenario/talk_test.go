package scenario_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/govorun/govorun/internal/bot"
	"github.com/govorun/govorun/internal/bot/scenario"
	"github.com/govorun/govorun/internal/chat"
)

var _ bot.Bot = (*scenario.Bot)(nil)

// files makes a bot's directory of a main.sc and, as name and content, other files.
func files(main string, more ...string) fstest.MapFS {
	fsys := fstest.MapFS{
		"chatbot.yaml": {Data: []byte("name: test\nentryPoint: main.sc\n")},
		"src/main.sc":  {Data: []byte(main)},
	}
	for i := 0; i+1 < len(more); i += 2 {
		fsys[more[i]] = &fstest.MapFile{Data: []byte(more[i+1])}
	}
	return fsys
}

// talk is one session with a bot.
type talk struct {
	t       testing.TB
	bot     *scenario.Bot
	details chat.SessionDetails
	client  chat.Client
	state   chat.BotState
	said    []chat.Message // in the last turn
	err     error
}

// newTalk loads a bot; its dice give 0, 1, 2 … in turn.
func newTalk(t testing.TB, main string, more ...string) *talk {
	t.Helper()
	return &talk{t: t, bot: load(t, files(main, more...))}
}

func load(t testing.TB, fsys fstest.MapFS) *scenario.Bot {
	t.Helper()
	b, err := scenario.Load(fsys, scenario.Options{Rand: dice()})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func dice() func(n int) int {
	next := -1
	return func(n int) int {
		next++
		return next % n
	}
}

// turn has the bot react and returns what it said, a line for each message with its buttons
// behind it: "text [button] [button]".
func (k *talk) turn(p chat.Payload) string {
	k.t.Helper()
	result, err := k.bot.React(context.Background(), &chat.Turn{
		ID: "turn", Details: &k.details, Client: &k.client, State: k.state, Now: time.Unix(0, 0),
		Cause: chat.Event{ID: "cause", Payload: p},
	})
	k.said, k.err = nil, err
	if err != nil {
		return "error: " + err.Error()
	}
	if result.SessionState != nil {
		k.state.Session = result.SessionState
	}
	if result.ClientState != nil {
		k.state.Client = result.ClientState
	}
	var lines []string
	for _, o := range result.Outputs {
		m := o.(chat.Say).Message
		k.said = append(k.said, m)
		line := m.Body
		for _, a := range m.Attachments {
			line += "<" + a.URL + ">"
		}
		if m.Keyboard != nil {
			line += " [" + strings.Join(m.Keyboard.Buttons, "] [") + "]"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func (k *talk) say(text string) string {
	k.t.Helper()
	return k.turn(&chat.Message{AuthorType: chat.AuthorClient, Body: text})
}

func (k *talk) start() string {
	k.t.Helper()
	return k.turn(&chat.SessionStarted{Greet: true})
}

func (k *talk) press(event, data string) string {
	k.t.Helper()
	return k.turn(&chat.ActionPressed{Event: event, Data: json.RawMessage(data)})
}

// context is the path of the state the dialogue is in.
func (k *talk) context() string {
	var memory struct{ Context string }
	if err := json.Unmarshal(k.state.Session, &memory); err != nil {
		k.t.Fatal(err)
	}
	return memory.Context
}

// expect says texts, given as pairs of what is said and what is answered.
func (k *talk) expect(pairs ...string) {
	k.t.Helper()
	for i := 0; i+1 < len(pairs); i += 2 {
		if got := k.say(pairs[i]); got != pairs[i+1] {
			k.t.Errorf("%q: answered %q, want %q", pairs[i], got, pairs[i+1])
		}
	}
}
