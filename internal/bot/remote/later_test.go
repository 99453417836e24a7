package remote_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/bot/remote"
	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/test/contract"
)

// promise answers every call with 202.
var promise = reply(202, "")

// answer posts a later answer and returns the status and the body.
func (w *world) answer(url, body string, header ...string) (int, string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	client := http.Client{Transport: contract.Transport(w.t, w.front.Client().Transport)}
	res, err := client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if kind := res.Header.Get("Content-Type"); kind != "application/json" || !json.Valid(text) {
		w.t.Errorf("the answer is %q: %s", kind, text)
	}
	return res.StatusCode, string(text)
}

// want posts a later answer and checks its status, and what the body has.
func (w *world) want(status int, says, url, body string, header ...string) {
	w.t.Helper()
	got, text := w.answer(url, body, header...)
	if got != status || !strings.Contains(text, says) {
		w.t.Errorf("%.60s: got %d %s, expected %d %s", body, got, text, status, says)
	}
}

func (w *world) expect(s *chat.Session, said string) {
	w.t.Helper()
	if got := w.said(s); got != said {
		w.t.Errorf("said %q, expected %q", got, said)
	}
}

func TestABotAnswersLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{}, promise)
	s := w.start("hi")
	w.expect(s, "")
	url := w.seen()[0].turn.AnswerURL
	w.want(200, `{"success":true}`, url, `{"typing":true}`)
	w.want(200, "success", url, `{"messages":[{"body":"one"},{"body":"две 😀"}],"variables":{"session":{"n":1}}}`)
	w.send(s, "more")
	w.want(200, "success", url, `{"messages":[{"body":"three"}],"variables":{"session":{"m":2}},"final":true}`)
	w.want(410, "final", url, `{"messages":[{"body":"four"}]}`)
	w.expect(s, "one|две 😀|three")
	w.send(s, "and?")
	calls := w.seen()
	if got := fmt.Sprint(calls[2].turn.State.Session); got != "map[m:2 n:1]" {
		t.Errorf("state is %s", got)
	}
	w.want(200, "success", calls[2].turn.AnswerURL, `{"messages":[{"body":"bye"}],"close":{"result":"sold"}}`)
	w.expect(s, "one|две 😀|three|bye")
	for i, call := range calls {
		if i > 0 {
			w.want(410, "closed", call.turn.AnswerURL, `{"messages":[{"body":"x"}]}`)
		}
	}
	if now := w.session(s); now.Status != chat.StatusClosed {
		t.Errorf("session is %+v", now)
	}
}

func TestAPromiseMaySaySomethingAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{}, reply(202, `{"messages":[{"body":"wait"}],"variables":{"session":{"asked":true}}}`))
	s := w.start("hi")
	w.want(200, "success", w.seen()[0].turn.AnswerURL, `{"messages":[{"body":"here"}],"handOver":{"group":"sales"}}`)
	w.expect(s, "wait|here|"+busy)
	w.want(410, "somebody else", w.seen()[0].turn.AnswerURL, `{"messages":[{"body":"x"}]}`)
	w.expect(s, "wait|here|"+busy)
}

func TestALaterAnswerMayBeQuickerThanThePromise(t *testing.T) {
	t.Parallel()
	var w *world
	var early sync.WaitGroup
	w = newWorld(t, options{}, func(rw http.ResponseWriter, c call) {
		early.Go(func() { w.want(200, "success", c.turn.AnswerURL, `{"messages":[{"body":"quick"}],"final":true}`) })
		<-w.admitted
		rw.WriteHeader(http.StatusAccepted)
	})
	s := w.start("hi")
	early.Wait()
	w.expect(s, "quick")
}

func TestALaterAnswerWithinTheCallIsTooEarly(t *testing.T) {
	t.Parallel()
	var w *world
	w = newWorld(t, options{}, func(rw http.ResponseWriter, c call) {
		w.want(409, "under way", c.turn.AnswerURL, `{"messages":[{"body":"x"}]}`)
		_, _ = io.WriteString(rw, `{"messages":[{"body":"at once"}]}`)
	})
	s := w.start("hi")
	w.want(410, "not kept open", w.seen()[0].turn.AnswerURL, `{"messages":[{"body":"y"}]}`)
	w.expect(s, "at once")
}

func TestALaterAnswerIsRepeatedSafely(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{}, promise)
	s := w.start("hi")
	url := w.seen()[0].turn.AnswerURL
	const body = `{"messages":[{"body":"once"}],"close":true}`
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() { w.want(200, "success", url, body, "Idempotency-Key", "k") })
	}
	all.Wait()
	w.want(422, "another body", url, `{"messages":[{"body":"twice"}]}`, "Idempotency-Key", "k")
	w.want(410, "closed", url, body, "Idempotency-Key", "other")
	w.want(400, "Idempotency-Key", url, body, "Idempotency-Key", strings.Repeat("k", 256))
	w.want(400, "Idempotency-Key", url, body, "Idempotency-Key", "a", "Idempotency-Key", "b")
	w.want(400, "Idempotency-Key", url, body, "Idempotency-Key", "\xff")
	w.expect(s, "once")
}

func TestLaterAnswersAtOnceAreAllSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{}, promise)
	s := w.start("hi")
	url := w.seen()[0].turn.AnswerURL
	var all sync.WaitGroup
	const n = 20
	for i := range n {
		all.Go(func() {
			w.want(200, "success", url, fmt.Sprintf(`{"messages":[{"body":"a%d"},{"body":"b%d"}],"variables":{"session":{"v%d":1}}}`, i, i, i))
		})
	}
	all.Wait()
	said := strings.Split(w.said(s), "|")
	for i := 0; i+1 < len(said); i += 2 {
		if "b"+said[i][1:] != said[i+1] {
			t.Errorf("%s is followed by %s", said[i], said[i+1])
		}
	}
	w.send(s, "again")
	if calls := w.seen(); len(said) != 2*n || len(calls[1].turn.State.Session) != n {
		t.Errorf("%d messages, state %v", len(said), calls[1].turn.State.Session)
	}
}

func TestATokenIsForOneTurnAndATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{}, promise)
	s := w.start("hi")
	url, token := w.seen()[0].turn.AnswerURL, w.seen()[0].turn.Token
	const body = `{"messages":[{"body":"x"}]}`
	base := strings.TrimSuffix(url, token)
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw { // every bit of it is sealed
		forged := append([]byte(nil), raw...)
		forged[i] ^= 1
		w.want(401, "token", base+base64.RawURLEncoding.EncodeToString(forged), body)
	}
	for _, bad := range []string{"x", token[:len(token)-1], token + "A", token + "=", strings.Repeat("A", 4000), "%00", "%D0%AF"} {
		w.want(401, "token", base+bad, body)
	}
	w.pass(14 * time.Minute)
	w.want(200, "success", url, `{}`)
	w.pass(2 * time.Minute)
	w.want(410, "over", url, body)
	w.expect(s, "")
}

func TestALaterAnswerIsJudgedAsAnyOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{}, promise)
	s := w.start("hi")
	url := w.seen()[0].turn.AnswerURL
	for body, says := range map[string]string{
		``: "empty", `[]`: "object", `{"messages":[{"body":1}]}`: `"field":"messages[0].body"`, "{\"a\":\"\xff\"}": "UTF-8",
		`{"switchBot":"88888888-9999-4999-8999-999999999999"}`: "no such bot", `{`: "JSON",
		`{"variables":{"session":{"x":"` + strings.Repeat("x", 300<<10) + `"}}}`: "variables.session",
	} {
		w.want(400, says, url, body)
	}
	w.want(413, "1048576", url, `{"a":"`+strings.Repeat("x", 1<<20)+`"}`)
	w.expect(s, "")
	res, err := w.front.Client().Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Allow") != http.MethodPost {
		t.Errorf("GET: %d", res.StatusCode)
	}
	if log := w.log.String(); strings.Contains(log, "token") || strings.Contains(log, w.seen()[0].turn.Token) {
		t.Errorf("log: %s", log)
	}
}

func TestAFailedTurnIsNotAnsweredLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{}, reply(400, ""))
	s := w.start("hi")
	w.want(410, "not kept open", w.seen()[0].turn.AnswerURL, `{"messages":[{"body":"x"}]}`)
	w.expect(s, failure)
}

func TestAnOwnerThatChangedMeanwhileIsNotTalkedOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{}, promise)
	s := w.start("hi")
	operator := chat.Owner{Kind: chat.OwnerOperator, ID: "389", Name: "Ann"}
	if err := w.ChangeOwner(t.Context(), s.ID, operator); err != nil {
		t.Fatal(err)
	}
	w.want(410, "somebody else", w.seen()[0].turn.AnswerURL, `{"messages":[{"body":"x"}]}`)
	if err := w.ChangeOwner(t.Context(), s.ID, chat.Owner{Kind: chat.OwnerBot, ID: w.record.ID, Name: "Far"}); err != nil {
		t.Fatal(err)
	}
	w.want(410, "somebody else", w.seen()[0].turn.AnswerURL, `{"messages":[{"body":"x"}]}`)
	w.expect(s, "")
	if !strings.HasPrefix(w.seen()[0].turn.AnswerURL, w.front.URL+remote.AnswersPath) {
		t.Error("the address is another one")
	}
}
