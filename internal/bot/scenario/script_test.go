package scenario_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/chat"
)

// What scripts do to the dialogue. What they find in their objects is tested in package script.

func TestScript(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
require: f.js
theme: /
    init:
        var greeting = "hi";
        function twice(x) { return x * 2; }
    state: A
        q!: a $Number:n
        script:
            # a comment of the language
            var $session = $jsapi.context().session; // local
            $session.count = ($session.count || 0) + twice(1);
            // another
            $reactions.answer(greeting + " " + shout("you"));
        a: {{$session.count}} of {{ {a: "}}"}.a }} {{ "{{" }}
        script: $temp.inline = true; // with a comment
        a: {{$temp.inline ? 'yes' : "no"}}
    state: Es6
        q!: es6
        scriptEs6:
            const list = [1, 2, 3].map((x) => x ** 2);
            $reactions.answer(`+"`${list.join()}`"+`);
patterns:
    $Number = $regexp<\d+>`, "src/f.js", "function shout(s) { return s.toUpperCase() + '!'; }")
	k.expect("a 1", "hi YOU!\n2 of }} {{\nyes", "a 2", "hi YOU!\n4 of }} {{\nyes", "es6", "1,4,9")
}

func TestIf(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
theme: /
    state: Age
        q!: $n
        script: $temp.age = parseInt($parseTree.text);
        if: $temp.age > 18 # comment
            a: more
            go!: /End
        elseif: $temp.age == 18 // exactly
            a: just
        else:
            a: less
            if: $temp.age < 0
                a: how
        a: after
    state: End
        a: end
patterns:
    $n = $regexp<-?\d+>`)
	k.expect("19", "more\nend", "18", "just\nafter", "3", "less\nafter", "-3", "less\nhow\nafter")
}

func TestTransition(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
theme: /
    state: A
        q!: a
        script:
            $reactions.transition("./B");
            $reactions.answer("to the end");
        a: never
        state: B
            a: b
    state: Later
        q!: later
        script: $reactions.transition({value: "/A", deferred: true});
        a: said
    state: There
        q: there || fromState = /A, onlyThisState = true
        a: there
    state: Nowhere
        q!: nowhere
        script: $reactions.transition("/x/y");`)
	k.expect("a", "to the end\nb", "later", "said", "there", "there")
	if got := k.say("nowhere"); !strings.Contains(got, "State not found for path /x/y") {
		t.Errorf("a transition to nowhere: %q", got)
	}
}

func TestConverter(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
require: c.js
patterns:
    $One = (один:1|два:2) || converter = toNumber
    $Ten = (десять:10|двадцать:20) || converter = function($pt) { return parseInt($pt.value); }
    $Num = ($Ten $One|$Ten|$One) || converter = sum
theme: /
    state: A
        q!: * $Num [и $Num::Second] *
        a: {{$parseTree._Num}} {{$parseTree.Num[0].value + 1}} {{$parseTree._Second}}`,
		"src/c.js", `
function toNumber(pt) { return Number(pt.value); }
function sum(pt) { return (pt.Ten ? pt.Ten[0].value : 0) + (pt.One ? pt.One[0].value : 0); }`)
	k.expect("двадцать один и два", "21 22 2", "ну два", "2 3 ")
}

// TestCodeOverLines: what goes over lines is run as it is written, with comments and without
// semicolons.
func TestCodeOverLines(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
patterns:
    $Num = (один:1|два:2) || converter = function($pt) { // a number
        var n = $pt.value // its digits
        # more

        n = n + " # " + n;
        return n
    };
theme: /
    state: A
        q!: $Num
        if: $parseTree._Num.indexOf(' # ') > 0 && // not the comment
                ($request.query === "один" ||
                 $request.query === "x") // one
            a: {{ $parseTree._Num }}
        else:
            a: other`)
	k.expect("один", "1 # 1", "два", "other")
}

func TestHandlers(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
init:
    bind("preMatch", function($context) {
        if ($context.request.query === "force") $context.temp.targetState = "/Forced";
    });
    bind("preProcess", function($context) { $context.temp.log = ["pre " + $context.currentState]; });
    bind("preProcess", function($context) { if ($context.session.locked) $context.temp.targetState = "/Locked"; }, "/Shop");
    bind("postProcess", function($context) {
        if ($context.temp.log) $reactions.answer($context.temp.log.join());
        if ($context.session.next) { var n = $context.session.next; delete $context.session.next; delete $context.temp.log; $reactions.transition(n); }
    });
theme: /
    state: Forced
        a: forced
    state: Locked
        a: locked
    state: Shop
        q!: shop
        script: $session.locked = true;
        a: shop
    state: Chain
        q!: chain
        script: $session.next = "/Forced";
        a: chain`)
	k.expect("force", "forced\npre /Forced", "shop", "shop\npre /Shop", "shop", "locked\npre /Shop", "chain", "chain\npre /Chain\nforced")
}

func TestErrorHandlers(t *testing.T) {
	t.Parallel()
	const states = `
theme: /
    state: Bad
        q!: bad
        a: before
        script: nobody.home();
        a: never
    state: Thrown
        q!: thrown
        script: throw {httpStatus: 404};
    state: Lost
        q!: lost
        go!: {{"/nowhere"}}`
	k := newTalk(t, `
init:
    bind("onScriptError", function($context) {
        $reactions.answer("script: " + ($context.exception.httpStatus || $context.exception.message));
    });
    bind("onAnyError", function($context) { $reactions.answer("any: " + $context.exception.message); });
`+states)
	if got := k.say("bad"); !strings.HasPrefix(got, "before\nscript: ") || !strings.Contains(got, "nobody") {
		t.Errorf("a script that fails: %q", got)
	}
	k.expect("thrown", "script: 404", "lost", "any: State not found for path /nowhere", "hm", "any: No target state was determined for query")
	k = newTalk(t, states)
	if got := k.say("bad"); !strings.Contains(got, "src/main.sc:6") || !strings.Contains(got, "nobody") {
		t.Errorf("a failure without handlers: %q", got)
	}
	k = newTalk(t, `
init:
    bind("onScriptError", function() { $reactions.answer("elsewhere"); }, "/Elsewhere");
    bind("onDialogError", function() { $reactions.answer("elsewhere"); }, "/Elsewhere");
    bind("onAnyError", function() { $reactions.answer("any"); }, "/Bad");
`+states)
	k.expect("bad", "before\nany")
	if got := k.say("thrown"); !strings.Contains(got, "404") {
		t.Errorf("a failure that no handler is bound to: %q", got)
	}
}

func TestNewSession(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
theme: /
    state: Start
        q!: $regex</start>
        a: hello {{$session.from}}
    state: Again
        q!: again
        script:
            $session.old = true;
            $client.kept = 1;
        a: bye
        script: $reactions.newSession({message: "/start", session: {from: "again"}});
        a: never
        state: Inner
            q: inner
            a: inner
    state: Look
        q!: look
        a: {{$session.old}} {{$session.from}} {{$client.kept}}`)
	k.expect("again", "bye\nhello again", "inner", "", "look", " again 1")
}

func TestNLPOfScripts(t *testing.T) {
	t.Parallel()
	newTalk(t, `
theme: /
    state: Examples
        q!: like *
        a: {{JSON.stringify($nlp.matchExamples($request.query.substring(5), ["раз", "купи яблоки", "съешь банан"]))}}
    state: Keyboard
        q!: keys *
        a: {{$nlp.fixKeyboardLayout($request.query.substring(5))}}`).expect(
		"like раз раз", `{"aligned":1,"example":"раз","weight":0.5}`, "like купил бы яблоко", `{"aligned":2,"example":"купи яблоки","weight":0.6666666666666666}`,
		"like ничего", "null", "keys ghbdtn? F z?", "привет? А я?", "keys привет", "", "keys 1", "")
}

func TestSelectNLUResult(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
init:
    bind("selectNLUResult", function($context) {
        var all = $context.nluResults.patterns;
        for (var i = 0; i < all.length; i++) if (all[i].clazz === "/B") $context.nluResults.selected = all[i];
    });
theme: /
    state: A
        q!: word
        a: a
    state: B
        q!: * $AnyWord::w *
        a: b {{$parseTree._w}}`)
	k.expect("word", "b word")
}

func TestAssignedBuiltIns(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
theme: /
    state: A
        q!: a
        script:
            $session.x = 1;
            $client.y = 2;
    state: B
        q!: b
        script:
            $session = {z: 3};
            $context.client = {};
        a: {{$context.session.z}} {{$session.x}} {{$client.y}}`)
	k.expect("a", "", "b", "3  ", "b", "3  ")
}

// A client cannot have the bot run code that the bot does not have.
func TestInjectedExpression(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
require: answers.yaml
    var = answers
theme: /
    state: Known
        q!: known
        script: $session.name = "Ann";
        a: {{answers.hello}}
        script: $reactions.answer(answers.hello);
    state: Any
        q!: *
        a: you said {{$request.query}}
        script: $reactions.answer("you said " + $request.query);`, "src/answers.yaml", "hello: 'Hi, {{$session.name}}!'\n")
	k.expect("known", "Hi, Ann!\nHi, Ann!", "{{1+1}} {{$session.x = 1}}", "you said {{1+1}} {{$session.x = 1}}\nyou said {{1+1}} {{$session.x = 1}}")
}

// TestLeftBehind: what scripts leave in their objects may be anything.
func TestLeftBehind(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
theme: /
    state: List
        q!: list
        script:
            $session = [1];
            $client = "text";
        a: list
    state: Nothing
        q!: nothing
        script:
            $session = null; $response = null; $temp = undefined; $request = null; $parseTree = null;
        a: nothing
    state: Buttons
        q!: buttons
        script:
            $response.replies.push({type: "buttons", buttons: [{text: "Press", transition: "./Pressed"}]});
        a: here
        state: Pressed
            q: never
            a: pressed`)
	k.expect("list", "list", "nothing", "nothing", "buttons", "here [Press]", "Press", "pressed")
}

// TestNewSessionForms: newSession as a tag and as a function, with all that it may be given.
func TestNewSessionForms(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
theme: /
    state: Start
        q!: start
        a: start {{$session.a}} {{$request.data.d}} {{$client.c}}
    state: Event
        event!: ev
        a: ev {{$request.data.x}} {{$client.c}}
    state: Call
        q!: call
        script:
            $session.a = 5; $client.c = 6;
            $jsapi.newSession({message: "start", data: {d: 1}});
    state: Request
        q!: request
        script: $reactions.newSession({request: {event: "ev", data: {x: 1}}, client: {}});
    state: Tag
        q!: tag
        newSession:
            message = start
            data = {"d": 3}
    state: Short
        q!: short
        newSession: start
    state: Text
        q!: text
        script: $reactions.newSession("start");
    state: Deferred
        q!: deferred
        newSession: || deferred = true
        a: bye`)
	k.expect("call", "start  1 6", "request", "ev 1 ", "tag", "start  3 ", "short", "start   ", "text", "start   ")
}

// TestRequestOfEveryKind: scripts read what is below data and rawRequest without asking for them, and see
// what a client of the Chat API sent by its own names.
func TestRequestOfEveryKind(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
theme: /
    state: Any
        q!: *
        event!: press
        a: {{$request.data.vip}} {{JSON.stringify($request.rawRequest)}}`)
	k.client.ExternalID = "42"
	asked := func(data string) *chat.Question {
		return &chat.Question{ID: "q", CID: "c", Data: json.RawMessage(data)}
	}
	for _, c := range []struct {
		payload chat.Payload
		want    string
	}{
		{&chat.Message{AuthorType: chat.AuthorClient, Body: "hi"}, ` {"body":"hi"}`},
		{&chat.ActionPressed{Event: "press", Data: json.RawMessage(`{"vip":1}`)}, `1 {"data":{"vip":1},"event":"press"}`},
		{&chat.Message{AuthorType: chat.AuthorClient, Body: "hi", Question: asked(`{"vip":true}`)}, `true {"cid":"c","clientId":"42","data":{"vip":true},"query":"hi","uuid":"q"}`},
		{&chat.ActionPressed{Event: "press", Question: asked(`{"vip":[]}`)}, ` {"cid":"c","clientId":"42","data":{"vip":[]},"event":"press","uuid":"q"}`},
	} {
		if got := k.turn(c.payload); strings.TrimSpace(got) != strings.TrimSpace(c.want) {
			t.Errorf("%+v: %s, want %s", c.payload, got, c.want)
		}
	}
}
