package chatapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/auth"
	"github.com/govorun/govorun/internal/bot"
	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/chatapi"
)

const limited = `theme: /
    state: Long
        event!: lengthLimit
        script:
            $reactions.answer("too long: " + $request.query.length);
    state: Slow
        q!: slow
        script:
            while (true) {}
    state: Over
        event!: timeLimit
        a: too slow
    state: Many
        q!: many $regexp<\d+>
        script:
            for (var i = 0; i < Number($request.query.split(" ")[1]); i++) $reactions.answer("r");
    state: Large
        q!: large $regexp<\d+>
        script:
            $reactions.answer(new Array(Number($request.query.split(" ")[1]) + 1).join("ы"));
    state: Broken
        q!: broken
        script:
            throw new Error("no secret of the script's goes outside");
    state: Any
        q!: *
        a: short
`

// TestLimitsOfScripts: how much is asked and answered (Chat API, 6).
func TestLimitsOfScripts(t *testing.T) {
	t.Parallel()
	type said struct{ query, want string }
	for config, all := range map[string][]said{
		"": {
			{strings.Repeat("ы ", 200), "short"}, {strings.Repeat("ы", 401), "too long: 401"},
			{"many 100", strings.Repeat("r\n\n", 99) + "r"}, {"many 101", ""},
			{"large 50000", strings.Repeat("ы", 50_000)}, {"large 50001", ""}, {"broken", ""},
		},
		"nlp: {lengthLimit: {symbols: 3}}\n":             {{"🙂🙂🙂", "short"}, {"abcd", "too long: 4"}},
		"nlp: {lengthLimit: {enabled: false}}\n":         {{strings.Repeat("a", 1000), "short"}},
		"nlp: {timeLimit: {timeout: 200}}\n":             {{"slow", "too slow"}},
		"messages: {onError: {defaultMessage: Sorry}}\n": {{"broken", "Sorry"}, {"many 101", "Sorry"}},
	} {
		t.Run(config, func(t *testing.T) {
			t.Parallel()
			w := newScriptWorld(t, config, limited)
			for i, tt := range all {
				body := fmt.Sprintf(`{"clientId":"c","query":%q,"uuid":"%d"}`, tt.query, i)
				status := http.StatusOK
				if tt.want == "" {
					status = http.StatusInternalServerError
				}
				a, again := w.do(http.MethodPost, "/chatapi/"+token, body), w.do(http.MethodPost, "/chatapi/"+token, body)
				if a.status != status || a.Data.Answer != tt.want || strings.Contains(a.text, "secret") {
					t.Errorf("%.20s: %d %.300s, want %.300s", tt.query, a.status, a.text, tt.want)
				}
				if again.status != a.status || again.Data.Answer != a.Data.Answer {
					t.Errorf("%.20s: a repeat: %d %.300s", tt.query, again.status, again.text)
				}
			}
		})
	}
}

// TestQuestionsThatWait: no more wait at a time than there is place for, and who is refused may come again.
func TestQuestionsThatWait(t *testing.T) {
	t.Parallel()
	begun, goOn := make(chan struct{}, maxWaiting), make(chan struct{})
	w := newWorldWith(t, bot.Func(func(ctx context.Context, turn *chat.Turn) (*chat.TurnResult, error) {
		begun <- struct{}{}
		<-goOn
		return react(ctx, turn)
	}))
	w.http = http.DefaultClient
	var all sync.WaitGroup
	answers := make([]answer, maxWaiting)
	for i := range answers {
		all.Go(func() { answers[i] = w.post("", fmt.Sprintf(`{"clientId":"c%d","query":"hi"}`, i)) })
	}
	for range answers {
		<-begun
	}
	for _, method := range []string{http.MethodPost, http.MethodGet} {
		a := w.do(method, "/chatapi/"+token+"?clientId=d&query=hi", `{"clientId":"d","query":"hi"}`)
		if a.status != http.StatusServiceUnavailable || a.Message != "too many requests wait for bots" {
			t.Errorf("%d %s", a.status, a.text)
		}
	}
	if h := w.get("/client/d/history"); h.TotalCount != 0 {
		t.Errorf("it was asked: %s", h.text)
	}
	w.post("/async", `{"clientId":"e","query":"hi"}`) // nobody waits
	close(goOn)
	all.Wait()
	for _, a := range answers {
		if a.Data.Answer != "echo hi\n\nmore" {
			t.Errorf("%s", a.text)
		}
	}
	if a := w.post("", `{"clientId":"d","query":"hi"}`); a.Data.Answer != "echo hi\n\nmore" {
		t.Errorf("%s", a.text)
	}
}

// TestOftenAsked: who asks more often than the rate allows is told when to come back (Chat API, 7).
func TestOftenAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	api := chatapi.New(chatapi.Params{
		Service: w.service, Now: time.Now, Log: slog.New(slog.DiscardHandler), MaxWaiting: 1,
		Limits: auth.NewLimits(auth.LimitParams{Address: auth.Rate{PerSecond: 0.1, Burst: 1}}),
	})
	mux := http.NewServeMux()
	api.Register(mux)
	for i, want := range []int{http.StatusNotFound, http.StatusTooManyRequests, http.StatusTooManyRequests} {
		rec := httptest.NewRecorder()
		mux.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, []string{"/chatapi/no", "/chatapi/no", "/chatadapter/chatapi/" + token + "/client/c/history"}[i], nil))
		var body struct {
			Status                    int
			Error, Exception, Message string
		}
		if err := json.Unmarshal(rec.Body.Bytes(), &body); err != nil || rec.Code != want || body.Status != want || body.Error != http.StatusText(want) || body.Message == "" {
			t.Errorf("%d %s", rec.Code, rec.Body)
		}
		after := rec.Header().Get("Retry-After")
		if seconds, err := strconv.Atoi(after); (want == http.StatusTooManyRequests) != (err == nil && seconds >= 1 && seconds <= 10) {
			t.Errorf("%d with Retry-After %q", want, after)
		}
	}
}
