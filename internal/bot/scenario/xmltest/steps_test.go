package xmltest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/bot/scenario/xmltest"
)

// TestSteps has, for every row of the language's description (5), cases that pass and cases
// that fail with a word of why.
func TestSteps(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		steps string
		wrong string // "": it passes
	}{
		{"q", `<q>two</q><a>One.</a><a>Two.</a>`, ""},
		{"q: white space and entities", "<q>\n   hi&nbsp;there \n</q><a/>", ""},
		{"q: empty", `<q></q><a>empty</a>`, ""},
		{"q: lang", `<q lang="en">data</q><a>data {"language":"en"}</a>`, ""},
		{"q: tags in it are text", `<q>data <b>x</b></q><a></a>`, ""},
		{"a: text", `<q>hi</q><a>Hello, dear friend!</a>`, ""},
		{"a: white space is collapsed", "<q>hi</q><a>\n  Hello,\tdear&#160;friend!\n </a>", ""},
		{"a: another text", `<q>hi</q><a>Hello, friend!</a>`, "another text"},
		{"a: case matters", `<q>hi</q><a>hello, dear friend!</a>`, "another text"},
		{"a: CDATA", `<q>hi</q><a><![CDATA[Hello, dear friend!]]></a>`, ""},
		{"a: empty", `<q>hi</q><a></a>`, ""},
		{"a: empty, and nothing comes", `<q>silent</q><a></a>`, "did not say it"},
		{"a: one too few", `<q>two</q><a>One.</a>`, "no <a> expects this reply"},
		{"a: none", `<q>hi</q>`, "no <a> expects this reply"},
		{"a: one too many", `<q>hi</q><a/><a/>`, "did not say it"},
		{"a: order", `<q>two</q><a>Two.</a><a>One.</a>`, "another text"},
		{"a: state", `<q>hi</q><a state="/Hello"/>`, ""},
		{"a: state without its slash", `<q>hi</q><a state="Hello"/>`, ""},
		{"a: another state", `<q>hi</q><a state="/Bye"/>`, "said in /Hello"},
		{"a: class", `<q>jump</q><a class="/First" state="/Next">Next.</a>`, ""},
		{"a: another class", `<q>jump</q><a class="/Next"/>`, "first state was /First"},
		{"a: states that were gone through", `<q>jump</q><a class="/First"/><a state="/Next"/>`, ""},
		{"a: gone through without a word of its own", `<q>jump</q><a state="/First"/><a state="/Next">Next.</a>`, ""},
		{"a: not gone through", `<q>jump</q><a class="/First"/><a state="/Other"/>`, "did not say it"},
		{"a: contains", `<q>hi</q><a contains="true">dear</a>`, ""},
		{"a: contains a text", `<q>hi</q><a contains="dear friend"/>`, ""},
		{"a: contains not", `<q>hi</q><a contains="true">foe</a>`, "not in it"},
		{"a: contains not a text", `<q>hi</q><a contains="foe"/>`, "not in it"},
		{"a: other replies need none", `<q>picture</q><a>Look!</a>`, ""},
		{"a: other replies may have one", `<q>picture</q><a>Look!</a><a state="/Picture"/>`, ""},
		{"a: a picture is a reply", `<q>only-picture</q><a/>`, ""},
		{"a: a picture has no text", `<q>only-picture</q><a>Look!</a>`, "did not say it"},
		{"a: before q", `<a>x</a>`, "before the client said anything"},
		{"event", `<event>fileEvent</event><a state="/Event">fileEvent</a>`, ""},
		{"event: data", `<event>e<data>{"x": 1}</data></event><a>e {"x":1}</a>`, ""},
		{"event: attributes", `<event name="e" x="1"/><a>e {"x":"1"}</a>`, ""},
		{"event: none", `<event/>`, "the name of an event"},
		{"state", `<state>/A/B</state><q>where</q><a>/A/B</a>`, ""},
		{"state: without its slash", `<state> A </state><q>where</q><a>/A</a>`, ""},
		{"state: unknown", `<state>/C</state>`, "there is no state /C"},
		{"context", `<context var="session">{"x": {"y": 1}}</context><context var="session">{"x": {"z": 2}}</context>
			<context var="client">{"n": "Ann"}</context><q>memory</q><a>{"x":{"y":1,"z":2}}{"n":"Ann"}</a>`, ""},
		{"context: replaces a field", `<context var="client">{"n": [1,2]}</context><context var="client">{"n": [3]}</context><q>memory</q><a>{"n":[3]}</a>`, ""},
		{"context: of nothing", `<context var="temp">{}</context>`, `expected "session" or "client"`},
		{"context: bad JSON", `<context var="client">{"a" 1}</context>`, "JSON"},
		{"dateTime", "<dateTime>\n 2018-01-01 12:00:00 </dateTime><q>clock</q><a>2018-01-01 12:00:00</a>", ""},
		{"dateTime: no seconds", `<dateTime>2018-01-01 12:30</dateTime><q>clock</q><a>2018-01-01 12:30:00</a>`, ""},
		{"dateTime: twice", `<dateTime>2018-01-01</dateTime><q>clock</q><a/><dateTime>2019-02-03T04:05:06</dateTime><q>clock</q><a>2019-02-03 04:05:06</a>`, ""},
		{"dateTime: none", `<dateTime>noon</dateTime>`, "yyyy-MM-dd HH:mm:ss"},
		{"random", `<random> 128, 0,42 </random><q>dice</q><a>128 0 42</a>`, ""},
		{"random: over several answers, then 0", `<random>7,8,9,1</random><q>dice</q><a>7 8 9</a><q>dice</q><a>1 0 0</a>`, ""},
		{"random: none", `<q>dice</q><a>0 0 0</a>`, ""},
		{"random: no number", `<random>one</random>`, "whole numbers"},
		{"newSession", `<q>renew</q><newSession message="/start"><data>{"a": 1}</data></newSession><a>New.</a>`, ""},
		{"newSession: without attributes", `<q>renew</q><newSession/><a/>`, ""},
		{"newSession: none", `<q>hi</q><newSession/><a/>`, "began no new session"},
		{"newSession: another message", `<q>renew</q><newSession message="/stop"/><a/>`, "another message"},
		{"newSession: other data", `<q>renew</q><newSession><data>{"a": 2}</data></newSession><a/>`, "other data"},
		{"newSession: at the beginning", `<newSession/><q>hi</q><a/>`, ""},
		{"timeoutReply", `<q>wait</q><a/><timeoutReply interval="2" targetState="/Silence"/>`, ""},
		{"timeoutReply: any", `<q>wait</q><a/><timeoutReply/>`, ""},
		{"timeoutReply: none", `<q>hi</q><a/><timeoutReply/>`, "began no timeout"},
		{"timeoutReply: another interval", `<q>wait</q><a/><timeoutReply interval="3"/>`, "another timeout"},
		{"timeoutReply: another state", `<q>wait</q><a/><timeoutReply targetState="/X"/>`, "another timeout"},
		{"timeoutReply: no number", `<timeoutReply interval="soon"/>`, "number of seconds"},
		{"timeout", `<q>wait</q><a/><timeout/><a state="/Silence">Are you there?</a>`, ""},
		{"timeout: nothing waits", `<q>hi</q><a/><timeout/><a/>`, "waits for no timeout"},
		{"responseData", `<q>shop</q><responseData>{"answer": "Buy.", "replies": [{"text": "Buy."}, {"type": "buttons"}]}</responseData>`, ""},
		{"responseData: field", `<q>shop</q><a/><responseData field="replies[0]">{"text": "Buy.", "state": "/Shop"}</responseData>`, ""},
		{"responseData: JSONPath", `<q>shop</q><a/><responseData field="$.replies[1].buttons[1]['transition']">"/B"</responseData>`, ""},
		{"responseData: a filter", `<q>shop</q><a/><responseData field="replies[?(@.type=='buttons')].buttons[0].text">["A"]</responseData>`, ""},
		{"responseData: fields of the scenario", `<q>shop</q><a/><responseData field="test">{"sum": 2.5}</responseData>`, ""},
		{"responseData: fields of data", `<q>shop</q><a/><responseData field="smartRandom">[1, 2]</responseData>`, ""},
		{"responseData: a bare text", `<q>hi</q><a/><responseData field="replies[0].state">/Hello</responseData>`, ""},
		{"responseData: lax JSON", `<q>shop</q><a/><responseData field="replies[1]">{type: 'buttons',}</responseData>`, ""},
		{"responseData: other data", `<q>shop</q><a/><responseData field="replies[0].text">"Sell."</responseData>`, "other data"},
		{"responseData: a list of another length", `<q>shop</q><a/><responseData field="smartRandom">[1]</responseData>`, "other data"},
		{"responseData: no such field", `<q>shop</q><a/><responseData field="replies[7]">{}</responseData>`, "no such field"},
		{"responseData: bad path", `<responseData field="replies[">1</responseData>`, "field"},
		{"request", `<request>{"query": "data", "data": {"f": 1}, "channelType": "x", "unknown": 1}</request><a>data {"f":1}{"channelType":"x","query":"data"}</a>`, ""},
		{"request: event", `<request>{"event": "e"}</request><a>e</a>`, ""},
		{"request: no object", `<request>[1]</request>`, "JSON object"},
		{"requestData", `<requestData>{"f": 1}</requestData><requestData>{"g": 2}</requestData><q>data</q><a>data {"f":1,"g":2}</a>`, ""},
		{"requestData: for the next request only", `<requestData>{"f": 1}</requestData><q>hi</q><a/><q>data</q><a>data {"f":1}</a>`, "another text"},
		{"requestData: of an event", `<requestData>{"f": 1}</requestData><event>e</event><a>e {"f":1}</a>`, ""},
		{"rawRequest", `<rawRequest>{"d": 1}</rawRequest><q>data</q><a>data {"rawRequest":{"d":1}}</a>`, ""},
		{"mail", `<q>mail</q><mail/><mail recipient="a@example.com" subject="Hi" body="Text"/>`, ""},
		{"mail: another", `<q>mail</q><mail subject="Bye"/>`, "another mail"},
		{"mail: none", `<q>hi</q><a/><mail/>`, "sent no mail"},
		{"an error of the bot", `<q>fail</q><a>Sorry.</a>`, "x is not defined"},
		{"a panic", `<q>panic</q>`, "out of order"},
		{"an unknown tag", `<wait/>`, "unknown tag <wait>"},
		{"no steps", ``, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			results := play(t, xmltest.Options{}, "<test><test-case id='x'>"+tt.steps+"</test-case></test>")
			if len(results) != 1 {
				t.Fatalf("%d results", len(results))
			}
			expect(t, results[0], tt.wrong)
		})
	}
}

// expect wants a case to pass, or to fail with a word in what is printed.
func expect(t *testing.T, r *xmltest.Result, wrong string) {
	t.Helper()
	var printed strings.Builder
	xmltest.Print(&printed, r, xmltest.Style{})
	switch {
	case wrong == "" && r.Status != xmltest.Passed:
		t.Errorf("%s, want it to pass:\n%s", r.Status, printed.String())
	case wrong != "" && r.Status != xmltest.Failed:
		t.Errorf("%s, want it to fail with %q", r.Status, wrong)
	case wrong != "" && !strings.Contains(printed.String(), wrong):
		t.Errorf("no %q in\n%s", wrong, printed.String())
	}
}

// TestMockData: which made-up answer a request gets.
func TestMockData(t *testing.T) {
	t.Parallel()
	mock := func(query, more, body string) string {
		return "<mockData><query>" + query + "</query>" + more + "<response type='text'>" + body + "</response></mockData>"
	}
	post := func(body, answer string) string {
		return "<mockData><query method='post'>http://e.com</query>" + body + "<response type='text'>" + answer + "</response></mockData>"
	}
	const text = " text/plain; charset=utf-8"
	tests := []struct{ name, steps, wrong string }{
		{"json is the default", `<mockData><query> http://e.com/ </query><response>
			{"a": 1} </response></mockData><q>http GET http://e.com</q><a>200 "{\"a\": 1}" application/json; charset=utf-8</a>`, ""},
		{"xml", `<mockData><query>http://e.com</query><response type="xml" status="201"> <r><i>1</i></r> </response></mockData>
			<q>http GET http://e.com</q><a>201 "&lt;r>&lt;i>1&lt;/i>&lt;/r>" application/xml; charset=utf-8</a>`, ""},
		{"a text keeps its white space", mock("http://e.com", "", "\n ok ") + `<q>http GET http://e.com</q><a>200 "\n ok "` + text + `</a>`, ""},
		{"parameters", mock("http://e.com/${path}/?a=${p1}&amp;b=${ p2 }", "<parameters><path>путь</path><p1>value 1</p1><p2>2</p2></parameters>", "ok") +
			`<q>http GET http://e.com/%D0%BF%D1%83%D1%82%D1%8C/?b=2&amp;a=value+1</q><a>200 "ok"` + text + `</a>`, ""},
		{"the last wins, those to come are unknown", mock("http://e.com", "", "1") + mock("http://e.com", "", "2") +
			`<q>http GET http://e.com</q><a>200 "2"` + text + `</a>` + mock("http://e.com", "", "3") + `<q>http GET http://e.com</q><a>200 "3"` + text + `</a>`, ""},
		{"another address", mock("http://e.com/a", "", "1") + `<q>http GET http://e.com/b</q><a>isOk: true</a>`, "no <mockData> answers GET http://e.com/b"},
		{"another query", mock("http://e.com/?a=1", "", "1") + `<q>http GET http://e.com/?a=2</q><a>isOk: false</a>`, ""},
		{"another method", mock("http://e.com", "", "1") + `<q>http POST http://e.com</q><a>isOk: false</a>`, ""},
		{"body: part of it", post(`<body>{"a": 1}</body>`, "ok") + `<q>http POST http://e.com {"a": 1, "b": 2}</q><a>200 "ok"` + text + `</a>`, ""},
		{"body: strict", post(`<body strictMatch="true">{"a": 1}</body>`, "ok") + `<q>http POST http://e.com {"a": 1, "b": 2}</q><a>isOk: false</a>`, ""},
		{"body: field", post(`<body field="o.p" strictMatch="true">{"a": 1}</body>`, "ok") + `<q>http POST http://e.com {"o": {"p": {"a": 1}}}</q><a>200 "ok"` + text + `</a>`, ""},
		{"body: a primitive", post(`<body field="p">"x"</body>`, "ok") + `<q>http POST http://e.com {"p": "x"}</q><a>200 "ok"` + text + `</a>`, ""},
		{"body: another", post(`<body>{"a": 2}</body>`, "ok") + `<q>http POST http://e.com {"a": 1}</q><a>isOk: false</a>`, ""},
		{"body: of a form", post(`<body>{"a": "x y"}</body>`, "ok") + `<q>form http://e.com a=x+y</q><a>200 "ok"` + text + `</a>`, ""},
		{"no query", `<mockData><response/></mockData>`, "needs a <query>"},
		{"bad status", `<mockData><query>http://e.com</query><response status="ok"/></mockData>`, "status"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			expect(t, play(t, xmltest.Options{}, "<test><test-case>"+tt.steps+"</test-case></test>")[0], tt.wrong)
		})
	}
	t.Run("of the whole file", func(t *testing.T) {
		t.Parallel()
		results := play(t, xmltest.Options{}, `<test><test-case><q>http GET http://e.com</q><a>200 "file"`+text+`</a></test-case>
			<test-case>`+mock("http://e.com", "", "case")+`<q>http GET http://e.com</q><a>200 "case"`+text+`</a></test-case>`+mock("http://e.com", "", "file")+`</test>`)
		for _, r := range results {
			expect(t, r, "")
		}
	})
}

// TestSkipped: what is not run, and why.
func TestSkipped(t *testing.T) {
	t.Parallel()
	const xml = `<test integration="true">
		<test-case id="real"><q>hi</q><a/></test-case>
		<test-case id="made up" integration="false"><q>hi</q><a/></test-case>
		<test-case id="marked" skip="needs intents" integration="false"><q>hi</q></test-case>
		<test-case id="service" integration="false"><mockService/><q>hi</q></test-case></test>`
	results := play(t, xmltest.Options{}, xml)
	for i, reason := range []string{"real services", "", "needs intents", "mockService"} {
		if r := results[i]; r.Status == xmltest.Skipped != (reason != "") || !strings.Contains(r.Reason, reason) {
			t.Errorf("%s: %s, %q; want %q", r.Case.ID, r.Status, r.Reason, reason)
		}
	}
	if got := xmltest.Count(results).String(); got != "1 passed, 0 failed, 3 skipped" {
		t.Error(got)
	}
	if r := play(t, xmltest.Options{Integration: true}, xml)[0]; r.Status != xmltest.Passed {
		t.Errorf("with real services: %s", r.Status)
	}
}

// TestSeed: the same seed makes the same numbers, and they are not all 0.
func TestSeed(t *testing.T) {
	t.Parallel()
	const xml = `<test><test-case><q>dice</q><a>0 0 0</a></test-case></test>`
	first := play(t, xmltest.Options{Seed: 1}, xml)[0].Turns[0].Rows[0].Got
	if again := play(t, xmltest.Options{Seed: 1}, xml)[0].Turns[0].Rows[0].Got; first != again || strings.HasPrefix(first, "0 0 0") {
		t.Errorf("%q, then %q", first, again)
	}
}

// TestTimeLimit: a case that takes too long fails and says so; the next is run.
func TestTimeLimit(t *testing.T) {
	t.Parallel()
	files := []*xmltest.File{xmltest.Read("x.xml", []byte(`<test><test-case><q>wait</q></test-case><test-case><q>hi</q><a/></test-case></test>`))}
	results := xmltest.Run(t.Context(), files, xmltest.Options{Timeout: 50 * time.Millisecond, New: func(s xmltest.Setup) (xmltest.Conversation, error) {
		return stuck{&fake{setup: s, react: demo}}, nil
	}})
	expect(t, results[0], "longer than 50ms")
}
