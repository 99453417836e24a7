package scenario

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/govorun/govorun/internal/bot/scenario/pattern"
)

// Slot is a parameter of an intent.
type Slot struct {
	Name     string
	Entity   string // what fills it, as in "duckling.number"
	Required bool
	Array    bool     // it takes every value, as a list
	Prompts  []string // how it is asked for when it is missing; none: the intent does not fit without it
}

// filling is the asking for slots of an intent that is under way (scenario language, 4).
type filling struct {
	Intent  string                     `json:"intent"`
	Target  string                     `json:"target"` // path of the state that the intent leads to
	Score   float64                    `json:"score"`
	Query   string                     `json:"query"` // that the intent was in
	Values  map[string]json.RawMessage `json:"values,omitempty"`
	Asked   string                     `json:"asked"` // the slot asked for last
	Retries int                        `json:"retries,omitempty"`
}

// slotSettings are injector.slotfilling of chatbot.yaml.
type slotSettings struct {
	MaxRetries int     // answers without a value, after which asking ends
	StopOnAny  bool    // an intent or pattern in the answer ends asking
	Threshold  float64 // of the intent's confidence
}

func (b *Bot) slotSettings() slotSettings {
	var injector struct {
		Slotfilling struct {
			MaxSlotRetries           *int
			StopOnAnyIntent          bool
			StopOnAnyIntentThreshold *float64
		}
	}
	_ = json.Unmarshal(b.injector, &injector) // an injector may have anything
	s := slotSettings{MaxRetries: 2, Threshold: 0.2, StopOnAny: injector.Slotfilling.StopOnAnyIntent}
	if n := injector.Slotfilling.MaxSlotRetries; n != nil {
		s.MaxRetries = *n
	}
	if x := injector.Slotfilling.StopOnAnyIntentThreshold; x != nil {
		s.Threshold = *x
	}
	return s
}

// fill takes the client's answer to a question for a slot. It returns the state to run once
// nothing is missing; asked says that the next question has been put instead.
func (t *turn) fill() (s *state, asked bool, err error) {
	f := t.memory.Filling
	t.memory.Filling = nil
	intent, ok := t.bot.understanding.Intent(f.Intent)
	target := t.bot.root.resolve(f.Target)
	if !ok || target == nil {
		return nil, false, nil // the bot has changed meanwhile
	}
	settings := t.bot.slotSettings()
	if settings.StopOnAny {
		if s, err := t.match(); err != nil || s != nil && t.chosen != nil && t.chosen.score >= settings.Threshold && !t.isAbout(f.Intent) {
			return s, false, err
		}
		t.chosen, t.nlu = nil, nil
	}
	before := f.Values[f.Asked]
	f.Values = t.values(intent.Slots, f.Values)
	if f.Values[f.Asked] == nil || string(f.Values[f.Asked]) == string(before) {
		if f.Retries++; f.Retries >= settings.MaxRetries {
			return nil, false, nil // the answer is for the scenario now
		}
	} else {
		f.Retries = 0
	}
	if missing := firstMissing(intent.Slots, f.Values); missing != nil {
		return nil, true, t.ask(f, missing)
	}
	intent.Score, intent.Values = f.Score, f.Values
	t.chosen = &candidate{target: target, kind: byIntent, score: f.Score, intent: &intent, query: f.Query}
	return target, false, nil
}

func (t *turn) isAbout(intent string) bool {
	return t.chosen.intent != nil && t.chosen.intent.Path == intent
}

// ask puts a question for a slot, each time in the next of its wordings.
func (t *turn) ask(f *filling, s *Slot) error {
	f.Asked = s.Name
	t.memory.Filling = f
	text := s.Prompts[f.Retries%len(s.Prompts)]
	t.host.log(fmt.Sprintf("slot %s of %s is asked for", s.Name, f.Intent))
	return t.push(replyObject{}.add("type", "text").add("text", text).add("state", f.Target).json())
}

// beginFilling asks for what the chosen intent still needs; it reports whether it had to.
func (t *turn) beginFilling() (asked bool, err error) {
	c := t.chosen
	if c == nil || c.intent == nil || !t.bot.fillsSlots {
		return false, nil
	}
	missing := firstMissing(c.intent.Slots, c.intent.Values)
	if missing == nil {
		return false, nil
	}
	return true, t.ask(&filling{Intent: c.intent.Path, Target: c.target.path, Score: c.score, Query: t.query, Values: c.intent.Values}, missing)
}

// firstMissing is the first slot that has to be asked for; nil when there is none.
func firstMissing(slots []Slot, values map[string]json.RawMessage) *Slot {
	for i := range slots {
		if s := &slots[i]; s.Required && values[s.Name] == nil && len(s.Prompts) > 0 {
			return s
		}
	}
	return nil
}

// fits reports whether an intent may fire with these values: what is required and not asked for
// has to be in the phrase.
func fits(slots []Slot, values map[string]json.RawMessage) bool {
	return !slices.ContainsFunc(slots, func(s Slot) bool {
		return s.Required && len(s.Prompts) == 0 && values[s.Name] == nil
	})
}

// values fills slots from the query. Slots of one entity are filled one after another, in the order
// in which the values stand.
func (t *turn) values(slots []Slot, known map[string]json.RawMessage) map[string]json.RawMessage {
	values := maps.Clone(known)
	if values == nil {
		values = make(map[string]json.RawMessage)
	}
	taken := make(map[string]int) // values of each entity that have a slot
	for _, s := range slots {
		if values[s.Name] != nil && !s.Array {
			continue
		}
		found := t.found(s.Entity)
		from := min(taken[s.Entity], len(found))
		switch found = found[from:]; {
		case len(found) == 0:
		case s.Array:
			var list []json.RawMessage
			_ = json.Unmarshal(values[s.Name], &list) // it was written here
			values[s.Name] = encode(append(list, found...))
			taken[s.Entity] += len(found)
		default:
			values[s.Name] = found[0]
			taken[s.Entity]++
		}
	}
	return values
}

// found are the values of an entity in the query, from left to right.
func (t *turn) found(entity string) []json.RawMessage {
	var values []json.RawMessage
	for _, s := range t.spans(entity) {
		values = append(values, s.Value)
	}
	return values
}

// spans are the places of an entity in the query: one that the bot lists, or one that is
// understood.
func (t *turn) spans(entity string) []pattern.Span {
	phrase := t.said()
	var list []pattern.Span
	for _, f := range t.bot.library.Find(phrase, entity) {
		value := f.Entry.Value
		if value == nil {
			value = encode(phrase.Text()[f.Start:f.End])
		}
		list = append(list, pattern.Span{Start: f.Start, End: f.End, Value: value})
	}
	if list != nil {
		return list
	}
	spans := slices.Clone(t.understood(entity))
	for i := range spans {
		if spans[i].Value == nil {
			spans[i].Value = encode(phrase.Text()[spans[i].Start:spans[i].End])
		}
	}
	return slices.CompactFunc(spans, func(a, b pattern.Span) bool { return a.End == b.End }) // with and without its preposition
}
