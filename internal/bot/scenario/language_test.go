package scenario_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/govorun/govorun/internal/bot/scenario"
	"github.com/govorun/govorun/internal/chat"
)

// Every construct of the language has a test named after it.

func TestRequire(t *testing.T) {
	t.Parallel()
	k := newTalk(t, "require: parts/a.sc\n\ntheme: /\n    state: Main\n        q!: main\n        a: main $word",
		"src/parts/a.sc", "require: b.sc\nrequire: common.sc # from src\ntheme: /\n    state: A\n        q!: $word\n        a: a",
		"src/parts/b.sc", "require: a.sc\ntheme: /\n    state: B\n        q!: b\n        a: b",
		"src/common.sc", "patterns:\n    $word = (one|two)")
	k.expect("one", "a", "b", "b", "main", "main $word")
}

func TestEntryPointList(t *testing.T) {
	t.Parallel()
	fsys := files("theme: /\n    state: A\n        q!: a\n        a: a", "src/two.sc", "theme: /\n    state: B\n        q!: b\n        a: b")
	fsys["chatbot.yaml"].Data = []byte("\uFEFFname: two\nlanguage: en\nentryPoint:\n  - main.sc\n  - two.sc\ninjector: {x: 1}\nnlp: {nbest: 3}\n")
	k := &talk{t: t, bot: load(t, fsys)}
	k.expect("a", "a", "b", "b")
	if k.bot.Name() != "two" || k.bot.Language() != "en" {
		t.Errorf("name %q, language %q", k.bot.Name(), k.bot.Language())
	}
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
patterns:
    $color = (красн*:red|
        син*:blue)   # goes on in the next line
    $thing = $color::c (шар|мяч)
theme: /
    state: Want
        q!: [хочу]
            $thing *
        a: {{$parseTree._thing}} is {{ $parseTree.thing[0]._c }}, of {{$parseTree.text}}; {{"quoted"}} {{$parseTree.none}}.`)
	k.expect("Хочу Синий шар!", "Синий шар is blue, of Хочу Синий шар!; quoted .")
}

func TestTheme(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
theme: /ru/shop
    state: Buy
        q!: купить
        a: что?
        go: Size
    state: Size
        q: большой
        a: есть
theme: /ru/shop
    state: More
        q: ещё
        a: вот
theme: /en
    state: More
        q: ещё
        a: no`)
	k.expect("купить", "что?", "большой", "есть", "ещё", "вот")
	if k.context() != "/ru/shop/More" {
		t.Errorf("context %s", k.context())
	}
}

func TestState(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
theme: /
    state: A
        q!: a
        a: a
        state: B
            q: b
            a: b
            state: C
                q: c
                a: c
        state: Sibling
            q: s
            a: s
    state: Top
        q: t
        a: t`)
	// A local trigger works from its parent, and from everything below that.
	k.expect("b", "", "c", "", "t", "t", "s", "", "a", "a", "c", "", "b", "b", "s", "s", "b", "b", "c", "c", "b", "b", "c", "c", "s", "s", "t", "t", "b", "")
}

func TestStateWithoutName(t *testing.T) {
	t.Parallel()
	newTalk(t, "theme: /\n    state:\n        q!: one\n        a: 1\n    state:\n        q!: two\n        a: 2").
		expect("one", "1", "two", "2")
}

func TestNoContext(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
theme: /
    state: A
        q!: a
        a: a
        state: B
            q: b
            a: b
    state: Aside || noContext = true
        q!: aside
        a: aside`)
	k.expect("a", "a", "aside", "aside", "b", "b")
}

func TestModal(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
theme: /
    state: Other
        q!: other
        a: other
    state: Ask || modal = true
        q!: ask
        a: how old?
        buttons:
            "Forget it" -> /Other
        state: Age
            q: $regexp<\d+>
            a: thanks
            go!: /Other
        state: Global
            q!: inside
            a: inside
        state: Never
            event: noMatch
            a: a number, please
    state: NoMatch
        event!: noMatch
        a: ???
theme: /own
    state: Loop || modal = true
        q!: loop
        a: say it
        event: noMatch`)
	k.expect("hm", "???", "ask", "how old? [Forget it]", "other", "a number, please", "inside", "inside",
		"other", "a number, please", "20", "thanks\nother", "hm", "???",
		"ask", "how old? [Forget it]", "Forget it", "other",
		"loop", "say it", "other", "say it")
}

func TestQuery(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
theme: /
    state: Any
        q!: *
        a: any
    state: Word
        q!: * cat *
        q!: * kitten *
        a: cat
    state: Exact
        q!: my cat
        a: exact
    state: Deep
        q!: deep
        a: deep
        state: Catch
            q: * cat *
            a: deeper`)
	k.expect("dog", "any", "a cat", "cat", "Kitten!", "cat", "my cat", "exact", "deep", "deep",
		"my cat", "deeper") // a deeper context wins before score
}

func TestFromState(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
theme: /
    state: A
        q!: a
        a: a
        state: Inner
            q!: inner
            a: inner
    state: B
        q!: b
        a: b
    state: There
        q: go || fromState = "/A"
        q: only || fromState = /A, onlyThisState = true
        q: both
            || fromState = ["/A", "/B"]
        a: there`)
	k.expect("go", "", "a", "a", "go", "there", "go", "", "inner", "inner", "go", "there", "inner", "inner",
		"only", "", "a", "a", "only", "there", "b", "b", "both", "there", "go", "")
}

func TestToState(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
theme: /
    state: A
        q!: a
        a: a
        q: b || toState = "../B"
        event: noMatch || toState = "/B", onlyThisState = true
        state: Inner
            q!: inner
            a: inner
    state: B
        a: b`)
	k.expect("b", "", "a", "a", "b", "b", "b", "", "inner", "inner", "b", "b", "inner", "inner", "x", "", "a", "a", "x", "b")
}

func TestEvent(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
theme: /
    state: Paid
        event!: paid
        a: {{$request.event}} {{$request.data.sum}} {{$request.data.list[1]}}
        state: Local
            event: receipt
            a: receipt`)
	if got := k.press("receipt", ""); got != "" {
		t.Errorf("a local event answered %q from elsewhere", got)
	}
	if got := k.press("paid", `{"sum":10.5,"list":[1,true]}`); got != "paid 10.5 true" {
		t.Errorf("event: %q", got)
	}
	if got := k.press("receipt", ""); got != "receipt" {
		t.Errorf("local event: %q", got)
	}
	if got := k.press("unknown", ""); got != "" {
		t.Errorf("an unhandled event answered %q", got)
	}
}

func TestPlatformEvents(t *testing.T) {
	t.Parallel()
	const fallback = "\n    state: NoMatch\n        event!: noMatch\n        a: what?"
	file := &chat.Message{Attachments: []chat.Attachment{{ID: "1"}}}
	k := newTalk(t, "theme: /"+fallback)
	if got := k.turn(file); got != "what?" {
		t.Errorf("file: %q", got)
	}
	k.expect(strings.Repeat("я", 401), "what?")
	k = newTalk(t, "theme: /\n    state: F\n        event!: fileEvent\n        a: file\n    state: L\n        event!: lengthLimit\n        a: long\n    state: S\n        q!: *\n        a: short"+fallback)
	if got := k.turn(file); got != "file" {
		t.Errorf("file: %q", got)
	}
	k.expect(strings.Repeat("я", 401), "long", strings.Repeat("я", 400), "short")
}

func TestStart(t *testing.T) {
	t.Parallel()
	const main = "theme: /\n    state: Start\n        q!: $regex</start>\n        a: hi\n    state: Node\n        a: node\n        state: Next\n            q: next\n            a: next\n    state: NoMatch\n        event!: noMatch\n        a: ?"
	k := newTalk(t, main)
	if got := k.start(); got != "hi" {
		t.Errorf("start: %q", got)
	}
	k = newTalk(t, main)
	if got := k.turn(&chat.SessionStarted{}); got != "" {
		t.Errorf("start without a greeting: %q", got)
	}
	k.details.BotNodeID = "/Node"
	if got := k.start(); got != "node" {
		t.Errorf("start at a node: %q", got)
	}
	k.expect("next", "next")
	k = newTalk(t, main)
	k.details.BotNodeID = "/Node"
	k.expect("next", "next") // the first message came before any greeting
	k = newTalk(t, "theme: /\n    state: NoMatch\n        event!: noMatch\n        a: ?")
	if got := k.start(); got != "" {
		t.Errorf("a start that nothing waits for: %q", got)
	}
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
theme: /
    state: A
        q!: a
        a: one || html = "<b>one</b>, "two"", htmlEnabled = true
        a:
            two
            more: of it
        a:three {{$session.city}} {{$session.level}} {{$client.name}} {{$request.query}} {{$request.userFrom.firstName}}
        a: "quoted
            over lines"
        a: "kept" or "not"
        a: #5 || not parameters`)
	k.details.Variables = map[string]any{"city": "Тверь"}
	k.client = chat.Client{FirstName: "Ann", Metadata: map[string]string{"level": "7"}}
	k.state.Client = json.RawMessage(`{"name":"Аня"}`)
	got := k.say("a")
	want := "one\ntwo\nmore: of it\nthree Тверь 7 Аня a Ann\nquoted\nover lines\n\"kept\" or \"not\"\n"
	if !strings.HasPrefix(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if m := k.said[0]; m.State != "/A" || len(k.said) < 5 || string(m.Replies[0]) != `{"type":"text","text":"one","html":"<b>one</b>, \"two\"","markup":"html","state":"/A"}` {
		t.Errorf("message %+v", m)
	}
}

func TestButtons(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
theme: /
    state: A
        q!: a
        buttons: "First" -> ./Yes
        a: choose
        image: https://example.com/cat.png
        buttons:
            "Да, {{$request.query}}" -> ./Yes
            "A -> B"
            No thanks -> /A/No  # comment
        state: Yes
            a: yes
        state: No
            a: no
    state: Bare
        q!: bare
        buttons:
            "Only"
    state: Aside || noContext = true
        q!: quiet`)
	k.expect("a", "choose [First] [Да, a] [A -> B] [No thanks]\n<https://example.com/cat.png>")
	m := k.said[0]
	if m.Keyboard.ButtonsInRow != 2 || strings.Join(m.Answers, "|") != "First|Да, a|A -> B|No thanks" {
		t.Errorf("message %+v", m)
	}
	if want := `{"type":"buttons","buttons":[{"text":"Да, a","transition":"/A/Yes"},{"text":"A -> B"},{"text":"No thanks","transition":"/A/No"}],"state":"/A"}`; string(k.said[1].Replies[1]) != want {
		t.Errorf("replies %s", k.said[1].Replies)
	}
	k.expect("quiet", "", " да, A ", "yes", "No thanks", "") // buttons live until the next reply
	k.expect("bare", " [Only]")
	k.expect("a", "choose [First] [Да, a] [A -> B] [No thanks]\n<https://example.com/cat.png>", "no thanks", "no")
}

func TestImage(t *testing.T) {
	t.Parallel()
	k := newTalk(t, "theme: /\n    state: A\n        q!: a\n        image: https://example.com/x/cat.png?size=1#top\n")
	k.expect("a", "<https://example.com/x/cat.png?size=1#top>")
	if want := `{"type":"image","imageUrl":"https://example.com/x/cat.png?size=1#top","state":"/A"}`; string(k.said[0].Replies[0]) != want {
		t.Errorf("reply %s", k.said[0].Replies[0])
	}
}

func TestGo(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
theme: /
    state: Now
        q!: now
        a: now
        go!: /Target
        a: never
    state: Later
        q!: later
        go: /Target
        a: later
    state: Computed
        q!: computed
        go!: {{$session.where}}
    state: Target
        a: target
        state: In
            q: in
            a: in`)
	k.details.Variables = map[string]any{"where": "../Target"}
	k.expect("now", "now\ntarget", "in", "in", "later", "later", "in", "in", "computed", "target", "in", "in")
	k.details.Variables["where"] = "/nowhere"
	if got := k.say("computed"); !strings.Contains(got, `run state /Computed: State not found for path /nowhere`) {
		t.Errorf("a jump to nowhere: %q", got)
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	paths := []struct{ path, want string }{
		{"/", ""}, {".", "again"}, {"..", "b"}, {"./Child", "child"}, {"../Sibling", "sibling"}, {"Child", "child"},
		{"Sibling", "sibling"}, {"Child/Deep", "deep"}, {"Up", "up"}, {"ThemeTop", "top"}, {"/T/B/Sibling", "sibling"}, {"../../Up", "up"},
	}
	b.WriteString("theme: /T\n    state: ThemeTop\n        a: top\n    state: Up\n        a: up\n    state: B\n        a: b\n" +
		"        state: Sibling\n            a: sibling\n        state: C\n            q!: again\n            a: again\n            go: .\n" +
		"            state: Child\n                a: child\n                state: Deep\n                    a: deep\n")
	for i, p := range paths {
		fmt.Fprintf(&b, "            q: p%d || toState = \"%s\"\n", i, p.path)
	}
	k := newTalk(t, b.String())
	for i, p := range paths {
		k.say("again")
		k.expect(fmt.Sprintf("p%d", i), p.want)
	}
}

func TestRandom(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
theme: /
    state: A
        q!: a
        random:
            a: one
            a: two
            go!: /B
        a: end
    state: B
        a: b`)
	k.expect("a", "one\nend", "a", "two\nend", "a", "b", "a", "one\nend")
}

func TestJumpsWithoutReply(t *testing.T) {
	t.Parallel()
	const loop = "theme: /\n    state: A\n        q!: a\n        go!: /B\n    state: B\n        go!: /A\n    state: C\n        q!: c\n        a: c\n        go!: /C\n    state: Fine\n        q!: fine\n        a: fine"
	k := newTalk(t, loop)
	if got := k.say("a"); !strings.Contains(got, "100 jumps without a reply") {
		t.Errorf("endless jumps: %q", got)
	}
	if got := k.say("c"); !strings.Contains(got, "more than a turn may have") {
		t.Errorf("endless replies: %q", got)
	}
	fsys := files(loop)
	fsys["chatbot.yaml"].Data = []byte("entryPoint: main.sc\nmessages:\n  onError:\n    defaultMessages: [sorry, oops]\n")
	k = &talk{t: t, bot: load(t, fsys)}
	k.expect("fine", "fine")
	before := string(k.state.Session)
	k.expect("a", "sorry", "a", "oops", "fine", "fine")
	if string(k.state.Session) != before {
		t.Errorf("a failed turn changed the state: %s", k.state.Session)
	}
}

func TestCancelledTurn(t *testing.T) {
	t.Parallel()
	fsys := files("theme: /\n    state: A\n        q!: a\n        a: a")
	fsys["chatbot.yaml"].Data = []byte("entryPoint: main.sc\nmessages: {onError: {defaultMessage: sorry}}")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := load(t, fsys).React(ctx, &chat.Turn{Cause: chat.Event{Payload: &chat.Message{Body: "a"}}})
	if err == nil || ctx.Err() == nil {
		t.Errorf("a cancelled turn answered: %v", err)
	}
}

func TestSessionState(t *testing.T) {
	t.Parallel()
	k := newTalk(t, "theme: /\n    state: A\n        q!: a\n        a: a\n        state: B\n            q: b\n            a: b")
	result, err := k.bot.React(context.Background(), &chat.Turn{
		State: chat.BotState{Session: json.RawMessage(`{"context":"/A/Gone/For/Good"}`)},
		Cause: chat.Event{Payload: &chat.Message{Body: "b"}},
	})
	if err != nil || len(result.Outputs) != 1 { // what is left of the path is /A
		t.Errorf("a context that is gone: %v %v", result, err)
	}
	k.expect("a", "a")
	same, err := k.bot.React(context.Background(), &chat.Turn{State: k.state, Cause: chat.Event{Payload: &chat.Message{Body: "a"}}})
	if err != nil || same.SessionState != nil || same.ClientState != nil {
		t.Errorf("unchanged state is written again: %s", same.SessionState)
	}
	k.state.Session = json.RawMessage("[broken")
	if got := k.say("a"); !strings.Contains(got, "read session state") {
		t.Errorf("broken state: %q", got)
	}
}

// TestTolerance reads a file as people write them.
func TestTolerance(t *testing.T) {
	t.Parallel()
	main := "\uFEFF# комментарий\r\ntheme:/\r\n" +
		"\tstate::Начало ☀️||modal=false,sessionResult = \"Да, \"это\" оно\", sessionResultColor = \"#143AD1\"\r\n" +
		"\t    q!:старт||unknown = 1\r\n" +
		"\t\ta:привет|| markdown = \"длинный\r\n            текст, с = всем\"\r\n" +
		"        buttons : \r\n            \"Дальше\"->/Конец\r\n\r\n" +
		"\t# комментарий\r\n" +
		"    state: Конец   # последний\r\n" +
		"       q!: конец\r\n           a: всё\r\n" + // deeper than its sibling
		"    state: Params\r\n        noContext = true\r\n        || modal = false\r\n        q!: params\r\n        a: ок\r\n" +
		"    @Transition\r\n        {\r\n          \"then\" : \"/x\"\r\n        }\r\n" +
		"    state: Broken \xff\r\n        q!: broken\r\n        a: ok\r\n"
	k := newTalk(t, main)
	k.expect("старт", "привет [Дальше]", "Дальше", "всё", "params", "ок", "broken", "ok")
}

func TestUnknownFile(t *testing.T) {
	t.Parallel()
	if _, err := scenario.Load(fstest.MapFS{}, scenario.Options{}); err == nil {
		t.Error("a bot without chatbot.yaml was loaded")
	}
}

// TestNames: names of states are any text; where one is a path, its triggers work from the state
// around it.
func TestNames(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
theme: /
    state: "Да, хочу"
        q!: хочу
        go: ./Нет... 1.5
        state: Нет... 1.5
            q: нет
            a: no
        state: Who's "there"?
            q: who
            a: who
    state: One
        q: one || fromState = "/Да, хочу"
        q: two || fromState = ["/One", "/Да, хочу"]
        a: one
    state: Yes/No
        q: slash
        a: slash {{$context.currentState}}
    state: Go
        q!: go
        go!: /Да, хочу/Who's "there"?`)
	k.expect("хочу", "", "нет", "no", "one", "one", "two", "one", "go", "who", "two", "one", "slash", "slash /Yes/No")
}
