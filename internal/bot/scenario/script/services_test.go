package script

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

// value is an expression's value as JSON, over a context.
func value(t *testing.T, h *testHost, context, code string, units ...Unit) string {
	t.Helper()
	e := newEngine(t, Options{}, append(units, blocks(code))...)
	v := begin(t, e, h, context)
	got, err := v.Value(t.Context(), 0)
	if err != nil {
		t.Fatalf("%s: %v", code, err)
	}
	return string(got)
}

// cases maps a member of the language to a script and the JSON that it returns.
type memberCase struct {
	name    string
	context string
	code    string
	want    string
}

// runMembers runs the scripts in one machine, as turns one after the other.
func runMembers(t *testing.T, cases []memberCase, host func() *testHost) {
	t.Parallel()
	codes := make([]string, len(cases))
	for i, c := range cases {
		codes[i] = c.code
	}
	e := newEngine(t, Options{}, blocks(codes...))
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			context := c.context
			if context == "" {
				context = `{"currentState":"/A","request":{"query":"привет"}}`
			}
			v := begin(t, e, host(), context)
			got, err := v.Value(t.Context(), i)
			if err != nil || string(got) != c.want {
				t.Errorf("%s\n got %s, %v\nwant %s", c.code, got, err, c.want)
			}
		})
	}
}

func fixed() *testHost {
	return &testHost{
		now:    time.Date(2024, 5, 7, 11, 47, 7, 460e6, time.UTC),
		random: 0.5,
		calls: map[string]func(json.RawMessage) (json.RawMessage, error){
			"resolvePath": func(args json.RawMessage) (json.RawMessage, error) {
				var a struct{ Base, Path string }
				err := json.Unmarshal(args, &a)
				data, _ := json.Marshal(strings.TrimSuffix(a.Base, "/") + "/" + strings.TrimPrefix(a.Path, "./"))
				return data, err
			},
			"secrets.get":           func(json.RawMessage) (json.RawMessage, error) { return json.RawMessage(`"s3cret"`), nil },
			"hasOperatorsOnline":    func(json.RawMessage) (json.RawMessage, error) { return json.RawMessage(`true`), nil },
			"nlp.match":             echo,
			"nlp.matchPatterns":     echo,
			"pushgate.createEvent":  echo,
			"analytics.setNps":      echo,
			"reactions.template":    func(json.RawMessage) (json.RawMessage, error) { return json.RawMessage(`"Шаблон {{1+1}}"`), nil },
			"caila.simpleInference": echo,
			"jsapi.broken":          func(json.RawMessage) (json.RawMessage, error) { return nil, errors.New("не вышло") },
		},
	}
}

func echo(args json.RawMessage) (json.RawMessage, error) { return args, nil }

func TestVariables(t *testing.T) {
	all := `{"session":{"a":1},"client":{"b":2},"temp":{"c":3},"request":{"query":"q"},"response":{"r":1},"parseTree":{"text":"t"},"injector":{"i":1},"entities":[{"x":1}],"currentState":"/A"}`
	runMembers(t, []memberCase{
		{"$session", all, `return $session`, `{"a":1}`},
		{"$client", all, `return $client`, `{"b":2}`},
		{"$temp", all, `return $temp`, `{"c":3}`},
		{"$request", all, `return $request`, `{"query":"q"}`},
		{"$response", all, `return $response`, `{"r":1}`},
		{"$parseTree", all, `return $parseTree`, `{"text":"t"}`},
		{"$injector", all, `return $injector`, `{"i":1}`},
		{"$entities", all, `return $entities`, `[{"x":1}]`},
		{"$context", all, `return [$context.currentState, $context.session === $session, $ === $context, $jsapi.context() === $context]`, `["/A",true,true,true]`},
		{"$session =", all, `$session = {z: 1}; return $context.session`, `{"z":1}`},
		{"$context.session =", all, `$context.session = {z: 1}; return $session`, `{"z":1}`},
		{"$client =", all, `$client = {}; return $context.client`, `{}`},
		{"$temp =", all, `$temp = {n: 1}; return $context.temp`, `{"n":1}`},
		{"$response =", all, `$response = {}; $reactions.answer("a"); return $context.response.replies[0].text`, `"a"`},
		{"$context.response =", all, `$context.response = null; $reactions.answer("a"); return $response.replies.length`, `1`},
		{"$parseTree =", all, `$parseTree = {text: "n"}; return $context.parseTree`, `{"text":"n"}`},
		{"$context =", all, `$context = {session: {q: 1}}; return [$session, $client]`, `[{"q":1},{}]`},
		{"var $session", all, `var $session = $jsapi.context().session; $session.n = 1; return $context.session`, `{"a":1,"n":1}`},
		{"$global", all, `$global.shared = 5; return shared`, `5`},
		{"missing", `{}`, `return [$session, $client, $temp, $request, $response, $injector, typeof $parseTree]`, `[{},{},{},{},{},{},"undefined"]`},
		{"$secrets", "", `return [$secrets.get("x"), $env.get("y", "none")]`, `["s3cret","none"]`},
		{"$env", "", `try { $env.get("y") } catch (e) { return e.message }`, `"the variable \"y\" is not set"`},
		{"$env in tests", `{"testContext":{}}`, `return $env.get("y")`, `""`},
	}, fixed)
}

func TestReactions(t *testing.T) {
	reply := ` return $response.replies`
	runMembers(t, []memberCase{
		{"answer text", "", `$reactions.answer("Раз {{1+1}} {{ $request.query }} {{nothing && nothing.x}}".replace("nothing && nothing.x", "$session.no"));` + reply, `[{"type":"text","text":"Раз 2 привет ","state":"/A"}]`},
		{"answer number", "", `$reactions.answer(5);` + reply, `[{"type":"text","text":"5","state":"/A"}]`},
		{"answer with context", "", `$reactions.answer("a", $context);` + reply, `[{"type":"text","text":"a","state":"/A"}]`},
		{"answer object", "", `$reactions.answer({value: "a {{1}}", tts: "b {{2}}", markdown: "*a*"});` + reply, `[{"type":"text","text":"a 1","tts":"b 2","markdown":"*a*","state":"/A"}]`},
		{"answer html", "", `$reactions.answer({value: "a", html: "<b>a</b>", htmlEnabled: true});` + reply, `[{"type":"text","text":"a","html":"<b>a</b>","htmlEnabled":true,"markup":"html","state":"/A"}]`},
		{"answer nothing", "", `$reactions.answer(undefined); $reactions.answer(null); return $response.replies || []`, `[]`},
		{"buttons text", "", `$reactions.buttons("Да");` + reply, `[{"type":"buttons","buttons":[{"text":"Да"}],"state":"/A"}]`},
		{"buttons list", "", `$reactions.buttons(["A", "B"]);` + reply, `[{"type":"buttons","buttons":[{"text":"A"},{"text":"B"}],"state":"/A"}]`},
		{"buttons several", "", `$reactions.buttons("A", {text: "B"});` + reply, `[{"type":"buttons","buttons":[{"text":"A"},{"text":"B"}],"state":"/A"}]`},
		{"buttons contact", "", `$reactions.buttons({button: {text: "Номер", request_contact: true}});` + reply, `[{"type":"buttons","buttons":[{"text":"Номер","request_contact":true}],"state":"/A"}]`},
		{"buttons transition", "", `$reactions.buttons({text: "Т", transition: "/state"}, {button: {text: "У"}, transition: "./B"});` + reply, `[{"type":"buttons","buttons":[{"text":"Т","transition":"/state"},{"text":"У","transition":"/A/B"}],"state":"/A"}]`},
		{"buttons in a row", "", `$reactions.buttons("A"); $reactions.buttons({text: "Сайт", url: "http://x/{{1}}"});` + reply, `[{"type":"buttons","buttons":[{"text":"A"},{"text":"Сайт","url":"http://x/1"}],"state":"/A"}]`},
		{"inlineButtons", "", `$reactions.inlineButtons({text: "A", callback_data: "x"}, {text: "B", url: "http://b"});` + reply, `[{"type":"inlineButtons","buttons":[{"text":"A","callback_data":"x"},{"text":"B","url":"http://b"}],"state":"/A"}]`},
		{"image", "", `$reactions.image("http://i"); $reactions.image({value: "http://j", title: "т"});` + reply, `[{"type":"image","imageUrl":"http://i","state":"/A"},{"type":"image","imageUrl":"http://j","title":"т","state":"/A"}]`},
		{"audio", "", `$reactions.audio({value: "http://a", name: "имя"});` + reply, `[{"type":"audio","audioUrl":"http://a","audioName":"имя","state":"/A"}]`},
		{"video", "", `$reactions.video("http://v");` + reply, `[{"type":"video","videoUrl":"http://v","state":"/A"}]`},
		{"timeout", "", `$reactions.timeout({interval: 5, targetState: "/T"}); $reactions.timeout({interval: "0 h 1m 5s", targetState: "./T"});` + reply, `[{"type":"timeout","interval":5,"targetState":"/T","state":"/A"},{"type":"timeout","interval":65,"targetState":"/A/T","state":"/A"}]`},
		{"location", "", `$reactions.location(59.8, 30.3);` + reply, `[{"type":"location","lat":59.8,"lon":30.3,"state":"/A"}]`},
		{"template", "", `$reactions.template("x", {});` + reply, `[{"type":"text","text":"Шаблон 2","state":"/A"}]`},
		{"random", `{"testContext":{}}`, `return [$reactions.random(10), $reactions.random(10), $response.smartRandom]`, `[5,5,[5,5]]`},
		{"random given", `{"request":{"data":{"smartRandom":[3,1]}}}`, `return [$reactions.random(10), $reactions.random(10), $reactions.random(10, $context)]`, `[3,1,5]`},
		{"push", "", `$response.replies = $response.replies || []; $response.replies.push({type: "raw", body: {a: 1}}); return $response.replies`, `[{"type":"raw","body":{"a":1}}]`},
	}, fixed)
}

func TestReactionsRandomIsFair(t *testing.T) {
	t.Parallel()
	h := &dicedHost{}
	e := newEngine(t, Options{}, blocks(`var seen = {}; for (var i = 0; i < 5; i++) { var r = $reactions.random(10); if (seen[r]) throw "again " + r; seen[r] = true; }`))
	v := begin(t, e, h, `{}`)
	if _, err := v.Run(t.Context(), 0); err != nil {
		t.Error(err)
	}
}

// dicedHost repeats each number.
type dicedHost struct {
	testHost
	n int
}

func (h *dicedHost) RandomInt(n int) int { h.n++; return h.n / 2 % n }

func TestTransition(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]Transition{
		`$reactions.transition("/A")`:                                              {"/A", false},
		`$reactions.transition({value: "../B"})`:                                   {"../B", false},
		`$reactions.transition({value: "C", deferred: true})`:                      {"C", true},
		`$reactions.transition("/{{$session.to}}")`:                                {"/D", false},
		`$reactions.transition("/x"); $reactions.transition("/y")`:                 {"/y", false},
		`$temp.transition = {state: "/T", deferred: true}`:                         {"/T", true},
		`$http.get("http://x").catch(function () { $reactions.transition("/E") })`: {"/E", false},
		`Promise.resolve().then(function () { $reactions.transition("/F") })`:      {"/F", false},
		`setTimeout(function () { $reactions.transition("/G") }, 10)`:              {"/G", false},
		`return (async function () { await 0; $reactions.transition("/H") })()`:    {"/H", false},
	} {
		if o, _ := run(t, &testHost{}, `{"session":{"to":"D"}}`, code); o.Transition == nil || *o.Transition != want {
			t.Errorf("%s: %+v", code, o.Transition)
		}
	}
}

func TestNewSession(t *testing.T) {
	t.Parallel()
	o, data := run(t, &testHost{}, `{"session":{"a":1}}`, `$session.b = 1; $reactions.newSession({message: "/start", data: {x: 1}}); $session.c = 1;`)
	if string(o.NewSession) != `{"message":"/start","data":{"x":1}}` || !o.Stopped {
		t.Errorf("%+v %s", o, o.NewSession)
	}
	if !strings.Contains(data, `"session":{"a":1,"b":1}`) {
		t.Errorf("context %s", data)
	}
	if o, _ := run(t, &testHost{}, `{}`, `$jsapi.newSession({message: "x"})`); string(o.NewSession) != `{"message":"x"}` {
		t.Errorf("%+v", o)
	}
}

func TestStopScript(t *testing.T) {
	t.Parallel()
	if o, data := run(t, &testHost{}, `{}`, `$jsapi.stopScript(); $session.x = 1`); !o.Stopped || strings.Contains(data, `"x"`) {
		t.Errorf("%+v %s", o, data)
	}
}

func TestStartAndStopSession(t *testing.T) {
	t.Parallel()
	h := &testHost{}
	_, data := run(t, h, `{"session":{"a":1}}`, `$jsapi.startSession(); $session.b = 2; $jsapi.stopSession(); $session.c = 3`)
	if !strings.Contains(data, `"session":{"c":3}`) {
		t.Errorf("context %s", data)
	}
	if got := strings.Join(h.called, "; "); got != "jsapi.startSession null; jsapi.stopSession null" {
		t.Errorf("calls %s", got)
	}
}

func TestJsapi(t *testing.T) {
	runMembers(t, []memberCase{
		{"currentTime", "", `return $jsapi.currentTime()`, `1715082427460`},
		{"dateForZone", "", `return $jsapi.dateForZone("Europe/Moscow", "dd.MM")`, `"07.05"`},
		{"timeForZone format", "", `return $jsapi.timeForZone("GMT+3", "HH:mm:ss")`, `"14:47:07"`},
		{"timeForZone", "", `return $jsapi.timeForZone("Europe/Moscow") - $jsapi.currentTime()`, `10800000`},
		{"random", "", `return $jsapi.random(5)`, `2`},
		{"resolvePath", "", `return $jsapi.resolvePath("/A", "./B")`, `"/A/B"`},
		{"version", "", `return typeof $jsapi.version`, `"string"`},
		{"chatHistory", "", `return $jsapi.chatHistory()`, `[]`},
		{"levenshtein", "", `return $jsapi.levenshtein.distance("lewenstein", "levenshtein")`, `2`},
		{"parseXml", "", `return $jsapi.parseXml("<test><a>1</a><a>2</a></test>")`, `{"test":{"a":[1,2]}}`},
	}, fixed)
}

func TestGlobals(t *testing.T) {
	runMembers(t, []memberCase{
		{"toPrettyString", "", `var o = {a: 1, b: null, c: [1, {d: "x"}]}; o.o = o; return toPrettyString(o)`, `"{\n  \"a\": 1,\n  \"c\": [\n    1,\n    {\n      \"d\": \"x\"\n    }\n  ],\n  \"o\": \"cycle\"\n}"`},
		{"toPrettyString twice", "", `var a = {x: 1}; return toPrettyString([a, a])`, `"[\n  {\n    \"x\": 1\n  },\n  {\n    \"x\": 1\n  }\n]"`},
		{"capitalize", "", `return [capitalize("привет"), capitalize(""), capitalize()]`, `["Привет","",""]`},
		{"currentDate", "", `return currentDate().format("YYYY-MM-DD HH:mm")`, `"2024-05-07 11:47"`},
		{"currentDate offset", `{"request":{"data":{"offset":180}}}`, `return currentDate().format("HH:mm")`, `"14:47"`},
		{"parseXml", "", `return parseXml("<a x='1'>т<b/></a>")`, `{"a":{"x":1,"b":"","content":"т"}}`},
		{"hasOperatorsOnline", "", `return hasOperatorsOnline()`, `true`},
		{"testMode", `{"testContext":{}}`, `return testMode()`, `true`},
		{"testMode off", "", `return testMode()`, `false`},
		{"selectRandomArg", `{"testContext":{}}`, `return [selectRandomArg("a", "b"), selectRandomArg(["c", "d", "e", "f"]), typeof selectRandomArg([])]`, `["b","e","undefined"]`},
		{"moment", "", `return moment($jsapi.currentTime()).utc().format("HH:mm:ss")`, `"11:47:07"`},
		{"moment ru", "", `return moment.utc([2024, 4, 7]).locale("ru").format("D MMMM, dddd")`, `"7 мая, вторник"`},
		{"moment en", "", `return moment.utc([2024, 4, 7]).format("D MMMM")`, `"7 May"`},
		{"moment now", "", `return moment().valueOf()`, `1715082427460`},
		{"_", "", `return [_.pluck([{a: 1}, {a: 2}], "a"), _.contains([1], 1), _.isEmpty({}), _.template("<%= x %>!")({x: 1})]`, `[[1,2],true,true,"1!"]`},
		{"_ replaced", "", `_ = {mine: 1}; return _.mine`, `1`},
		{"Date", "", `return [Date.now(), new Date().getTime(), typeof Date(), new Date(2020, 1, 1) instanceof Date, new Date(5).getTime(), Date.UTC(1970, 0, 1)]`, `[1715082427460,1715082427460,"string",true,5,0]`},
		{"Math.random", "", `return Math.random()`, `0.5`},
		{"class of Date", "", `class D extends Date { x() { return 1 } } return [new D().x(), new D() instanceof D, new D(7).getTime()]`, `[1,true,7]`},
		{"console.log", "", `console.log("a"); return 1`, `1`},
	}, fixed)
}

func TestLog(t *testing.T) {
	t.Parallel()
	h := &testHost{}
	run(t, h, `{}`, `log("a"); log({b: [1]}); $jsapi.log("c", 1); console.error(new Error("плохо")); log(undefined, null);
		var o = {}; o.o = o; log(o); log("x" + {});`)
	want := "a|{\"b\":[1]}|c 1|Error: плохо|undefined null|{}|x[object Object]"
	if got := strings.Join(h.logs, "|"); got != want {
		t.Errorf("got %s", got)
	}
}

func TestServices(t *testing.T) {
	runMembers(t, []memberCase{
		{"$nlp.match", "", `return $nlp.match("test 1", "/")`, `{"text":"test 1","state":"/"}`},
		{"$nlp.matchPatterns", "", `return $nlp.matchPatterns("a", ["b"])`, `{"text":"a","patterns":["b"]}`},
		{"$nlp.matchExamples", "", `return $nlp.matchExamples("a", ["b"])`, `null`},
		{"$nlp.inflect", "", `return $nlp.inflect("дом", "gent")`, `"дом"`},
		{"$nlp.conform", "", `return $nlp.conform("дом", 5)`, `"дом"`},
		{"$nlp.parseMorph", "", `return $nlp.parseMorph("Дом")`, `{"score":0,"normalForm":"дом","tags":[]}`},
		{"$nlp.tokenize", "", `return $nlp.tokenize("раз  два")`, `["раз","два"]`},
		{"$nlp.other", "", `return $nlp.setMorphology("x")`, `null`},
		{"$pushgate.createEvent", "", `return $pushgate.createEvent(moment.utc(0), "e", {a: 1})`, `{"dateTime":"1970-01-01T00:00:00.000Z","event":"e","eventData":{"a":1}}`},
		{"$pushgate.cancelEvent", "", `return $pushgate.cancelEvent("id")`, `false`},
		{"$pushgate.createPushback", "", `return $pushgate.createPushback("b", "t", "u", "e").id`, `""`},
		{"$analytics", "", `return [$analytics.setNps(5), $analytics.setSessionResult("x")]`, `[{"args":[5]},null]`},
		{"$conversationApi", "", `$conversationApi.sendTextToClient("a"); return $response.replies`, `[{"type":"text","text":"a","state":"/A"}]`},
		{"$caila", "", `return [$caila.simpleInference("a"), $caila.entitiesLookup("b", true), $caila.conform("c", 1), $caila.conformWithToken("t", "d", 1)]`, `[{"text":"a"},{"text":"b","entities":[]},"c","d"]`},
		{"$storage", "", `return $storage.getTempDir()`, `"/tmp"`},
		{"$dialer", "", `return [$dialer.getPayload(), $dialer.getCaller(), $dialer.isBargeInInterrupted(), $dialer.setNoInputTimeout(5) + ""]`, `[{},"",false,""]`},
		{"$gpt", "", `return $gpt.createChatCompletion([]).choices[0].message.content`, `""`},
		{"$mail", "", `return $mail.sendMessage("a", "b", "c").status`, `"OK"`},
		{"$integration", "", `var n = 0; $integration.googleSheets.readDataFromCells("a").then(function (r) { n = r.length + 1; }).catch(function () {}); return [n, $integration.googleSheets.readDataFromCells("a").length, String($integration.x.y(1).z[0].q)]`, `[1,0,""]`},
		{"$faq", "", `$faq.pushReplies(); return $faq.getReplies()`, `[]`},
		{"$imputer", "", `var said; $imputer.substitute("a").then(function (r) { said = r }); return [$imputer.substitute("a") + "", said + "", typeof said]`, `["","","function"]`},
		{"stub awaited", "", `return (async function () { var r = await $gpt.something("x"); return String(r) + (await $integration.a.b()); })()`, `""`},
		{"stub listed", "", `var n = 0; for (var x of $integration.a.list()) n++; $integration.a.list().forEach(function () { n++ }); return n`, `0`},
	}, fixed)
}

func TestStubsAreLoggedOnce(t *testing.T) {
	t.Parallel()
	h := &testHost{}
	run(t, h, `{}`, `$mail.send({}); $mail.send({}); $dialer.getCaller();`)
	if got := strings.Join(h.logs, "|"); got != "$mail.send is a stub: nothing was sent|$dialer.getCaller is a stub: there is no call" {
		t.Errorf("got %s", got)
	}
}

func TestHostErrors(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{}, blocks(`try { $jsapi.dateForZone("Nowhere/Land", "dd") } catch (e) { return [e.name, e.message] }`))
	v := begin(t, e, fixed(), `{}`)
	got, err := v.Value(t.Context(), 0)
	if err != nil || string(got) != `["Error","there is no time zone \"Nowhere/Land\", a name as Europe/Moscow or GMT+3 is expected"]` {
		t.Errorf("%s, %v", got, err)
	}
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	answer := func(status int, kind, body string) func(context.Context, Request) (*Response, error) {
		return func(context.Context, Request) (*Response, error) {
			return &Response{Status: status, Header: map[string]string{"Content-Type": kind}, Body: []byte(body)}, nil
		}
	}
	for _, c := range []struct {
		name, code, want string
		fetch            func(context.Context, Request) (*Response, error)
	}{
		{"result", `var r = $http.get("http://x"); return [r.isOk, r.status, r.data, r.error, r.response.headers]`, `[true,200,{"a":1},null,{"content-type":"application/json; charset=utf-8"}]`, answer(200, "application/json; charset=utf-8", `{"a":1}`)},
		{"json keys", `return Object.keys($http.get("http://x")).join()`, `"isOk,status,data,error,response"`, answer(200, "text/plain", "")},
		{"text", `return $http.get("http://x").data`, `"{}"`, answer(200, "text/plain", `{}`)},
		{"dataType json", `return $http.get("http://x", {dataType: "json"}).data`, `{}`, answer(200, "text/plain", `{}`)},
		{"dataType text", `return $http.get("http://x", {dataType: "text"}).data`, `"{}"`, answer(200, "application/json", `{}`)},
		{"xml", `return $http.get("http://x").data`, `{"a":1}`, answer(200, "text/xml", `<?xml version="1.0"?><a>1</a>`)},
		{"broken json", `return $http.get("http://x", {dataType: "json"}).data`, `"oops"`, answer(200, "text/html", `oops`)},
		{"status", `var r = $http.get("http://x"); return [r.isOk, r.status, r.data, r.error]`, `[false,404,{"e":1},"{\"e\":1}"]`, answer(404, "application/json", `{"e":1}`)},
		{"failed", `var r = $http.get("http://x"); return [r.isOk, r.status, r.error, r.response, r.data]`, `[false,-1,"no network",{},null]`, nil},
		{"then", `var got = []; $http.get("http://x").then(function (d) { got.push(d.a); return d.a + 1 }).then(function (n) { got.push(n) }).catch(function () { got.push("no") }); return got`, `[1,2]`, answer(200, "application/json", `{"a":1}`)},
		{"catch", `var got = []; $http.get("http://x").then(function () { got.push("no") }).catch(function (response, status, error) { got.push(response, status, error) }); return got`, `[{},-1,"no network"]`, nil},
		{"catch a throw", `var got = []; $http.get("http://x").then(function (d) { return d.b.c }).catch(function (e) { got.push(e.name) }); return got`, `["TypeError"]`, answer(200, "application/json", `{}`)},
		{"await", `return (async function () { var r = await $http.get("http://x"); return [r.isOk, r.data] })()`, `[true,{"a":1}]`, answer(200, "application/json", `{"a":1}`)},
		{"windows-1251", `return $http.get("http://x").data`, `"да"`, answer(200, "text/plain; charset=windows-1251", "\xe4\xe0")},
		{"limit", `for (var i = 0; i < 15; i++) $http.get("http://x"); var r = $http.get("http://x"); return [r.isOk, r.status, r.error]`, `[false,-1,"Callback limit reached"]`, answer(200, "", "")},
		{"check", `return $http.check(["http://x", "http://y"])`, `"http://x"`, answer(200, "", "")},
		{"$fetch", `return $fetch.get("http://x").then(function (r) { return [r.isSuccessful(), r.json(), r.content] })`, `[true,{"a":1},{"a":1}]`, answer(200, "application/json", `{"a":1}`)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := value(t, &testHost{fetch: c.fetch}, `{}`, c.code); got != c.want {
				t.Errorf("got %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestHTTPThrowsWhatNoCatchTook(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{}, blocks(`$http.get("http://x").then(function (d) { return d.b.c })`))
	h := &testHost{fetch: func(context.Context, Request) (*Response, error) { return &Response{Status: 200}, nil }}
	v := begin(t, e, h, `{}`)
	if _, err := v.Run(t.Context(), 0); err == nil || !strings.Contains(err.Error(), "TypeError") {
		t.Errorf("error %v", err)
	}
}

func TestHTTPRequest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code string
		want Request
	}{
		{`$http.get("http://x/${p}?q=${q}&r=${none}", {query: {p: "путь 1", q: "value 1"}})`, Request{Method: "GET", URL: "http://x/%D0%BF%D1%83%D1%82%D1%8C%201?q=value+1&r=${none}"}},
		{`$http.post("http://x", {body: {a: "я"}, timeout: 1500})`, Request{Method: "POST", URL: "http://x", Header: map[string]string{"Content-Type": "application/json"}, Body: []byte(`{"a":"я"}`), Timeout: 1500 * time.Millisecond}},
		{`$http.put("http://x", {body: "<a/>", dataType: "xml"})`, Request{Method: "PUT", URL: "http://x", Header: map[string]string{"Content-Type": "application/xml"}, Body: []byte(`<a/>`)}},
		{`$http.delete("http://x", {headers: {"X-A": 1, "X-B": null}})`, Request{Method: "DELETE", URL: "http://x", Header: map[string]string{"X-A": "1"}}},
		{`$http.query("http://x", {method: "post", form: {a: "1 2", "б": ["x", "y"]}})`, Request{Method: "POST", URL: "http://x", Header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, Body: []byte(`a=1+2&%D0%B1=x&%D0%B1=y`)}},
		{`$http.post("http://x", {headers: {"content-type": "text/csv"}, body: "a"})`, Request{Method: "POST", URL: "http://x", Header: map[string]string{"content-type": "text/csv"}, Body: []byte(`a`)}},
		{`$http.config({url: {protocol: "https", host: "h", port: 8}, authHeader: "Bearer x"}); $http.get("/p")`, Request{Method: "GET", URL: "https://h:8/p", Header: map[string]string{"Authorization": "Bearer x"}}},
		{`$http.get("http://x/?q=${q}", {query: {q: "\ud83d"}})`, Request{Method: "GET", URL: "http://x/?q=%EF%BF%BD"}},
	} {
		t.Run(c.code, func(t *testing.T) {
			t.Parallel()
			var got Request
			h := &testHost{fetch: func(_ context.Context, r Request) (*Response, error) { got = r; return &Response{Status: 204}, nil }}
			run(t, h, `{}`, c.code)
			if len(c.want.Header) == 0 {
				c.want.Header = map[string]string{}
			}
			a, _ := json.Marshal(got)
			b, _ := json.Marshal(c.want)
			if string(a) != string(b) {
				t.Errorf("got  %s\nwant %s", a, b)
			}
		})
	}
}

func TestHTTPCache(t *testing.T) {
	t.Parallel()
	n := 0
	h := &testHost{fetch: func(context.Context, Request) (*Response, error) {
		n++
		return &Response{Status: 200, Body: []byte("x")}, nil
	}}
	run(t, h, `{}`, `$http.config({cacheTimeToLiveInSeconds: 100}); for (var i = 0; i < 3; i++) $http.get("http://x", {cachingRequired: true}); $http.get("http://x");`)
	if n != 2 {
		t.Errorf("%d calls", n)
	}
}

func TestLoading(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{
		Context: json.RawMessage(`{"injector":{"key":"k"}}`),
		Secrets: map[string]string{"s": "тайна"}, Variables: map[string]string{"v": "1"},
	}, Unit{Name: "src/a.js", Code: `var got = [$injector.key, $secrets.get("s"), $env.get("v"), $env.get("none"), $http.get("http://x").error, $context.injector.key]; $session.x = 1;`}, blocks(`return [got, $session, $injector]`))
	v := begin(t, e, &testHost{}, `{}`)
	if got, err := v.Value(t.Context(), 0); err != nil || string(got) != `[["k","тайна","1","","no calls are made while a bot loads","k"],{},{}]` {
		t.Errorf("%s, %v", got, err)
	}
}
