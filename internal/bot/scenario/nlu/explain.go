package nlu

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Explanation is why a text gets its scores.
type Explanation struct {
	Text    string
	Words   []string // as they are compared: stems or lemmas, unknown ones marked with "?"
	Intents []Reason // best first
}

// Reason is why an intent gets its score.
type Reason struct {
	Scored
	Exact    bool        // the text is one of its phrases
	Features []Influence // of its machine, the strongest first
	Examples []Likeness  // its most similar phrases
	Evidence []Influence // what the score is made of, the strongest first
}

// Influence is how much something speaks for an intent; below 0, against it.
type Influence struct {
	Name   string
	Weight float64
}

// Likeness is an example and the cosine of the angle between it and the text.
type Likeness struct {
	Phrase string
	Cosine float64
}

// How much an explanation tells of each intent.
const (
	maxInfluences = 8
	maxLikenesses = 3
)

// Explain tells what decided. It looks at the text as it is, without the writings of an Annotator.
func (m *Model) Explain(text string) Explanation {
	s := m.take()
	defer m.scratch.Put(s)
	phrase := words(text, m.options.Lemmas)
	x := Explanation{Text: text}
	for _, w := range phrase {
		name := w.stem
		if _, known := m.words.ids[hash(stemKind, w.stem, "")]; !known {
			name += "?"
		}
		x.Words = append(x.Words, name)
	}
	list := features(phrase, nil)
	vector, _ := m.words.vector(phrase, list)
	for _, c := range m.score(text, s) {
		x.Intents = append(x.Intents, Reason{
			Scored: Scored{m.intents[c.intent], c.score}, Exact: c.exact,
			Features: m.influences(phrase, list, vector, c.intent),
			Examples: m.likenesses(vector, c.intent, &s.search),
			Evidence: c.evidence.influences(),
		})
	}
	return x
}

// influences are the features of a phrase that move an intent's machine most.
func (m *Model) influences(phrase []word, list []feature, vector []term, intent int32) []Influence {
	var all []Influence
	said := m.examples.lexical(vector)
	meant := 0.0
	for _, t := range vector[len(said):] {
		meant += float64(m.linear.weight(t, intent))
	}
	if meant != 0 {
		all = append(all, Influence{"meaning of the words", meant})
	}
	for _, t := range said {
		for _, f := range list {
			if id, ok := m.words.ids[f.hash]; ok && id == t.id {
				all = append(all, Influence{f.name(phrase), float64(m.linear.weight(t, intent))})
				break
			}
		}
	}
	return strongest(all)
}

func strongest(all []Influence) []Influence {
	slices.SortStableFunc(all, func(a, b Influence) int { return cmp.Compare(math.Abs(b.Weight), math.Abs(a.Weight)) })
	return all[:min(len(all), maxInfluences)]
}

func (m *Model) likenesses(vector []term, intent int32, s *search) []Likeness {
	var all []Likeness
	for _, n := range m.examples.nearest(vector, -1, s) {
		if m.labels[n.example] == intent && len(all) < maxLikenesses {
			all = append(all, Likeness{m.texts[n.example], float64(n.cosine)})
		}
	}
	return all
}

// evidenceNames name what the score is made of.
var evidenceNames = [evidences]string{
	byMargin: "machine", byLead: "lead over other intents", byNearest: "nearest example", byNearer: "nearer than other intents",
	byUsual: "as near as usual", byVotes: "votes of the nearest", unknownWords: "unknown words", unknownLetters: "unknown letters",
	ownWords: "words of the intent", ownPairs: "word pairs of the intent", phraseWords: "length", functionShare: "function words",
	singleWord: "a single word", intentPhrases: "number of examples", allIntents: "number of intents", intentSpread: "likeness of the examples",
}

func (e evidence) influences() []Influence {
	all := make([]Influence, 0, evidences)
	for i, x := range e {
		all = append(all, Influence{fmt.Sprintf("%s %.2f", evidenceNames[i], x), weights[i] * float64(x)})
	}
	return strongest(all)
}

// String is the explanation for people.
func (x Explanation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q\nwords: %s\n", x.Text, strings.Join(x.Words, " "))
	if len(x.Intents) == 0 {
		b.WriteString("no intent: no word of it is known\n")
	}
	for _, r := range x.Intents {
		fmt.Fprintf(&b, "\n%.3f  %s", r.Score, r.Intent)
		if r.Exact {
			b.WriteString("  (one of its phrases)")
		}
		b.WriteString("\n")
		for _, l := range r.Examples {
			fmt.Fprintf(&b, "       like %.2f  %q\n", l.Cosine, l.Phrase)
		}
		for _, f := range r.Features {
			fmt.Fprintf(&b, "       %+.2f  %s\n", f.Weight, f.Name)
		}
	}
	return b.String()
}
