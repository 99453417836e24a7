//go:build e2e

package cluster

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

const base = "/api/chats/v1"

func TestConversationsOutliveANode(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	before := c.talk(t)

	victim := c.pid(t, "node-2")
	if err := syscall.Kill(victim, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	c.talk(t)
	c.ask(t, before) // a conversation that is older than the harm
	c.await(t, "the node is back", func() bool { return strings.Contains(c.output(), "node-2 is process") })

	c.terminate(t)
}

func TestDataIsThereOnTheSecondStart(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	session := c.talk(t)
	c.terminate(t)
	c.start(t)
	c.ask(t, session)
	c.terminate(t)
}

// listed is a message as REST shows it.
type listed struct {
	Sequence   int64
	AuthorType string
}

// talk starts a session with the demo bot, hears its greeting and has an answer from it.
func (c *cluster) talk(t *testing.T) (session string) {
	t.Helper()
	var started struct {
		ID       string
		Messages []listed
	}
	c.call(t, http.MethodPost, base+"/chats/11111111-1111-4111-8111-111111111111/sessions", `{"name": "somebody"}`, &started)
	if len(started.Messages) == 0 {
		t.Error("the bot does not greet")
	}
	c.ask(t, started.ID)
	return started.ID
}

// ask says something in a session and waits for the bot's answer.
func (c *cluster) ask(t *testing.T, session string) {
	t.Helper()
	path := base + "/sessions/" + session + "/messages"
	var said listed
	c.call(t, http.MethodPost, path, `{"body": "Tell me a joke"}`, &said)
	c.await(t, "the bot answers", func() bool {
		var page struct{ Items []listed }
		c.call(t, http.MethodGet, path+"?limit=1000&after="+strconv.FormatInt(said.Sequence, 10), "", &page)
		return slices.ContainsFunc(page.Items, func(m listed) bool { return m.AuthorType == "BOT" })
	})
}

// call makes a request through the balancer that must succeed, and repeats it while the answer
// is that of a balancer whose node has just died: then nobody knows what became of it. The key
// makes it happen once.
func (c *cluster) call(t *testing.T, method, path, body string, answer any) {
	t.Helper()
	key := rand.Text()
	c.await(t, method+" "+path, func() bool {
		r, err := http.NewRequestWithContext(t.Context(), method, c.url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Close = true
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", key)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		data, err := io.ReadAll(res.Body)
		switch {
		case err != nil:
			t.Fatalf("%s %s: %v", method, path, err)
		case res.StatusCode == http.StatusBadGateway:
			return false
		case res.StatusCode >= http.StatusMultipleChoices:
			t.Fatalf("%s %s: %d %s", method, path, res.StatusCode, data)
		}
		if err := json.Unmarshal(data, answer); err != nil {
			t.Fatalf("%s %s: %v: %s", method, path, err, data)
		}
		return true
	})
}
