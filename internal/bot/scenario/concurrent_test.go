package scenario_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/govorun/govorun/internal/bot/scenario"
	"github.com/govorun/govorun/internal/bot/scenario/script"
	"github.com/govorun/govorun/internal/chat"
)

// manyTurns is a bot whose turns use all there is: scripts that set what is global and built in,
// $http, converters, late patterns, jumps and handlers.
const manyTurns = `
init:
    var shared = {last: ""};
    bind("preProcess", function($context) { $context.temp.who = $context.request.query; });
    bind("postProcess", function($context) { if ($context.temp.who !== $context.request.query) $reactions.answer("MIXED"); });
patterns:
    $Word = $regexp<\S+> || converter = function($pt) { return "<" + $pt.text + ">"; }
theme: /
    state: Me
        q!: me $Word::w
        script:
            leaked = (typeof leaked === "undefined") ? "" : leaked;
            $temp.before = leaked;
            leaked = $parseTree._w;
            $session = {word: $parseTree._w, n: ($session.n || 0) + 1};
            $client.words = ($client.words || "") + $parseTree._w;
            $temp.r = $http.get("http://test/" + $parseTree._w).data;
            $temp.m = $nlp.matchPatterns($request.query, ["me *", "* " + $parseTree.w[0].text]);
        random:
            go!: /Say
            go!: /Say
    state: Say
        a: {{$session.word}} {{$session.n}} {{$client.words}} {{$temp.r}} {{$parseTree._w}} {{!!$temp.m}} [{{$temp.before}}]`

// TestTurnsAtOnce: of many clients who talk to one bot at once, none sees anything of another.
func TestTurnsAtOnce(t *testing.T) {
	t.Parallel()
	fetch := func(_ context.Context, r script.Request) (*script.Response, error) {
		return &script.Response{Status: 200, Body: []byte(r.URL[len("http://test/"):])}, nil
	}
	b, err := scenario.Load(files(manyTurns), scenario.Options{Fetch: fetch, MaxVMs: 3})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for client := range 12 {
		all.Go(func() {
			word := fmt.Sprintf("w%d", client)
			said := "<" + word + ">"
			turn := chat.Turn{ID: "t", Details: &chat.SessionDetails{}, Client: &chat.Client{ID: word}, Session: &chat.Session{ID: word}}
			for n := 1; n <= 15; n++ {
				turn.Cause = chat.Event{ID: "c", Payload: &chat.Message{AuthorType: chat.AuthorClient, Body: "me " + word}}
				result, err := b.React(t.Context(), &turn)
				if err != nil {
					t.Errorf("%s: %v", word, err)
					return
				}
				turn.State = chat.BotState{Session: result.SessionState, Client: result.ClientState}
				want := fmt.Sprintf("%s %d %s %s %s true ", said, n, strings.Repeat(said, n), said, said)
				var body string
				if len(result.Outputs) == 1 {
					body = result.Outputs[0].(chat.Say).Message.Body
				}
				if body != want+"[]" && body != want+"["+said+"]" { // what is global may be left of an earlier turn of one's own
					t.Errorf("%s: said %q, want %q", word, body, want)
					return
				}
			}
		})
	}
	all.Wait()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestCloseWhileTurnsRun: a turn that runs when its bot is closed goes on to its end; those that
// come later fail, and nothing breaks.
func TestCloseWhileTurnsRun(t *testing.T) {
	t.Parallel()
	inside, closed := make(chan struct{}), make(chan struct{})
	fetch := func(context.Context, script.Request) (*script.Response, error) {
		inside <- struct{}{}
		<-closed
		return &script.Response{Status: 200, Body: []byte("ok")}, nil
	}
	const turns = 3
	b, err := scenario.Load(files("theme: /\n    state: A\n        q!: a\n        a: {{ $http.get('http://test/').data }}\n"), scenario.Options{Fetch: fetch, MaxVMs: turns})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range turns {
		all.Go(func() {
			if got := (&talk{t: t, bot: b}).say("a"); got != "ok" {
				t.Errorf("a turn that ran: %q", got)
			}
		})
	}
	for range turns {
		<-inside
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	close(closed)
	all.Wait()
	k := &talk{t: t, bot: b}
	if k.say("a"); k.err == nil {
		t.Error("a turn after the end succeeded")
	}
}

// TestPanickingHost: a failure of the program inside of a script ends that turn only.
func TestPanickingHost(t *testing.T) {
	t.Parallel()
	fetch := func(context.Context, script.Request) (*script.Response, error) { panic("a bug") }
	b, err := scenario.Load(files("theme: /\n    state: A\n        q!: a\n        a: {{ $http.get('http://test/').data }}\n    state: B\n        q!: b\n        a: {{ 'b' }}\n"), scenario.Options{Fetch: fetch, MaxVMs: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	k := &talk{t: t, bot: b}
	for range 3 {
		if k.say("a"); k.err == nil {
			t.Error("a turn with a panic succeeded")
		}
		k.expect("b", "b")
	}
	c := b.Converse(scenario.ConversationOptions{})
	defer c.Close()
	if a := c.React(t.Context(), scenario.Request{Query: "a"}); a.Err == nil {
		t.Error("a conversation with a panic succeeded")
	}
	if a := c.React(t.Context(), scenario.Request{Query: "b"}); a.Err != nil || a.Replies[0].Text != "b" {
		t.Errorf("after a panic: %+v", a)
	}
}

// TestWaitForVM: a turn that waits for a machine stops waiting when it is cancelled.
func TestWaitForVM(t *testing.T) {
	t.Parallel()
	inside, leave := make(chan struct{}), make(chan struct{})
	fetch := func(context.Context, script.Request) (*script.Response, error) {
		close(inside)
		<-leave
		return nil, errors.New("no")
	}
	b, err := scenario.Load(files("theme: /\n    state: A\n        q!: a\n        a: {{ $http.get('http://test/').isOk }}\n    state: B\n        q!: b\n        a: {{ 'b' }}\n"), scenario.Options{Fetch: fetch, MaxVMs: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	done := make(chan string)
	go func() { done <- (&talk{t: t, bot: b}).say("a") }()
	<-inside
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = b.React(ctx, &chat.Turn{Details: &chat.SessionDetails{}, Cause: chat.Event{Payload: &chat.Message{Body: "b"}}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled turn: %v", err)
	}
	close(leave)
	if got := <-done; got != "false" {
		t.Errorf("the turn that ran: %q", got)
	}
}
