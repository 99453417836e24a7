package adminapi_test

import (
	"strings"
	"testing"
)

func TestBots(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.do(201, "POST", "/bots", `{"name": "Бот 🤖", "url": "https://bot.example/turn", "kind": "remote", "id": "`+unknownID+`"}`)
	for name, want := range map[string]any{"id": unknownID, "name": "Бот 🤖", "kind": "remote", "timeout": 0.0, "retries": nil, "history": nil, "failureMessage": ""} {
		if made.body[name] != want {
			t.Errorf("%s is %v, want %v", name, made.body[name], want)
		}
	}
	path := "/bots/" + unknownID
	changed := w.do(200, "PATCH", path, `{"timeout": 60, "retries": 0, "history": 100, "failureMessage": "Ой"}`)
	for _, a := range []answer{changed, w.do(200, "GET", path, "")} {
		if a.body["timeout"] != 60.0 || a.body["retries"] != 0.0 || a.body["history"] != 100.0 || a.body["failureMessage"] != "Ой" || a.body["url"] != "https://bot.example/turn" {
			t.Errorf("%s", a.raw)
		}
	}
	if a := w.do(200, "PATCH", path, `{"retries": null, "timeout": null}`); a.body["retries"] != nil || a.body["timeout"] != 0.0 || a.body["history"] != 100.0 {
		t.Errorf("%s", a.raw)
	}
	secret := w.do(200, "GET", path+"/secret", "")
	if !strings.HasPrefix(secret.text("secret"), "whsec_") || len(secret.text("secret")) != len("whsec_")+44 {
		t.Errorf("%s", secret.raw)
	}
	other := w.do(201, "POST", "/bots", `{"name": "b", "url": "https://bot.example/turn"}`).text("id")
	if again := w.do(200, "GET", "/bots/"+other+"/secret", ""); again.text("secret") == secret.text("secret") {
		t.Error("two bots have one secret")
	}
	named := w.do(201, "POST", "/chats", `{"name": "a", "botId": "`+unknownID+`"}`).text("id")
	w.do(422, "DELETE", path, "")
	w.do(204, "DELETE", "/chats/"+named, "")
	w.do(204, "DELETE", path, "")
	for _, method := range []string{"GET", "PATCH", "DELETE"} {
		w.do(404, method, path, "")
	}
	w.do(404, "GET", path+"/secret", "")
}

func TestBadBots(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/bots/" + w.do(201, "POST", "/bots", `{"name": "a", "url": "https://a.example"}`).text("id")
	before := w.do(200, "GET", path, "").raw
	for _, tt := range []struct{ members, field string }{
		{`"name": ""`, "name"},
		{`"name": ["a"]`, "name"},
		{`"url": null`, "url"},
		{`"url": "bot.example"`, "url"},
		{`"url": "http://"`, "url"},
		{`"url": "gopher://a.example"`, "url"},
		{`"url": 1`, "url"},
		{`"timeout": 61`, "timeout"},
		{`"timeout": "60"`, "timeout"},
		{`"timeout": -1`, "timeout"},
		{`"retries": -1`, "retries"},
		{`"retries": 11`, "retries"},
		{`"retries": 1.5`, "retries"},
		{`"history": 101`, "history"},
		{`"history": true`, "history"},
		{`"failureMessage": "` + strings.Repeat("я", 4097) + `"`, "failureMessage"},
		{`"token": "a"`, "token"},
	} {
		w.do(400, "PATCH", path, "{"+tt.members+"}").blames(tt.field)
		body := tt.members
		for _, needed := range []string{`"name": "a"`, `"url": "https://a.example"`} {
			if !strings.Contains(body, needed[:6]) {
				body += ", " + needed
			}
		}
		w.do(400, "POST", "/bots", "{"+body+"}").blames(tt.field)
	}
	w.do(400, "PATCH", path, `{"kind": "remote"}`).blames("kind")
	for _, kind := range []string{`"parrot"`, `"Remote"`, `""`, `1`} {
		w.do(400, "POST", "/bots", `{"name": "a", "url": "https://a.example", "kind": `+kind+`}`).blames("kind")
	}
	w.do(409, "POST", "/bots", `{"name": "a", "url": "https://a.example", "id": "`+demoBot+`"}`).blames("id")
	w.do(400, "POST", "/bots", `{"name": "a", "url": "https://a.example", "id": "00000000-0000-0000-0000-000000000000"}`).blames("id")
	w.do(422, "PATCH", "/bots/"+demoBot, `{"name": "mine"}`)
	w.do(422, "DELETE", "/bots/"+demoBot, "")
	w.do(422, "GET", "/bots/"+demoBot+"/secret", "")
	if shown := w.do(200, "GET", "/bots/"+demoBot, ""); len(shown.body) != 4 {
		t.Errorf("%s", shown.raw)
	}
	if after := w.do(200, "GET", path, "").raw; after != before {
		t.Errorf("the bot was %s and is %s", before, after)
	}
}
