package nlu

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/govorun/govorun/internal/bot/scenario/syntax"
)

// Corpus is what a bot can understand: its intents with their example phrases.
type Corpus struct {
	Language string // ru, en, …; "" when the file does not say
	Intents  []IntentData
	Raw      json.RawMessage // the file: entities, enabledSystemEntities, settings, …
}

// IntentData is one intent.
type IntentData struct {
	Path     string // "/orders/cancel"
	Enabled  bool   // a disabled one is kept, but not trained
	Phrases  []Phrase
	Patterns []string // in the pattern language (scenario language, 4), for package pattern
	Slots    []Slot
	Priority int
	Answer   string
	Raw      json.RawMessage // the object in the file; nil for an intent that only tags have made
}

// Phrase is an example. Its text may hold names of entities: "хочу @duckling.number яблок".
type Phrase struct {
	Text     string
	Entities []Annotation // what of it stands for an entity
}

// Annotation is a part of a phrase that stands for an entity.
type Annotation struct {
	Entity   string // its name, without "@"
	Slot     string // the slot it fills, "" for none
	From, To int    // in characters
}

// Slot is a value that an intent needs.
type Slot struct {
	Name, Entity    string
	Required, Array bool
	Prompts         []string
}

// Add gives an intent more phrases, as example tags (e, eg) do; it makes an intent that is not there.
func (c *Corpus) Add(path string, phrases ...string) {
	path = rooted(path)
	at := -1
	for i := range c.Intents {
		if c.Intents[i].Path == path {
			at = i
		}
	}
	if at < 0 {
		at = len(c.Intents)
		c.Intents = append(c.Intents, IntentData{Path: path, Enabled: true})
	}
	for _, text := range phrases {
		c.Intents[at].Phrases = append(c.Intents[at].Phrases, Phrase{Text: text})
	}
}

// Intent finds an intent by its path, or nil.
func (c *Corpus) Intent(path string) *IntentData {
	path = rooted(path)
	for i := range c.Intents {
		if c.Intents[i].Path == path {
			return &c.Intents[i]
		}
	}
	return nil
}

func rooted(path string) string {
	return "/" + strings.Trim(strings.TrimSpace(path), "/")
}

// writings are the texts a phrase teaches: itself, and with the names of its entities.
func (p Phrase) writings() []string {
	if len(p.Entities) == 0 {
		return []string{p.Text}
	}
	runes := []rune(p.Text)
	var b strings.Builder
	done := 0
	for _, e := range p.Entities {
		if e.From < done || e.To > len(runes) || e.From >= e.To || e.Entity == "" {
			continue // overlapping or outside the phrase: the phrase alone teaches
		}
		b.WriteString(string(runes[done:e.From]))
		b.WriteString(" @" + e.Entity + " ")
		done = e.To
	}
	if done == 0 {
		return []string{p.Text}
	}
	b.WriteString(string(runes[done:]))
	return []string{p.Text, b.String()}
}

// ReadCorpus reads caila_import.json or nlu.json. Fields it does not know are left alone, for
// files come from many versions; one that it knows and cannot read is an error that names it.
// All errors of the file come together, as syntax.Errors, with the corpus of what was readable.
func ReadCorpus(file string, content []byte) (*Corpus, error) {
	r := &reader{file: file}
	content = bytes.TrimPrefix(content, []byte("\uFEFF"))
	c := &Corpus{}
	if err := checkJSON(file, content); err != nil {
		return c, syntax.Errors{err}
	}
	c.Raw = content
	var top struct {
		Settings, Project, Language, Intents json.RawMessage
	}
	if first := bytes.TrimSpace(content); len(first) > 0 && first[0] == '[' {
		top.Intents = content // a bare list
	} else if !r.decode("", "an object with a list of intents", content, &top) {
		return c, r.errs
	}
	c.Language = r.language(top.Settings, top.Project, top.Language)
	r.intents("intents", "", top.Intents, &c.Intents)
	if len(r.errs) > 0 {
		return c, r.errs
	}
	return c, nil
}

// checkJSON finds what makes a file no JSON, and where.
func checkJSON(file string, content []byte) *syntax.Error {
	if json.Valid(content) {
		return nil
	}
	var v json.RawMessage
	err := json.Unmarshal(content, &v)
	e := &syntax.Error{Position: syntax.Position{File: file}, Message: err.Error(), Expected: "JSON"}
	var mistake *json.SyntaxError
	if errors.As(err, &mistake) {
		before := content[:min(int(mistake.Offset), len(content))]
		start := bytes.LastIndexByte(before, '\n') + 1
		line, _, _ := bytes.Cut(content[start:], []byte("\n"))
		e.Line = bytes.Count(before, []byte("\n")) + 1
		e.Column = max(1, utf8.RuneCount(before[start:]))
		e.Source = shorten(string(line), 200)
	}
	return e
}

// reader collects the errors of a file.
type reader struct {
	file string
	errs syntax.Errors
}

// maxErrors is how many mistakes of one file are told.
const maxErrors = 50

// decode reads a field; one that is absent or null is left as it is.
func (r *reader) decode(field, expected string, raw json.RawMessage, into any) bool {
	if len(raw) == 0 || json.Unmarshal(raw, into) == nil {
		return true
	}
	if len(r.errs) < maxErrors {
		message := "cannot be read"
		if field != "" {
			message = field + " cannot be read"
		}
		r.errs = append(r.errs, &syntax.Error{
			Position: syntax.Position{File: r.file}, Message: message, Expected: expected,
			Source: shorten(string(raw), 100),
		})
	}
	return false
}

func shorten(text string, most int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

// language is that of the settings, wherever a version of the file keeps it.
func (r *reader) language(places ...json.RawMessage) string {
	for _, raw := range places {
		var name string
		if json.Unmarshal(raw, &name) == nil && name != "" {
			return name
		}
		var holder struct{ Language string }
		if json.Unmarshal(raw, &holder) == nil && holder.Language != "" {
			return holder.Language
		}
	}
	return ""
}

// maxNesting is how deep intents may be nested.
const maxNesting = 32

// rawIntent is an intent in the file.
type rawIntent struct {
	Path, Name, Enabled, Phrases, Patterns, Slots, Priority, Answer json.RawMessage
	Children, Intents, ChildIntents                                 json.RawMessage
}

// intents reads a list of intents, and those nested in them below their parent's path.
func (r *reader) intents(field, parent string, raw json.RawMessage, into *[]IntentData) {
	var list []json.RawMessage
	if !r.decode(field, "a list of intents", raw, &list) {
		return
	}
	if strings.Count(parent, "/") > maxNesting {
		r.errs = append(r.errs, &syntax.Error{Position: syntax.Position{File: r.file}, Message: field + " is nested too deep", Expected: fmt.Sprintf("at most %d levels", maxNesting)})
		return
	}
	for i, raw := range list {
		field := fmt.Sprintf("%s[%d]", field, i)
		var in rawIntent
		if string(raw) == "null" || !r.decode(field, `an object like {"path": "/hello", "phrases": [{"text": "hello"}]}`, raw, &in) {
			continue
		}
		intent, ok := r.intent(field, parent, &in)
		if !ok {
			continue
		}
		intent.Raw = raw
		*into = append(*into, intent)
		r.intents(field+".children", intent.Path, in.Children, into)
		r.intents(field+".intents", intent.Path, in.Intents, into)
		r.intents(field+".childIntents", intent.Path, in.ChildIntents, into)
	}
}

func (r *reader) intent(field, parent string, in *rawIntent) (IntentData, bool) {
	intent := IntentData{Enabled: true}
	var path string
	r.decode(field+".path", `a text like "/hello"`, in.Path, &path)
	if path == "" {
		r.decode(field+".name", "a text", in.Name, &path)
	}
	if strings.Trim(path, "/ ") == "" {
		if len(r.errs) < maxErrors {
			r.errs = append(r.errs, &syntax.Error{Position: syntax.Position{File: r.file}, Message: field + ".path is missing", Expected: `a text like "/hello"`})
		}
		return intent, false
	}
	intent.Path = rooted(path)
	if parent != "" && !strings.HasPrefix(intent.Path, parent+"/") {
		intent.Path = parent + intent.Path
	}
	r.decode(field+".enabled", "true or false", in.Enabled, &intent.Enabled)
	var priority float64
	r.decode(field+".priority", "a number", in.Priority, &priority)
	intent.Priority = int(clip(float32(priority), -1e6, 1e6))
	if json.Unmarshal(in.Answer, &intent.Answer) != nil {
		intent.Answer = "" // an answer in another form stays in Raw
	}
	intent.Phrases = r.phrases(field+".phrases", in.Phrases)
	intent.Patterns = r.texts(field+".patterns", in.Patterns)
	intent.Slots = r.slots(field+".slots", in.Slots)
	return intent, true
}

// texts reads a list of texts, or of objects that have one.
func (r *reader) texts(field string, raw json.RawMessage) []string {
	var list []json.RawMessage
	if !r.decode(field, "a list of texts", raw, &list) {
		return nil
	}
	var texts []string
	for i, raw := range list {
		if p, ok := r.phrase(fmt.Sprintf("%s[%d]", field, i), raw); ok {
			texts = append(texts, p.Text)
		}
	}
	return texts
}

func (r *reader) phrases(field string, raw json.RawMessage) []Phrase {
	var list []json.RawMessage
	if !r.decode(field, "a list of phrases", raw, &list) {
		return nil
	}
	var phrases []Phrase
	for i, raw := range list {
		if p, ok := r.phrase(fmt.Sprintf("%s[%d]", field, i), raw); ok {
			phrases = append(phrases, p)
		}
	}
	return phrases
}

// phrase reads a phrase: a text, or an object with one and with its entities.
func (r *reader) phrase(field string, raw json.RawMessage) (Phrase, bool) {
	var p Phrase
	if len(raw) > 0 && raw[0] != '{' && json.Unmarshal(raw, &p.Text) == nil {
		return p, strings.TrimSpace(p.Text) != ""
	}
	var in struct{ Text, Value, Pattern, Entities json.RawMessage }
	if !r.decode(field, `a text or an object like {"text": "hello"}`, raw, &in) {
		return p, false
	}
	r.decode(field+".text", "a text", in.Text, &p.Text)
	for _, other := range []json.RawMessage{in.Value, in.Pattern} {
		if p.Text == "" && json.Unmarshal(other, &p.Text) != nil {
			p.Text = ""
		}
	}
	p.Entities = annotations(in.Entities)
	return p, strings.TrimSpace(p.Text) != ""
}

// annotations reads the entities of a phrase; what is not in the known form teaches nothing,
// which is no reason to refuse a bot.
func annotations(raw json.RawMessage) []Annotation {
	var list []struct {
		Entity, Name, Slot json.RawMessage
		StartPos, EndPos   int
	}
	if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	var all []Annotation
	for _, in := range list {
		a := Annotation{From: in.StartPos, To: in.EndPos}
		for _, name := range []json.RawMessage{in.Entity, in.Name} {
			if a.Entity == "" && json.Unmarshal(name, &a.Entity) != nil {
				a.Entity = ""
			}
		}
		if json.Unmarshal(in.Slot, &a.Slot) != nil {
			a.Slot = ""
		}
		a.Entity = strings.TrimPrefix(a.Entity, "@")
		all = append(all, a)
	}
	return all
}

func (r *reader) slots(field string, raw json.RawMessage) []Slot {
	var list []struct {
		Name, Entity, Required, Array, Prompts json.RawMessage
	}
	if !r.decode(field, `a list of objects like {"name": "city", "entity": "City"}`, raw, &list) {
		return nil
	}
	slots := make([]Slot, len(list))
	for i, in := range list {
		field, s := fmt.Sprintf("%s[%d]", field, i), &slots[i]
		r.decode(field+".name", "a text", in.Name, &s.Name)
		r.decode(field+".entity", "a text", in.Entity, &s.Entity)
		r.decode(field+".required", "true or false", in.Required, &s.Required)
		r.decode(field+".array", "true or false", in.Array, &s.Array)
		s.Prompts = r.texts(field+".prompts", in.Prompts)
		s.Entity = strings.TrimPrefix(s.Entity, "@")
	}
	return slots
}
