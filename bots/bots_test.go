package bots_test

import (
	"bytes"
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/bot/scenario"
	"github.com/govorun/govorun/internal/bot/scenario/xmltest"
)

// TestBots has every bot of this folder start without a warning, and runs its XML tests.
func TestBots(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() {
			t.Run(e.Name(), func(t *testing.T) {
				t.Parallel()
				testBot(t, e.Name())
			})
		}
	}
}

func testBot(t *testing.T, dir string) {
	t.Helper()
	fsys := os.DirFS(dir)
	b, problems, err := scenario.Check(fsys, scenario.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	for _, w := range b.Warnings() {
		t.Errorf("warning: %s", w)
	}
	for _, p := range problems {
		t.Errorf("suspicious: %v", p)
	}
	files, err := xmltest.Find(fsys)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		for _, n := range f.Notes {
			t.Errorf("%s: %s", f.Name, n)
		}
	}
	for i := range files {
		var cases []*xmltest.Case
		for j, c := range files[i].Cases {
			if j%every == 0 {
				cases = append(cases, c)
			}
		}
		files[i].Cases = cases
	}
	results := xmltest.Run(context.Background(), files, xmltest.Options{New: xmltest.Playing(b)})
	if len(results) == 0 {
		t.Error("the bot has no tests")
	}
	for _, r := range results {
		t.Run(r.Case.File+"/"+r.Case.ID, func(t *testing.T) {
			if r.Status == xmltest.Passed {
				return
			}
			var why bytes.Buffer
			xmltest.Print(&why, r, xmltest.Style{})
			t.Error(why.String())
		})
	}
}

// rows are those of the language's description (scenario language, 2 to 5), by the file of tests
// that has one named after each.
var rows = map[string]string{
	"corners/test/tags.xml": `require|init|patterns|theme|state|q!|q|intent!|intent|event!|event|e!|e|eg!|eg|intentGroup!|intentGroup|fromState|toState|
		onlyThisState|order|a deeper context|a bare *|an unhandled event|noContext|modal|a|script|scriptEs6|go!|go|if, elseif, else|random|
		buttons|inlineButtons|image|audio|video|timeout|newSession|path /|path .|path ..|path ./x|path ../x|path X|path X/Y|path {{expr}}|
		100 jumps|InputText|InputNumber|InputPhoneNumber|Confirmation|HttpRequest|TransferToOperator|EndSession|@InputText|
		a byte order mark, CRLF, tabs|state: without a name|state:: x|no space around|unknown parameters|values in quotes|any Unicode|0 h 0m 5s`,
	"corners/test/javascript.xml": `$request|$response|$session|$client|$temp|$parseTree|$context|$injector|$entities|$env|$secrets|$global|$|$session = {}|
		scripts share globals|timeLimit|$reactions.answer|$reactions.transition|$reactions.buttons|$reactions.inlineButtons|$reactions.image|
		$reactions.audio|$reactions.timeout|$reactions.random|$reactions.newSession|$reactions.template|$jsapi.bind|$jsapi.context|
		$jsapi.startSession|$jsapi.stopSession|$jsapi.newSession|$jsapi.chatHistory|$jsapi.currentTime|$jsapi.dateForZone|$jsapi.timeForZone|
		$jsapi.random|$jsapi.resolvePath|$jsapi.version|$jsapi.log|$jsapi.stopScript|$http.get|$http.post|$http.put|$http.delete|$http.query|
		$http: then, catch|$pushgate.createEvent|$pushgate.cancelEvent|$pushgate.createPushback|$nlp.match|$nlp.matchPatterns|
		$nlp.matchExamples|$nlp.inflect|$nlp.conform|$nlp.parseMorph|$nlp.tokenize|$caila|$analytics|$conversationApi|$storage|$mail|$dialer|
		log|toPrettyString|capitalize|currentDate|parseXml|hasOperatorsOnline|testMode|selectRandomArg|moment|_|bind preMatch|bind preProcess|
		bind postProcess|bind selectNLUResult|bind onScriptError|bind onDialogError|bind onAnyError`,
	"corners/test/patterns.xml": `word|*|pre* *suf *mid*|(a|b) (a/b)|[x]|{a b}|~слово|$Name|$Name::Alias|(…):value|converter|$regexp<re>|$regexp_i<re>|$regex<re>|
		$entity<Dict>|@Entity|@duckling.number|@duckling.time|$morph<П>|$repeat<$x>|$weight<1.05>|
		slot filling: prompts|slot filling: maxSlotRetries|
		slot filling: stopOnAnyIntent|slot filling: optional and array slots`,
	"corners/test/steps.xml": `test-case|q|a|event|state|context|dateTime|random|newSession|timeoutReply|timeout|responseData|mockData|request|requestData|
		rawRequest|mail|testMode`,
	"library/test/library.xml": `$Text|$AnyText|$AnyWord|$oneWord|$nonEmptyGarbage|$Number|$City|$Name|$DateTime|$hello|$agree|$disagree|$yes|
		$no|$bye|$dontKnow|$mobilePhoneNumber|$switchToOperator|$obsceneWord|common.js|city/cities-ru.csv|dateTime/moment.min.js`,
}

// TestRows has a test named after every row of the language.
func TestRows(t *testing.T) {
	t.Parallel()
	for file, list := range rows {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		cases := xmltest.Read(file, content).Cases
		list = strings.ReplaceAll(list, "(a|b)", "(a\x00b)")
		for row := range strings.SplitSeq(list, "|") {
			row = strings.ReplaceAll(strings.TrimSpace(row), "\x00", "|")
			named := func(c *xmltest.Case) bool {
				rest, ok := strings.CutPrefix(c.ID, row)
				return ok && (rest == "" || strings.ContainsAny(rest[:1], " :,="))
			}
			if !slices.ContainsFunc(cases, named) {
				t.Errorf("%s has no test named after %q", file, row)
			}
		}
	}
}
