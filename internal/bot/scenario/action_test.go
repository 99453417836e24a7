package scenario_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/bot/scenario"
	"github.com/govorun/govorun/internal/bot/scenario/script"
	"github.com/govorun/govorun/internal/chat"
)

func TestInputText(t *testing.T) {
	t.Parallel()
	newTalk(t, `
theme: /
    state: Ask
        q!: ask
        InputText:
            prompt = What is your name?
            varName = name
            then = /Hello
    state: Hello
        a: Hello, {{$session.name}}!`).expect("ask", "What is your name?", "Анна Мария", "Hello, Анна Мария!")
}

func TestInputNumber(t *testing.T) {
	t.Parallel()
	newTalk(t, `
theme: /
    state: Ask
        q!: ask
        InputNumber:
            prompt = How old are you?
            varName = age
            minValue = 18
            maxValue = 100
            failureMessage = ["A number, please.", "From 18 to 100."]
            then = /Done
    state: Done
        a: {{$session.age + 1}}`).expect("ask", "How old are you?", "old", "A number, please.", "17", "From 18 to 100.", "1000", "A number, please.", "I am 42", "43")
}

func TestInputPhoneNumber(t *testing.T) {
	t.Parallel()
	newTalk(t, `
theme: /
    state: Ask
        q!: ask
        InputPhoneNumber:
            prompt = Your number?
            varName = phone
            then = /Done
    state: Done
        a: {{$session.phone}}`).expect("ask", "Your number?", "123", "Your number?", "это 8 (916) 123-45-67", "+79161234567")
}

func TestConfirmation(t *testing.T) {
	t.Parallel()
	newTalk(t, `
theme: /
    state: Ask
        q!: ask
        Confirmation:
            prompt = Sure?
            agreeState = /Yes
            disagreeState = /No
            useButtons = true
            agreeButton = Of course
            disagreeButton = Never
    state: Yes
        a: yes it is
    state: No
        a: no it is not`).expect("ask", "Sure? [Of course] [Never]", "да, конечно", "yes it is", "ask", "Sure? [Of course] [Never]", "не надо", "no it is not",
		"ask", "Sure? [Of course] [Never]", "Of course", "yes it is")
}

func TestHTTPRequest(t *testing.T) {
	t.Parallel()
	var got script.Request
	answer := &script.Response{Status: 200, Body: []byte(`{"temp": {"now": -3}}`)}
	b, err := scenario.Load(files(`
theme: /
    state: Ask
        q!: weather in $AnyWord::city
        script: $session.city = $parseTree._city;
        HttpRequest:
            url = https://example.com/weather/{{$session.city}}
            method = POST
            body = {"city": "{{$session.city}}"}
            headers = [{"name": "X-City", "value": "{{$session.city}}"}]
            vars = [{"name": "temp", "value": "$httpResponse.temp.now"}]
            okState = /Ok
            errorState = /Error
    state: Ok
        a: {{$session.temp}}
    state: Error
        a: no answer: {{$session.httpStatus}}`), scenario.Options{Fetch: func(_ context.Context, r script.Request) (*script.Response, error) {
		got = r
		if answer == nil {
			return nil, errors.New("no route")
		}
		return answer, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	k := &talk{t: t, bot: b}
	k.expect("weather in Tver", "-3")
	if got.Method != "POST" || got.URL != "https://example.com/weather/Tver" || got.Header["X-City"] != "Tver" || !strings.Contains(string(got.Body), "Tver") {
		t.Errorf("request %+v %s", got, got.Body)
	}
	answer = &script.Response{Status: 500}
	k.expect("weather in Tver", "no answer: 500")
	answer = nil
	k.expect("weather in Tver", "no answer: -1")
}

func TestTransferToOperator(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
theme: /
    state: Ask
        q!: operator
        TransferToOperator:
            messageBeforeTransfer = One moment.
            titleOfCloseButton = Back to the bot
            ignoreOffline = true
            prechatAttributes = {"topic": "billing"}
        state: Back
            event: livechatFinished
            a: I am here again.`)
	result := k.react(&chat.Message{AuthorType: chat.AuthorClient, Body: "operator"})
	h, ok := result.Outputs[len(result.Outputs)-1].(chat.HandOver)
	if !ok || !h.IgnoreOffline || !h.AppendCloseChatButton || string(h.Attributes) != `{"topic":"billing"}` || h.State != "/Ask" {
		t.Fatalf("handed over: %+v", result.Outputs)
	}
	if got := k.turn(&chat.OwnerChanged{Finished: true}); got != "I am here again." {
		t.Errorf("back from people: %q", got)
	}
}

func TestTransferToOperatorFollows(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
theme: /
    state: Ask
        q!: operator
        a: one moment
        TransferToOperator:
            noOperatorsOnlineState = /Nobody
            dialogCompletedState = ../Over
    state: Nobody
        a: nobody is there
    state: Over
        a: over`)
	if got := k.press("livechatFinished", ""); got != "" {
		t.Errorf("before anything: %q", got)
	}
	k.react(&chat.Message{AuthorType: chat.AuthorClient, Body: "operator"})
	if got := k.press("noLivechatOperatorsOnline", ""); got != "nobody is there" {
		t.Errorf("nobody: %q", got)
	}
	k.react(&chat.Message{AuthorType: chat.AuthorClient, Body: "operator"})
	if got := k.turn(&chat.OwnerChanged{Finished: true}); got != "over" {
		t.Errorf("over: %q", got)
	}
}

func TestEndSession(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
theme: /
    state: Bye || sessionResult = "Done well"
        q!: bye
        a: bye
        script: $session.x = 1;
        EndSession:
    state: Look
        q!: look
        a: {{$session.x}}`)
	result := k.react(&chat.Message{AuthorType: chat.AuthorClient, Body: "bye"})
	if end, ok := result.Outputs[1].(chat.End); !ok || end.Result != "Done well" {
		t.Errorf("ended: %+v", result.Outputs)
	}
	k.expect("look", "")
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
theme: /
    state: Ask
        q!: ask
        a: are you there?
        timeout: ./Silent || interval = "5 min"
        state: Silent
            a: nobody
    state: Script
        q!: script
        script: $reactions.timeout({interval: 3, targetState: "/Ask/Silent"});`)
	for said, want := range map[string]time.Duration{"ask": 5 * time.Minute, "script": 3 * time.Second} {
		result := k.react(&chat.Message{AuthorType: chat.AuthorClient, Body: said})
		if len(result.Timers) != 1 {
			t.Fatalf("%s: timers %+v", said, result.Timers)
		}
		timer := result.Timers[0]
		if timer.Kind != chat.TimerTimeout || timer.Target != "/Ask/Silent" || timer.At.Sub(time.Unix(0, 0)) != want {
			t.Errorf("%s: timer %+v", said, timer)
		}
	}
	if got := k.turn(&chat.TimerFired{TimerKind: chat.TimerTimeout, Target: "/Ask/Silent"}); got != "nobody" || k.context() != "/Ask/Silent" {
		t.Errorf("the timeout: %q in %s", got, k.context())
	}
}

func TestPushgate(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
theme: /
    state: Remind
        q!: remind
        script: $session.id = $pushgate.createEvent("2030-01-02T03:04:05", "wakeUp", {what: "tea"}).id;
        state: Ring
            event!: wakeUp
            a: time for {{$request.data.eventData.what}}
    state: Forget
        q!: forget
        script: $pushgate.cancelEvent($session.id);`)
	result := k.react(&chat.Message{AuthorType: chat.AuthorClient, Body: "remind"})
	if len(result.Timers) != 1 || result.Timers[0].Event != "wakeUp" || !result.Timers[0].At.Equal(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)) {
		t.Fatalf("timers %+v", result.Timers)
	}
	timer := result.Timers[0]
	if got := k.turn(&chat.TimerFired{TimerKind: chat.TimerEvent, Event: timer.Event, Data: timer.Data}); got != "time for tea" {
		t.Errorf("the event: %q", got)
	}
	result = k.react(&chat.Message{AuthorType: chat.AuthorClient, Body: "forget"})
	if len(result.CancelTimers) != 1 || result.CancelTimers[0] != timer.ID {
		t.Errorf("cancelled %v", result.CancelTimers)
	}
}

// TestLimits has a script that never ends, one that eats all memory and a pattern that takes too
// long: each ends in the defined way, and the next turn is as always.
func TestLimits(t *testing.T) {
	t.Parallel()
	fsys := files(`
theme: /
    state: Loop
        q!: loop
        script: while (true) {}
    state: Eat
        q!: eat
        script: var all = []; while (true) all.push(new Array(1000).join("x") + all.length);
    state: Deep
        q!: deep
        script: function f() { return f() + 1; } f();
    state: Fine
        q!: fine
        script: $session.n = ($session.n || 0) + 1;
        a: {{$session.n}}
    state: Limit
        event!: timeLimit
        a: too slow`)
	fsys["chatbot.yaml"].Data = []byte("entryPoint: main.sc\nmessages: {onError: {defaultMessage: sorry}}")
	for _, o := range []struct {
		options scenario.Options
		said    map[string][]string // what may be answered
	}{
		{scenario.Options{Timeout: time.Second}, map[string][]string{"loop": {"too slow"}}},
		{scenario.Options{Memory: 16 << 20}, map[string][]string{"deep": {"sorry"}, "eat": {"sorry", "too slow"}}},
	} {
		b, err := scenario.Load(fsys, o.options)
		if err != nil {
			t.Fatal(err)
		}
		k := &talk{t: t, bot: b}
		k.expect("fine", "1")
		for said, may := range o.said {
			if got := k.say(said); !slices.Contains(may, got) {
				t.Errorf("%s: %q", said, got)
			}
		}
		k.expect("fine", "2")
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
}

// react has the bot react and returns all that it wants.
func (k *talk) react(p chat.Payload) *chat.TurnResult {
	k.t.Helper()
	result, err := k.bot.React(context.Background(), &chat.Turn{
		ID: "turn", Details: &k.details, Client: &k.client, State: k.state, Now: time.Unix(0, 0),
		Cause: chat.Event{ID: "cause", Payload: p},
	})
	if err != nil {
		k.t.Fatal(err)
	}
	if result.SessionState != nil {
		k.state.Session = result.SessionState
	}
	return result
}
