package scenario

import (
	"cmp"
	"slices"
	"strings"

	"github.com/govorun/govorun/internal/bot/scenario/pattern"
)

// What led to a state.
const (
	byPattern = "pattern"
	byIntent  = "intent"
	byExample = "example"
)

// candidate is a state that a phrase may lead to.
type candidate struct {
	target *state
	depth  int // of the context that the trigger works from
	kind   string
	score  float64
	match  *pattern.Match // by a pattern
	intent *Intent        // by an intent or example
	place  Position       // of the trigger
	query  string         // that it was in, when it was another than the turn's
}

// rule is what fitted, as people see it.
func (c *candidate) rule() string {
	if c.match != nil {
		return c.match.Pattern().Source()
	}
	return c.intent.Path
}

// matching finds where a phrase leads. Contexts are asked from the deepest on; a modal state
// hides what is above it (scenario language, 2).
type matching struct {
	bot    *Bot
	from   *state
	phrase *pattern.Phrase
	all    bool // every candidate is wanted, not only those that may win
}

// above is the next wider context; nil above a modal state and the root.
func above(s *state) *state {
	if s.modal {
		return nil
	}
	return s.parent
}

// byPatterns lists the states whose patterns fit, the best first. A deeper context wins before
// score, unless chatbot.yaml says otherwise.
func (m *matching) byPatterns() []candidate {
	var found []candidate
	for from := m.from; from != nil; from = above(from) {
		if from.set == nil {
			continue
		}
		active := func(i int) bool { return !from.queries[i].only || from == m.from }
		for _, fit := range from.set.Match(m.phrase, active) {
			q := from.queries[fit.Index()]
			found = append(found, candidate{target: q.target, depth: from.depth, kind: byPattern, score: fit.Score(), match: &fit, place: q.place})
			if !m.all {
				break
			}
		}
		if len(found) > 0 && !m.all && m.bot.config.depthFirst() {
			return found
		}
	}
	m.rank(found)
	return found
}

// byIntents lists the states that the phrase's intents lead to, the best first. Intents that
// need a slot which is neither there nor asked for are left out by the caller.
func (m *matching) byIntents(intents []Intent) []candidate {
	var found []candidate
	for from := m.from; from != nil; from = above(from) {
		for i := range intents {
			for _, way := range from.intents {
				if way.only && from != m.from || !way.fits(intents[i].Path) {
					continue
				}
				kind := byIntent
				if strings.HasPrefix(way.path, examplesPath) {
					kind = byExample
				}
				found = append(found, candidate{target: way.target, depth: from.depth, kind: kind, score: intents[i].Score, intent: &intents[i], place: way.place})
			}
		}
	}
	m.rank(found)
	return found
}

func (t *intentTrigger) fits(path string) bool {
	return t.path == path || t.group && strings.HasPrefix(path, strings.TrimSuffix(t.path, "/")+"/")
}

// rank puts candidates in order; those that are equal stay as they are.
func (m *matching) rank(list []candidate) {
	slices.SortStableFunc(list, func(a, b candidate) int {
		if m.bot.config.depthFirst() {
			if d := cmp.Compare(b.depth, a.depth); d != 0 {
				return d
			}
		}
		return cmp.Compare(b.score, a.score)
	})
}

// byEvent is the state that an event leads to, in the same order of contexts.
func byEvent(in *state, name string) *eventTrigger {
	for from := in; from != nil; from = above(from) {
		for _, e := range from.events {
			if strings.EqualFold(e.name, name) && (!e.only || from == in) {
				return e
			}
		}
	}
	return nil
}
