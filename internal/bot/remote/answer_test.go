package remote

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/govorun/govorun/internal/chat"
)

func TestWhatIsWrongWithAnAnswerIsNamed(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("я", n) }
	list := func(n int, of string) string { return "[" + strings.TrimSuffix(strings.Repeat(of+",", n), ",") + "]" }
	nested := strings.Repeat("[", 101) + strings.Repeat("]", 101)
	for answer, want := range map[string]struct{ field, says string }{
		`{"messages":{}}`:                                {"messages", "expected an array"},
		`{"messages":[1]}`:                               {"messages[0]", "expected an object"},
		`{"messages":[null]}`:                            {"messages[0]", "expected an object"},
		`{"messages":[{"body":"x"},{"body":5}]}`:         {"messages[1].body", "expected a string, got number"},
		`{"messages":[{}]}`:                              {"messages[0]", "expected a body"},
		`{"messages":[{"body":" \n"}]}`:                  {"messages[0]", "expected a body"},
		`{"messages":[{"body":"` + long(50_001) + `"}]}`: {"messages[0].body", "at most 50000"},
		`{"messages":[{"body":"` + long(30_000) + `"},{"body":"` + long(30_000) + `"}]}`: {"messages[1].body", "at most 50000"},
		`{"messages":` + list(101, `{"body":"x"}`) + `}`:                                 {"messages", "at most 100, got 101"},
		`{"messages":[{"body":"\u0000"}]}`:                                               {"", "U+0000"},

		`{"messages":[{"keyboard":[]}]}`:                                                     {"messages[0].keyboard", "expected an object"},
		`{"messages":[{"keyboard":{}}]}`:                                                     {"messages[0].keyboard.buttons", "at least one"},
		`{"messages":[{"keyboard":{"buttons":["a"],"buttonsInRow":0}}]}`:                     {"messages[0].keyboard.buttonsInRow", "from 1"},
		`{"messages":[{"keyboard":{"buttons":["a"],"buttonsInRow":1.5}}]}`:                   {"messages[0].keyboard.buttonsInRow", "a whole number"},
		`{"messages":[{"keyboard":{"buttons":["a",{"text":1}]}}]}`:                           {"messages[0].keyboard.buttons[1].text", "a string"},
		`{"messages":[{"keyboard":{"buttons":["a"]},"buttons":["b"]}]}`:                      {"messages[0].buttons", "either"},
		`{"messages":[{"buttons":[""]}]}`:                                                    {"messages[0].buttons[0]", "expected a text"},
		`{"messages":[{"buttons":[null]}]}`:                                                  {"messages[0].buttons[0]", "expected a text"},
		`{"messages":[{"buttons":["` + long(1001) + `"]}]}`:                                  {"messages[0].buttons[0]", "at most 1000 characters, got 1001"},
		`{"messages":[{"buttons":` + list(101, `"a"`) + `}]}`:                                {"messages[0].buttons", "at most 100"},
		`{"messages":[{"answers":["a",{}]}]}`:                                                {"messages[0].answers", "a string"},
		`{"messages":[{"answers":["a"," "]}]}`:                                               {"messages[0].answers[1]", "expected a text"},
		`{"messages":[{"body":"x","actions":[{}]}]}`:                                         {"messages[0].actions[0].type", "kind of action"},
		`{"messages":[{"body":"x","actions":[{"type":"b","event":"` + long(256) + `"}]}]}`:   {"messages[0].actions[0].event", "at most 255"},
		`{"messages":[{"body":"x","actions":[{"type":"b","data":"` + long(16_385) + `"}]}]}`: {"messages[0].actions[0].data", "at most 16384"},

		`{"messages":[{"attachments":[{"url":"ftp://example.com/a"}]}]}`:                       {"messages[0].attachments[0].url", "http or https"},
		`{"messages":[{"attachments":[{"url":"javascript:alert(1)"}]}]}`:                       {"messages[0].attachments[0].url", "http or https"},
		`{"messages":[{"attachments":[{"url":"https:///a"}]}]}`:                                {"messages[0].attachments[0].url", "http or https"},
		`{"messages":[{"attachments":[{"url":"https://u:p@example.com/a"}]}]}`:                 {"messages[0].attachments[0].url", "http or https"},
		`{"messages":[{"attachments":[{"name":"a"}]}]}`:                                        {"messages[0].attachments[0].url", "http or https"},
		`{"messages":[{"attachments":[{"url":"https://e.com/","name":"` + long(256) + `"}]}]}`: {"messages[0].attachments[0].name", "at most 255"},
		`{"messages":[{"attachments":` + list(21, `{"url":"https://e.com/"}`) + `}]}`:          {"messages[0].attachments", "at most 20"},
		`{"messages":[{"body":"x","replies":["text"]}]}`:                                       {"messages[0].replies[0]", "an object"},
		`{"messages":[{"body":"x","replies":[{}]}]}`:                                           {"messages[0].replies[0].type", "kind of reply"},
		`{"messages":[{"body":"x","replies":[{"type":"a","x":` + nested + `}]}]}`:              {"messages[0].replies[0]", "nested"},

		`{"variables":[]}`:                           {"variables", "an object"},
		`{"variables":{"session":[]}}`:               {"variables.session", "an object"},
		`{"variables":{"client":"x"}}`:               {"variables.client", "an object"},
		`{"state":{"session":1}}`:                    {"state.session", "an object"},
		`{"state":{"session":{"a":` + nested + `}}}`: {"state.session", "nested"},
		`{"handOver":"sales"}`:                       {"handOver", "true or an object"},
		`{"handOver":{"group":5}}`:                   {"handOver.group", "a string"},
		`{"handOver":{"group":"` + long(256) + `"}}`: {"handOver.group", "at most 255"},
		`{"switchBot":"other"}`:                      {"switchBot", "the id of a bot"},
		`{"switchBot":true}`:                         {"switchBot", "a string"},
		`{"close":1}`:                                {"close", "true or an object"},
		`{"close":{"result":[]}}`:                    {"close.result", "a string"},
		`{"close":true,"handOver":true}`:             {"", "at most one"},
		`{"typing":"yes"}`:                           {"typing", "a boolean"},
		`{"final":1}`:                                {"final", "a boolean"},
		`{"messages":[{"body":"x"}]} trailing`:       {"", "not valid JSON"},
		`{"messages":[{"body":"x"},]}`:               {"", "not valid JSON"},
		strings.Repeat(`{"messages":`, 20_000):       {"", "not valid JSON"},
		`{"a":"` + strings.Repeat("x", 1<<20) + `"}`: {"", "at most 1048576 bytes"},
	} {
		_, err := readAnswer([]byte(answer))
		var known *chat.Error
		if !errors.As(err, &known) || known.Field != want.field || !strings.Contains(known.Message, want.says) {
			t.Errorf("%.80s: got %v, expected %s: %s", answer, err, want.field, want.says)
		}
	}
}

func TestLimitsAreReachable(t *testing.T) {
	t.Parallel()
	many := strings.TrimSuffix(strings.Repeat(`{"body":"`+strings.Repeat("😀", 500)+`"},`, 100), ",")
	r, err := readAnswer([]byte(`{"messages":[` + many + `],"switchBot":null,"handOver":null,"variables":null,"state":{"session":null},"final":null}`))
	if err != nil || len(r.outputs) != 100 || !r.change.empty() {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestABotsMemoryIsBounded(t *testing.T) {
	t.Parallel()
	grow := func(part string) change {
		r, err := readAnswer([]byte(`{"variables":{"` + part + `":{"b":"` + strings.Repeat("x", 200<<10) + `"}}}`))
		if err != nil {
			t.Fatal(err)
		}
		return r.change
	}
	old := chat.BotState{Session: json.RawMessage(`{"bot":"b","variables":{"a":"` + strings.Repeat("x", 100<<10) + `"}}`)}
	old.Client = json.RawMessage(`{"a":"` + strings.Repeat("x", 100<<10) + `"}`)
	for _, part := range []string{"session", "client"} {
		c := grow(part)
		_, err := c.amend("b")(old)
		var known *chat.Error
		if !errors.As(err, &known) || known.Field != "variables."+part {
			t.Errorf("got %v", err)
		}
		if _, err := c.amend("other")(chat.BotState{}); err != nil {
			t.Error(err)
		}
	}
}

func TestAnotherBotsMemoryIsNotRead(t *testing.T) {
	t.Parallel()
	for _, state := range []string{`{"context":"/A","session":{"x":1}}`, `{"bot":"other","variables":{"x":1}}`, `[]`, `null`, `5`, ``, `{"bot":"b"}`} {
		m := readMemory("b", chat.BotState{Session: json.RawMessage(state), Client: json.RawMessage(state[:0])})
		if m.Session == nil || len(m.Session) != 0 || m.Client == nil {
			t.Errorf("%s: got %+v", state, m)
		}
	}
}

func TestLinksAreMadeForFilesOfOurs(t *testing.T) {
	t.Parallel()
	links := func(a chat.Attachment) (string, string) { return "show:" + a.ID, "load:" + a.ID }
	file := chat.Attachment{ID: "f", Name: "a.png", ContentType: "image/png", Size: 7}
	b := New(Params{Links: links}).Bot(&chat.BotRecord{})
	got := b.attachments([]chat.Attachment{file, {Name: "b.png", URL: "https://example.com/b.png"}})
	want := []attachmentData{
		{ID: "f", Name: "a.png", ContentType: "image/png", Size: 7, URL: "show:f", DownloadURL: "load:f"},
		{Name: "b.png", URL: "https://example.com/b.png"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
	if got := New(Params{}).Bot(&chat.BotRecord{}).attachments([]chat.Attachment{file}); got[0].URL != "" {
		t.Errorf("got %+v", got)
	}
}

// FuzzAnswer: whatever a bot sends is either refused as its mistake or can be stored.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"messages":[{"body":"x","keyboard":{"buttonsInRow":2,"buttons":["a",{"text":"b"}]},"actions":[{"type":"t","data":{}}]}]}`,
		`{"messages":[{"attachments":[{"url":"https://example.com/a%00b.png"}],"replies":[{"type":"x"}]}],"close":{"result":"r"}}`,
		`{"variables":{"session":{"a":null,"b":1}},"state":{"client":{"c":[]}},"handOver":{"group":"g"},"final":true}`,
		`{"messages":[{"body":"\ud800\\u0000"}],"switchBot":"99999999-9999-4999-8999-999999999999"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := readAnswer(data)
		if err != nil {
			if code := chat.CodeOf(err); code != chat.CodeInvalid && code != chat.CodeTooLarge {
				t.Fatalf("got %v", err)
			}
			return
		}
		for _, o := range r.outputs {
			say, ok := o.(chat.Say)
			if !ok {
				continue
			}
			payload, err := chat.EncodePayload(&say.Message)
			if err != nil {
				t.Fatal(err)
			}
			if !utf8.Valid(payload) {
				t.Fatalf("not UTF-8: %q", payload)
			}
			if _, err := chat.DecodePayload(chat.KindMessageCreated, payload); err != nil {
				t.Fatal(err)
			}
			for _, text := range append([]string{say.Message.Body}, names(&say.Message)...) {
				if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
					t.Fatalf("a text that cannot be stored: %q", text)
				}
			}
		}
		if amend := r.change.amend("b"); amend != nil {
			s, err := amend(chat.BotState{})
			if err != nil && chat.CodeOf(err) != chat.CodeInvalid {
				t.Fatal(err)
			}
			if s.Session != nil && !json.Valid(s.Session) {
				t.Fatalf("not JSON: %s", s.Session)
			}
		}
	})
}

func names(m *chat.Message) []string {
	var all []string
	for _, a := range m.Attachments {
		all = append(all, a.Name, a.URL)
	}
	for _, a := range m.Actions {
		all = append(all, a.Type, a.Event, a.Label, a.Data)
	}
	return all
}

func ExampleSecret() {
	fmt.Println(Secret([]byte("0123456789abcdef0123456789abcdef")))
	// Output: whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=
}
