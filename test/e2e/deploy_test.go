//go:build e2e

package e2e

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"
)

// zippedBot is a bot that greets with a text.
func zippedBot(t *testing.T, greeting string) []byte {
	t.Helper()
	return zipped(t, "theme: /\n    state: Start\n        q!: $regex</start>\n        a: "+greeting+"\n")
}

// zipped is a bot of one scenario.
func zipped(t *testing.T, scenario string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for name, text := range map[string]string{
		"chatbot.yaml": "name: bot\n",
		"src/main.sc":  scenario,
	} {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// deploy deploys a zip. The error says that no answer came.
func (a *administrator) deploy(bot string, zipped []byte) (status int, number int64, err error) {
	r, err := http.NewRequest("POST", a.url+adminBase+"/bots/"+bot+"/versions", bytes.NewReader(zipped))
	if err != nil {
		return 0, 0, err
	}
	r.Header.Set("Content-Type", "application/zip")
	r.Header.Set("Authorization", "Bearer "+a.key)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}
	res, err := client.Do(r)
	if err != nil {
		return 0, 0, err
	}
	defer res.Body.Close()
	var v struct{ Number int64 }
	return res.StatusCode, v.Number, json.NewDecoder(res.Body).Decode(&struct{ Number *int64 }{&v.Number})
}

// greeting is what a new session of a chat is greeted with.
func greeting(t *testing.T, s *server, chat string) (said string) {
	t.Helper()
	eventually(t, startWithin, "the bot greets", func() bool {
		res, err := http.Post(s.url()+"/api/v1/chats/"+chat+"/sessions", "application/json", strings.NewReader(`{}`))
		if err != nil {
			return false
		}
		defer res.Body.Close()
		var started struct{ Messages []struct{ Body string } }
		if err := json.NewDecoder(res.Body).Decode(&started); err != nil || len(started.Messages) == 0 {
			return false
		}
		said = started.Messages[0].Body
		return true
	})
	return said
}

// TestDeploymentsSurviveCrashes kills the server while bots are deployed: a version that was
// acknowledged answers, whole, or one that was sent after it.
func TestDeploymentsSurviveCrashes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	a := newAdministrator(t, s)
	bot := a.do(201, "POST", "/bots", object{"kind": "scenario", "name": "bot"})["id"].(string)
	chat := a.do(201, "POST", "/chats", object{"name": "c", "identity": "open", "botId": bot})["id"].(string)
	sent, acknowledged := 0, int64(0) // version n greets with "Version n."
	for range 4 {
		killed := make(chan struct{})
		time.AfterFunc(time.Duration(300+rand.IntN(1500))*time.Millisecond, func() { s.kill(); close(killed) })
		for {
			sent++
			status, number, err := a.deploy(bot, zippedBot(t, fmt.Sprintf("Version %d.", sent)))
			if err != nil {
				break // it is killed
			}
			if status != http.StatusCreated {
				t.Fatalf("version %d: status %d", sent, status)
			}
			acknowledged = number
		}
		<-killed
		s.start(t)
		active := int64(a.do(200, "GET", "/bots/"+bot, nil)["version"].(float64))
		if active != acknowledged && active != acknowledged+1 {
			t.Fatalf("version %d is active, %d was acknowledged last", active, acknowledged)
		}
		if active == acknowledged {
			sent = int(active) // the last one was lost
		}
		if said := greeting(t, s, chat); said != fmt.Sprintf("Version %d.", sent) {
			t.Fatalf("greeted by %q, version %d is active", said, active)
		}
	}
	t.Logf("%d versions", acknowledged)
}
