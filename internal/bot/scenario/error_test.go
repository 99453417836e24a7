package scenario_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/govorun/govorun/internal/bot/scenario"
)

// TestErrors has every mistake with the exact place and words of its report; several in one
// file are reported together, in order.
func TestErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, main, want string }{
		{"pattern not closed", "theme: /\n    state: A\n        q!: * (привет мир", `src/main.sc:3:15: '(' is not closed: found the end of the pattern, expected ')'` + "\n\tq!: * (привет мир"},
		{"pattern in a later line", "theme: /\n    state: A\n        q!: слово\n            [ещё\n        a: x", "src/main.sc:4:13: '[' is not closed: found the end of the pattern, expected ']'\n\t[ещё"},
		{"tabs are one column", "theme: /\n\tstate: A\n\t\tq!: {x", "src/main.sc:3:7: '{' is not closed: found the end of the pattern, expected '}'\n\tq!: {x"},
		{"unknown name", "theme: /\n    state: A\n        q!: * $Nobody *", "src/main.sc:3:15: there is no pattern $Nobody, expected a name defined in a patterns tag\n\tq!: * $Nobody *"},
		{"name in a named pattern", "patterns:\n    $a = x $b\n", "src/main.sc:2:12: there is no pattern $b, expected a name defined in a patterns tag\n\t$a = x $b"},
		{"cycle", "patterns:\n    $a = x [$a]\n", "src/main.sc:2:13: pattern $a is defined by itself\n\t$a = x [$a]"},
		{"not a definition", "patterns:\n    word = x\n", "src/main.sc:2:5: unexpected text \"word = x\" in patterns, expected $Name = pattern\n\tword = x"},
		{"converter", "patterns:\n    $a = x || weight = f\n", "src/main.sc:2:15: unexpected text \"weight = f\" behind a pattern, expected converter = the name of a function, or a function\n\t$a = x || weight = f"},
		{"script", "theme: /\n    state: A\n        script:\n            $session.x = ;\n        a: {{$session.y +}}", "src/main.sc:4:26: SyntaxError: unexpected token in expression: ';'\n\t$session.x = ;\nsrc/main.sc:5:26: SyntaxError: unexpected token in expression: ')'\n\ta: {{$session.y +}}"},
		{"condition", "theme: /\n    state: A\n        else:\n            a: x\n        if:\n            a: y", "src/main.sc:3:9: else without an if, expected if: above it\n\telse:\nsrc/main.sc:5:9: if without a condition, expected an expression, as in \"if: $session.age >= 18\"\n\tif:"},
		{"action", "theme: /\n    state: A\n        InputText:\n            prompt = who?\n        InputNumber:\n            varName = n\n            minValue = few\n        Confirmation:\n            prompt = sure?\n        HttpRequest:\n            method = GET", strings.Join([]string{
			"src/main.sc:3:9: InputText without a varName, expected varName = name\n\tInputText:",
			"src/main.sc:5:9: minValue is \"few\", expected a number\n\tInputNumber:",
			"src/main.sc:8:9: Confirmation without disagreeState, expected disagreeState = /State\n\tConfirmation:",
			"src/main.sc:8:9: Confirmation without agreeState, expected agreeState = /State\n\tConfirmation:",
			"src/main.sc:10:9: HttpRequest without a url, expected url = \"https://…\"\n\tHttpRequest:",
		}, "\n")},
		{"require of a broken dictionary", "require: answers.json\n    var = answers", "src/answers.json:1:11: unexpected text \"}\", expected an object, a list, a text or a number\n\t{\"a\": [1, }"},
		{"unknown tag", "theme: /\n    state: A\n        answer: x\n        a: y", "src/main.sc:3:9: unknown tag \"answer\", expected one of: state, q!, q, event!, event, a, buttons, image, random, go!, go\n\tanswer: x"},
		{"text without a tag", "theme: /\n    state: A\n        a: x\n    stray words", "src/main.sc:4:5: unexpected text \"stray words\", expected a tag, as in \"a: text\"; one of: state, q!, q, event!, event, a, buttons, image, random, go!, go\n\tstray words"},
		{"open expression", "theme: /\n    state: A\n        a: x\n          {{$session.a", "src/main.sc:4:11: \"{{\" is not closed, expected \"}}\"\n\t{{$session.a"},
		{"empty tags", "theme: /\n    state: A\n        q!:\n        event:\n        go!:\n        buttons:\n        random:", strings.Join([]string{
			"src/main.sc:3:9: q! without a pattern, expected words, as in \"q: * hello *\"\n\tq!:",
			"src/main.sc:4:9: event without a name, expected an event, as in \"event: noMatch\"\n\tevent:",
			"src/main.sc:5:9: go! without a state, expected a path, as in \"go!: /Start\"\n\tgo!:",
			"src/main.sc:6:9: buttons without buttons, expected nested lines, as in \"Yes\" -> /Agreed\n\tbuttons:",
		}, "\n")},
		{"reaction at the top", "a: hello\nq!: x", "src/main.sc:1:1: tag \"a\" outside of a state, expected require, init, patterns, theme or state\n\ta: hello\nsrc/main.sc:2:1: tag \"q!\" outside of a state, expected require, init, patterns, theme or state\n\tq!: x"},
		{"require", "require: nothing.sc\nrequire: code.js\n    type = scriptEs6\nrequire: nowhere.sc\n  module = sys.zb-common\nrequire: ../../etc/passwd.sc\nrequire:", strings.Join([]string{
			"src/main.sc:1:1: there is no file src/nothing.sc\n\trequire: nothing.sc",
			"src/main.sc:2:1: there is no file src/code.js\n\trequire: code.js",
			"src/main.sc:6:1: there is no file ../etc/passwd.sc\n\trequire: ../../etc/passwd.sc",
			"src/main.sc:7:1: require without a file, expected a path, as in require: questions.sc\n\trequire:",
		}, "\n")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := scenario.Load(files(tc.main, "src/answers.json", "{\"a\": [1, }"), scenario.Options{})
			if err == nil {
				t.Fatal("no error")
			}
			if err.Error() != tc.want {
				t.Errorf("\n got %s\nwant %s", err, tc.want)
			}
			var errs scenario.Errors
			var first *scenario.Error
			if !errors.As(err, &errs) || !errors.As(err, &first) || first.Line == 0 {
				t.Errorf("not a list of positions: %T", err)
			}
		})
	}
}

// TestWarnings has what is suspicious: such a bot runs.
func TestWarnings(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, main, want string }{
		{"no such state", "theme: /\n    state: A\n        q!: a\n        go!: /B/C", "src/main.sc:4:9: there is no state \"/B/C\" seen from /A\n\tgo!: /B/C"},
		{"no such state behind a button", "theme: /\n    state: A\n        q!: a\n        buttons:\n            \"B\" -> /B", "src/main.sc:5:13: there is no state \"/B\" seen from /A\n\t\"B\" -> /B"},
		{"no such toState", "theme: /\n    state: A\n        q!: a\n        q: x || toState = ../B", "src/main.sc:4:9: there is no state \"../B\" seen from /A\n\tq: x || toState = ../B"},
		{"a library file that is not there", "require: nowhere.sc\n    module = sys.zb-common\ntheme: /\n    state: A\n        q!: a $Nowhere\n        q!: b\n        a: a", "src/main.sc:1:1: the library sys.zb-common has no file nowhere.sc\n\trequire: nowhere.sc\nsrc/main.sc:5:15: there is no pattern $Nowhere: nothing fits it\n\tq!: a $Nowhere"},
		{"state twice", "theme: /\n    state: A\n        q!: a\n        a: 1\n    state: A\n        a: 2", "src/main.sc:5:5: state /A is there already, src/main.sc:2:5: the two are merged\n\tstate: A"},
		{"no such file of the library", "require: nowhere.sc\n  module = sys.zb-common\nstate: A\n    q!: a", "src/main.sc:1:1: the library sys.zb-common has no file nowhere.sc\n\trequire: nowhere.sc"},
		{"a file that fails", "theme: /\n    init:\n        nobody();\n    state: A\n        q!: a\n        a: a", "src/main.sc:3:9: ReferenceError: 'nobody' is not defined\n\tnobody();"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b, err := scenario.Load(files(tc.main), scenario.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			if got := b.Warnings().Error(); got != tc.want {
				t.Errorf("\n got %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestConfigErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ config, want string }{
		{"name: x\nentryPoint: [a.sc\n", "chatbot.yaml:"},
		{"name: x\n\tlanguage: ru\n", "chatbot.yaml:2:"},
		{"entryPoint: {a: b}\n", "chatbot.yaml:1:13: entryPoint is no file, expected the name of a file, or a list of them"},
		{"entryPoint: other.sc\n", "chatbot.yaml: there is no file src/other.sc"},
	} {
		fsys := files("")
		fsys["chatbot.yaml"] = &fstest.MapFile{Data: []byte(tc.config)}
		if _, err := scenario.Load(fsys, scenario.Options{}); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%q: got %v, want %q", tc.config, err, tc.want)
		}
	}
}

// TestConfigTolerance: settings that are written in an odd way harm nothing else.
func TestConfigTolerance(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ config, warning string }{
		{"name: 7\nentryPoint:\nlanguage: ru\nlanguage: en\nnlp: {lengthLimit: {symbols: \"4\"}}\n", ""},
		{"name: x\nnlp:\n\tlengthLimit:\n\t\tsymbols: '4'\ninjector: {1: {2: x}, f: .inf}\n", ""},
		{"\uFEFFname: x\r\nentryPoint: src/main.sc\r\nnlp:\r\n  lengthLimit:\r\n    symbols: 4\r\n    enabled: 'true'\r\n", ""},
		{"name: x\nlanguage: fr\nnlp: {lengthLimit: {symbols: 4}}\n", "chatbot.yaml: unknown language \"fr\", expected ru or en"},
		{"name: [x]\nmessages: [none]\ninjector: none\nnlp: {timeLimit: {timeout: long}, lengthLimit: {symbols: 4}}\n", "chatbot.yaml:1:1: cannot unmarshal"},
	} {
		fsys := files("theme: /\n    state: A\n        event!: lengthLimit\n        a: long\n    state: B\n        q!: *\n        a: short\n")
		fsys["chatbot.yaml"] = &fstest.MapFile{Data: []byte(tc.config)}
		b, err := scenario.Load(fsys, scenario.Options{})
		if err != nil {
			t.Errorf("%q: %v", tc.config, err)
			continue
		}
		(&talk{t: t, bot: b}).expect("four", "short", "fives", "long")
		if got := b.Warnings().Error(); !strings.HasPrefix(got, tc.warning) || got != "" && tc.warning == "" {
			t.Errorf("%q: warnings %q, want %q", tc.config, got, tc.warning)
		}
	}
}

func TestManyErrors(t *testing.T) {
	t.Parallel()
	_, err := scenario.Load(files(strings.Repeat("nonsense: x\n", 100)), scenario.Options{})
	var errs scenario.Errors
	if !errors.As(err, &errs) || len(errs) != 51 || errs[50].Message != "and 50 more mistakes" {
		t.Errorf("%d errors: %v", len(errs), err)
	}
}

// FuzzLoad reads anything as a scenario and talks to what comes out: no panic, every mistake
// has its place in the file.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"theme: /\n    state: A || modal = true\n        q!: * (a|b)\n        a: hi {{$request.query}}\n        buttons:\n            \"x\" -> .\n",
		"patterns:\n    $a = x\ntheme: /t\n  state:\n    event: noMatch || toState = \"./\"\n    random:\n      a: 1\n      go!: ..\n",
		"require: main.sc\r\n\tstate::x||a=1,b=\"2\n3\"\n@X\n {}\n", "state: A\n a: \"x\n y\"\n  q: z # c\n   || fromState = [\"/A\", ..]\n",
	} {
		f.Add(seed, "a b")
	}
	f.Fuzz(func(t *testing.T, main, said string) {
		b, err := scenario.Load(files(main), scenario.Options{})
		if err != nil {
			var errs scenario.Errors
			if !errors.As(err, &errs) {
				t.Fatal(err)
			}
			lines := strings.Count(strings.ReplaceAll(main, "\r", "\n"), "\n") + 1
			for _, e := range errs {
				if e.Line < 1 || e.Line > lines || e.Column < 1 || e.File != "src/main.sc" {
					t.Fatalf("place of %v", e)
				}
			}
			return
		}
		k := &talk{t: t, bot: b}
		k.start()
		k.say(said)
		k.say(said)
	})
}

// TestFailureInConversation: whoever tries a bot sees what it said before it failed, where, and
// exactly at which place.
func TestFailureInConversation(t *testing.T) {
	t.Parallel()
	fsys := files(`theme: /
    state: Inline
        q!: inline
        a: before
        script: $reactions.answer("ещё"); nobody.home();
        a: never
    state: Text
        q!: text
        go!: ../Other
    state: Other
        a: first {{ $session.x }} {{ $session.x.y }}
    state: Block
        q!: block
        script:
            var ж = 1;
                ж.home();
    state: If
        q!: if
        if: $session.q.r
            a: yes
    state: Fine
        q!: fine
        a: fine`)
	fsys["chatbot.yaml"].Data = []byte("name: x\nmessages: {onError: {defaultMessage: sorry}}\n")
	c := load(t, fsys).Converse(scenario.ConversationOptions{Test: true})
	defer c.Close()
	for _, tc := range []struct{ said, replies, states, want string }{
		{"inline", "before|ещё|sorry", "/Inline", "src/main.sc:5:43: ReferenceError"},
		{"text", "sorry", "/Text /Other", "src/main.sc:11:48: TypeError"},
		{"block", "sorry", "/Block", "src/main.sc:16:23: TypeError"},
		{"if", "sorry", "/If", "src/main.sc:19:23: TypeError"},
		{"fine", "fine", "/Fine", ""},
	} {
		a := c.React(t.Context(), scenario.Request{Query: tc.said})
		var replies []string
		for _, r := range a.Replies {
			replies = append(replies, r.Text)
		}
		if got := strings.Join(replies, "|"); got != tc.replies {
			t.Errorf("%s: said %q, want %q", tc.said, got, tc.replies)
		}
		if got := strings.Join(a.States, " "); got != tc.states || a.Class != a.States[0] {
			t.Errorf("%s: states %q, want %q", tc.said, got, tc.states)
		}
		if tc.want == "" && a.Err != nil || tc.want != "" && (a.Err == nil || !strings.Contains(a.Err.Error(), tc.want)) {
			t.Errorf("%s: %v, want %s", tc.said, a.Err, tc.want)
		}
	}
}

// TestConversationAfterCancel: a conversation goes on after a turn that was cancelled.
func TestConversationAfterCancel(t *testing.T) {
	t.Parallel()
	c := load(t, files("theme: /\n    state: Loop\n        q!: loop\n        script: log('runs'); while (true) {}\n    state: A\n        q!: a\n        script: $reactions.answer('a');\n")).Converse(scenario.ConversationOptions{})
	defer c.Close()
	ctx, cancel := context.WithCancel(t.Context())
	stop := time.AfterFunc(20*time.Millisecond, cancel)
	defer stop.Stop()
	if a := c.React(ctx, scenario.Request{Query: "loop"}); !errors.Is(a.Err, context.Canceled) {
		t.Fatalf("a cancelled turn: %v", a.Err)
	}
	if a := c.React(t.Context(), scenario.Request{Query: "a"}); a.Err != nil || len(a.Replies) != 1 {
		t.Errorf("after it: %+v", a)
	}
}
