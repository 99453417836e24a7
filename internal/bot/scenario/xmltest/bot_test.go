package xmltest_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/govorun/govorun/internal/bot/scenario"
	"github.com/govorun/govorun/internal/bot/scenario/xmltest"
)

// everything is a bot that has something for each tag of tests.
const everything = `
theme: /
    state: Start
        q!: $regex</start>
        a: Hello.
        buttons:
            "Tea" -> /Tea
            "Coffee"

    state: Tea
        q!: tea
        go!: ./Pour

        state: Pour
            a: Tea
              is poured.

    state: Two
        q!: two
        a: One.
        a: {{ "&nbsp;" }} Two.

    state: Event
        event!: paid
        a: Paid {{$request.data.sum}}.

    state: Inner
        q!: deeper

        state: Deep
            q: where
            a: Deep inside.

    state: Memory
        q!: memory
        a: {{$session.x}} {{$client.name}} {{$client.account && $client.account.user}}

    state: Name
        q!: name
        script: $client.account = {user: "ann", kept: true};
        a: Noted.

    state: Clock
        q!: clock
        a: {{ moment($jsapi.currentTime()).format("DD.MM.YYYY HH:mm:ss") }} {{ new Date().getHours() }}

    state: Dice
        q!: dice
        random:
            a: first
            a: second
            a: third

    state: Number
        q!: number
        a: {{ $jsapi.random(1000) }}

    state: Again
        q!: again
        script:
            $reactions.newSession({message: "/start", session: {from: "again"}});

    state: Wait
        q!: wait
        a: I wait.
        timeout: /Late || interval = 20

    state: Late
        a: Are you there?
        script: $reactions.timeout({interval: 5, targetState: "/Later"});

    state: Later
        a: Bye, then.

    state: Data
        q!: data
        script:
            $response.test = {sum: 2.5, list: [1, {a: 1}]};
            $reactions.buttons([{text: "A", transition: "/Tea"}, "B"]);
        a: Field {{$request.data.field}}, raw {{$request.rawRequest.field}}, channel {{$request.channelType}}, unknown {{$request.unknownField}}.

    state: Http
        q!: http
        script:
            var r = $http.get("http://shop.example/${path}?q=${q}", {query: {path: "путь", q: "a b"}, dataType: "json", timeout: 1000});
            $reactions.answer(r.isOk ? "There are " + r.data.items.length : "The shop is closed: " + r.isOk);

    state: Post
        q!: post
        script:
            $temp.r = $http.post("http://shop.example/orders", {body: {id: 7, more: {a: 1, b: [1, 2]}}});
        a: {{ $temp.r.isOk ? $temp.r.data.state : "refused " + $temp.r.status }}

    state: Mail
        q!: mail
        script: $mail.sendMessage("a@example.com", "Order", "Number 7");

    state: Mode
        q!: mode
        a: {{ testMode() ? "a test" : "no test" }}

    state: Fail
        q!: fail
        script: 
            log("before");
            nothing.here();

    state: CatchAll
        event!: noMatch
        a: What is {{$request.query}}?
`

// all has every tag, in cases that pass.
const all = `<?xml version="1.0" encoding="UTF-8"?>
<test>
	<mockData>
		<query>http://shop.example/${path}?q=${q}</query>
		<parameters><path>путь</path><q>a b</q></parameters>
		<response>{"items": [1, 2, 3]}</response>
	</mockData>
	<test-case id="q and a">
		<q>/start</q>
		<a state="/Start" class="/Start">Hello.</a>
		<q>two</q>
		<a>One.</a>
		<a contains="true">Two.</a>
		<q>что?</q>
		<a>What is что??</a>
	</test-case>
	<test-case id="class and state"><q>tea</q><a class="/Tea" state="/Tea/Pour">Tea is poured.</a></test-case>
	<test-case id="gone through"><q>tea</q><a class="/Tea"/></test-case>
	<test-case id="a button"><q>/start</q><a/><q>Tea</q><a state="/Tea/Pour"/></test-case>
	<test-case id="event"><event>paid<data>{"sum": 5}</data></event><a>Paid 5.</a></test-case>
	<test-case id="state"><q>where</q><a state="/CatchAll"/><state>Inner</state><q>where</q><a>Deep inside.</a></test-case>
	<test-case id="context">
		<context var="session">{"x": 1}</context>
		<q>name</q><a/>
		<context var="client">{"name": "Ann", "account": {"user": "ann2"}}</context>
		<q>memory</q>
		<a>1 Ann ann2</a>
	</test-case>
	<test-case id="nothing is left of other cases"><q>memory</q><a></a></test-case>
	<test-case id="dateTime">
		<dateTime>2016-06-07 13:23:55</dateTime>
		<q>clock</q><a>07.06.2016 13:23:55 13</a>
	</test-case>
	<test-case id="random">
		<random>1,2</random>
		<q>dice</q><a>second</a>
		<q>dice</q><a>third</a>
		<q>dice</q><a>first</a>
	</test-case>
	<test-case id="random of scripts"><random>7</random><q>number</q><a>7</a><q>number</q><a>0</a></test-case>
	<test-case id="smartRandom">
		<requestData>{"smartRandom": [2]}</requestData>
		<q>dice</q><a>third</a>
		<responseData field="smartRandom">[2]</responseData>
	</test-case>
	<test-case id="newSession">
		<q>again</q>
		<newSession message="/start"><data>{"from": "again"}</data></newSession>
		<a state="/Start">Hello.</a>
	</test-case>
	<test-case id="timeout">
		<q>wait</q>
		<a>I wait.</a>
		<timeoutReply interval="20" targetState="/Late"/>
		<timeout/>
		<a>Are you there?</a>
		<timeoutReply interval="5"/>
		<timeout/>
		<a state="/Later">Bye, then.</a>
	</test-case>
	<test-case id="responseData">
		<q>data</q>
		<responseData>{"replies": [{"type": "buttons"}, {"type": "text", "state": "/Data"}], "test": {"sum": 2.50}}</responseData>
		<responseData field="test.list[1]">{"a": 1}</responseData>
		<responseData field="replies[0].buttons">[{"text": "A", "transition": "/Tea"}, {"text": "B"}]</responseData>
	</test-case>
	<test-case id="request">
		<request>{"query": "data", "channelType": "mock", "data": {"field": "f"}, "unknownField": 1}</request>
		<a>Field f, raw , channel mock, unknown .</a>
		<request>{"targetState": "/Data", "data": {"field": "g"}}</request>
		<a contains="Field g"/>
	</test-case>
	<test-case id="requestData and rawRequest">
		<requestData>{"field": "f"}</requestData>
		<rawRequest>{"field": "r"}</rawRequest>
		<q>data</q>
		<a contains="Field f, raw r,"/>
		<q>data</q>
		<a contains="Field , raw ,"/>
	</test-case>
	<test-case id="mockData of the file"><q>http</q><a>There are 3</a></test-case>
	<test-case id="mockData">
		<q>post</q><a contains="refused"/>
		<mockData>
			<query method="post">http://shop.example/orders</query>
			<body field="more" strictMatch="true">{"a": 1, "b": [1, 2]}</body>
			<response status="201">{"state": "made"}</response>
		</mockData>
		<q>post</q><a>made</a>
		<mockData>
			<query method="POST">http://shop.example/orders/</query>
			<response status="500" type="text">no</response>
		</mockData>
		<q>post</q><a>refused 500</a>
	</test-case>
	<test-case id="mail"><q>mail</q><mail recipient="a@example.com" subject="Order" body="Number 7"/></test-case>
	<test-case id="testMode"><q>mode</q><a>a test</a></test-case>
</test>`

// wrong has a failure of each kind.
const wrong = `<test>
	<test-case id="another text"><q>two</q><a>One.</a><a>Three.</a></test-case>
	<test-case id="said in /Start"><q>/start</q><a state="/Tea"/></test-case>
	<test-case id="first state was /Tea"><q>tea</q><a class="/Start"/></test-case>
	<test-case id="no &lt;a> expects this reply"><q>two</q><a>One.</a></test-case>
	<test-case id="did not say it"><q>mail</q><a>Sent.</a></test-case>
	<test-case id="began no new session"><q>two</q><a/><a/><newSession/></test-case>
	<test-case id="another timeout"><q>wait</q><a/><timeoutReply interval="1"/></test-case>
	<test-case id="waits for no timeout"><q>two</q><a/><a/><timeout/></test-case>
	<test-case id="other data"><q>data</q><a/><responseData field="test.sum">3</responseData></test-case>
	<test-case id="another mail"><q>mail</q><mail subject="Bill"/></test-case>
	<test-case id="no &lt;mockData> answers GET http://shop.example"><q>http</q><a>There are 3</a></test-case>
	<test-case id="there is no state"><state>/Nowhere</state></test-case>
	<test-case id="src/main.sc:110"><q>fail</q></test-case>
	<test-case id="log: before"><q>fail</q></test-case>
</test>`

func load(t *testing.T, main string) *scenario.Bot {
	t.Helper()
	b, err := scenario.Load(fstest.MapFS{
		"chatbot.yaml": {Data: []byte("name: test\nentryPoint: main.sc\n")},
		"src/main.sc":  {Data: []byte(main)},
	}, scenario.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// TestARealBot plays every tag with a real bot, several cases at once.
func TestARealBot(t *testing.T) {
	t.Parallel()
	bot := load(t, everything)
	results := xmltest.Run(t.Context(), []*xmltest.File{xmltest.Read("test/all.xml", []byte(all))}, xmltest.Options{New: xmltest.Playing(bot), Parallel: 4})
	if len(results) != strings.Count(all, "<test-case") {
		t.Errorf("%d results", len(results))
	}
	for _, r := range results {
		expect(t, r, "")
	}
}

// TestARealBotFails: a case of each kind fails, and says what its name does.
func TestARealBotFails(t *testing.T) {
	t.Parallel()
	bot := load(t, everything)
	for _, r := range xmltest.Run(t.Context(), []*xmltest.File{xmltest.Read("test/wrong.xml", []byte(wrong))}, xmltest.Options{New: xmltest.Playing(bot)}) {
		expect(t, r, r.Case.ID)
	}
}
