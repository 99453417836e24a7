package nlu

import (
	"cmp"
	"math"
	"slices"

	"github.com/govorun/govorun/internal/bot/scenario/nlu/meaning"
)

// kind is a kind of feature.
type kind uint8

const (
	wordKind   kind = iota // a word as it is written
	stemKind               // its stem or lemma
	pairKind               // the stems of two neighbours, in order
	letterKind             // 3 to 5 letters in a row, with the word's bounds
	kinds
)

// share is how much a kind weighs in a phrase.
var share = [kinds]float32{wordKind: 0.3, stemKind: 1, pairKind: 0.6, letterKind: 0.8}

// meaningShare is how much the meaning of its words weighs in it.
const meaningShare = 0.9

// The letter runs that are features.
const (
	minRun = 3
	maxRun = 5
)

// feature is one feature of a phrase, found at a word.
type feature struct {
	hash     uint64
	kind     kind
	at       uint8 // index of the word
	from, to uint8 // the bytes of a letter run in the word with its bounds
}

// term is one entry of a sparse vector.
type term struct {
	id    uint32
	value float32
}

// features lists what a phrase has, in the order of its words.
func features(phrase []word, list []feature) []feature {
	for i, w := range phrase {
		at := uint8(i)
		list = append(list,
			feature{hash: hash(wordKind, w.text, ""), kind: wordKind, at: at},
			feature{hash: hash(stemKind, w.stem, ""), kind: stemKind, at: at})
		if i == 0 {
			list = append(list, feature{hash: hash(pairKind, "", w.stem), kind: pairKind, at: at})
		} else {
			list = append(list, feature{hash: hash(pairKind, phrase[i-1].stem, w.stem), kind: pairKind, at: at})
		}
		list = letterRuns(bounded(w), at, list)
	}
	return list
}

// bounded is a word between the marks of its bounds.
func bounded(w word) string { return "<" + w.text + ">" }

func letterRuns(text string, at uint8, list []feature) []feature {
	var starts [maxLetters + 3]uint8 // where each letter starts, and the end
	n := 0
	for i := range text {
		starts[n] = uint8(i)
		n++
	}
	starts[n] = uint8(len(text))
	for length := minRun; length <= maxRun; length++ {
		for i := 0; i+length <= n; i++ {
			from, to := starts[i], starts[i+length]
			list = append(list, feature{hash: hash(letterKind, text[from:to], ""), kind: letterKind, at: at, from: from, to: to})
		}
	}
	return list
}

// name is how a feature is called in an explanation.
func (f feature) name(phrase []word) string {
	w := phrase[f.at]
	switch f.kind {
	case wordKind:
		return "word " + w.text
	case stemKind:
		return "stem " + w.stem
	case pairKind:
		if f.at == 0 {
			return "begins with " + w.stem
		}
		return "pair " + phrase[f.at-1].stem + " " + w.stem
	default:
		return "letters " + bounded(w)[f.from:f.to]
	}
}

// hash is FNV-1a with a last mix, over a kind and one or two texts.
func hash(k kind, a, b string) uint64 {
	const prime = 1099511628211
	h := uint64(14695981039346656037)
	h = (h ^ uint64(k)) * prime
	for i := range len(a) {
		h = (h ^ uint64(a[i])) * prime
	}
	h = (h ^ 0xff) * prime // no byte of UTF-8: "a"+"bc" is not "ab"+"c"
	for i := range len(b) {
		h = (h ^ uint64(b[i])) * prime
	}
	h ^= h >> 32
	return h * 0x9e3779b97f4a7c15
}

// vocabulary knows the features of the training phrases.
type vocabulary struct {
	ids    map[uint64]uint32
	weight []float32 // of a feature: how much it tells, greater for a rare one
	rarest float32   // of a feature that no phrase has
}

// newVocabulary counts features of phrases, whose labels ascend, and keeps at most so many. Of a large corpus pairs and letter
// runs that occur once are left out: they are most of the memory and help least.
func newVocabulary(phrases [][]word, most int, labels []int32, intents int) *vocabulary {
	counts := count(phrases, labels)
	least := int32(1)
	if len(phrases) > largeCorpus {
		least = 2
	}
	for kept(counts, least) > most {
		least++
	}
	v := &vocabulary{ids: make(map[uint64]uint32, len(counts)), rarest: telling(0, len(phrases), 0, intents)}
	for _, c := range counts {
		if c.keep(least) && len(v.weight) < most {
			v.ids[c.hash] = uint32(len(v.weight))
			v.weight = append(v.weight, telling(int(c.phrases), len(phrases), int(c.intents), intents))
		}
	}
	return v
}

// largeCorpus has more phrases than this.
const largeCorpus = 2000

// counted is how many phrases have a feature.
type counted struct {
	hash          uint64
	kind          kind
	phrases, last int32 // how many, and the last of them
	intents, of   int32 // whose they are: how many, and the last of them
}

// keep tells if a feature is worth its memory when least phrases must have it. Words need
// fewer: what they say can be said by nothing else.
func (c counted) keep(least int32) bool {
	if c.kind < pairKind {
		least /= 2
	}
	return c.phrases >= least
}

func kept(counts []counted, least int32) int {
	n := 0
	for _, c := range counts {
		if c.keep(least) {
			n++
		}
	}
	return n
}

// count lists the features of all phrases, whose labels ascend, in the order they are first met.
func count(phrases [][]word, labels []int32) []counted {
	index := map[uint64]int{}
	var counts []counted
	var list []feature
	for p, phrase := range phrases {
		list = features(phrase, list[:0])
		for _, f := range list {
			i, ok := index[f.hash]
			if !ok {
				i = len(counts)
				index[f.hash] = i
				counts = append(counts, counted{hash: f.hash, kind: f.kind, last: -1, of: -1})
			}
			if c := &counts[i]; c.last != int32(p) {
				c.last = int32(p)
				c.phrases++
				if c.of != labels[p] {
					c.of = labels[p]
					c.intents++
				}
			}
		}
	}
	return counts
}

// rarity is an inverse frequency, smoothed.
func rarity(n, of int) float32 {
	return float32(1 + logarithm(float64(of+1)/float64(n+1)))
}

// telling is how much a feature tells: more when few phrases have it, and phrases of few
// intents. The power of 3/8 is what public sets of intents were best told apart with.
func telling(phrases, allPhrases, intents, allIntents int) float32 {
	quarter := root(root(rarity(phrases, allPhrases) * rarity(intents, allIntents)))
	return float32(quarter * root(quarter))
}

// unseen is how much of a phrase the vocabulary does not know, in shares of what its words weigh.
type unseen struct {
	words, letters float32
}

// entry is a known feature of a phrase before it is scaled.
type entry struct {
	term
	kind kind
}

// size is how many entries a vector can have: one for each feature, then what the words mean.
func (v *vocabulary) size() int { return len(v.weight) + meaning.Size }

// vector weighs the features of a phrase and what its words mean. It has length 1 with the unknown
// words counted, so a phrase of mostly unknown words is short. Unknown pairs do not count: most
// are of known words.
func (v *vocabulary) vector(phrase []word, list []feature) ([]term, unseen) {
	var known, unknown [kinds]float32
	entries := make([]entry, 0, len(list))
	for _, f := range list {
		if id, ok := v.ids[f.hash]; ok {
			entries = append(entries, entry{term{id, v.weight[id]}, f.kind})
		} else if f.kind != pairKind {
			unknown[f.kind] += float32(v.rarest * v.rarest)
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.id, b.id) })
	// A feature that occurs twice counts once.
	entries = slices.CompactFunc(entries, func(a, b entry) bool { return a.id == b.id })
	for _, e := range entries {
		known[e.kind] += float32(e.value * e.value)
	}
	terms := scale(entries, known, unknown, v.meaning(phrase), uint32(len(v.weight)))
	return terms, unseen{part(unknown[stemKind], known[stemKind]), part(unknown[letterKind], known[letterKind])}
}

// meaning is what a phrase means: the mean of what its words mean, those that tell more counting
// more, with length 1; nil when no word's meaning is known.
func (v *vocabulary) meaning(phrase []word) []float32 {
	var mean [meaning.Size]float32
	var square float32
	for _, w := range phrase {
		weight := v.rarest
		if id, ok := v.ids[hash(stemKind, w.stem, "")]; ok {
			weight = v.weight[id]
		}
		for i, x := range w.meaning {
			mean[i] += float32(weight * float32(x))
		}
	}
	for _, x := range mean {
		square += float32(x * x)
	}
	if square == 0 {
		return nil
	}
	length := root(square)
	for i := range mean {
		mean[i] /= length
	}
	return mean[:]
}

// scale gives each kind of features, and the meaning, its share of the vector; the entries of the
// meaning begin with the given one.
func scale(entries []entry, known, unknown [kinds]float32, mean []float32, first uint32) []term {
	var factor [kinds]float32
	var total float32
	if mean != nil {
		total = float32(meaningShare * meaningShare)
	}
	for k := range factor {
		if sum := known[k] + unknown[k]; sum > 0 {
			factor[k] = share[k] / root(sum)
			total += float32(share[k] * share[k])
		}
	}
	terms := make([]term, len(entries), len(entries)+len(mean))
	for i, e := range entries {
		terms[i] = term{e.id, float32(e.value*factor[e.kind]) / root(total)}
	}
	// A guess at unknown words is worth less, the more of the phrase they are.
	trust := float32(meaningShare * root(part(known[stemKind], unknown[stemKind])))
	for i, x := range mean {
		terms = append(terms, term{first + uint32(i), float32(x*trust) / root(total)})
	}
	return terms
}

func part(a, b float32) float32 {
	if a+b == 0 {
		return 0
	}
	return a / (a + b)
}

func root(x float32) float32 { return float32(math.Sqrt(float64(x))) }

// dot multiplies two vectors.
func dot(a, b []term) float32 {
	var sum float32
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i].id < b[j].id:
			i++
		case a[i].id > b[j].id:
			j++
		default:
			sum += float32(a[i].value * b[j].value)
			i++
			j++
		}
	}
	return sum
}
