package nlu

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/bot/scenario/syntax"
)

func TestReadCorpus(t *testing.T) {
	t.Parallel()
	c, err := ReadCorpus("caila_import.json", []byte("\uFEFF"+`{
		"project": {"id": "x"}, "settings": {"language": "ru", "classificationAlgorithm": "sts"},
		"intents": [
			{"id": 1, "path": "/Заказ", "enabled": true, "shared": false, "priority": 2, "answer": "Готово",
			 "phrases": [{"text": "хочу 5 яблок", "entities": [{"entity": "duckling.number", "slot": "n", "startPos": 5, "endPos": 6, "text": "5"}], "stagedPhraseIdx": null},
			             "хочу @duckling.number груш", {"text": ""}, null],
			 "patterns": ["хочу [$AnyText]", {"text": "* купить *"}],
			 "slots": [{"name": "n", "entity": "@duckling.number", "required": true, "array": false, "prompts": ["Сколько?"]}]},
			{"path": "off", "enabled": false, "phrases": ["нет"]},
			{"path": "/Parent", "children": [{"path": "Child", "phrases": ["а"], "intents": [{"path": "/Parent/Child/Deep"}]}]},
			null
		], "entities": [{"name": "Fruit"}], "newField": {"any": ["thing"]}}`))
	if err != nil {
		t.Fatal(err)
	}
	if c.Language != "ru" || len(c.Intents) != 5 || len(c.Raw) == 0 {
		t.Fatalf("%+v", c)
	}
	order := *c.Intent("Заказ")
	order.Raw = nil
	want := IntentData{
		Path: "/Заказ", Enabled: true, Priority: 2, Answer: "Готово",
		Phrases: []Phrase{
			{Text: "хочу 5 яблок", Entities: []Annotation{{Entity: "duckling.number", Slot: "n", From: 5, To: 6}}},
			{Text: "хочу @duckling.number груш"},
		},
		Patterns: []string{"хочу [$AnyText]", "* купить *"},
		Slots:    []Slot{{Name: "n", Entity: "duckling.number", Required: true, Prompts: []string{"Сколько?"}}},
	}
	if !reflect.DeepEqual(order, want) {
		t.Errorf("got  %+v\nwant %+v", order, want)
	}
	if got := order.Phrases[0].writings(); len(got) != 2 || strings.Join(strings.Fields(got[1]), " ") != "хочу @duckling.number яблок" {
		t.Errorf("writings %q", got)
	}
	for path, enabled := range map[string]bool{"/off": false, "/Parent": true, "/Parent/Child": true, "/Parent/Child/Deep": true} {
		if intent := c.Intent(path); intent == nil || intent.Enabled != enabled {
			t.Errorf("%s: %+v", path, intent)
		}
	}
	if c.Intent("/none") != nil {
		t.Error("an intent that is not there is found")
	}
}

func TestReadCorpusShapes(t *testing.T) {
	t.Parallel()
	for content, intents := range map[string]int{
		`{}`: 0, `{"intents": null}`: 0, `{"intents": []}`: 0, ` [{"path": "/a"}]`: 1,
		`{"language": "en", "intents": [{"name": "a", "phrases": null, "answer": {"text": "x"}, "priority": 1e99}]}`:                              1,
		`{"intents": [{"path": "/a", "phrases": [{"text": "x", "entities": "odd"}, {"text": "y", "entities": [{"startPos": 5, "endPos": 1}]}]}]}`: 1,
	} {
		c, err := ReadCorpus("nlu.json", []byte(content))
		if err != nil || len(c.Intents) != intents {
			t.Errorf("%s: %d intents, %v", content, len(c.Intents), err)
		}
	}
}

// TestReadCorpusErrors: every mistake names its field and says what was expected.
func TestReadCorpusErrors(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"":                              "caila_import.json:1:1: unexpected end of JSON input",
		"{\n  \"intents\": [\n    {]}":  "caila_import.json:3:6",
		`"text"`:                        "expected an object with a list of intents",
		`{"intents": {}}`:               "intents cannot be read, expected a list of intents",
		`{"intents": [1]}`:              "intents[0] cannot be read",
		`{"intents": [{"path": 7}]}`:    "intents[0].path cannot be read",
		`{"intents": [{"phrases":[]}]}`: "intents[0].path is missing",
		`{"intents": [{"path": "/a"}, {"path": "/b", "phrases": ["x", 5]}]}`:                                  "intents[1].phrases[1] cannot be read",
		`{"intents": [{"path": "/a", "phrases": [{"text": ["😀"]}]}]}`:                                         "intents[0].phrases[0].text cannot be read",
		`{"intents": [{"path": "/a", "enabled": "yes"}]}`:                                                     "intents[0].enabled cannot be read, expected true or false",
		`{"intents": [{"path": "/a", "slots": [{"name": "n", "prompts": [1]}]}]}`:                             "intents[0].slots[0].prompts[0] cannot be read",
		`{"intents": [{"path": "/a", "patterns": "x"}]}`:                                                      "intents[0].patterns cannot be read",
		`{"intents": [{"path": "/a", "children": [{"path": ""}]}]}`:                                           "intents[0].children[0].path is missing",
		strings.Repeat(`{"path": "/a", "children": [`, 60) + strings.Repeat("]}", 60):                         "path is missing",
		`{"intents": [` + strings.Repeat(`{"path": "a", "children": [`, 60) + strings.Repeat("]}", 60) + `]}`: "nested too deep",
	} {
		_, err := ReadCorpus("caila_import.json", []byte(content))
		if strings.HasPrefix(content, `{"path"`) && err == nil {
			continue // an object without intents is an empty corpus
		}
		var errs syntax.Errors
		if !errors.As(err, &errs) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80s: %v; %q wanted", content, err, want)
		}
	}
	many := `{"intents": [` + strings.TrimSuffix(strings.Repeat("7,", 1000), ",") + `]}`
	var errs syntax.Errors
	if _, err := ReadCorpus("f", []byte(many)); !errors.As(err, &errs) || len(errs) != maxErrors {
		t.Errorf("%d errors told", len(errs))
	}
}

// TestReadLargeCorpus: a file of 20 MB is read.
func TestReadLargeCorpus(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(`{"intents": [`)
	phrase := `{"text": "` + strings.Repeat("слово ", 15) + `", "stagedPhraseIdx": null}`
	for i := range 200 {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"path": "/` + strings.Repeat("x", i+1) + `", "phrases": [` + strings.TrimSuffix(strings.Repeat(phrase+",", 500), ",") + `]}`)
	}
	b.WriteString("]}")
	c, err := ReadCorpus("nlu.json", []byte(b.String()))
	if err != nil || len(c.Intents) != 200 || len(c.Intents[199].Phrases) != 500 {
		t.Errorf("%d bytes: %v", b.Len(), err)
	}
}

func TestAdd(t *testing.T) {
	t.Parallel()
	c := &Corpus{Intents: []IntentData{{Path: "/a", Enabled: true, Phrases: []Phrase{{Text: "x"}}}}}
	c.Add("a", "y")
	c.Add("/b/c/", "z")
	if len(c.Intents) != 2 || len(c.Intents[0].Phrases) != 2 || c.Intents[1].Path != "/b/c" || !c.Intents[1].Enabled {
		t.Errorf("%+v", c.Intents)
	}
}

func FuzzReadCorpus(f *testing.F) {
	content, err := os.ReadFile(filepath.Join("testdata", "shop.en.json"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(content[:2000])
	f.Add([]byte(`{"intents": [{"path": "/a", "phrases": [{"text": "хочу 5", "entities": [{"entity": "n", "startPos": 5, "endPos": 6}]}, "б 👍 @x.y"], "slots": [{"name": "n"}]}]}`))
	f.Add([]byte(`[{"name": "é\u0301", "children": [{"path": "\ud800"}]}]`))
	f.Fuzz(func(t *testing.T, content []byte) {
		c, err := ReadCorpus("fuzz.json", content)
		if c == nil || err != nil && err.Error() == "" {
			t.Fatal("no corpus, or an error that says nothing")
		}
		if len(content) > 4000 {
			return
		}
		m := Train(c, Options{})
		for _, intent := range c.Intents {
			for _, p := range intent.Phrases {
				for _, s := range m.Classify(p.Text) {
					if !(s.Score >= 0 && s.Score <= 1) {
						t.Fatalf("%q: %v", p.Text, s)
					}
				}
			}
		}
	})
}
