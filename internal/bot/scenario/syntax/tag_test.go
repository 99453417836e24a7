package syntax_test

import (
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/bot/scenario/syntax"
)

// example is a piece of a file and the tags it is read as.
type example struct{ source, want string }

// try reads examples. The tabs of Go source around them are taken off.
func try(t *testing.T, examples ...example) {
	t.Helper()
	for _, e := range examples {
		tags, errs := syntax.Parse("src/main.sc", e.source)
		if len(errs) > 0 {
			t.Errorf("%s\n%v", e.source, errs)
		}
		if got := strings.TrimSuffix(dump(tags), "\n"); got != strings.Trim(e.want, "\n") {
			t.Errorf("%s\n got\n%s\nwant\n%s", e.source, got, strings.Trim(e.want, "\n"))
		}
	}
}

// TestTag reads every tag of the language (scenario language, 2) in the forms that files
// have it in.
func TestTag(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		examples []example
	}{
		{"require", []example{
			{"require: a.sc\nrequire: \"b.js\"\nrequire: scenarios/*.sc # all", "require \"a.sc\"\nrequire \"\\\"b.js\\\"\"\nrequire \"scenarios/*.sc\""},
			{"require: city/cities-ru.csv\n    name = Cities\n    var = $Cities\n    module = sys.zb-common", `require "city/cities-ru.csv" name="Cities" var="$Cities" module="sys.zb-common"`},
			{"require: a.csv || name = A, var = B", `require "a.csv" name="A" var="B"`},
			{"require: a.js type = scriptEs6 name=utils", `require "a.js" type="scriptEs6" name="utils"`},
			{"require: a.sc\n    injector = {\n        catchAll: { a: 1 },\n        b: \"x, c = d\"\n    }\nrequire: b.sc\ninjector = {a: 2}\ntheme: /",
				"require \"a.sc\" injector=\"{\\ncatchAll: { a: 1 },\\nb: \\\"x, c = d\\\"\\n}\"\nrequire \"b.sc\" injector=\"{a: 2}\"\ntheme \"/\""},
			{"require: catchAll.zb\n    from = common\n    rootTheme = /offtopic\n    provide = {\n        hintState: “/off”\n        }", "require \"catchAll.zb\" from=\"common\" rootTheme=\"/offtopic\" provide=\"{\\nhintState: “/off”\\n}\""},
		}},
		{"init", []example{
			{"init:\n    bind(\"postProcess\", function($context) {\n    });\ntheme: /", "init\n    2|    bind(\"postProcess\", function($context) {\n    3|    });\ntheme \"/\""},
			{"theme: /\n    init: $global.x = 1;\n    state: A", "theme \"/\"\n    init\n        2|          $global.x = 1;\n    state \"A\""},
		}},
		{"patterns", []example{
			{"patterns:\n    $Yes = (да|ага) # agree\n    $No = нет || converter = $converters.no\n    $re = $regexp<a#b||c>", `
patterns
    - $Yes = (да|ага)
    - $No = нет || converter = $converters.no
    - $re = $regexp<a#b||c>`},
			{"patterns:\n    $a =\n        (x|\n        y) # one\n    $b = (\n      x\n    |y\n    )\n    $c = z", `
patterns
    - $a = (x| y)
    - $b = ( x |y )
    - $c = z`},
			{"patterns:\n    $a = (x:1|y:2) || converter = function($pt) {\n        // a brace: {\n        $x = \"}\";\n        return $pt.value; # done\n    }\n    $b = $a", `
patterns
    - $a = (x:1|y:2) || converter = function($pt) {⏎$x = "}";⏎return $pt.value;⏎}
    - $b = $a`},
			{"patterns:\n    $a-b = x\n        converter = f\n    $c = y || converter = function() {\n        return 1;\n    };\n    d = z", `
patterns
    - $a-b = x || converter = f
    - $c = y || converter = function() {⏎return 1;⏎}
    - d = z`},
			{"patterns:\n  $a = (\nx | y\n)\ntheme: /", "patterns\n    - $a = ( x | y )\ntheme \"/\""},
		}},
		{"theme", []example{
			{"theme: /\ntheme:/Hello|| modal=true\ntheme: /A # first", "theme \"/\"\ntheme \"/Hello\" modal=\"true\"\ntheme \"/A\""},
			{"theme: /A\n\nstate: One\n    a: x\nstate: Two", "theme \"/A\"\n    state \"One\"\n        a \"x\"\n    state \"Two\""},
		}},
		{"state", []example{
			{"state: A || modal = true, noContext = true", `state "A" modal="true" noContext="true"`},
			{"state: A\n    modal = true noContext = true\n    a: x", "state \"A\" modal=\"true\" noContext=\"true\"\n    a \"x\""},
			{"state: A||noContext=true\nstate: B ||modal, noContext\nstate: C | modal = true", "state \"A\" noContext=\"true\"\nstate \"B\" modal=\"true\" noContext=\"true\"\nstate \"C\" modal=\"true\""},
			{"state: A || sessionResult = \"Done, a = b\", sessionResultColor = \"#3E8080\"\nstate: B || sessionResultColor = #CD4C2B", `
state "A" sessionResult="Done, a = b" sessionResultColor="#3E8080"
state "B" sessionResultColor="#CD4C2B"`},
			{"state:\nstate:: B\nstate : C\nState: D\nstate: Что это? # e\nstate: Order #5 // f\nstate: \"G\" || unknown = 1", `
state
state "B"
state "C"
state "D"
state "Что это?"
state "Order #5"
state "\"G\"" unknown="1"`},
			{"state: A\n    q: x\n    modal = true\n    || noContext = true\n    state: B", "state \"A\" modal=\"true\" noContext=\"true\"\n    q \"x\"\n    state \"B\""},
			{"theme: /\n    state: A\n    q!: x\n    a: y\n    state: B\n        q: z\n    a: w", `
theme "/"
    state "A"
        q! "x"
        a "y"
    state "B"
        q "z"
        a "w"`},
		}},
		{"q!", []example{
			{"q!: * (hi|hello) *\nq!:привет\nq! : x\nQ!: y # why\nq!: z //паттерн", "q! \"* (hi|hello) *\"\nq! \"привет\"\nq! \"x\"\nq! \"y\"\nq! \"z\""},
			{"q!: * (привет |\n    пока) # both\n    #один\n    *\nq!: (\n   a|\n   b\n)\na: x", "q! \"* (привет | пока) *\"\nq! \"( a| b )\"\na \"x\""},
			{"q!: $regexp<a || b # c> || toState = \"/A B\"\nq!: * #тег *\nq!: (a||b)", "q! \"$regexp<a || b # c>\" toState=\"/A B\"\nq! \"* #тег *\"\nq! \"(a||b)\""},
			{"q!:\n    word\n    more || fromState = /A", `q! "word more" fromState="/A"`},
		}},
		{"q", []example{
			{"q: супер || fromState = /Test, onlyThisState = true", `q "супер" fromState="/Test" onlyThisState="true"`},
			{"q: a || fromState=[\"/A\", \"/B C\"]\nq: b fromState = .. onlyThisState=true\nq: c\n    fromState = \"/A\"\n    || onlyThisState = true", `
q "a" fromState="[\"/A\", \"/B C\"]"
q "b" fromState=".." onlyThisState="true"
q "c" fromState="/A" onlyThisState="true"`},
			{"q: x || fromState = [\n        \"/A\",\n        \"/B\"\n    ]\na: y", "q \"x\" fromState=\"[\\n\\\"/A\\\",\\n\\\"/B\\\"\\n]\"\na \"y\""},
			{"q: x ||\n    fromState = /A\na: y ||\n    html = z", "q \"x\" fromState=\"/A\"\na \"y\" html=\"z\""},
			{"q: what's up :( # sad\nq: y", "q \"what's up :(\"\nq \"y\""},
		}},
		{"intent", []example{
			{"intent: /Который час || fromState=/КакДела, onlyThisState = true\nintent: /a/b # c", "intent \"/Который час\" fromState=\"/КакДела\" onlyThisState=\"true\"\nintent \"/a/b\""},
		}},
		{"intent!", []example{{"intent!:/hello\nintent!: /пока || toState = \"./X\"", "intent! \"/hello\"\nintent! \"/пока\" toState=\"./X\""}}},
		{"event", []example{{"event: noMatch || toState = /A\nevent: x    // комментарий\nevent: \"y\"", "event \"noMatch\" toState=\"/A\"\nevent \"x\"\nevent \"\\\"y\\\"\""}}},
		{"event!", []example{{"event!: noMatch", `event! "noMatch"`}}},
		{"e! e eg! eg", []example{{"e: hello there\ne!: bye || onlyThisState = true\neg: greetings\neg!: farewells", "e \"hello there\"\ne! \"bye\" onlyThisState=\"true\"\neg \"greetings\"\neg! \"farewells\""}}},
		{"intentGroup!", []example{{"intentGroup!: /a\nintentGroup: /b", "intentGroup! \"/a\"\nintentGroup \"/b\""}}},
		{"a", []example{
			{"a: Hi, {{ $client.name || \"you\" }}! || htmlEnabled = true, html = \"<b class=\"x\">Hi</b>\"", `a "Hi, {{ $client.name || \"you\" }}!" htmlEnabled="true" html="<b class=\"x\">Hi</b>"`},
			{"a: One:\n    * two # 2\n\n    // no\n    # no\n    three: http://x/#y", `a "One:\n* two # 2\n\nthree: http://x/#y"`},
			{"a: Code #5 # five\na: \"Quoted: text\"\na: первый!   // 0\na: a || b\na: x | y = z", "a \"Code #5 # five\"\na \"\\\"Quoted: text\\\"\"\na \"первый!\"\na \"a || b\"\na \"x | y = z\""},
			{"a: Text || html = \"line 1\n    go: on\n    # two\n    line 3\", tts = \"t\"\na: next", "a \"Text\" html=\"line 1\\ngo: on\\n# two\\nline 3\" tts=\"t\"\na \"next\""},
			{"    a: Text || html = \"line 1\nline 2\"\n    a: next", "a \"Text\" html=\"line 1\\nline 2\"\na \"next\""},
			{"a: Text\n    html = \"x\"\n    || tts = y\na: Choose:\n    A: one\n    b: two", "a \"Text\" html=\"x\" tts=\"y\"\na \"Choose:\\nA: one\\nb: two\""},
			{"a: \"Hi\n    there\"\na:\na: \"Привет\ngo!: /A", "a \"\\\"Hi\\nthere\\\"\"\na\na \"\\\"Привет\"\ngo! \"/A\""},
			{"а: Cyrillic\nA: x\na: text\n     go!: /A", "a \"Cyrillic\"\na \"x\"\na \"text\"\ngo! \"/A\""},
			{"a: say \\\"hi\\\" || tts = \"a \\\"b\\\" c\"", `a "say \\\"hi\\\"" tts="a \"b\" c"`},
		}},
		{"script", []example{
			{"state: A\n    script:\n        var x = {\n            a: 1 # one\n        };\n\n        # gone\n        y();\n    a: z", `
state "A"
    script
        3|        var x = {
        4|            a: 1
        5|        };
        6|
        7|
        8|        y();
    a "z"`},
			{"script: $session.x = \"#\" || {};\nScript: y()\nscript: a(); # b\n    c();", `
script
    1|        $session.x = "#" || {};
script
    2|        y()
script
    3|        a();
    4|    c();`},
			{"  script:\n    if (x) {\n        a();\n#        b();\n//      c();\n        d(/[/#]\"/, `${x + `}`}`);\n  }\n  a: z", `
script
    2|    if (x) {
    3|        a();
    4|
    5|
    6|        d(/[/#]"/, ` + "`${x + `}`}`" + `);
    7|  }
a "z"`},
			{"  script:\n  a = 1;\n  b = 2;\n  go!: /A\n  script:\n      x = `line\ntwo`;\n  Custom:\n      k = v", `
script
    2|  a = 1;
    3|  b = 2;
go! "/A"
script
    6|      x = ` + "`line" + `
    7|two` + "`;" + `
Custom k="v"`},
			{"script:\n    state: for (;;) { break state; }\n    a: 1", "script\n    2|    state: for (;;) { break state; }\n    3|    a: 1"},
			{"script:\n    x = \"a \\\n    b # c\"; # d", "script\n    2|    x = \"a \\\n    3|    b # c\";"},
			{"script:\na: x", "script\na \"x\""},
		}},
		{"scriptEs6", []example{{"scriptEs6:\n    class A { #x = 1; get() { return this.#x; } }\nscriptES6: y", "scriptEs6\n    2|    class A { #x = 1; get() { return this.#x; } }\nscriptEs6\n    3|           y"}}},
		{"go! / go", []example{
			{"go!: /Can I Help You? # yes\ngo: ../first state/second\ngo!: {{ $temp.next || \"/x\" }}\ngo!:\n    /A\ngo!: {{ $session.a ? \"/A\" : \"/B\" }}   // c\ngo : .", `
go! "/Can I Help You?"
go "../first state/second"
go! "{{ $temp.next || \"/x\" }}"
go! "/A"
go! "{{ $session.a ? \"/A\" : \"/B\" }}"
go "."`},
		}},
		{"if / elseif / else", []example{
			{"if: $session.a == 1 || $b\n    a: x\nelseif: $c # c\n    a: y\nelse if: d = 1\n    a: z\nelif: e\n    go!: /A\nelse:\n    a: w", `
if "$session.a == 1 || $b"
    a "x"
elseif "$c"
    a "y"
elseif "d = 1"
    a "z"
elseif "e"
    go! "/A"
else
    a "w"`},
			{"if: $session.a &&\n        // both\n        $session.b(\"#\", {\n            a: 1\n        })\n        || c\n    a: x", `
if "$session.a &&\n$session.b(\"#\", {\na: 1\n})\n|| c"
    a "x"`},
			{"if:\n    x\n    a: y\nif: x == 1:\n    a: y\nelse\n    a: z\nif: x\n    a: 1\nelse: go!: /B", `
if "x"
    a "y"
if "x == 1"
    a "y"
else
    a "z"
if "x"
    a "1"
else
    go! "/B"`},
		}},
		{"random", []example{
			{"random:\n    a: 1 || weight = 2\n    random:\n        a: 2\n        go!: /A\n    script: x()", `
random
    a "1" weight="2"
    random
        a "2"
        go! "/A"
    script
        6|            x()`},
			{"random: || weights = [1, 2]\n    a: 1\n    a: 2", "random weights=\"[1, 2]\"\n    a \"1\"\n    a \"2\""},
		}},
		{"buttons", []example{
			{"buttons:\n    \"Yes, go -> on\" -> /Yes # y\n    'No' -> ./No,\n    Maybe -> ../X\n    Plain text // c\n    \"{{ $x }}\" -> {{ './3' }}", `
buttons
    - "Yes, go -> on" -> /Yes
    - 'No' -> ./No,
    - Maybe -> ../X
    - Plain text
    - "{{ $x }}" -> {{ './3' }}`},
			{"buttons:\n    {text: \"A\", url: \"http://x/#y\"}\n    {\n        text: \"B\", // b\n        a: 1,\n    } -> /B\n    {text: \"C\",\n    request_contact: true}\n    -> /C", `
buttons
    - {text: "A", url: "http://x/#y"}
    - {⏎text: "B", // b⏎a: 1,⏎} -> /B
    - {text: "C",⏎request_contact: true} -> /C`},
			{"buttons:\n    - \"A\"\n    - {text: \"B\"}\n    - 5", "buttons\n    - \"A\"\n    - {text: \"B\"}\n    - - 5"},
			{"buttons: \"A\", \"B\" -> /B\nbuttons:\n    [\"A\", {text: \"B\"}]\n    \"C\"\n     \"D\" ->\n        /D\n    \"E\",", `
buttons "\"A\", \"B\" -> /B"
    - "A"
    - "B" -> /B
buttons
    - "A"
    - {text: "B"}
    - "C"
    - "D" -> /D
    - "E",`},
		}},
		{"inlineButtons", []example{{"inlineButtons:\n    {text: \"A\", callback_data: \"a\"}\ninlinebuttons:\n    {\"text\": \"B\", \"url\": \"u\"}", `
inlineButtons
    - {text: "A", callback_data: "a"}
inlineButtons
    - {"text": "B", "url": "u"}`}}},
		{"image, audio, video", []example{{"image: https://x/a.png#b || hash = 5\naudio: {{$x}}\nvideo: \"u\"\nimage: u   # c\nimage: u\n    hash = 6", "image \"https://x/a.png#b\" hash=\"5\"\naudio \"{{$x}}\"\nvideo \"\\\"u\\\"\"\nimage \"u\"\nimage \"u\" hash=\"6\""}}},
		{"timeout", []example{{"timeout: /State || interval = \"0 h 0m 5s\"\ntimeout: /A\n    interval = 5 min", "timeout \"/State\" interval=\"0 h 0m 5s\"\ntimeout \"/A\" interval=\"5 min\""}}},
		{"newSession", []example{{"newSession:\n    message = query\n    data = { msg: \"data\",\n        n: 1 }", `newSession message="query" data="{ msg: \"data\",\nn: 1 }"`}}},
		{"InputText", []example{
			{"InputText:\n    prompt = What's your name, a = b?\n    varName = name\n    html =\n    then = /State # c\n    || x = \"quoted, a = b\",", `
InputText prompt="What's your name, a = b?" varName="name" html="" then="/State" x="quoted, a = b"`},
			{"InputText:\n    prompt = \"Line 1\n      Line 2\"\n    x = plain\n        goes on\na: y", "InputText prompt=\"Line 1\\nLine 2\" x=\"plain\\ngoes on\"\na \"y\""},
			{"HttpRequest:\n    body = {\"a\": \"line 1\n      line 2\"}\n    okState = /A\n    vars = [\n]\n    errorState = /B", "HttpRequest body=\"{\\\"a\\\": \\\"line 1\\nline 2\\\"}\" okState=\"/A\" vars=\"[\\n]\" errorState=\"/B\""},
			{"inputText: prompt = Hi\nInputText:\n    prompt: Hello: you", "InputText prompt=\"Hi\"\nInputText prompt=\"Hello: you\""},
		}},
		{"InputNumber", []example{{"InputNumber:\n    minValue = 1 # one\n    maxValue = 5,\n    failureMessage = [\n        \"Again?\",\n        \"A number: a = b\"\n    ]\n    actions =\n        [{\n          \"buttons\": [],\n        }]\n    then = /A", `
InputNumber minValue="1" maxValue="5" failureMessage="[\n\"Again?\",\n\"A number: a = b\"\n]" actions="[{\n\"buttons\": [],\n}]" then="/A"`}}},
		{"HttpRequest", []example{{"HttpRequest:\n    url = https://x/#y?a=b\n    headers = [{\"name\": \"a\", \"value\": \"b\"}]\n    body = {\"a\": {{ $session.x }}}\n    timeout = 0", `
HttpRequest url="https://x/#y?a=b" headers="[{\"name\": \"a\", \"value\": \"b\"}]" body="{\"a\": {{ $session.x }}}" timeout="0"`}}},
		{"EndSession", []example{{"EndSession:\nEndSession\na: x", "EndSession\nEndSession\na \"x\""}}},
		{"custom tags", []example{{"MyTag:\n    k = v\nother:\n    k = v\nThird: x", "MyTag k=\"v\"\nother k=\"v\"\nThird \"x\""}}},
		{"@InputText", []example{
			{"state: A\n    @InputText\n        {\n          \"boundsTo\" : \"/A\",\n          \"x\": \"}\",\n          \"a\" : [ {\n  } ]\n}\n        state: 1\n            a: x\n    @End\n    a: y", `
state "A"
    @InputText
    state "1"
        a "x"
    @End
    a "y"`},
			{"@InputText: {\n  \"a\": 1\n}\n\n@X\n\n{}\nstate: A", "@InputText \"{\"\n@X\nstate \"A\""},
			{"@IntentGroup\n    {\"never\": [closed\nstate: A", "@IntentGroup\nstate \"A\""},
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			try(t, tc.examples...)
		})
	}
}
