package remote_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/govorun/govorun/internal/chat"
)

func TestABotIsSentTheWholeTurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{}, reply(200, `{"messages":[{"body":"ok"}],"variables":{"session":{"n":1},"client":{"seen":"да"}}}`))
	timezone := 180
	s := w.start("", func(p *chat.StartParams) {
		p.ExternalID = "ext-1"
		p.Client = chat.Client{
			Name: "Анна", FirstName: "A", MiddleName: "B", LastName: "C", Phone: "+7 900", Email: "a@example.com",
			Timezone: &timezone, Metadata: map[string]string{"level": "7"},
		}
		p.Details = chat.SessionDetails{
			Name: "visit", Channel: "WIDGET", MessengerType: "TELEGRAM", MessengerUserID: "77", Referer: "https://example.com/a?b=1&c=<d>",
			Variables: map[string]any{"city": "Пермь", "n": 1.5}, BotNodeID: "/Start", ClientIP: "10.0.0.1",
		}
	})
	w.send(s, "Привет 😀")
	first := w.seen()[1].turn
	if _, err := w.PressAction(t.Context(), chat.PressParams{SessionID: s.ID, Event: "buy", Data: json.RawMessage(`{"id":[1,2]}`)}); err != nil {
		t.Fatal(err)
	}
	w.await(s, w.session(s).Pending)

	calls := w.seen()
	if len(calls) != 3 {
		t.Fatalf("%d calls", len(calls))
	}
	for i, c := range calls {
		verify(t, c)
		for name, want := range map[string]string{
			"Content-Type": "application/json", "User-Agent": "Govorun/test", "Idempotency-Key": c.turn.TurnID, "Webhook-Id": c.turn.TurnID,
		} {
			if got := c.header.Get(name); got != want {
				t.Errorf("call %d: %s is %q", i, name, got)
			}
		}
		if c.turn.Attempt != 1 || c.turn.AnswerURL != w.front.URL+"/api/bot/v1/turns/"+c.turn.Token {
			t.Errorf("call %d: %+v", i, c.turn)
		}
	}
	if len(first.State.Session) != 1 || first.State.Session["n"] != 1.0 || first.State.Client["seen"] != "да" {
		t.Errorf("state is %+v", first.State)
	}
	want := fmt.Sprintf(`{"bot":{"id":%q,"name":"Far"},"chat":{"id":%q,"name":"shop","language":"en"},
		"session":{"id":%q,"name":"visit","channel":"WIDGET","messengerType":"TELEGRAM","messengerUserId":"77",
			"referer":"https://example.com/a?b=1&c=<d>","variables":{"city":"Пермь","n":1.5},"botNodeId":"/Start"},
		"client":{"id":%q,"externalId":"ext-1","name":"Анна","firstName":"A","middleName":"B","lastName":"C","phone":"+7 900",
			"email":"a@example.com","timezone":180,"metadata":{"level":"7"}}}`, w.record.ID, w.chat.ID, s.ID, s.ClientID)
	for i, event := range []string{`{"type":"start","sequence":1}`, `{"type":"message","body":"Привет 😀"}`, `{"type":"action","event":"buy","data":{"id":[1,2]}}`} {
		contains(t, fmt.Sprintf("call %d", i), decoded(t, calls[i].body), decoded(t, []byte(want)))
		contains(t, fmt.Sprintf("event %d", i), decoded(t, calls[i].body).(map[string]any)["event"], decoded(t, []byte(event)))
	}
	if h := calls[2].turn.History; len(h) != 3 || h[0].Body != "ok" || h[0].Author != "BOT" || h[1].Author != "CLIENT" || h[1].Body != "Привет 😀" {
		t.Errorf("history is %+v", h)
	}
	if len(calls[0].turn.History) != 0 || len(calls[1].turn.History) != 1 {
		t.Error("the history has what was not said before")
	}
	if strings.Contains(string(calls[0].body), `"history":null`) || strings.Contains(string(calls[0].body), "10.0.0.1") {
		t.Errorf("got %s", calls[0].body)
	}
}

func decoded(t *testing.T, data []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// contains checks that an object has at least what another one has.
func contains(t *testing.T, path string, got, want any) {
	t.Helper()
	object, ok := want.(map[string]any)
	if !ok {
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s is %v, expected %v", path, got, want)
		}
		return
	}
	has, _ := got.(map[string]any)
	for name, value := range object {
		contains(t, path+"."+name, has[name], value)
	}
}

func TestTheHistoryIsAsLongAsTheBotWants(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		setting, want int
		first         string
	}{"none": {-1, 0, ""}, "three": {3, 3, "echo m3"}, "usual": {0, 10, "m0"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{settings: chat.BotSettings{History: c.setting}}, func(rw http.ResponseWriter, c call) {
				fmt.Fprintf(rw, `{"messages":[{"body":"echo %s"}]}`, c.turn.Event.Body)
			})
			s := w.start("m0")
			for i := range 5 {
				w.send(s, fmt.Sprint("m", i+1))
			}
			calls := w.seen()
			h := calls[len(calls)-1].turn.History
			if len(h) != c.want || (c.want > 0 && h[0].Body != c.first) {
				t.Errorf("got %+v", h)
			}
		})
	}
}

func TestTheHistoryIsBoundedInBytes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{}, reply(204, ""))
	long := strings.Repeat("я", 20_000)
	s := w.start(long)
	for range 5 {
		w.send(s, long)
	}
	w.send(s, "short")
	calls := w.seen()
	if h := calls[len(calls)-1].turn.History; len(h) != 3 {
		t.Errorf("%d messages", len(h))
	}
}

func TestImagesByURLAreSaidAndRemembered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{}, reply(200, `{"messages":[{"attachments":[{"url":"https://example.com/a/cat%20one.png","contentType":"image/png"}]}]}`))
	s := w.start("hi")
	w.send(s, "again")
	m := w.messages(s)[0]
	if len(m.Attachments) != 1 || m.Attachments[0].URL != "https://example.com/a/cat%20one.png" || m.Attachments[0].Name != "cat one.png" {
		t.Errorf("got %+v", m.Attachments)
	}
	if body := string(w.seen()[1].body); !strings.Contains(body, `"url":"https://example.com/a/cat%20one.png"`) {
		t.Errorf("got %s", body)
	}
}

func TestAnAnswerIsDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{}, reply(200, `{"messages":[
		{"body":"Выбирайте","keyboard":{"buttonsInRow":2,"buttons":["Да",{"text":"Нет"}]}},
		{"body":"or","buttons":["A"],"answers":["x","y"],"unknown":{"a":1}},
		{"body":"act","actions":[{"type":"button","event":"buy","label":"Buy","data":{"id":1}},{"type":"link","data":"text"}],
		 "replies":[{"type":"text","text":"act"}]}
	],"typing":true,"more":[1]}`))
	s := w.start("hi")
	got, err := json.Marshal(w.messages(s))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		`"body":"Выбирайте","keyboard":{"buttonsInRow":2,"buttons":["Да","Нет"]}`,
		`"body":"or","answers":["x","y"],"keyboard":{"buttonsInRow":1,"buttons":["A"]}`,
		`"actions":[{"type":"button","event":"buy","label":"Buy","data":"{\"id\":1}"},{"type":"link","data":"text"}]`,
		`"replies":[{"type":"text","text":"act"}]`, `"authorName":"Far"`,
	} {
		if !strings.Contains(string(got), part) {
			t.Errorf("there is no %s in %s", part, got)
		}
	}
}

func TestABotMayLeave(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]func(*chat.Session) bool{
		`{"messages":[{"body":"bye"}],"handOver":true}`:                 func(s *chat.Session) bool { return s.Owner == chat.Owner{Kind: chat.OwnerQueue} },
		`{"messages":[{"body":"bye"}],"handOver":{"group":"sales"}}`:    func(s *chat.Session) bool { return s.Owner.ID == "sales" },
		`{"messages":[{"body":"bye"}],"switchBot":"` + otherBot + `"}`:  func(s *chat.Session) bool { return s.Owner.ID == otherBot },
		`{"messages":[{"body":"bye"}],"close":true}`:                    func(s *chat.Session) bool { return s.Status == chat.StatusClosed },
		`{"messages":[{"body":"bye"}],"close":{"result":"sold"}}`:       func(s *chat.Session) bool { return s.Status == chat.StatusClosed },
		`{"messages":[{"body":"bye"}],"handOver":false,"close":null}`:   func(s *chat.Session) bool { return s.Owner.Kind == chat.OwnerBot },
		`{"messages":[{"body":"bye"}],"handOver":{},"switchBot":""}`:    func(s *chat.Session) bool { return s.Owner.Kind == chat.OwnerQueue },
		`{"messages":[{"body":"bye"}],"handOver":null,"messages2":[1]}`: func(s *chat.Session) bool { return s.Owner.Kind == chat.OwnerBot },
	} {
		t.Run(answer, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{}, reply(200, answer))
			s := w.start("hi")
			if got := w.said(s); got != "bye" && got != "bye|"+busy {
				t.Errorf("said %q", got)
			}
			if now := w.session(s); !want(now) {
				t.Errorf("session is %+v", now)
			}
		})
	}
}

// TestABotIsNotToldThatPeopleAreDone, nor of timers, which it cannot have set.
func TestABotIsNotToldThatPeopleAreDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{}, reply(200, `{"messages":[{"body":"ok"}]}`))
	s := w.start("hi")
	for _, o := range []chat.Owner{{Kind: chat.OwnerOperator, ID: "1"}, {Kind: chat.OwnerBot, ID: w.record.ID}} {
		if err := w.ChangeOwner(t.Context(), s.ID, o); err != nil {
			t.Fatal(err)
		}
	}
	timer := &chat.Timer{
		ID: uuid.NewString(), Kind: chat.TimerEvent, At: w.now(), Event: "e", BotID: w.record.ID,
		SessionKey: s.Key, ChatKey: s.ChatKey, ClientKey: s.ClientKey,
	}
	w.update(func(tx chat.Tx) error { return tx.CreateTimer(timer) })
	if outcome, err := w.FireTimer(t.Context(), timer); err != nil || outcome != chat.TimerDone {
		t.Fatal(outcome, err)
	}
	w.await(s, w.session(s).Sequence)
	if got := w.said(s); got != "ok" || len(w.seen()) != 1 {
		t.Errorf("said %q after %d calls", got, len(w.seen()))
	}
}

func TestWhatABotRemembers(t *testing.T) {
	t.Parallel()
	answers := []string{
		`{"variables":{"session":{"a":1,"b":{"c":[1]}},"client":{"x":"ю"}}}`,
		`{"variables":{"session":{"a":null,"d":2}}}`,
		`{"state":{"session":{"e":3}},"variables":{"session":{"f":4}}}`,
		`{"state":{"client":{}}}`,
		`{}`,
	}
	var n atomic.Int32
	w := newWorld(t, options{}, func(rw http.ResponseWriter, _ call) { _, _ = io.WriteString(rw, answers[n.Add(1)-1]) })
	s := w.start("0")
	for i := 1; i < len(answers); i++ {
		w.send(s, fmt.Sprint(i))
	}
	for i, want := range []string{
		`{map[] map[]}`, `{map[a:1 b:map[c:[1]]] map[x:ю]}`, `{map[b:map[c:[1]] d:2] map[x:ю]}`, `{map[e:3 f:4] map[x:ю]}`, `{map[e:3 f:4] map[]}`,
	} {
		if got := fmt.Sprint(w.seen()[i].turn.State); got != want {
			t.Errorf("turn %d: %s, expected %s", i, got, want)
		}
	}
	if got := w.said(s); got != "" {
		t.Errorf("said %q", got)
	}
}

// TestABotThatCannotBeAskedFails: whatever a bot does wrong ends in the failure message, once.
func TestABotThatCannotBeAskedFails(t *testing.T) {
	t.Parallel()
	cut := func(rw http.ResponseWriter, _ call) {
		conn, _, err := http.NewResponseController(rw).Hijack()
		if err != nil {
			panic(err)
		}
		conn.Close()
	}
	half := func(rw http.ResponseWriter, _ call) {
		rw.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(rw, `{"messages":[`)
	}
	endless := func(rw http.ResponseWriter, _ call) {
		for range 2 << 10 {
			if _, err := io.WriteString(rw, strings.Repeat(" ", 1<<10)); err != nil {
				return
			}
		}
	}
	redirect := func(rw http.ResponseWriter, _ call) {
		rw.Header().Set("Location", "/hook")
		rw.WriteHeader(http.StatusTemporaryRedirect)
	}
	for name, c := range map[string]struct {
		options
		answer func(http.ResponseWriter, call)
		calls  int
		log    string
		count  string
	}{
		"500s":        {options{}, reply(500, "oops"), 3, "status 500", "unavailable"},
		"no retries":  {options{settings: chat.BotSettings{Retries: -1}}, reply(503, ""), 1, "status 503", "unavailable"},
		"429":         {options{settings: chat.BotSettings{Retries: 1}}, reply(429, ""), 2, "status 429", "unavailable"},
		"400":         {options{}, reply(400, ""), 1, "status 400", "status"},
		"201":         {options{}, reply(201, "{}"), 1, "status 201", "status"},
		"redirect":    {options{}, redirect, 1, "redirects are not followed", "status"},
		"cut":         {options{}, cut, 3, "EOF", "unreachable"},
		"half":        {options{}, half, 3, "unexpected EOF", "unreachable"},
		"too large":   {options{}, endless, 1, "at most 1048576 bytes", "bad_answer"},
		"not JSON":    {options{}, reply(200, "<html>"), 1, "expected a JSON object", "bad_answer"},
		"an array":    {options{}, reply(200, "[]"), 1, "expected a JSON object", "bad_answer"},
		"empty":       {options{}, reply(200, " "), 1, "answer 204 to say nothing", "bad_answer"},
		"half JSON":   {options{}, reply(200, `{"messages":[`), 1, "not valid JSON", "bad_answer"},
		"two":         {options{}, reply(200, `{}{}`), 1, "not valid JSON", "bad_answer"},
		"not UTF-8":   {options{}, reply(200, "{\"messages\":[{\"body\":\"\xff\"}]}"), 1, "not valid UTF-8", "bad_answer"},
		"bad 202":     {options{}, reply(202, `{"messages":1}`), 1, "messages: expected an array, got number", "bad_answer"},
		"unknown bot": {options{}, reply(200, `{"switchBot":"`+strings.Replace(otherBot, "99", "88", 1)+`"}`), 1, "no such bot", "answered"},
		"private":     {options{private: true}, nil, 0, "not public", "refused"},
		"hangs": {
			options{settings: chat.BotSettings{Timeout: 1}},
			func(_ http.ResponseWriter, c call) { <-c.ended }, 1, "deadline", "timeout",
		},
		"own words":   {options{settings: chat.BotSettings{FailureMessage: failure}}, reply(400, ""), 1, "status 400", "status"},
		"nobody":      {options{settings: chat.BotSettings{URL: "http://" + closedPort(t), Retries: 1}}, nil, 0, "refused", "unreachable"},
		"no such URL": {options{settings: chat.BotSettings{URL: "http://%zz"}}, nil, 0, "not one that can be called", "status"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.options, c.answer)
			s := w.start("hi")
			if got := w.said(s); got != failure {
				t.Errorf("said %q", got)
			}
			calls := w.seen()
			if len(calls) != c.calls {
				t.Errorf("%d calls", len(calls))
			}
			for _, call := range calls {
				verify(t, call)
				if call.turn.TurnID != calls[0].turn.TurnID || call.header.Get("Idempotency-Key") != calls[0].turn.TurnID {
					t.Error("a repeat has another id")
				}
			}
			log := w.log.String()
			if !strings.Contains(log, c.log) || !strings.Contains(log, w.record.ID) || strings.Contains(log, "hidden") {
				t.Errorf("log: %s", log)
			}
			if counted(t, w.calls, c.count) == 0 {
				t.Errorf("no call was counted as %s", c.count)
			}
		})
	}
}

// closedPort is an address at which nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func counted(t *testing.T, v *prometheus.CounterVec, outcome string) float64 {
	t.Helper()
	var m dto.Metric
	if err := v.WithLabelValues(outcome).Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetCounter().GetValue()
}

func TestABotThatRecoversIsAskedAgain(t *testing.T) {
	t.Parallel()
	var n atomic.Int32
	w := newWorld(t, options{}, func(rw http.ResponseWriter, _ call) {
		if n.Add(1) == 1 {
			rw.Header().Set("Retry-After", "1")
			rw.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(rw, `{"messages":[{"body":"here I am"}]}`)
	})
	began := time.Now()
	s := w.start("hi")
	if got := w.said(s); got != "here I am" || len(w.seen()) != 2 {
		t.Errorf("said %q after %d calls", got, len(w.seen()))
	}
	if took := time.Since(began); took < time.Second {
		t.Errorf("asked again after %s, not after the second it wanted", took)
	}
}

func TestABotThatAsksForMoreTimeThanThereIsFailsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{timeout: time.Minute}, func(rw http.ResponseWriter, _ call) {
		rw.Header().Set("Retry-After", "3600")
		rw.WriteHeader(http.StatusTooManyRequests)
	})
	s := w.start("hi")
	if got := w.said(s); got != failure || len(w.seen()) != 1 {
		t.Errorf("said %q after %d calls", got, len(w.seen()))
	}
}

// TestASlowAnswerIsGivenUpWithItsTurn: the turn's own time counts above the bot's.
func TestASlowAnswerIsGivenUpWithItsTurn(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	w := newWorld(t, options{timeout: 200 * time.Millisecond, settings: chat.BotSettings{Timeout: 60}}, func(_ http.ResponseWriter, c call) {
		<-c.ended
		close(over)
	})
	if got := w.said(w.start("hi")); got != failure {
		t.Errorf("said %q", got)
	}
	select {
	case <-over:
	case <-time.After(20 * time.Second):
		t.Error("the call goes on")
	}
}
