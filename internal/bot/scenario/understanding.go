package scenario

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/govorun/govorun/internal/bot/scenario/entity"
	"github.com/govorun/govorun/internal/bot/scenario/nlu"
	"github.com/govorun/govorun/internal/bot/scenario/pattern"
	"github.com/govorun/govorun/internal/bot/scenario/syntax"
)

// Understanding recognises intents and entities in what clients say.
type Understanding interface {
	// Intents are the intents that a phrase may have, the likeliest first; none when it is
	// about nothing that the bot was trained for.
	Intents(ctx context.Context, phrase *pattern.Phrase) ([]Intent, error)
	// Entities reads a text and returns what finds the places of an entity in it, by the name that
	// patterns call it. now is what "today" means. What it returns belongs to one goroutine.
	Entities(text string, now time.Time) func(name string) []pattern.Span
	// Intent is what is known of an intent, by its path; ok is false when there is none.
	Intent(path string) (i Intent, ok bool)
}

// Intent is what a phrase may be about.
type Intent struct {
	Path   string                     // as in "/Hello"
	Score  float64                    // confidence, from 0 to 1
	Slots  []Slot                     // its parameters
	Data   json.RawMessage            // the intent as scripts see it ($context.intent); nil for its path alone
	Values map[string]json.RawMessage // of the slots that were found, by name; filled by the turn
}

// understanding is what a bot understands by itself: the intents of its NLU file and of its
// examples, and the entities that every bot knows.
type understanding struct {
	language  string
	threshold float64
	model     *nlu.Model // nil when there are no intents
	intents   map[string]Intent
	patterns  *pattern.Set // of the intents
	meant     []string     // the intent of each pattern
}

// nluFiles are the names under which a bot keeps what it is to understand.
var nluFiles = []string{"caila_import.json", "nlu.json"}

// corpus reads what the bot is to understand; one without intents when there is no file.
func (l *loader) corpus() *nlu.Corpus {
	for _, name := range nluFiles {
		content, err := fs.ReadFile(l.fsys, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			l.errs = append(l.errs, &Error{Position: Position{File: name}, Message: "cannot be read"})
			break
		}
		corpus, err := nlu.ReadCorpus(name, content)
		var errs Errors
		if errors.As(err, &errs) {
			l.errs = append(l.errs, errs...)
		} else if err != nil {
			l.errs = append(l.errs, &Error{Position: Position{File: name}, Message: err.Error()})
		}
		if corpus != nil {
			l.lists(name, corpus.Raw)
			return corpus
		}
	}
	return &nlu.Corpus{}
}

// nluEntity is an entity of the NLU file. Files of different ages have its name beside the
// records or in an object of its own.
type nluEntity struct {
	Name    string
	Enabled *bool
	Entity  struct {
		Name    string
		Enabled *bool
	}
	Records []struct {
		Type  string // synonyms, pattern or regexp
		Rule  []string
		Value json.RawMessage
	}
}

// lists defines the entities that a bot lists itself, for patterns to find.
func (l *loader) lists(file string, raw json.RawMessage) {
	var content struct{ Entities []nluEntity }
	if err := json.Unmarshal(raw, &content); err != nil {
		l.errs = append(l.errs, &Error{Position: Position{File: file}, Message: "entities: " + err.Error(), Expected: "a list of entities with records"})
		return
	}
	for _, e := range content.Entities {
		name := cmp.Or(e.Name, e.Entity.Name)
		if name == "" || e.Enabled != nil && !*e.Enabled || e.Entity.Enabled != nil && !*e.Entity.Enabled {
			continue
		}
		entries := make([]pattern.Entry, len(e.Records))
		for i, r := range e.Records {
			entries[i] = pattern.Entry{ID: fmt.Sprint(i), Value: listedValue(r.Value)}
			for _, rule := range r.Rule {
				entries[i].Synonyms = append(entries[i].Synonyms, listedRule(r.Type, rule))
			}
		}
		if err := l.patterns.AddEntity(name, entries); err != nil {
			l.warnings = append(l.warnings, &Error{Position: Position{File: file}, Message: fmt.Sprintf("entity %s, record %d, rule %d: %s", name, err.Entry, err.Synonym, err.Err.Message)})
		}
	}
}

// listedValue is the data of a record. It is JSON, or a text that may have JSON in it.
func listedValue(raw json.RawMessage) json.RawMessage {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return raw
	}
	if text == "" {
		return nil
	}
	if strings.ContainsAny(text[:1], "{[") && json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	return encode(text)
}

// signs have a meaning in patterns.
var signs = regexp.MustCompile(`[*()\[\]{}|/~$@:<>\\+]`)

// listedRule is a rule of a record as a pattern.
func listedRule(kind, rule string) string {
	switch kind {
	case "pattern":
		return rule
	case "regexp":
		return "$regex<" + rule + ">"
	}
	return signs.ReplaceAllString(rule, `\$0`)
}

// understand trains the bot.
func (l *loader) understand(c *compiler, corpus *nlu.Corpus, o Options) *understanding {
	u := &understanding{language: cmp.Or(c.config.Language, corpus.Language), threshold: c.config.intentThreshold(), intents: make(map[string]Intent)}
	c.addExamples(corpus)
	if len(corpus.Intents) == 0 {
		return u
	}
	for i := range corpus.Intents {
		in := &corpus.Intents[i]
		if in.Enabled {
			u.intents[in.Path] = intentOf(in)
		}
	}
	u.model = nlu.Load(corpus, nlu.Options{Lemmas: words, Annotate: u.annotator(l, corpus), Cache: o.Models})
	return u
}

// addExamples adds the phrases of e and eg tags, in the order of the states' paths.
func (c *compiler) addExamples(corpus *nlu.Corpus) {
	states := slices.SortedFunc(maps.Keys(c.examples), func(a, b *state) int { return strings.Compare(a.path, b.path) })
	for _, s := range states {
		corpus.Add(exampleIntent(s), c.examples[s]...)
	}
}

// Training is what a bot learns its intents from.
type Training struct {
	Corpus    *nlu.Corpus
	Options   nlu.Options
	Threshold float64 // from which an intent counts
}

// ReadTraining reads what a bot learns its intents from, without learning it. Where there is an
// NLU file and no scenario, the file is all there is.
func ReadTraining(fsys fs.FS) (*Training, error) {
	l, cfg, err := read(fsys)
	if errors.Is(err, fs.ErrNotExist) {
		l, cfg, err = newLoader(fsys), &config{}, nil
	}
	if err != nil {
		return nil, err
	}
	corpus := l.corpus()
	c := newCompiler(cfg, l.patterns, &l.errs)
	c.incomplete = l.incomplete
	c.compile(l.tags)
	c.addExamples(corpus)
	if len(l.errs) > 0 {
		sortErrors(l.errs, l.names())
		return nil, limited(l.errs)
	}
	if len(corpus.Intents) == 0 {
		return nil, fmt.Errorf("the bot has no intents: expected %s, or e and eg tags", strings.Join(nluFiles, " or "))
	}
	u := &understanding{language: cmp.Or(cfg.Language, corpus.Language)}
	return &Training{corpus, nlu.Options{Lemmas: words, Annotate: u.annotator(l, corpus)}, cfg.intentThreshold()}, nil
}

func intentOf(in *nlu.IntentData) Intent {
	i := Intent{Path: in.Path}
	for _, s := range in.Slots {
		i.Slots = append(i.Slots, Slot{Name: s.Name, Entity: s.Entity, Required: s.Required, Array: s.Array, Prompts: s.Prompts})
	}
	fields := make(map[string]json.RawMessage)
	_ = json.Unmarshal(in.Raw, &fields) // it was read before
	delete(fields, "phrases")
	delete(fields, "patterns")
	fields["path"] = encode(in.Path)
	i.Data = encode(fields)
	return i
}

// compileIntents compiles the patterns of intents; they are linked with all others.
func (c *compiler) compileIntents(corpus *nlu.Corpus, file string) (patterns []*pattern.Pattern, meant []string) {
	for i := range corpus.Intents {
		in := &corpus.Intents[i]
		for _, source := range in.Patterns {
			if !in.Enabled || strings.TrimSpace(source) == "" {
				continue
			}
			p, err := c.library.Compile(source)
			if err != nil {
				c.warn(Position{File: file}, "", fmt.Sprintf("pattern of intent %s: %s in %q", in.Path, err.Message, source))
				continue
			}
			c.places[p] = syntax.ValueAt(source, Position{File: file}, "")
			patterns, meant = append(patterns, p), append(meant, in.Path)
		}
	}
	return patterns, meant
}

// Intents implements Understanding.
func (u *understanding) Intents(_ context.Context, phrase *pattern.Phrase) ([]Intent, error) {
	scores := make(map[string]float64)
	if u.model != nil {
		for _, s := range u.model.Classify(phrase.Text()) {
			scores[s.Intent] = s.Score
		}
	}
	if u.patterns != nil {
		for _, m := range u.patterns.Match(phrase, nil) {
			path := u.meant[m.Index()]
			scores[path] = max(scores[path], m.Score())
		}
	}
	var found []Intent
	for path, score := range scores {
		i, ok := u.intents[path]
		if !ok && strings.HasPrefix(path, examplesPath) {
			i, ok = Intent{Path: path}, true
		}
		if ok && score >= u.threshold {
			i.Score = score
			found = append(found, i)
		}
	}
	slices.SortFunc(found, func(a, b Intent) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Path, b.Path))
	})
	return found, nil
}

// Entities implements Understanding. A text is read when it is first asked, and each entity found once.
func (u *understanding) Entities(text string, now time.Time) func(name string) []pattern.Span {
	var read *entity.Text
	found := make(map[string][]pattern.Span)
	return func(name string) []pattern.Span {
		spans, ok := found[name]
		if ok {
			return spans
		}
		if read == nil {
			read = entity.Read(text, entity.Context{Language: u.language, Now: now})
		}
		for _, f := range read.Find(name) {
			spans = append(spans, pattern.Span{Start: f.Start, End: f.End, Value: f.Value})
			if f.Lead < f.Start { // with its preposition, too
				spans = append(spans, pattern.Span{Start: f.Lead, End: f.End, Value: f.Value})
			}
		}
		found[name] = spans
		return spans
	}
}

// Intent implements Understanding.
func (u *understanding) Intent(path string) (Intent, bool) {
	i, ok := u.intents[path]
	return i, ok
}

// annotator writes the names of entities for what they stand for.
type annotator struct {
	u       *understanding
	library *pattern.Library
	names   []string
}

var entityName = regexp.MustCompile(`@([\pL\pN_][\pL\pN_.-]*)`)

// annotator knows the entities that the corpus's phrases name; nil when they name none.
func (u *understanding) annotator(l *loader, corpus *nlu.Corpus) nlu.Annotator {
	a := &annotator{u: u, library: l.patterns}
	for i := range corpus.Intents {
		for _, p := range corpus.Intents[i].Phrases {
			for _, m := range entityName.FindAllStringSubmatch(p.Text, -1) {
				if !slices.Contains(a.names, m[1]) {
					a.names = append(a.names, m[1])
				}
			}
		}
	}
	if a.names == nil {
		return nil
	}
	slices.Sort(a.names)
	return a
}

// Annotate implements nlu.Annotator: all entities at once, then each alone.
func (a *annotator) Annotate(text string) []string {
	type place struct {
		start, end int
		name       string
	}
	var places []place
	phrase, read := pattern.NewPhrase(text), entity.Read(text, entity.Context{Language: a.u.language, Now: time.Unix(0, 0).UTC()})
	for _, name := range a.names {
		for _, f := range a.library.Find(phrase, name) {
			places = append(places, place{f.Start, f.End, name})
		}
		for _, f := range read.Find(name) {
			places = append(places, place{f.Start, f.End, name})
		}
	}
	slices.SortStableFunc(places, func(x, y place) int { return cmp.Or(x.start-y.start, y.end-x.end) })
	var all strings.Builder
	var writings []string
	at := 0
	for _, p := range places {
		if p.start >= at {
			all.WriteString(text[at:p.start] + "@" + p.name)
			at = p.end
		}
		writings = append(writings, text[:p.start]+"@"+p.name+text[p.end:])
	}
	if len(writings) == 0 {
		return nil
	}
	all.WriteString(text[at:])
	return append([]string{all.String()}, writings...)
}
