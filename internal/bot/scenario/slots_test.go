package scenario_test

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/bot/scenario"
	"github.com/govorun/govorun/internal/bot/scenario/pattern"
)

// knowing understands phrases that have an intent's name in them, and digits as numbers.
type knowing map[string]scenario.Intent

func (k knowing) Intents(_ context.Context, phrase *pattern.Phrase) ([]scenario.Intent, error) {
	var list []scenario.Intent
	for name, i := range k {
		if strings.Contains(phrase.Text(), strings.TrimPrefix(name, "/")) {
			i.Path, i.Score = name, 0.8
			list = append(list, i)
		}
	}
	return list, nil
}

func (k knowing) Intent(path string) (scenario.Intent, bool) {
	i, ok := k[path]
	i.Path = path
	return i, ok
}

func (k knowing) Entities(text string, _ time.Time) func(name string) []pattern.Span {
	return func(name string) []pattern.Span {
		if name != "duckling.number" {
			return nil
		}
		var spans []pattern.Span
		for _, at := range regexp.MustCompile(`\d+`).FindAllStringIndex(text, -1) {
			spans = append(spans, pattern.Span{Start: at[0], End: at[1], Value: json.RawMessage(text[at[0]:at[1]])})
		}
		return spans
	}
}

func knowingTalk(t *testing.T, config, main string) *talk {
	t.Helper()
	fsys := files(main)
	fsys["chatbot.yaml"].Data = []byte("entryPoint: main.sc\n" + config)
	b, err := scenario.Load(fsys, scenario.Options{Rand: dice(), Understanding: knowing{
		"/order": {Slots: []scenario.Slot{
			{Name: "count", Entity: "duckling.number", Required: true, Prompts: []string{"how many?", "how many, in digits?"}},
			{Name: "floor", Entity: "duckling.number", Required: true, Prompts: []string{"which floor?"}},
		}},
		"/sum":  {Slots: []scenario.Slot{{Name: "all", Entity: "duckling.number", Array: true}}},
		"/must": {Slots: []scenario.Slot{{Name: "n", Entity: "duckling.number", Required: true}}},
		"/bye":  {}, "/group/one": {},
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return &talk{t: t, bot: b}
}

const orders = `
require: slotfilling/slotFilling.sc
    module = sys.zb-common
theme: /
    state: Order
        intent!: /order
        a: {{$parseTree._count}} to {{$parseTree._floor}}, you said {{$parseTree.text}}
    state: Sum
        intent!: /sum
        a: {{$parseTree._all ? $parseTree._all.join("+") : "nothing"}}
    state: Must
        intent!: /must
        a: {{$parseTree._n}}
    state: Bye
        intent!: /bye
        a: bye
    state: Group
        intentGroup!: /group
        a: group
    state: Word
        q!: * bye now *
        a: pattern
    state: NoMatch
        event!: noMatch
        a: what?
`

func TestIntent(t *testing.T) {
	t.Parallel()
	knowingTalk(t, "", orders).expect("bye", "bye", "bye now", "pattern", "group/one", "group", "sum 1 and 2", "1+2", "sum", "nothing",
		"must", "what?", "must 5", "5", "hm", "what?")
}

// TestEntities has what the bot lists and what it understands, whether or not a pattern asks for it.
func TestEntities(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
theme: /
    state: Number
        q!: * @duckling.number *
        script:
            $temp.all = $entities.map(function(e) { return e.pattern + " " + e.text + " " + JSON.stringify(e.value); });
        a: {{$temp.all.join(", ")}}
    state: Event
        event!: silent
        a: {{$entities === undefined}}`,
		"caila_import.json", `{"entities": [{"entity": {"name": "Colour"}, "records": [{"type": "synonyms", "rule": ["red"], "value": "{\"code\": 1}"}]}]}`)
	k.expect("5 red apples", `Colour red {"code":1}, duckling.number 5 5`)
	if got := k.press("silent", ""); got != "true" {
		t.Errorf("of an event: %q", got)
	}
}

func TestExamples(t *testing.T) {
	t.Parallel()
	newTalk(t, `
theme: /
    state: Delivery
        e!: what does the delivery cost
        e!: price of the delivery
        a: nothing
    state: Ask
        q!: ask
        a: yes?
        state: Password
            eg: I forgot my password
            eg: my password is lost
            a: look under the keyboard, {{$context.nluResults.selected.ruleType}}
    state: NoMatch
        event!: noMatch
        a: what?
`).expect("the price of your delivery", "nothing", "I forgot the password", "what?", "ask", "yes?",
		"I forgot the password", "look under the keyboard, example", "hm", "what?")
}

func TestSlotFilling(t *testing.T) {
	t.Parallel()
	k := knowingTalk(t, "", orders)
	k.expect("order 3 to 5", "3 to 5, you said order 3 to 5", "order", "how many?", "7", "which floor?", "2", "7 to 2, you said order",
		"order", "how many?", "many", "how many, in digits?", "bye", "bye", "order 1", "which floor?", "4", "1 to 4, you said order 1")
}

func TestSlotFillingSettings(t *testing.T) {
	t.Parallel()
	k := knowingTalk(t, "injector:\n  slotfilling:\n    maxSlotRetries: 1\n    stopOnAnyIntent: true\n", orders)
	k.expect("order", "how many?", "bye", "bye", "order", "how many?", "hm", "what?", "order", "how many?", "order 1 to 2", "1 to 2, you said order")
	k = knowingTalk(t, "injector:\n  slotfilling:\n    stopOnAnyIntent: true\n    stopOnAnyIntentThreshold: 0.9\n", orders)
	k.expect("order", "how many?", "bye 3", "which floor?")
}

// TestIntentPattern has an intent that is a pattern, with an entity in it.
func TestIntentPattern(t *testing.T) {
	t.Parallel()
	newTalk(t, `
theme: /
    state: Taxi
        intent!: /taxi
        a: for {{$parseTree._n}}
    state: NoMatch
        event!: noMatch
        a: what?`, "caila_import.json", `{"intents": [{"path": "/taxi", "patterns": ["* taxi * @duckling.number *"],
		"slots": [{"name": "n", "entity": "duckling.number", "required": true}]}]}`).
		expect("a taxi for five people, please", "for 5", "a taxi", "what?")
}
