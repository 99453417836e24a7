package twin_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/twin"
)

// asked is an answer of the question-answer API.
type asked struct {
	answered
	DialogID, BotID, Status, Language string
	Result                            *string
	System, Context                   map[string]any
	Said                              []saidInDialog `json:"-"`
}

type saidInDialog struct {
	Body          *string
	Actions       []any
	Answers       []string
	Substitutions map[string]any
	Attachments   []any
	Meta          struct {
		ID       string
		Sequence int64
	}
}

// program is a caller of the question-answer API.
type program struct {
	*world
	key string
}

func (w *world) program(permissions ...string) program {
	w.t.Helper()
	key := "gk_" + strings.ReplaceAll(uuid.NewString(), "-", "") + "abcdefghijk"
	sum := sha256.Sum256([]byte(key))
	err := w.store.Update(w.t.Context(), func(tx chat.Tx) error {
		return tx.CreateAPIKey(&chat.APIKey{ID: uuid.NewString(), Name: "program", Digest: hex.EncodeToString(sum[:]), Permissions: permissions})
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return program{w, key}
}

func (p program) call(status int, method, path, body string, headers ...string) asked {
	p.t.Helper()
	a := p.do(status, method, path, body, append(headers, "Authorization: Bearer "+p.key)...)
	out := asked{answered: a}
	if err := json.Unmarshal([]byte(a.text), &out); err != nil {
		p.t.Fatalf("%s: %v", a.text, err)
	}
	out.answered = a
	var said struct{ Messages []saidInDialog }
	if err := json.Unmarshal([]byte(a.text), &said); err != nil {
		p.t.Fatalf("%s: %v", a.text, err)
	}
	out.Said = said.Messages
	return out
}

// expect checks what a dialog's answer says.
func (p program) expect(a asked, status string, said ...string) {
	p.t.Helper()
	var got []string
	for _, m := range a.Said {
		got = append(got, *m.Body)
		if m.Actions == nil || m.Answers == nil || m.Substitutions == nil || m.Attachments == nil || m.Meta.ID == "" || m.Meta.Sequence == 0 {
			p.t.Errorf("a field is missing: %s", a.text)
		}
	}
	if a.Status != status || a.DialogID == "" || a.BotID == "" || a.Language == "" || a.Result == nil || strings.Join(got, "|") != strings.Join(said, "|") {
		p.t.Errorf("got %s, want %s and %q", a.text, status, said)
	}
}

func TestDialog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.program(chat.PermitDialogs)
	for _, base := range []string{"", "/../bot/v1"} { // below /api/v1
		started := p.call(201, "POST", base+"/dialogs", `{"botId":"`+botID+`","clientExternalId":"иван`+base+`","variables":{"город":"Томск"},"testMode":true}`)
		p.expect(started, "ACTIVE", "Hello!")
		dialog := base + "/dialogs/" + started.DialogID
		p.expect(p.call(201, "POST", dialog, `{"message":"Привет 👋🏽"}`), "ACTIVE", "echo Привет 👋🏽", "what else?")

		later := p.call(201, "POST", dialog, `{"message":"later","returnAnswerAsync":true}`)
		p.expect(later, "ACTIVE")
		w.settle(started.DialogID)

		again := p.call(201, "POST", base+"/dialogs", `{"botId":"`+botID+`","dialogId":"`+started.DialogID+`","message":"again"}`)
		if again.DialogID != started.DialogID {
			t.Errorf("the dialog did not go on: %s", again.text)
		}
		p.expect(again, "ACTIVE", "echo again", "what else?")

		variables := p.call(200, "GET", dialog+"/variableList", "")
		if variables.Context["город"] != "Томск" || variables.Context["testMode"] != true || variables.System["dialogId"] != started.DialogID ||
			variables.System["clientExternalId"] != "иван"+base {
			t.Errorf("variables: %s", variables.text)
		}

		for range 2 { // a session that is reloaded is greeted again
			p.expect(p.call(200, "POST", dialog+"/reload", `{"botId":"`+botID+`"}`), "ACTIVE", "Hello!")
		}
		p.expect(p.call(200, "POST", dialog+"/reload", ""), "ACTIVE", "Hello!")
		p.expect(p.call(201, "POST", dialog, `{"message":"bye"}`), "FINISHED", "Bye!")
		for range 2 {
			p.expect(p.call(200, "POST", dialog+"/finish", ""), "FINISHED")
		}
		p.call(422, "POST", dialog, `{"message":"too late"}`)
		p.call(422, "POST", dialog+"/reload", `{}`)
		if next := p.call(201, "POST", base+"/dialogs", `{"botId":"`+botID+`","dialogId":"`+started.DialogID+`"}`); next.DialogID == started.DialogID {
			t.Errorf("a finished dialog went on: %s", next.text)
		}
	}
}

// TestDialogIsASession: sockets and the client's REST see it, and nobody but a program starts one.
func TestDialogIsASession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.program(chat.PermitDialogs)
	started := p.call(201, "POST", "/dialogs", `{"botId":"`+botID+`"}`)
	p.call(201, "POST", "/dialogs/"+started.DialogID, `{"message":"hi"}`)
	history := w.do(200, "GET", "/sessions/"+started.DialogID+"/messages", "")
	if got := bodies(history.Items); got != "B:Hello!|C:hi|B:echo hi|B:what else?" {
		t.Errorf("history: %s", got)
	}
	s := w.session(started.DialogID)
	w.do(404, "POST", "/chats/"+s.ChatID+"/sessions", `{}`)
	ordinary := w.start(w.open, `{}`)
	for _, path := range []string{"", "/finish", "/reload"} {
		p.call(404, "POST", "/dialogs/"+ordinary.ID+path, `{"message":"x"}`)
	}
	p.call(404, "GET", "/dialogs/"+ordinary.ID+"/variableList", "")
	p.call(404, "POST", "/dialogs", `{"botId":"`+botID+`","dialogId":"`+ordinary.ID+`"}`)
}

func TestDialogRepeats(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.program(chat.PermitDialogs)
	const key = "Idempotency-Key: 8e0a3bc4-2a55-4b6f-9d62-1f6a0b6c7d11"
	first := p.call(201, "POST", "/dialogs", `{"botId":"`+botID+`"}`, key)
	second := p.call(201, "POST", "/dialogs", `{"botId":"`+botID+`"}`, key)
	if first.text != second.text {
		t.Errorf("got %s, then %s", first.text, second.text)
	}
	dialog := "/dialogs/" + first.DialogID
	one := p.call(201, "POST", dialog, `{"message":"once"}`, key)
	if two := p.call(201, "POST", dialog, `{"message":"once"}`, key); one.text != two.text {
		t.Errorf("got %s, then %s", one.text, two.text)
	}
	p.call(422, "POST", dialog, `{"message":"another"}`, key)
	reloaded := p.call(200, "POST", dialog+"/reload", `{}`, key)
	if again := p.call(200, "POST", dialog+"/reload", `{}`, key); reloaded.text != again.text {
		t.Errorf("got %s, then %s", reloaded.text, again.text)
	}
}

// TestDialogRepeatsAreOfOneKey: two programs that name a start the same, from one address, start two
// dialogs; one program starts one, whatever the name.
func TestDialogRepeatsAreOfOneKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mine, theirs := w.program(chat.PermitDialogs), w.program(chat.PermitDialogs)
	for _, key := range []string{"1", "order-1", "8e0a3bc4-2a55-4b6f-9d62-1f6a0b6c7d11", strings.Repeat("k", 255)} {
		start := func(p program, body string, status int) asked {
			return p.call(status, "POST", "/dialogs", `{"botId":"`+botID+`"`+body+`}`, "Idempotency-Key: "+key)
		}
		first, foreign := start(mine, "", 201), start(theirs, "", 201)
		if first.DialogID == foreign.DialogID {
			t.Errorf("key %s hands out a stranger's dialog", key)
		}
		if again := start(mine, "", 201); again.text != first.text {
			t.Errorf("key %s: got %s, then %s", key, first.text, again.text)
		}
		start(mine, `,"message":"x"`, 422)
		start(theirs, `,"message":"x"`, 422)
	}
}

// TestReloadWhileTheBotThinks: what the bot says to what came before is refused.
func TestReloadWhileTheBotThinks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.program(chat.PermitDialogs)
	started := p.call(201, "POST", "/dialogs", `{"botId":"`+botID+`"}`)
	dialog := "/dialogs/" + started.DialogID
	const rounds = 20
	for i := range rounds {
		p.call(201, "POST", dialog, fmt.Sprintf(`{"message":"m%d","returnAnswerAsync":true}`, i))
		p.expect(p.call(200, "POST", dialog+"/reload", ""), "ACTIVE", "Hello!")
	}
	w.settle(started.DialogID)
	greetings := 0
	for _, m := range w.do(200, "GET", "/sessions/"+started.DialogID+"/messages?limit=1000", "").Items {
		if m.Body == "Hello!" {
			greetings++
		}
	}
	if greetings != rounds+1 {
		t.Errorf("the bot has greeted %d times, want %d", greetings, rounds+1)
	}
}

func TestDialogRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.program(chat.PermitDialogs)
	started := p.call(201, "POST", "/dialogs", `{"botId":"`+botID+`"}`)
	dialog := "/dialogs/" + started.DialogID
	bot := `"botId":"` + botID + `"`
	for _, tt := range []struct {
		status             int
		method, path, body string
		field              string
	}{
		{400, "POST", "/dialogs", ``, "botId"},
		{400, "POST", "/dialogs", `{"botId":5}`, "botId"},
		{400, "POST", "/dialogs", `{"botId":"x"}`, "botId"},
		{400, "POST", "/dialogs", `{"botId":"` + unknownID + `"}`, "botId"},
		{400, "POST", "/dialogs", `{` + bot + `,"dialogId":"x"}`, "dialogId"},
		{404, "POST", "/dialogs", `{` + bot + `,"dialogId":"` + unknownID + `"}`, ""},
		{400, "POST", "/dialogs", `{` + bot + `,"message":"` + strings.Repeat("ж", 50_001) + `"}`, "message"},
		{400, "POST", "/dialogs", `{` + bot + `,"message":" "}`, "message"},
		{400, "POST", "/dialogs", `{` + bot + `,"attachments":["x"]}`, "attachments[0]"},
		{400, "POST", "/dialogs", `{` + bot + `,"attachments":["` + unknownID + `"]}`, "attachments[0]"},
		{400, "POST", "/dialogs", `{` + bot + `,"communicationType":"VOICE"}`, "communicationType"},
		{400, "POST", "/dialogs", `{` + bot + `,"clientTimezoneOffset":5000}`, "clientTimezoneOffset"},
		{400, "POST", "/dialogs", `{` + bot + `,"channelType":"` + strings.Repeat("c", 256) + `"}`, "channelType"},
		{400, "POST", "/dialogs", `{` + bot + `,"clientMetadata":"x"}`, "clientMetadata"},
		{400, "POST", "/dialogs", `{` + bot + `,"variables":5}`, "variables"},
		{400, "POST", "/dialogs", `{` + bot + `,"testMode":"yes"}`, "testMode"},
		{400, "POST", "/dialogs", `[]`, ""},
		{400, "POST", "/dialogs", "{\"botId\":\"\xff\"}", ""},
		{400, "POST", dialog, ``, "message"},
		{400, "POST", dialog, `{"message":null}`, "message"},
		{400, "POST", dialog, `{"message":""}`, "message"},
		{400, "POST", dialog, `{"message":5}`, "message"},
		{400, "POST", dialog, `{"message":"x","communicationType":"VOICE"}`, "communicationType"},
		{400, "POST", dialog, `{"message":"x","callbackUrl":"` + strings.Repeat("u", 20_000) + `"}`, "callbackUrl"},
		{400, "POST", dialog + "/reload", `{"botId":"` + unknownID + `"}`, "botId"},
		{400, "POST", dialog + "/finish", `5`, ""},
		{404, "POST", "/dialogs/x", `{"message":"x"}`, ""},
		{404, "POST", "/dialogs/" + unknownID, `{"message":"x"}`, ""},
		{404, "GET", "/dialogs/" + unknownID + "/variableList", ``, ""},
		{405, "GET", "/dialogs", ``, ""},
		{405, "DELETE", dialog, ``, ""},
	} {
		a := p.call(tt.status, tt.method, tt.path, tt.body)
		if a.Details.Field != tt.field || a.Error == "" {
			t.Errorf("%s %.80s: %s, want the field %q blamed", tt.path, tt.body, a.text, tt.field)
		}
	}
	if got := bodies(w.do(200, "GET", "/sessions/"+started.DialogID+"/messages", "").Items); got != "B:Hello!" {
		t.Errorf("a refused request has left %s", got)
	}
}

func TestDialogsNeedAKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	right, wrong := w.program(chat.PermitDialogs), w.program("chats")
	start := `{"botId":"` + botID + `"}`
	for _, header := range []string{"X: y", "Authorization: ", "Authorization: Bearer", "Authorization: Bearer x", "Authorization: Basic " + right.key, "Authorization: Bearer " + right.key + "x"} {
		if a := w.do(401, "POST", "/dialogs", start, header); a.Error != "User is not authenticated" {
			t.Errorf("%s: %s", header, a.text)
		}
	}
	wrong.call(403, "POST", "/dialogs", start)
	w.do(201, "POST", "/dialogs", start, "Authorization: "+right.key)
	w.do(201, "POST", "/dialogs", start, "authorization: bearer "+right.key)
}

func TestBotsAreListed(t *testing.T) {
	t.Parallel()
	p := newWorld(t).program(chat.PermitDialogs)
	if a := p.do(200, "GET", "/bots", "", "Authorization: Bearer "+p.key); !sameJSON(t, a.text, `{"count":1,"items":[{"id":"`+botID+`","name":"Говорун"}]}`) {
		t.Errorf("got %s", a.text)
	}
}

// unread is a domain that does what it is asked to and cannot be read any more after that.
type unread struct {
	*fake
	done bool
	why  error
}

func (u *unread) Authenticate(context.Context, string) (*chat.APIKey, error) {
	return &chat.APIKey{ID: unknownID, Permissions: []string{chat.PermitDialogs}}, nil
}

func (u *unread) FindDialog(context.Context, string) (*chat.Session, *chat.Chat, error) {
	if u.done {
		return nil, nil, u.why
	}
	return u.result.Session, &u.chat, nil
}

func (u *unread) StartDialog(context.Context, *chat.APIKey, chat.StartParams) (*chat.StartResult, error) {
	u.done = true
	return &u.result, u.note("start")
}

func (u *unread) Send(context.Context, chat.SendParams) (*chat.SendResult, error) {
	u.done = true
	return &chat.SendResult{Session: u.result.Session, Event: clientSays(7, "x")}, u.note("send")
}

func (u *unread) Reload(context.Context, chat.ReloadParams) (*chat.SendResult, error) {
	u.done = true
	return &chat.SendResult{Session: u.result.Session, Event: clientSays(7, "x")}, u.note("reload")
}

func (u *unread) FinishDialog(context.Context, string) (*chat.Session, error) {
	u.done = true
	ended := *u.result.Session
	ended.Status = chat.StatusClosed
	return &ended, u.note("finish")
}

// TestDialogIsAnsweredWhateverFailsThen: a caller who is told of a failure asks again, and everything
// would be said twice.
func TestDialogIsAnsweredWhateverFailsThen(t *testing.T) {
	t.Parallel()
	const dialog = "/api/v1/dialogs/" + sessionID
	for _, tt := range []struct {
		path, body, act string
		status          int
		state, said     string
	}{
		{"/api/v1/dialogs", `{"botId":"` + botID + `","message":"x"}`, "start", 201, "ACTIVE", `"Да"`},
		{"/api/v1/dialogs", `{"botId":"` + botID + `","returnAnswerAsync":true}`, "start", 201, "ACTIVE", ``},
		{dialog, `{"message":"x"}`, "send", 201, "ACTIVE", `"Да"`},
		{dialog, `{"message":"x","returnAnswerAsync":true}`, "send", 201, "ACTIVE", ``},
		{dialog + "/reload", ``, "reload", 200, "ACTIVE", `"Да"`},
		{dialog + "/finish", ``, "finish", 200, "FINISHED", ``},
	} {
		for _, why := range []error{chat.Errorf(chat.CodeUnavailable, "the disk is gone"), errors.New("broken")} {
			u := &unread{fake: newFake(), why: why}
			u.chat.Language = "ru"
			u.result.Chat, u.result.Cause = &u.chat, 7
			u.result.Session.Status, u.result.Session.Owner = chat.StatusOpen, chat.Owner{Kind: chat.OwnerBot, ID: botID}
			said := botSays(8, 1, "Да")
			said.Payload.(*chat.Message).Cause = 7
			u.events = []chat.Event{said}
			s := serve(t, u.fake, nil, func(p *twin.Params) { p.Service = u })
			answer := s.do("POST", tt.path, tt.body, "Authorization: Bearer k")
			got := answer.Body.String()
			if answer.Code != tt.status || !strings.Contains(got, `"dialogId":"`+sessionID+`","botId":"`+botID+`","status":"`+tt.state+`","language":"ru"`) ||
				!strings.Contains(got, tt.said) || strings.Contains(got, `"Да"`) != (tt.said != "") {
				t.Errorf("%s %s: %d %s", tt.path, tt.body, answer.Code, got)
			}
			if calls := u.calls(); !strings.HasPrefix(calls, tt.act) {
				t.Errorf("%s: called %s", tt.path, calls)
			}
		}
	}
}
