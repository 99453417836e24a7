package adminapi_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// everything is a body with every field of a chat, none of them as it is by default.
const everything = `{
	"name": "Магазин 😀", "botId": "` + demoBot + `", "identity": "open", "language": "en", "origins": ["https://shop.example", "https://*.shop.example"],
	"sessionTtl": 600, "answerOnFirstClientMessage": true, "botFailureMessage": "Ой", "sessionRatingRequired": true,
	"sessionRatingTriggerTime": 60, "sessionRatingScale": 10,
	"operatorsBusyMessage": "Заняты", "allowableOperatorIdleTime": 61, "timerFirstAnswer": 62, "timerNextAnswers": 63,
	"queueMaxTime": 64, "queueNoticeInterval": 65, "queueNotice": "Ждите",
	"sessionReloadBotId": "` + demoBot + `", "operatorsOfflineBotId": "` + demoBot + `", "closedByClientBotId": "` + demoBot + `",
	"closedByOperatorBotId": "` + demoBot + `", "closedByLifetimeBotId": "` + demoBot + `", "messageUndeliveredBotId": "` + demoBot + `",
	"disableTextInput": true, "webhookUrl": "https://shop.example/answers",
	"eventCallbackUrl": "https://shop.example/hook", "eventCallbackData": "d", "notifyOnEvents": ["sessionClosed"],
	"results": ["Продано", "Отказ"], "fcmServiceUrl": "https://fcm.example", "pushData": {"a": [1, null]}, "knowledgeBase": "kb",
	"form": [1.50], "references": false, "appearance": {"цвет": "<красный>"}}`

const secrets = `{"secret": "0123456789abcdef", "token": "ABCDEFGH:0123456789", "fcmServerKey": "fcm"}`

func TestEverySettingIsKeptAndReset(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.do(201, "POST", "/chats", `{"name": "a"}`)
	path := "/chats/" + made.text("id")
	if location := made.header.Get("Location"); location != "/api/admin/v1"+path {
		t.Errorf("made at %s", location)
	}
	var wanted map[string]any
	if err := json.Unmarshal([]byte(everything), &wanted); err != nil {
		t.Fatal(err)
	}
	changed := w.do(200, "PATCH", path, everything)
	for _, got := range []answer{changed, w.do(200, "GET", path, "")} {
		for name, value := range got.body {
			switch want, ok := wanted[name]; {
			case name == "id" || name == "createdAt" || name == "demo":
			case !ok:
				t.Errorf("the test does not set %s", name)
			case fmt.Sprint(want) != fmt.Sprint(value):
				t.Errorf("%s is %v, want %v", name, value, want)
			}
		}
		if len(got.body) != len(wanted)+3 {
			t.Errorf("%d members, of %d: %s", len(got.body), len(wanted)+3, got.raw)
		}
	}
	before := w.do(200, "GET", path+"/secrets", "")
	w.do(200, "PATCH", path, secrets)
	kept := w.do(200, "GET", path+"/secrets", "")
	if kept.text("secret") != "0123456789abcdef" || kept.text("token") != "ABCDEFGH:0123456789" || kept.text("fcmServerKey") != "fcm" ||
		len(kept.body) != 5 || kept.text("webhookSecret") == kept.text("sessionWebhookSecret") {
		t.Errorf("secrets: %s", kept.raw)
	}
	for _, name := range []string{"webhookSecret", "sessionWebhookSecret"} {
		if !strings.HasPrefix(kept.text(name), "whsec_") || kept.text(name) != before.text(name) {
			t.Errorf("%s is %s, was %s", name, kept.text(name), before.text(name))
		}
	}

	// null is the default of a new chat, which is a new one for what is random; the rest stays.
	w.do(200, "PATCH", path, `{"sessionTtl": null, "origins": null, "identity": null, "appearance": null, "secret": null, "token": null, "botId": null}`)
	now := w.do(200, "GET", path, "")
	for name, want := range map[string]string{"sessionTtl": "0", "origins": "[]", "identity": "signed", "appearance": "<nil>", "botId": "", "queueNotice": "Ждите"} {
		if got := fmt.Sprint(now.body[name]); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	fresh := w.do(200, "GET", path+"/secrets", "")
	if fresh.text("secret") == kept.text("secret") || fresh.text("token") == kept.text("token") || fresh.text("fcmServerKey") != "fcm" {
		t.Errorf("secrets: %s", fresh.raw)
	}
	reset := map[string]any{}
	for name := range wanted {
		if name != "name" {
			reset[name] = nil
		}
	}
	nulls, _ := json.Marshal(reset)
	w.do(200, "PATCH", path, string(nulls))
	one, other := w.do(200, "GET", path, ""), w.do(201, "POST", "/chats", `{"name": "Магазин 😀"}`)
	for name, want := range other.body {
		if name != "id" && name != "createdAt" && fmt.Sprint(one.body[name]) != fmt.Sprint(want) {
			t.Errorf("%s is %v after null, %v of a new chat", name, one.body[name], want)
		}
	}
}

// What is a secret is in no answer but the one that is asked for it.
func TestChatsDoNotTellSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, reader := w.key("chats:read")
	made := w.do(201, "POST", "/chats", `{"name": "a", "id": "`+unknownID+`", "secret": "SECRET-0123456789", "token": "TOKEN-0123456789", "fcmServerKey": "FCM-0123456789"}`)
	for _, a := range []answer{
		made, w.do(200, "GET", "/chats", "", reader), w.do(200, "GET", "/chats/"+unknownID, "", reader),
		w.do(200, "PATCH", "/chats/"+unknownID, `{"secret": "SECRET-0123456789"}`), w.do(403, "GET", "/chats/"+unknownID+"/secrets", "", reader),
		w.do(409, "POST", "/chats", `{"name": "b", "token": "TOKEN-0123456789"}`),
	} {
		if strings.Contains(a.raw, "0123456789") {
			t.Errorf("%s", a.raw)
		}
	}
}

func TestBadChats(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/chats/" + w.do(201, "POST", "/chats", `{"name": "как был"}`).text("id")
	before := w.do(200, "GET", path, "").raw
	for _, tt := range []struct{ name, members, field string }{
		{"a name of a type", `"name": 1`, "name"},
		{"no name", `"name": ""`, "name"},
		{"a null name", `"name": null`, "name"},
		{"a long name", `"name": "` + strings.Repeat("я", 256) + `"`, "name"},
		{"an unknown field", `"nаme": "Cyrillic а"`, "nаme"},
		{"a field in other letters", `"Name": "a"`, "Name"},
		{"an empty field", `"": 1`, ""},
		{"another time of creation", `"createdAt": null`, "createdAt"},
		{"a demo", `"demo": true`, "demo"},
		{"a kind", `"kind": "dialogs"`, "kind"},
		{"identity", `"identity": "closed"`, "identity"},
		{"identity of a type", `"identity": true`, "identity"},
		{"a life with a fraction", `"sessionTtl": 600.5`, "sessionTtl"},
		{"a life as a text", `"sessionTtl": "600"`, "sessionTtl"},
		{"a life that does not fit", `"sessionTtl": 1e400`, "sessionTtl"},
		{"a short life", `"sessionTtl": 1`, "sessionTtl"},
		{"a scale", `"sessionRatingScale": 7`, "sessionRatingScale"},
		{"a boolean as a number", `"sessionRatingRequired": 1`, "sessionRatingRequired"},
		{"origins as a text", `"origins": "*"`, "origins"},
		{"a null origin", `"origins": ["*", null]`, "origins[1]"},
		{"an origin of a type", `"origins": [1]`, "origins"},
		{"an unknown bot", `"botId": "` + unknownID + `"`, "botId"},
		{"no bot's id", `"botId": "бот 🤖"`, "botId"},
		{"an unknown bot for later", `"operatorsOfflineBotId": "` + unknownID + `"`, "operatorsOfflineBotId"},
		{"a URL", `"eventCallbackUrl": "javascript:alert(1)"`, "eventCallbackUrl"},
		{"a webhook's URL", `"webhookUrl": "ftp://shop.example"`, "webhookUrl"},
		{"a webhook's URL of a type", `"webhookUrl": 5`, "webhookUrl"},
		{"a boolean as a text", `"disableTextInput": "true"`, "disableTextInput"},
		{"free form too deep", `"form": ` + strings.Repeat("[", 101) + strings.Repeat("]", 101), "form"},
		{"free form too large", `"references": "` + strings.Repeat("a", 65_536) + `"`, "references"},
		{"free form that nobody can read", `"pushData": 1e999`, "pushData"},
		{"a short secret", `"secret": "x"`, "secret"},
		{"a token", `"token": "кириллица-кириллица"`, "token"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := *w
			w.t = t
			body := tt.members
			if !strings.Contains(body, `"name"`) {
				body = `"name": "a", ` + body
			}
			w.do(400, "POST", "/chats", "{"+body+"}").blames(tt.field)
			w.do(400, "PATCH", path, "{"+tt.members+"}").blames(tt.field)
		})
	}
	t.Cleanup(func() { // after the parallel ones
		if after := w.do(200, "GET", path, "").raw; after != before {
			t.Errorf("the chat was\n%s\nand is\n%s", before, after)
		}
		if a := w.do(200, "GET", "/chats", ""); a.count() != 2 {
			t.Errorf("refused chats were made: %s", a.raw)
		}
	})
	w.do(400, "POST", "/chats", `{"name": "a", "id": "x"}`).blames("id")
	w.do(400, "PATCH", path, `{"id": "`+unknownID+`"}`).blames("id")
}

func TestOfAMemberThatComesTwiceTheLastCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.do(201, "POST", "/chats", `{"name": 1, "name": "b", "origins": ["*", "*"], "origins": []}`); got.text("name") != "b" {
		t.Errorf("%s", got.raw)
	}
}

func TestBadBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/chats/" + w.do(201, "POST", "/chats", `{"name": "a"}`).text("id")
	for _, tt := range []struct {
		name, body string
		status     int
		headers    []string
	}{
		{"half an object", `{"name":"a"`, 400, nil},
		{"no JSON", `name=a`, 400, nil},
		{"trailing garbage", `{"name":"a"} {}`, 400, nil},
		{"byte order mark", "\uFEFF{}", 400, nil},
		{"invalid UTF-8", "{\"name\":\"a\xff\"}", 400, nil},
		{"UTF-16", "\xff\xfe{\x00}\x00", 400, nil},
		{"escaped NUL", `{"name":"a\u0000"}`, 400, nil},
		{"an array", `[{"name":"a"}]`, 400, nil},
		{"null", `null`, 400, nil},
		{"a number", `1`, 400, nil},
		{"nested too deeply", `{"form":` + strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001) + `}`, 400, nil},
		{"huge", `{"name":"` + strings.Repeat("a", 1<<20) + `"}`, 413, nil},
		{"no type", `{"name":"a"}`, 415, []string{"Content-Type: "}},
		{"a form's type", `{"name":"a"}`, 415, []string{"Content-Type: application/x-www-form-urlencoded"}},
		{"a broken type", `{"name":"a"}`, 415, []string{"Content-Type: application/json; charset"}},
	} {
		for _, to := range []string{"POST /chats", "PATCH " + path, "POST /bots", "POST /keys", "POST /setup"} {
			method, at, _ := strings.Cut(to, " ")
			if a := w.try(method, at, tt.body, w.root, tt.headers...); a.status != tt.status {
				t.Errorf("%s, %s: %d %s", tt.name, to, a.status, a.raw)
			} else {
				a.blames("")
			}
		}
	}
	w.do(400, "POST", "/chats", "").blames("name")
	w.do(200, "PATCH", path, "") // changes nothing
	if a := w.try("POST", "/chats", `{"name":"a"}`, w.root, "Content-Type: Application/JSON; charset=utf-8"); a.status != 201 {
		t.Errorf("%d %s", a.status, a.raw)
	}
}

func TestChatIsFoundChangedAndDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.do(201, "POST", "/chats", `{"name": "a", "id": "`+strings.ToUpper(unknownID)+`"}`)
	if made.text("id") != unknownID || made.text("identity") != "signed" || made.body["demo"] != false || made.text("createdAt") == "" {
		t.Errorf("%s", made.raw)
	}
	w.do(409, "POST", "/chats", `{"name": "a", "id": "`+unknownID+`"}`).blames("id")
	for _, path := range []string{"/chats/" + unknownID, "/chats/" + strings.ToUpper(unknownID)} {
		w.do(200, "GET", path, "")
	}
	w.do(422, "PATCH", "/chats/"+demoChat, `{"name": "mine"}`)
	w.do(422, "DELETE", "/chats/"+demoChat, "")
	if a := w.do(204, "DELETE", "/chats/"+unknownID, ""); a.raw != "" {
		t.Errorf("%q", a.raw)
	}
	for _, id := range []string{unknownID, "demo", "%00", "1", "%D0%B6", "%F0%9F%98%80", unknownID + "0"} {
		for _, method := range []string{"GET", "PATCH", "DELETE"} {
			w.do(404, method, "/chats/"+id, "")
		}
		w.do(404, "GET", "/chats/"+id+"/secrets", "")
	}
	if a := w.do(200, "GET", "/chats", ""); a.count() != 1 || a.body["count"] != 1.0 {
		t.Errorf("%s", a.raw)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 5 {
		w.do(201, "POST", "/chats", fmt.Sprintf(`{"name": "%d"}`, i))
		w.do(201, "POST", "/bots", fmt.Sprintf(`{"name": "%d", "url": "https://a.example"}`, i))
		w.key("chats")
	}
	for _, path := range []string{"/chats", "/bots", "/keys"} { // each has one more already
		for query, want := range map[string]int{"": 6, "?limit=2": 2, "?limit=4&offset=4": 2, "?offset=6": 0, "?offset=1000000000": 0, "?limit=1000": 6} {
			if a := w.do(200, "GET", path+query, ""); a.count() != want || a.body["count"] != 6.0 {
				t.Errorf("%s%s: %s", path, query, a.raw)
			}
		}
		for query, field := range map[string]string{
			"?limit=0": "limit", "?limit=1001": "limit", "?limit=": "limit", "?limit=1.5": "limit", "?limit=ж": "limit", "?limit=1&limit=2": "limit",
			"?offset=-1": "offset", "?offset=99999999999999999999": "offset", "?page=2": "page", "?limit=1;offset=2": "", "?%zz=1": "",
		} {
			w.do(400, "GET", path+query, "").blames(field)
		}
		w.do(400, "POST", path+"?limit=1", "{}").blames("limit")
	}
	w.do(400, "GET", "/whoami?a=b", "").blames("a")
}

func TestRepeatedCreates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, tt := range []struct{ path, body, other string }{
		{"/chats", `{"name": "a", "language": "en"}`, `{"name": "b"}`},
		{"/bots", `{"name": "a", "url": "https://a.example"}`, `{"name": "b", "url": "https://a.example"}`},
		{"/keys", `{"name": "a", "permissions": ["chats"]}`, `{"name": "b", "permissions": ["chats"]}`},
	} {
		before := w.do(200, "GET", tt.path, "").count()
		const callers = 8
		answers := make([]answer, callers)
		var wg sync.WaitGroup
		for i := range callers {
			wg.Go(func() { answers[i] = w.try("POST", tt.path, tt.body, w.root, "Idempotency-Key: ключ 1") })
		}
		wg.Wait()
		shown := 0
		for _, a := range answers {
			if a.status != 201 || a.body["id"] != answers[0].body["id"] {
				t.Errorf("%s: %d %s", tt.path, a.status, a.raw)
			}
			if a.body["key"] != nil {
				shown++
			}
		}
		if after := w.do(200, "GET", tt.path, "").count(); after != before+1 || (tt.path == "/keys") != (shown == 1) {
			t.Errorf("%s: %d made, a key shown %d times", tt.path, after-before, shown)
		}
		spaced := strings.ReplaceAll(strings.ReplaceAll(tt.body, ": ", ":\n"), ", ", ",\t")
		if a := w.try("POST", tt.path, spaced, w.root, "Idempotency-Key: ключ 1"); a.status != 201 || a.body["id"] != answers[0].body["id"] {
			t.Errorf("%s written otherwise: %d %s", tt.path, a.status, a.raw)
		}
		if a := w.try("POST", tt.path, tt.other, w.root, "Idempotency-Key: ключ 1"); a.status != 422 {
			t.Errorf("%s with another body: %d %s", tt.path, a.status, a.raw)
		} else {
			a.blames("Idempotency-Key")
		}
		_, another := w.key("admin")
		if a := w.try("POST", tt.path, tt.body, another, "Idempotency-Key: ключ 1"); a.status != 201 || a.body["id"] == answers[0].body["id"] {
			t.Errorf("%s of another caller: %d %s", tt.path, a.status, a.raw)
		}
		for _, bad := range []string{strings.Repeat("k", 256), "a\x7f", "\xff"} {
			if a := w.try("POST", tt.path, tt.body, w.root, "Idempotency-Key: "+bad); a.status != 400 {
				t.Errorf("%s under %q: %d %s", tt.path, bad, a.status, a.raw)
			}
		}
	}
}

func TestChangesAtOnceAddUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/chats/" + w.do(201, "POST", "/chats", `{"name": "a"}`).text("id")
	var wg sync.WaitGroup
	for _, members := range []string{`"name": "b"`, `"sessionTtl": 600`, `"origins": ["*"]`, `"queueNotice": "c"`, `"form": 1`, `"language": "en"`} {
		wg.Go(func() {
			if a := w.try("PATCH", path, "{"+members+"}", w.root); a.status != 200 {
				t.Errorf("%d %s", a.status, a.raw)
			}
		})
	}
	wg.Wait()
	got := w.do(200, "GET", path, "")
	if got.body["name"] != "b" || got.body["sessionTtl"] != 600.0 || got.body["queueNotice"] != "c" || got.body["form"] != 1.0 || got.body["language"] != "en" ||
		fmt.Sprint(got.body["origins"]) != "[*]" {
		t.Errorf("%s", got.raw)
	}
}

func TestWhereNothingIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/", "/chat", "/chats/" + demoChat + "/x", "/audit", "/chats/"} {
		w.do(404, "GET", path, "")
		w.do(404, "GET", path, "", "")
	}
	for path, allow := range map[string]string{"/chats": "GET, HEAD, POST", "/chats/" + demoChat: "DELETE, GET, HEAD, PATCH", "/setup": "POST", "/whoami": "GET, HEAD"} {
		for _, method := range []string{"PUT", "OPTIONS", "TRACE", "GESTURE"} {
			if a := w.try(method, path, "", w.root); a.status != 405 || a.header.Get("Allow") != allow {
				t.Errorf("%s %s: %d %v", method, path, a.status, a.header)
			}
		}
	}
}
