//go:build e2e

package e2e

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

const adminBase = "/api/admin/v1"

// setupToken is that of the link which a server has printed last, "" for none.
func (s *server) setupToken(t *testing.T) string {
	t.Helper()
	log, err := os.ReadFile(s.log)
	if err != nil {
		t.Fatal(err)
	}
	links := regexp.MustCompile(`(?m)^ +http://\S+/setup#(\S+)$`).FindAllSubmatch(log, -1)
	if len(links) == 0 {
		return ""
	}
	return string(links[len(links)-1][1])
}

// awaitSetupToken waits for the first link of a server that has just begun to answer.
func (s *server) awaitSetupToken(t *testing.T) (token string) {
	t.Helper()
	eventually(t, startWithin, "the server prints a link", func() bool {
		token = s.setupToken(t)
		return token != ""
	})
	return token
}

// administrator calls the API of administrators of one server with a key.
type administrator struct {
	t   *testing.T
	url string
	key string
}

// newAdministrator uses the link that a server has printed.
func newAdministrator(t *testing.T, s *server) *administrator {
	t.Helper()
	a := &administrator{t: t, url: s.url()}
	a.key, _ = a.do(http.StatusCreated, "POST", "/setup", object{"token": s.awaitSetupToken(t)})["key"].(string)
	return a
}

// do makes a request that must be answered with a status.
func (a *administrator) do(status int, method, path string, body any) object {
	a.t.Helper()
	got, answer := a.try(method, path, body)
	if got != status {
		a.t.Fatalf("%s %s: %d %v, expected %d", method, path, got, answer, status)
	}
	return answer
}

func (a *administrator) try(method, path string, body any) (int, object) {
	a.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		a.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(a.t.Context(), method, a.url+adminBase+path, bytes.NewReader(data))
	if err != nil {
		a.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if a.key != "" {
		r.Header.Set("Authorization", "Bearer "+a.key)
	}
	res, err := (&http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		a.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	answer := object{}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &answer); err != nil {
			a.t.Fatalf("%d %q: %v", res.StatusCode, text, err)
		}
	}
	return res.StatusCode, answer
}

// TestFirstAdministrator: link, key, and a restart in between.
func TestFirstAdministrator(t *testing.T) {
	t.Parallel()
	s := newServer(t, "--log-format", "json")
	first := s.awaitSetupToken(t)
	s.kill()
	s.start(t)
	eventually(t, startWithin, "the restart prints another link", func() bool { return s.setupToken(t) != first })
	stranger := &administrator{t: t, url: s.url()}
	stranger.do(http.StatusForbidden, "POST", "/setup", object{"token": first})
	stranger.do(http.StatusUnauthorized, "GET", "/chats", nil)
	second := s.setupToken(t)
	admin := newAdministrator(t, s)
	stranger.do(http.StatusForbidden, "POST", "/setup", object{"token": second})
	admin.do(http.StatusOK, "GET", "/whoami", nil)

	s.kill() // what was acknowledged is there
	s.start(t)
	admin.do(http.StatusOK, "GET", "/whoami", nil)
	stranger.do(http.StatusForbidden, "POST", "/setup", object{"token": second})
	if s.setupToken(t) != second {
		t.Error("a link is printed where an administrator is")
	}
	log, err := os.ReadFile(s.log)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(log)) {
		for _, secret := range []string{first, second, admin.key[7:]} {
			if strings.Contains(line, secret) && !strings.HasPrefix(line, "  http") {
				t.Errorf("a secret is logged: %s", line)
			}
		}
	}
}

// TestChatOfAnAdministrator goes from the link to a chat of one's own, and to its end.
func TestChatOfAnAdministrator(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	admin, a := newAdministrator(t, s), newAPI(t, s.url())
	id := admin.do(http.StatusCreated, "POST", "/chats", object{"name": "Магазин 😀", "origins": []string{"https://shop.example"}})["id"].(string)
	secret := admin.do(http.StatusOK, "GET", "/chats/"+id+"/secrets", nil)["secret"].(string)
	path := base + "/chats/" + id + "/sessions"
	start := func(method string, status int, body object) *started {
		t.Helper()
		res, err := a.do(t.Context(), method, path, body, "")
		if err != nil || res.status != status {
			t.Fatalf("%s %v: %v %+v, expected %d", method, body, err, res, status)
		}
		var made started
		if status == http.StatusCreated {
			res.decode(t, &made)
		}
		return &made
	}
	sign := func(externalID string) string {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(externalID))
		return hex.EncodeToString(mac.Sum(nil))
	}
	signed := object{"clientExternalId": "u-1", "clientSignature": sign("u-1")}
	known := start("POST", http.StatusCreated, signed)
	if again := start("PUT", http.StatusCreated, signed); again.ID != known.ID {
		t.Error("a right signature does not continue the session")
	}
	for _, body := range []object{
		{"clientExternalId": "u-1", "clientSignature": sign("u-2")}, {"clientExternalId": "u-1", "clientSignature": "00"}, {"clientSignature": sign("u-1"), "clientExternalId": "u-3"},
	} {
		start("PUT", http.StatusUnauthorized, body)
	}
	unsigned := start("PUT", http.StatusCreated, object{"clientExternalId": "u-1"})
	if unsigned.ID == known.ID || unsigned.ClientID == known.ClientID {
		t.Error("without a signature somebody else's session is continued")
	}

	from := func(origin string) int {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), "POST", s.url()+path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", origin)
		res, err := a.http.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	for origin, status := range map[string]int{"https://shop.example": 201, "https://evil.example": 403, "null": 403} {
		if got := from(origin); got != status {
			t.Errorf("from %s: %d", origin, got)
		}
	}
	admin.do(http.StatusOK, "PATCH", "/chats/"+id, object{"origins": []string{"https://other.example"}, "botId": "22222222-2222-4222-8222-222222222222", "secret": nil})
	for origin, status := range map[string]int{"https://shop.example": 403, "https://other.example": 201} {
		if got := from(origin); got != status {
			t.Errorf("after the change, from %s: %d", origin, got)
		}
	}
	start("PUT", http.StatusUnauthorized, signed) // by the secret of before
	secret = admin.do(http.StatusOK, "GET", "/chats/"+id+"/secrets", nil)["secret"].(string)
	if greeted := start("POST", http.StatusCreated, object{}); len(greeted.Messages) == 0 {
		t.Error("the chat's new bot does not greet")
	}

	admin.do(http.StatusNoContent, "DELETE", "/chats/"+id, nil)
	start("POST", http.StatusNotFound, object{})
	start("PUT", http.StatusCreated, object{"clientExternalId": "u-1", "clientSignature": sign("u-1")}) // goes on in what is open
	if res := a.post(t, messagesOf(known.ID), object{"body": "ещё здесь"}, ""); res.status != http.StatusCreated {
		t.Errorf("a session of a deleted chat: %d %s", res.status, res.body)
	}
	if res := a.post(t, base+"/sessions/"+known.ID+"/close", nil, ""); res.status != http.StatusOK {
		t.Errorf("closing it: %d %s", res.status, res.body)
	}
	start("PUT", http.StatusNotFound, object{"clientExternalId": "u-1", "clientSignature": sign("u-1")})
	admin.do(http.StatusNotFound, "GET", "/chats/"+id, nil)
}

// TestAdministratorsOfTwoNodes: one link among nodes, and what is done on one is obeyed on the other.
func TestAdministratorsOfTwoNodes(t *testing.T) {
	t.Parallel()
	onPostgres.only(t)
	d := newData(t)
	s := newServerOn(t, d)
	token := s.awaitSetupToken(t)
	other := newServerOn(t, data{dir: t.TempDir(), url: d.url})
	here := newAdministrator(t, s)
	if other.setupToken(t) != "" {
		t.Error("a second node prints a link while the first one lives")
	}
	there := &administrator{t: t, url: other.url(), key: here.key}
	there.do(http.StatusForbidden, "POST", "/setup", object{"token": token})

	made := there.do(http.StatusCreated, "POST", "/keys", object{"name": "k", "permissions": []string{"chats"}})
	program := &administrator{t: t, url: s.url(), key: made["key"].(string)}
	program.do(http.StatusOK, "GET", "/chats", nil)
	chat := program.do(http.StatusCreated, "POST", "/chats", object{"name": "a", "id": uuid.NewString()})["id"].(string)
	there.do(http.StatusOK, "PATCH", "/chats/"+chat, object{"origins": []string{"https://a.example"}})
	if got := here.do(http.StatusOK, "GET", "/chats/"+chat, nil)["origins"]; len(got.([]any)) != 1 {
		t.Errorf("origins %v", got)
	}

	there.do(http.StatusNoContent, "DELETE", "/keys/"+made["id"].(string), nil)
	eventually(t, settleWithin, "the other node refuses a deleted key", func() bool {
		status, _ := program.try("GET", "/whoami", nil)
		return status == http.StatusUnauthorized
	})
	program.url = other.url()
	program.do(http.StatusUnauthorized, "GET", "/whoami", nil)
}
