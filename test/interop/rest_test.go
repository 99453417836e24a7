//go:build interop

package interop

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/govorun/govorun/test/contract"
)

const (
	demoChat  = "11111111-1111-4111-8111-111111111111"
	base      = "/api/chats/v1"
	retryStep = 20 * time.Millisecond // between two attempts of a call that must succeed
	// answerWait is how long the server waits for the bot (TWIN, section 2: at most 5 s).
	answerWait = 5 * time.Second
)

// api is what a client does over REST. It never goes through a line.
type api struct {
	t   *testing.T
	url string
}

// message is one of a history.
type message struct {
	ID         string `json:"id"`
	Sequence   int64  `json:"sequence"`
	AuthorType string `json:"authorType"`
	Body       string `json:"body"`
}

// start begins a session and leaves the bot's answers to the sockets.
func (a *api) start() (session string) {
	a.t.Helper()
	var answer struct{ ID string }
	a.must(http.MethodPost, "/chats/"+demoChat+"/sessions", map[string]any{"name": "Проверка", "returnAnswerAsync": true}, &answer)
	return answer.ID
}

// greeted begins a session and waits until the bot has greeted, without taking the greeting:
// a list without items gives nothing to the client.
func (a *api) greeted() (session string) {
	a.t.Helper()
	session = a.start()
	var list struct{ Count int }
	ok := eventually(func() bool {
		a.must(http.MethodGet, "/sessions/"+session+"/messages?withoutItems=true", nil, &list)
		return list.Count > 0
	})
	if !ok {
		a.t.Fatal("the bot does not greet")
	}
	return session
}

// say sends a client's message. It may be called while the server is killed: it is repeated,
// with one key, until it is acknowledged.
func (a *api) say(session, body string) {
	a.t.Helper()
	a.must(http.MethodPost, "/sessions/"+session+"/messages", map[string]any{"body": body}, nil)
}

// ask sends a client's message and returns the last message of the bot's answer: whoever has
// heard it has heard everything. While the bot has more to do than the server waits for, it
// asks again.
func (a *api) ask(session, body string) (last message) {
	a.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		var answer struct{ Messages []message }
		asked := time.Now()
		a.must(http.MethodPut, "/chats/"+demoChat+"/sessions", map[string]any{"sessionId": session, "messageBody": body}, &answer)
		if time.Since(asked) < answerWait && len(answer.Messages) > 0 {
			return answer.Messages[len(answer.Messages)-1]
		}
	}
	a.t.Fatalf("the bot does not answer %q", body)
	return message{}
}

// history lists all messages of a session.
func (a *api) history(session string) []message {
	a.t.Helper()
	var all []message
	for after := int64(0); ; after = all[len(all)-1].Sequence {
		var list struct{ Items []message }
		a.must(http.MethodGet, fmt.Sprintf("/sessions/%s/messages?limit=1000&after=%d", session, after), nil, &list)
		if len(list.Items) == 0 {
			return all
		}
		all = append(all, list.Items...)
	}
}

// must makes a call that has to succeed. Where nobody answers, it is repeated with one key.
func (a *api) must(method, path string, body, answer any) {
	a.t.Helper()
	key := rand.Text()
	var failure error
	ok := eventually(func() bool {
		var refused error
		refused, failure = call(a.t, method, a.url+base+path, key, body, answer)
		if refused != nil {
			a.t.Errorf("%s %s: %v", method, path, refused)
		}
		return refused != nil || failure == nil
	})
	if !ok {
		a.t.Errorf("%s %s: %v", method, path, failure)
	}
}

// call makes a call: refused is the server's word, failure that of the network.
func call(t testing.TB, method, url, key string, body, answer any) (refused, failure error) {
	var data io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err, nil
		}
		data = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, url, data)
	if err != nil {
		return err, nil
	}
	request.Header.Set("Content-Type", "application/json")
	if method != http.MethodGet {
		request.Header.Set("Idempotency-Key", key)
	}
	client := http.Client{Timeout: patience, Transport: contract.Transport(t, http.DefaultTransport)}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusServiceUnavailable { // as a server says that stops
		return nil, fmt.Errorf("%s: %s", response.Status, text)
	}
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s: %s", response.Status, text), nil
	}
	if answer == nil {
		return nil, nil
	}
	return json.Unmarshal(text, answer), nil
}

// eventually tries until something is so, and reports whether it was in time.
func eventually(so func() bool) bool { return within(patience, so) }

// within is eventually with another limit.
func within(limit time.Duration, so func() bool) bool {
	ticker := time.NewTicker(retryStep)
	defer ticker.Stop()
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	for !so() {
		select {
		case <-ticker.C:
		case <-deadline.C:
			return false
		}
	}
	return true
}
