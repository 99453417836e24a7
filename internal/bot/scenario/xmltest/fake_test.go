package xmltest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/bot/scenario/xmltest"
)

// fake is a conversation with a bot that is a Go function.
type fake struct {
	setup    xmltest.Setup
	react    func(*fake, xmltest.Ask) xmltest.Answer
	context  string
	states   []string // those that exist
	session  json.RawMessage
	client   json.RawMessage
	now      time.Time
	timers   []xmltest.Timer
	sessions int
	closed   bool
	numbers  []int
	chance   *rand.Rand // nil: 0
}

func (f *fake) React(_ context.Context, ask xmltest.Ask) xmltest.Answer { return f.react(f, ask) }

func (f *fake) SetContext(path string) error {
	if !slices.Contains(f.states, path) {
		return fmt.Errorf("there is no state %s", path)
	}
	f.context = path
	return nil
}

func (f *fake) Session() json.RawMessage     { return f.session }
func (f *fake) SetSession(d json.RawMessage) { f.session = d }
func (f *fake) Client() json.RawMessage      { return f.client }
func (f *fake) SetClient(d json.RawMessage)  { f.client = d }
func (f *fake) NewSession()                  { f.sessions++ }
func (f *fake) SetTime(now time.Time)        { f.now = now }
func (f *fake) Pending() []xmltest.Timer     { return f.timers }
func (f *fake) SetRandom(n []int)            { f.numbers, f.chance = n, nil }
func (f *fake) Close()                       { f.closed = true }

func (f *fake) Fire(_ context.Context, id string) xmltest.Answer {
	f.timers = slices.DeleteFunc(f.timers, func(t xmltest.Timer) bool { return t.ID == id })
	return says("/Silence", "Are you there?")
}

// random is what a script does with $jsapi.random.
func (f *fake) random(n int) int {
	if f.chance != nil {
		return f.chance.IntN(n)
	}
	if len(f.numbers) == 0 {
		return 0
	}
	next := f.numbers[0]
	f.numbers = f.numbers[1:]
	return next
}

// says is an answer of texts, all from one state.
func says(state string, texts ...string) xmltest.Answer {
	a := xmltest.Answer{Class: state, States: []string{state}, Context: state}
	for _, text := range texts {
		a.Replies = append(a.Replies, reply("text", text, state))
	}
	return a
}

func reply(kind, text, state string) xmltest.Said {
	raw, _ := json.Marshal(map[string]any{"type": kind, "text": text, "state": state})
	return xmltest.Said{Type: kind, Text: text, State: state, Raw: raw}
}

// fetch is what a script does with $http.
func (f *fake) fetch(method, url, contentType, body string) xmltest.Answer {
	header := map[string][]string{"Content-Type": {contentType}}
	r, err := f.setup.Fetch(context.Background(), xmltest.HTTPRequest{Method: method, URL: url, Header: header, Body: []byte(body)})
	if err != nil {
		return says("/Http", "isOk: false")
	}
	return says("/Http", fmt.Sprintf("%d %q %s", r.Status, r.Body, r.Header.Get("Content-Type")))
}

// demo is a bot that knows a word for each thing that tests may look at.
func demo(f *fake, ask xmltest.Ask) xmltest.Answer {
	words := strings.Fields(ask.Query)
	if ask.Event != "" {
		return says("/Event", strings.TrimSpace(ask.Event+" "+string(ask.Data)))
	}
	if len(words) == 0 {
		return says("/Empty", "empty "+string(ask.Data)+string(ask.Raw))
	}
	switch words[0] {
	case "hi":
		return says("/Hello", "Hello,\n   dear\u00a0friend!")
	case "two":
		return says("/Two", "One.", "Two.")
	case "jump":
		return xmltest.Answer{Class: "/First", States: []string{"/First", "/Next"}, Context: "/Next", Replies: []xmltest.Said{reply("text", "Next.", "/Next")}}
	case "picture":
		a := says("/Picture", "Look!")
		a.Replies = append(a.Replies, reply("image", "", "/Picture"), reply("buttons", "", "/Picture"))
		return a
	case "only-picture":
		return xmltest.Answer{Class: "/Picture", States: []string{"/Picture"}, Replies: []xmltest.Said{reply("image", "", "/Picture")}}
	case "silent":
		return xmltest.Answer{Class: "/Silent", States: []string{"/Silent"}}
	case "where":
		return says("/Where", f.context)
	case "memory":
		return says("/Memory", string(f.session)+string(f.client))
	case "clock":
		return says("/Clock", f.now.Format(time.DateTime))
	case "dice":
		var numbers []string
		for range 3 {
			numbers = append(numbers, fmt.Sprint(f.random(1000)))
		}
		return says("/Dice", strings.Join(numbers, " "))
	case "data":
		return says("/Data", "data "+string(ask.Data)+string(ask.Raw))
	case "wait":
		f.timers = []xmltest.Timer{{ID: "e", Kind: "event"}, {ID: "t", Kind: "timeout", Interval: 2, Target: "/Silence"}}
		return says("/Wait", "I wait.")
	case "renew":
		a := says("/Start", "New.")
		a.NewSession = &xmltest.Started{Message: "/start", Session: json.RawMessage(`{"a":1,"b":2}`)}
		return a
	case "mail":
		a := says("/Mail")
		a.Mails = []xmltest.Letter{{Recipient: "a@example.com", Subject: "Hi", Body: "Text"}}
		return a
	case "shop":
		a := says("/Shop", "Buy.")
		a.Response = json.RawMessage(`{"replies":[{"type":"text","text":"Buy.","state":"/Shop"},
			{"type":"buttons","buttons":[{"text":"A"},{"text":"B","transition":"/B"}]}],"test":{"sum":2.50},"data":{"smartRandom":[1,2]}}`)
		return a
	case "http":
		return f.fetch(words[1], words[2], "application/json", strings.Join(words[3:], " "))
	case "form":
		return f.fetch("POST", words[1], "application/x-www-form-urlencoded", words[2])
	case "fail":
		a := says("/Fail", "Sorry.")
		a.Err = fmt.Errorf("src/main.sc:7: x is not defined")
		a.Log = []string{"before the end"}
		return a
	case "panic":
		panic("out of order")
	default:
		return says("/NoMatch", "What?")
	}
}

// play runs a file of tests with the demo.
func play(t *testing.T, o xmltest.Options, xml string) []*xmltest.Result {
	t.Helper()
	o.New = func(s xmltest.Setup) (xmltest.Conversation, error) {
		f := &fake{setup: s, react: demo, states: []string{"/A", "/A/B"}, chance: rand.New(rand.NewPCG(s.Seed, 0))}
		t.Cleanup(func() {
			if !f.closed {
				t.Error("a conversation was not closed")
			}
		})
		return f, nil
	}
	return xmltest.Run(t.Context(), []*xmltest.File{xmltest.Read("test/x.xml", []byte(xml))}, o)
}

// stuck never answers "wait".
type stuck struct{ *fake }

func (s stuck) React(ctx context.Context, ask xmltest.Ask) xmltest.Answer {
	if ask.Query == "wait" {
		<-ctx.Done()
	}
	return s.fake.React(ctx, ask)
}
