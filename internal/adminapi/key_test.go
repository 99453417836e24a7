package adminapi_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/adminapi"
	"github.com/govorun/govorun/internal/auth"
	"github.com/govorun/govorun/internal/chat"
)

func TestWithoutAValidKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	soon := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	expired := w.do(201, "POST", "/keys", `{"name": "k", "permissions": ["admin"], "expiresAt": "`+soon+`"}`).text("key")
	w.do(200, "GET", "/whoami", "", expired)
	id, deleted := w.key("admin")
	w.do(204, "DELETE", "/keys/"+id, "")
	w.late.Store(int64(time.Hour))
	routes := []string{
		"GET /whoami", "GET /chats", "POST /chats", "GET /chats/" + demoChat, "PATCH /chats/" + demoChat, "DELETE /chats/" + demoChat, "GET /chats/" + demoChat + "/secrets",
		"GET /bots", "POST /bots", "GET /bots/" + demoBot, "PATCH /bots/" + demoBot, "DELETE /bots/" + demoBot, "GET /bots/" + demoBot + "/secret",
		"GET /keys", "POST /keys", "GET /keys/" + unknownID, "DELETE /keys/" + unknownID,
		"GET /webhooks", "POST /webhooks/replay", "GET /webhooks/" + unknownID, "DELETE /webhooks/" + unknownID, "POST /webhooks/" + unknownID + "/replay",
	}
	for _, authorization := range []string{
		"", "Bearer", "Bearer ", "Basic " + w.root, w.root, "Bearer " + w.root[:45], "Bearer " + strings.ToUpper(w.root), "Bearer " + expired, "Bearer " + deleted,
		"Bearer gk_" + strings.Repeat("A", 43), "Bearer Привет", "Bearer " + strings.Repeat("a", 100_000), "Bearer null",
	} {
		for _, route := range routes {
			method, path, _ := strings.Cut(route, " ")
			a := w.try(method, path, `{"name": "a"}`, "", "Authorization: "+authorization)
			if a.status != 401 || a.header.Get("WWW-Authenticate") != "Bearer" || a.body["error"] != "User is not authenticated" {
				t.Errorf("%s with %.60q: %d %s", route, authorization, a.status, a.raw)
			}
		}
	}
	for _, scheme := range []string{"bearer ", "BEARER  "} {
		if a := w.try("GET", "/whoami", "", "", "Authorization: "+scheme+w.root); a.status != 200 {
			t.Errorf("%q: %d", scheme, a.status)
		}
	}
}

// Each permission opens what it names and nothing else.
func TestPermissions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := "/chats/" + w.do(201, "POST", "/chats", `{"name": "a"}`).text("id")
	bot := "/bots/" + w.do(201, "POST", "/bots", `{"name": "a", "url": "https://a.example"}`).text("id")
	routes := map[string][]string{ // by the permission that is needed
		"chats:read": {"GET /chats", "GET " + made},
		"chats":      {"POST /chats", "PATCH " + made, "GET " + made + "/secrets"},
		"bots:read":  {"GET /bots", "GET " + bot},
		"bots":       {"POST /bots", "PATCH " + bot, "GET " + bot + "/secret"},
		"keys:read":  {"GET /keys"},
		"keys":       {"POST /keys", "DELETE /keys/" + unknownID},
		"":           {"GET /whoami"},

		"webhooks:read": {"GET /webhooks", "GET /webhooks/" + unknownID},
		"webhooks":      {"POST /webhooks/replay", "POST /webhooks/" + unknownID + "/replay", "DELETE /webhooks/" + unknownID},
	}
	for _, has := range chat.Permissions() {
		_, key := w.key(has)
		k := chat.APIKey{Permissions: []string{has}}
		for needed, list := range routes {
			for _, route := range list {
				method, path, _ := strings.Cut(route, " ")
				a := w.try(method, path, "", key)
				if refused := a.status == 403; refused == (needed == "" || k.Allows(needed)) {
					t.Errorf("%s with %s: %d %s", route, has, a.status, a.raw)
				}
			}
		}
	}
}

func TestKeysAreShownOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.do(201, "POST", "/keys", `{"name": "CRM 😀", "permissions": ["chats:read", "dialogs"], "expiresAt": "2126-01-31T15:00:00+03:00"}`)
	text := made.text("key")
	if made.text("expiresAt") != "2126-01-31T12:00:00+00:00" || made.text("hint") != text[:7] || made.body["lastUsedAt"] != nil {
		t.Errorf("%s", made.raw)
	}
	if me := w.do(200, "GET", "/whoami", "", text); me.text("name") != "CRM 😀" || me.text("id") != made.text("id") || strings.Contains(me.raw, text[7:]) {
		t.Errorf("%s", me.raw)
	}
	if err := w.service.KeepKeyUses(t.Context()); err != nil {
		t.Fatal(err)
	}
	shown := w.do(200, "GET", "/keys/"+made.text("id"), "")
	if _, err := time.Parse(time.RFC3339, shown.text("lastUsedAt")); err != nil || strings.Contains(shown.raw, "digest") || strings.Contains(shown.raw, text[7:]) {
		t.Errorf("%s, %v", shown.raw, err)
	}
	if list := w.do(200, "GET", "/keys", ""); strings.Contains(list.raw, text[7:]) || list.count() != 2 {
		t.Errorf("%s", list.raw)
	}
	w.do(405, "PATCH", "/keys/"+made.text("id"), `{"permissions": ["admin"]}`)
	w.do(204, "DELETE", "/keys/"+made.text("id"), "")
	w.do(401, "GET", "/whoami", "", text)
	w.do(404, "DELETE", "/keys/"+made.text("id"), "")
}

func TestBadKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, tt := range []struct{ body, field string }{
		{`{}`, "name"},
		{`{"name": "a"}`, "permissions"},
		{`{"name": "a", "permissions": null}`, "permissions"},
		{`{"name": "a", "permissions": []}`, "permissions"},
		{`{"name": "a", "permissions": "admin"}`, "permissions"},
		{`{"name": "a", "permissions": {"admin": true}}`, "permissions"},
		{`{"name": "a", "permissions": ["Admin"]}`, "permissions[0]"},
		{`{"name": "a", "permissions": ["admin", null]}`, "permissions[1]"},
		{`{"name": "a", "permissions": ["admin"], "expiresAt": "tomorrow"}`, "expiresAt"},
		{`{"name": "a", "permissions": ["admin"], "expiresAt": 1}`, "expiresAt"},
		{`{"name": "a", "permissions": ["admin"], "expiresAt": "2020-01-01T00:00:00Z"}`, "expiresAt"},
		{`{"name": "a", "permissions": ["admin"], "key": "gk_chosen"}`, "key"},
		{`{"name": "a\nb", "permissions": ["admin"]}`, "name"},
	} {
		w.do(400, "POST", "/keys", tt.body).blames(tt.field)
	}
	_, clerk := w.key("keys")
	w.do(403, "POST", "/keys", `{"name": "a", "permissions": ["keys", "chats:read"]}`, clerk).blames("permissions")
	me := w.do(200, "GET", "/whoami", "").text("id")
	w.do(403, "DELETE", "/keys/"+me, "", clerk)
	if list := w.do(200, "GET", "/keys", "", clerk); list.count() != 2 {
		t.Errorf("%s", list.raw)
	}
}

func TestSetup(t *testing.T) {
	t.Parallel()
	w := newWorldWithoutAdmin(t)
	for body, field := range map[string]string{`{}`: "token", `{"token": null}`: "token", `{"token": 1}`: "token", `{"token": "` + w.token + `", "name": ""}`: "name", `{"token": "a", "permissions": []}`: "permissions"} {
		w.do(400, "POST", "/setup", body, "").blames(field)
	}
	for _, token := range []string{"a", w.token + "A", strings.Repeat("я", 43), strings.Repeat("x", 1_000_000)} {
		w.do(403, "POST", "/setup", `{"token": "`+token+`"}`, "")
	}
	const callers = 8
	var made atomic.Int32
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			switch a := w.try("POST", "/setup", `{"token": "`+w.token+`", "name": "Я"}`, ""); {
			case a.status == 201 && a.body["key"] != nil:
				made.Add(1)
			case a.status != 403:
				t.Errorf("%d %s", a.status, a.raw)
			}
		})
	}
	wg.Wait()
	if made.Load() != 1 {
		t.Errorf("%d administrators", made.Load())
	}
}

func TestSetupIsLimited(t *testing.T) {
	t.Parallel()
	w := newWorldWithoutAdmin(t, func(p *adminapi.Params) {
		p.SetupLimits = auth.NewLimits(auth.LimitParams{Address: auth.Rate{PerSecond: 0.001, Burst: 2}})
	})
	for range 2 {
		w.do(403, "POST", "/setup", `{"token": "guess"}`, "")
	}
	if a := w.do(429, "POST", "/setup", `{"token": "`+w.token+`"}`, ""); a.header.Get("Retry-After") == "" {
		t.Errorf("%v", a.header)
	}
	w.do(401, "GET", "/whoami", "", "") // is not
}

func TestLimits(t *testing.T) {
	t.Parallel()
	w := newWorldWithoutAdmin(t, func(p *adminapi.Params) {
		p.Limits = auth.NewLimits(auth.LimitParams{Address: auth.Rate{PerSecond: 0.001, Burst: 1}})
	})
	w.do(401, "GET", "/whoami", "", "")
	for _, path := range []string{"/whoami", "/chats", "/nothing"} {
		if a := w.do(429, "GET", path, "", ""); a.header.Get("Retry-After") == "" {
			t.Errorf("%s: %v", path, a.header)
		}
	}
}

// Answers tell secrets, so nothing on the way may keep them.
func TestAnswersAreNotKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, a := range []answer{w.do(200, "GET", "/chats", ""), w.do(401, "GET", "/chats", "", "x"), w.do(404, "GET", "/x", "")} {
		if a.header.Get("Cache-Control") != "no-store" || a.header.Get("X-Content-Type-Options") != "nosniff" || a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%v", a.header)
		}
	}
	if a := w.try(http.MethodHead, "/chats", "", w.root); a.status != 200 {
		t.Errorf("HEAD: %d", a.status)
	}
}
