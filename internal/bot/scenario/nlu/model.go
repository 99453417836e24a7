package nlu

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/govorun/govorun/internal/bot/scenario/nlu/meaning"
)

// Model is a trained classifier.
type Model struct {
	options  Options
	intents  []string // paths, in the order of the corpus
	counts   []int32  // phrases of each
	spread   []float32
	wordless []bool // intents whose phrases are punctuation alone: nothing but these can mean them
	texts    []string
	labels   []int32
	words    *vocabulary
	linear   *machines
	examples *examples
	exact    map[string][]int32 // intents by phrase
	spelling *spelling
	scratch  sync.Pool
}

// maxScored is how many intents a text can be scored for.
const maxScored = 10

// maxWeights bounds the memory of a model: features times intents. Of a larger corpus the
// rarest features are left out.
const maxWeights = 1 << 25

// Train makes a model of the enabled intents of a corpus. Some 15,000 phrases of 150 intents
// take a second or two.
func Train(c *Corpus, o Options) *Model {
	m := &Model{options: o}
	for _, intent := range gathered(c) {
		m.add(intent)
	}
	phrases := m.read()
	m.words = newVocabulary(phrases, max(0, maxWeights/max(1, len(m.intents))-meaning.Size), m.labels, len(m.intents))
	vectors := m.vectors(phrases)
	m.linear = trainMachines(vectors, m.labels, len(m.intents), m.words.size())
	m.index(vectors, phrases)
	m.spread = m.examples.spread(len(m.intents))
	return m
}

// gathered are the enabled intents, those of one path as one.
func gathered(c *Corpus) []IntentData {
	at := map[string]int{}
	var all []IntentData
	for _, intent := range c.Intents {
		if !intent.Enabled {
			continue
		}
		i, ok := at[intent.Path]
		if !ok {
			i = len(all)
			at[intent.Path] = i
			all = append(all, IntentData{Path: intent.Path})
		}
		all[i].Phrases = append(all[i].Phrases, intent.Phrases...)
	}
	return all
}

// add takes the phrases of an intent, each once.
func (m *Model) add(intent IntentData) {
	label := int32(len(m.intents))
	seen := map[string]bool{}
	for _, p := range intent.Phrases {
		for _, text := range p.writings() {
			if key := strings.TrimSpace(text); key != "" && !seen[key] {
				seen[key] = true
				m.texts = append(m.texts, key)
				m.labels = append(m.labels, label)
			}
		}
	}
	if len(seen) > 0 {
		m.intents = append(m.intents, intent.Path)
		m.counts = append(m.counts, int32(len(seen)))
	}
}

// read cuts all phrases into words.
func (m *Model) read() [][]word {
	phrases := make([][]word, len(m.texts))
	for i, text := range m.texts {
		phrases[i] = words(text, m.options.Lemmas)
	}
	return phrases
}

func (m *Model) vectors(phrases [][]word) [][]term {
	vectors := make([][]term, len(phrases))
	var list []feature
	for i, phrase := range phrases {
		list = features(phrase, list[:0])
		vectors[i], _ = m.words.vector(phrase, list)
	}
	return vectors
}

// index makes what is looked up of the examples.
func (m *Model) index(vectors [][]term, phrases [][]word) {
	m.examples = newExamples(vectors, m.labels, len(m.words.weight))
	m.examples.holders = m.holders(phrases)
	m.wordless = slices.Repeat([]bool{true}, len(m.intents))
	for i, phrase := range phrases {
		if len(phrase) > 0 {
			m.wordless[m.labels[i]] = false
		}
	}
	m.spelling = newSpelling(phrases)
	m.exact = make(map[string][]int32, len(phrases))
	for i, phrase := range phrases {
		key := exactKey(m.texts[i], phrase)
		if !slices.Contains(m.exact[key], m.labels[i]) {
			m.exact[key] = append(m.exact[key], m.labels[i])
		}
	}
}

// holders says of each stem and pair which intents have it, ascending.
func (m *Model) holders(phrases [][]word) [][]int32 {
	holders := make([][]int32, len(m.words.weight))
	var list []feature
	for i, phrase := range phrases { // the labels ascend
		list = features(phrase, list[:0])
		for _, f := range list {
			if f.kind != stemKind && f.kind != pairKind {
				continue
			}
			if id, ok := m.words.ids[f.hash]; ok {
				if h := holders[id]; len(h) == 0 || h[len(h)-1] != m.labels[i] {
					holders[id] = append(h, m.labels[i])
				}
			}
		}
	}
	return holders
}

// exactKey is equal for two texts of the same words.
func exactKey(text string, phrase []word) string {
	if len(phrase) == 0 {
		return strings.TrimSpace(text) // only punctuation
	}
	var b strings.Builder
	for _, w := range phrase {
		b.WriteString(w.text)
		b.WriteByte(' ')
	}
	return b.String()
}

// Intents lists the paths of the intents the model knows, in the order of the corpus.
func (m *Model) Intents() []string { return slices.Clone(m.intents) }

// Classify lists up to ten intents, best first.
func (m *Model) Classify(text string) []Scored {
	s := m.take()
	defer m.scratch.Put(s)
	list := m.score(text, s)
	if m.options.Annotate != nil {
		writings := m.options.Annotate.Annotate(text)
		for _, other := range writings[:min(len(writings), maxWritings)] {
			list = merge(list, m.score(other, s))
		}
	}
	scored := make([]Scored, len(list))
	for i, c := range list {
		scored[i] = Scored{m.intents[c.intent], c.score}
	}
	return scored
}

// scratch is the memory of one query.
type scratch struct {
	margins, nearest, votes []float32
	order                   []int32
	list                    []feature
	search                  search
}

func (m *Model) take() *scratch {
	if s, ok := m.scratch.Get().(*scratch); ok {
		return s
	}
	n := len(m.intents)
	return &scratch{margins: make([]float32, n), nearest: make([]float32, n), votes: make([]float32, n), order: make([]int32, n)}
}

// candidate is an intent that a text may mean, and why.
type candidate struct {
	intent   int32
	score    float64
	exact    bool
	evidence evidence
}

// score weighs the intents for one writing of a text, and for the same with its misspelled words
// corrected.
func (m *Model) score(text string, s *scratch) []candidate {
	phrase := words(text, m.options.Lemmas)
	list := m.scorePhrase(text, phrase, s)
	if corrected, ok := m.spelling.correct(phrase); ok {
		other := m.scorePhrase(text, corrected, s)
		for i := range other {
			other[i].score = float64(other[i].score * misspelled)
		}
		list = merge(list, other)
	}
	return list
}

func (m *Model) scorePhrase(text string, phrase []word, s *scratch) []candidate {
	list := m.weigh(phrase, s)
	for _, intent := range m.exact[exactKey(text, phrase)] {
		list = withExact(list, intent)
	}
	slices.SortStableFunc(list, byScore)
	return list[:min(len(list), maxScored)]
}

// withExact raises an intent that has the text among its phrases: it is near 1 whatever else
// speaks for or against it, which only decides between two such intents.
func withExact(list []candidate, intent int32) []candidate {
	i := slices.IndexFunc(list, func(c candidate) bool { return c.intent == intent })
	if i < 0 {
		i = len(list)
		list = append(list, candidate{intent: intent})
	}
	list[i].exact = true
	list[i].score = 1 - float64(0.01*(1-list[i].score))
	return list
}

func byScore(a, b candidate) int {
	return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.intent, b.intent))
}

// merge takes the better score of each intent.
func merge(a, b []candidate) []candidate {
	for _, c := range b {
		if i := slices.IndexFunc(a, func(o candidate) bool { return o.intent == c.intent }); i < 0 {
			a = append(a, c)
		} else if c.score > a[i].score {
			a[i] = c
		}
	}
	slices.SortStableFunc(a, byScore)
	return a[:min(len(a), maxScored)]
}
