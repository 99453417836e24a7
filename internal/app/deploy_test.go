package app_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/govorun/govorun/internal/app"
	"github.com/govorun/govorun/internal/bot/bundle"
	"github.com/govorun/govorun/test/servers"
)

// administrator calls the API of one server.
type administrator struct {
	t   *testing.T
	url string
	key string
}

// becomeAdministrator uses the one-time link of a server.
func becomeAdministrator(t *testing.T, a *app.App) *administrator {
	t.Helper()
	_, token, ok := strings.Cut(a.SetupURL(), "/setup#")
	if !ok {
		t.Fatalf("no link: %q", a.SetupURL())
	}
	o := &administrator{t: t, url: a.URL()}
	o.key = o.do(201, "POST", "/setup", `{"token":"`+token+`"}`)["key"].(string)
	return o
}

func (o *administrator) do(status int, method, path, body string, header ...string) (members map[string]any) {
	o.t.Helper()
	if len(header) == 0 {
		header = []string{"Content-Type", "application/json"}
	}
	if o.key != "" {
		header = append(header, "Authorization", "Bearer "+o.key)
	}
	got := call(o.t, method, o.url+"/api/admin/v1"+path, body, header...)
	if got.StatusCode != status {
		o.t.Fatalf("%s %s: %d %s, want %d", method, path, got.StatusCode, got.body, status)
	}
	if err := json.Unmarshal([]byte(got.body), &members); err != nil {
		o.t.Fatal(err)
	}
	return members
}

// newBot makes a scenario bot and a chat that it answers in.
func (o *administrator) newBot(name string) (bot, chat string) {
	o.t.Helper()
	bot = o.do(201, "POST", "/bots", `{"kind":"scenario","name":"`+name+`"}`)["id"].(string)
	chat = o.do(201, "POST", "/chats", `{"name":"`+name+`","identity":"open","language":"en","botId":"`+bot+`"}`)["id"].(string)
	return bot, chat
}

// deploy deploys a scenario, and returns the number of its version.
func (o *administrator) deploy(status int, bot, scenario string) map[string]any {
	o.t.Helper()
	files, err := bundle.Pack(fstest.MapFS{
		"chatbot.yaml": {Data: []byte("name: shop\nlanguage: en\n")},
		"src/main.sc":  {Data: []byte(scenario)},
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return o.do(status, "POST", "/bots/"+bot+"/versions", string(files.Archive()), "Content-Type", "application/zip")
}

// talk is a session with a bot.
type talk struct {
	t    *testing.T
	id   string
	read int64 // sequence up to which it was read
}

// begin starts a session, and returns what it is greeted with.
func begin(t *testing.T, url, chat string) (*talk, string) {
	t.Helper()
	got := call(t, "POST", url+"/api/v1/chats/"+chat+"/sessions", `{"returnAnswerAsync":true}`, "Content-Type", "application/json")
	k := &talk{t: t}
	if err := json.Unmarshal([]byte(got.body), &struct{ ID *string }{&k.id}); err != nil || got.StatusCode != 201 {
		t.Fatalf("%d %s, %v", got.StatusCode, got.body, err)
	}
	return k, k.await(url)
}

// say returns what the bot of a server answers.
func (k *talk) say(url, text string) string {
	k.t.Helper()
	got := call(k.t, "POST", url+"/api/v1/sessions/"+k.id+"/messages", `{"body":"`+text+`"}`, "Content-Type", "application/json")
	if got.StatusCode != 201 {
		k.t.Fatalf("%d %s", got.StatusCode, got.body)
	}
	return k.await(url)
}

// await waits for the next thing that the bot says.
func (k *talk) await(url string) string {
	k.t.Helper()
	for end := time.Now().Add(90 * time.Second); ; <-time.After(20 * time.Millisecond) {
		got := call(k.t, "GET", fmt.Sprintf("%s/api/v1/sessions/%s/messages?after=%d", url, k.id, k.read), "")
		var page struct {
			Items []struct {
				AuthorType, Body string
				Sequence         int64
			}
		}
		if err := json.Unmarshal([]byte(got.body), &page); err != nil || got.StatusCode != 200 {
			k.t.Fatalf("%d %s, %v", got.StatusCode, got.body, err)
		}
		for _, m := range page.Items {
			k.read = max(k.read, m.Sequence)
			if m.AuthorType == "BOT" {
				return m.Body
			}
		}
		if time.Now().After(end) {
			k.t.Fatalf("the bot says nothing: %s", got.body)
		}
	}
}

func (k *talk) expect(url, text, want string) {
	k.t.Helper()
	if got := k.say(url, text); got != want {
		k.t.Errorf("%q is answered %q, want %q", text, got, want)
	}
}

// shop is a scenario of nested states whose answers name its version.
func shop(version string) string {
	return strings.ReplaceAll(`theme: /
    state: Start
        q!: $regex</start>
        a: Welcome to V

    state: Order
        q!: order
        a: Order in V

        state: Size
            q: size
            a: Size in V

            state: Color
                q: red
                a: Color in V

        state: Pay
            q: pay
            a: Pay in V

    state: NoMatch
        event!: noMatch
        a: What? says V
`, "V", version)
}

// withoutSize is a shop in which Size and what is below it are gone.
func withoutSize(version string) string {
	before, rest, _ := strings.Cut(shop(version), "        state: Size")
	_, after, _ := strings.Cut(rest, "        state: Pay")
	return before + "        state: Pay" + after
}

// TestDeployedBots deploys, talks, breaks, replaces in the middle of a session, rolls back, and starts
// anew.
func TestDeployedBots(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	a := startOnly(t, data)
	o, url := becomeAdministrator(t, a), a.URL()
	bot, chat := o.newBot("shop")
	empty, said := begin(t, url, chat)
	const sorry = "Sorry, something went wrong on our side. Please try again a little later."
	if said != sorry {
		t.Errorf("a bot of which nothing is deployed says %q", said)
	}
	if v := o.deploy(201, bot, shop("one")); v["number"] != 1.0 {
		t.Errorf("%v", v)
	}
	empty.expect(url, "order", "Order in one")

	k, said := begin(t, url, chat)
	if said != "Welcome to one" {
		t.Errorf("greeted by %q", said)
	}
	k.expect(url, "order", "Order in one")
	k.expect(url, "size", "Size in one")

	refused := o.deploy(400, bot, strings.Replace(shop("two"), "a: Size", "b: Size", 1)+"        go!: /Nowhere\n")
	if text := fmt.Sprint(refused); !strings.Contains(text, "src/main.sc") || !strings.Contains(text, "line:12") {
		t.Errorf("refused with %v", refused)
	}
	other, said := begin(t, url, chat) // the old one goes on
	if said != "Welcome to one" {
		t.Errorf("greeted by %q", said)
	}
	other.expect(url, "order", "Order in one")

	o.deploy(201, bot, shop("two"))
	k.expect(url, "red", "Color in two")     // the state is there in the new one
	o.deploy(201, bot, withoutSize("three")) // now it is not
	k.expect(url, "red", "What? says three")
	k.expect(url, "order", "Order in three")
	other.expect(url, "size", "What? says three")

	again := o.do(200, "POST", "/bots/"+bot+"/versions/2/activate", "")
	if again["active"] != true {
		t.Errorf("%v", again)
	}
	k.expect(url, "size", "Size in two")
	o.deploy(201, bot, withoutSize("four"))
	k.expect(url, "pay", "Pay in four") // Size is gone: it goes on in Order, the nearest state above
	stop(t, a)

	a = start(t, data)
	k.expect(a.URL(), "order", "Order in four")
	o.url = a.URL()
	if list := o.do(200, "GET", "/bots/"+bot+"/versions", ""); list["count"] != 4.0 {
		t.Errorf("%v", list)
	}
	o.do(200, "POST", "/bots/"+bot+"/versions/1/activate", "")
	k.expect(a.URL(), "size", "Size in one")
}

// TestDeployedBotsOnTwoNodes: what one node took, the other runs soon.
func TestDeployedBotsOnTwoNodes(t *testing.T) {
	t.Parallel()
	postgres := setting("postgres.url", servers.NewPostgres(t).NewDatabase(t))
	first, second := start(t, t.TempDir(), postgres), start(t, t.TempDir(), postgres)
	o := becomeAdministrator(t, first)
	bot, chat := o.newBot("shop")
	o.deploy(201, bot, shop("one"))
	k, said := begin(t, second.URL(), chat)
	if said != "Welcome to one" {
		t.Errorf("greeted by %q", said)
	}
	k.expect(first.URL(), "order", "Order in one")
	soon := func(url, want string) {
		t.Helper()
		for end := time.Now().Add(30 * time.Second); ; <-time.After(50 * time.Millisecond) {
			_, said := begin(t, url, chat)
			if said == want {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("a node is late: greeted by %q, want %q", said, want)
			}
		}
	}
	o.deploy(201, bot, shop("two"))
	if _, said := begin(t, first.URL(), chat); said != "Welcome to one" && said != "Welcome to two" { // either node may answer
		t.Errorf("greeted by %q", said)
	}
	soon(second.URL(), "Welcome to two")
	o.url = second.URL()
	o.do(200, "POST", "/bots/"+bot+"/versions/1/activate", "")
	soon(first.URL(), "Welcome to one")
	stop(t, first)
	k.expect(second.URL(), "size", "Size in one")
}

// TestManyDeployedBots: many bots, loaded at once after a start.
func TestManyDeployedBots(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	patient := func(p *app.Params) {
		p.Config = load(map[string]string{"listen": p.Config.Listen, "data": p.Config.Data, "rate_limit": "false", "bot.turn_timeout": "60s"})
	}
	a := startOnly(t, data, patient)
	o := becomeAdministrator(t, a)
	chats := make([]string, manyBots)
	for i := range chats {
		var bot string
		bot, chats[i] = o.newBot(fmt.Sprint("bot ", i))
		o.deploy(201, bot, shop(fmt.Sprint(i)))
	}
	stop(t, a)
	a = start(t, data, patient)
	var all sync.WaitGroup
	for i, chat := range chats {
		all.Go(func() {
			if _, said := begin(t, a.URL(), chat); said != fmt.Sprintf("Welcome to %d", i) {
				t.Errorf("bot %d says %q", i, said)
			}
		})
	}
	all.Wait()
}
