//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"
	"time"
)

// demoBotID is the demo chat's bot, in every installation.
const demoBotID = "22222222-2222-4222-8222-222222222222"

// program talks to a bot by question and answer.
type program struct {
	t        *testing.T
	url, key string
}

// dialog is what it is answered.
type dialog struct {
	DialogID, BotID, Status, CallbackData string
	Messages                              []struct{ Body string }
}

func newProgram(t *testing.T, a *administrator) *program {
	t.Helper()
	key, _ := a.do(http.StatusCreated, "POST", "/keys", object{"name": "program", "permissions": []string{"dialogs"}})["key"].(string)
	return &program{t, a.url, key}
}

// do makes a request that must be answered with a status.
func (p *program) do(status int, path string, body object) (d dialog) {
	p.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.url+"/api/bot/v1"+path, bytes.NewReader(data))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+p.key)
	r.Header.Set("Content-Type", "application/json")
	res, err := (&http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&d); err != nil || res.StatusCode != status {
		p.t.Fatalf("POST %s: %d, %v; expected %d", path, res.StatusCode, err, status)
	}
	return d
}

// TestDialogs: a program asks, waits or not, and what it does not wait for is posted to it; a dialog
// goes on after a crash.
func TestDialogs(t *testing.T) {
	t.Parallel()
	h := newHook(t, 0)
	s := newServer(t, privateWebhooks)
	p := newProgram(t, newAdministrator(t, s))
	started := p.do(http.StatusCreated, "/dialogs", object{"botId": demoBotID, "clientExternalId": "иван 🙂"})
	if len(started.Messages) == 0 || started.Status != "ACTIVE" || started.BotID != demoBotID {
		t.Errorf("started %+v", started)
	}
	s.kill()
	s.start(t)
	p.url = s.url()
	asked := p.do(http.StatusCreated, "/dialogs/"+started.DialogID, object{"message": "привет"})
	if len(asked.Messages) == 0 {
		t.Errorf("answered %+v", asked)
	}
	async := p.do(http.StatusCreated, "/dialogs/"+started.DialogID, object{
		"message": "пока", "returnAnswerAsync": true, "callbackUrl": h.url(), "callbackData": "№ 1",
	})
	if len(async.Messages) > 0 {
		t.Errorf("the bot was waited for: %+v", async)
	}
	eventually(t, time.Minute, "the answer is posted", func() bool { return h.ids() == 1 })
	var posted dialog
	if err := json.Unmarshal(h.all()[0].body, &posted); err != nil {
		t.Fatal(err)
	}
	if posted.DialogID != started.DialogID || posted.CallbackData != "№ 1" || posted.Status != "ACTIVE" || len(posted.Messages) == 0 {
		t.Errorf("posted %s", h.all()[0].body)
	}
}
