package pattern

import (
	"slices"
	"unicode/utf8"
)

// index finds the patterns that a phrase may match: most need some words that are not there.
// What patterns need is a graph, shared by all of them: leaves are single words (and parts
// and lemmas), above them stand "one of" and "all of", and a pattern stands at the top.
//
//	leaf кредит ──┐
//	              ├─ all ── * {кредит * (оформить|взять)} *
//	leaf оформить ─ one ─┘
//	leaf взять ────┘
//
// The words of a phrase fire their leaves and what follows from them, so that the work grows
// with what fires and not with the number of patterns.
type index struct {
	needs    []need // number 0 means: nothing needed
	words    map[string][]int32
	lemmas   map[string][]int32
	globs    globIndex // by what they begin with
	loose    globIndex // those that begin with a star: by their longest part
	lists    []*dictionary
	always   []int32 // patterns without needs
	patterns int
	nodes    map[*node]int32 // while building
	single   map[string]int32
}

// need is a node of the graph.
type need struct {
	above    []int32
	all      uint16 // how many must fire below it; 0: one is enough
	patterns []int32
	synonyms []synonymRef
}

type synonymRef struct {
	dict *dictionary
	k    int32
}

type globLeaf struct {
	glob glob
	leaf int32
}

// build makes the index once everything is linked.
func (x *index) build(l *Library, lists []*dictionary) {
	x.needs = make([]need, 1, 1+len(l.patterns))
	x.words, x.lemmas = make(map[string][]int32), make(map[string][]int32)
	x.globs, x.loose = newGlobIndex(), newGlobIndex()
	x.nodes, x.single = make(map[*node]int32), make(map[string]int32)
	x.lists, x.patterns = lists, len(l.patterns)
	for _, d := range lists {
		x.list(d)
	}
	for _, p := range l.patterns {
		id := x.need(p.root)
		if id == 0 {
			x.always = append(x.always, p.number)
			continue
		}
		x.needs[id].patterns = append(x.needs[id].patterns, p.number)
	}
	x.nodes, x.single = nil, nil
}

func (x *index) leaf() int32 {
	x.needs = append(x.needs, need{})
	return int32(len(x.needs) - 1)
}

// list numbers what a dictionary needs: one of its words, or what one of its patterns needs.
func (x *index) list(d *dictionary) {
	if d.number != 0 {
		return
	}
	d.number = x.leaf()
	for k, s := range d.patterns {
		id := x.need(s.root)
		if id == 0 {
			d.always = append(d.always, int32(k))
			continue
		}
		x.needs[id].above = append(x.needs[id].above, d.number)
		x.needs[id].synonyms = append(x.needs[id].synonyms, synonymRef{d, int32(k)})
	}
}

// need is what a phrase must have for a node to fit; 0 for nothing in particular.
func (x *index) need(n *node) int32 {
	if id, ok := x.nodes[n]; ok {
		return id
	}
	id := x.find(n)
	x.nodes[n] = id
	return id
}

func (x *index) find(n *node) int32 {
	switch n.op {
	case opWord:
		return x.word(n.words, x.words, "=")
	case opLemma:
		return x.lemma(n)
	case opGlob:
		return x.globbed(n.glob)
	case opDict:
		x.list(n.dict)
		if len(n.dict.always) > 0 {
			return 0
		}
		return n.dict.number
	case opValue, opRepeat, opName:
		return x.need(n.kids[0])
	case opSeq, opSet:
		var below []int32
		for _, kid := range n.kids {
			if id := x.need(kid); id != 0 {
				below = append(below, id)
			}
		}
		return x.over(below, true)
	case opAlt:
		below := make([]int32, 0, len(n.kids))
		for _, kid := range n.kids {
			id := x.need(kid)
			if id == 0 {
				return 0
			}
			below = append(below, id)
		}
		return x.over(below, false)
	}
	return 0
}

// over puts a need above others.
func (x *index) over(below []int32, all bool) int32 {
	slices.Sort(below)
	below = slices.Compact(below)
	switch len(below) {
	case 0:
		return 0
	case 1:
		return below[0]
	}
	id := x.leaf()
	if all {
		x.needs[id].all = uint16(len(below)) // a pattern's source is shorter than that
	}
	for _, b := range below {
		x.needs[b].above = append(x.needs[b].above, id)
	}
	return id
}

// word is the leaf of a set of words; one word has one leaf, whoever needs it.
func (x *index) word(words map[string]struct{}, in map[string][]int32, kind string) int32 {
	key := ""
	if len(words) == 1 {
		for w := range words {
			key = kind + w
		}
		if id, ok := x.single[key]; ok {
			return id
		}
	}
	id := x.leaf()
	for w := range words {
		in[w] = append(in[w], id)
	}
	if key != "" {
		x.single[key] = id
	}
	return id
}

// lemma is the leaf of a word in its forms: the word itself fits in any case.
func (x *index) lemma(n *node) int32 {
	key := ""
	if len(n.words) == 1 {
		for w := range n.words {
			key = "~~" + w
		}
		if id, ok := x.single[key]; ok {
			return id
		}
	}
	id := x.over([]int32{x.word(n.lemmas, x.lemmas, "~"), x.word(n.words, x.words, "=")}, false)
	if key != "" {
		x.single[key] = id
	}
	return id
}

func (x *index) globbed(g glob) int32 {
	key := "*"
	for i, part := range g.parts {
		if i > 0 || g.anyStart {
			key += "*"
		}
		key += part
	}
	if g.anyEnd {
		key += "*"
	}
	if id, ok := x.single[key]; ok {
		return id
	}
	id := x.leaf()
	x.single[key] = id
	if g.anyStart {
		x.loose.add(g.longest(), globLeaf{g, id})
	} else {
		x.globs.add(g.parts[0], globLeaf{g, id})
	}
	return id
}

// globIndex finds words with stars by a piece of text that they must have.
type globIndex struct {
	by    map[string][]globLeaf
	sizes [maxPiece + 1]bool // of the pieces, in runes
}

// maxPiece is how many runes of a piece count.
const maxPiece = 12

func newGlobIndex() globIndex { return globIndex{by: make(map[string][]globLeaf)} }

func (g *globIndex) add(piece string, leaf globLeaf) {
	size := 0
	for end := range piece {
		if size == maxPiece {
			piece = piece[:end]
			break
		}
		size++
	}
	g.sizes[size] = true
	g.by[piece] = append(g.by[piece], leaf)
}

// pieces looks up the pieces that a text begins with.
func (g *globIndex) pieces(s string, do func(leaves []globLeaf)) {
	size, end := 0, 0
	for size < maxPiece && end < len(s) {
		_, n := utf8.DecodeRuneInString(s[end:])
		end += n
		if size++; g.sizes[size] {
			if leaves := g.by[s[:end]]; leaves != nil {
				do(leaves)
			}
		}
	}
}

// fired is what the index found out about a phrase.
type fired struct {
	needs    []uint16 // for every need how many fired below it, and whether it fired itself
	patterns []int32  // that may fit, besides those without needs; in order
	synonyms map[*dictionary][]int32
	stack    []int32
}

const firedBit = 1 << 15

func (f *fired) has(id int32) bool { return f.needs[id]&firedBit != 0 }

func (x *index) ask(p *Phrase) *fired {
	f := &fired{needs: make([]uint16, len(x.needs))}
	for i := range p.words {
		w := &p.words[i]
		x.askWord(f, w.folded)
		if w.wide > 0 {
			x.askWord(f, w.joined)
		}
		x.askForms(f, p, i)
	}
	slices.Sort(f.patterns)
	return f
}

func (x *index) askWord(f *fired, w string) {
	for _, leaf := range x.words[w] {
		x.fire(f, leaf)
	}
	test := func(leaves []globLeaf) {
		for i := range leaves {
			if !f.has(leaves[i].leaf) && leaves[i].glob.match(w) {
				x.fire(f, leaves[i].leaf)
			}
		}
	}
	x.globs.pieces(w, test)
	if len(x.loose.by) > 0 {
		for i := range w {
			x.loose.pieces(w[i:], test)
		}
	}
}

// askForms fires what a word means by its lemmas, and the dictionaries that know it.
func (x *index) askForms(f *fired, p *Phrase, at int) {
	w := &p.words[at]
	if len(x.lemmas) > 0 {
		for _, lemma := range p.lemmas(at, false) {
			for _, leaf := range x.lemmas[lemma] {
				x.fire(f, leaf)
			}
		}
		if w.wide > 0 {
			for _, lemma := range p.lemmas(at, true) {
				for _, leaf := range x.lemmas[lemma] {
					x.fire(f, leaf)
				}
			}
		}
	}
	for _, d := range x.lists {
		if f.has(d.number) || d.forms.nodes == 0 {
			continue
		}
		if d.exact.begins(w.folded) || slices.ContainsFunc(p.lemmas(at, false), d.forms.begins) {
			x.fire(f, d.number)
		}
	}
}

// fire notes that a need is met, and what follows.
func (x *index) fire(f *fired, id int32) {
	if f.has(id) {
		return
	}
	f.stack = append(f.stack[:0], id)
	f.needs[id] |= firedBit
	for len(f.stack) > 0 {
		n := &x.needs[f.stack[len(f.stack)-1]]
		f.stack = f.stack[:len(f.stack)-1]
		f.patterns = append(f.patterns, n.patterns...)
		for _, s := range n.synonyms {
			if f.synonyms == nil {
				f.synonyms = make(map[*dictionary][]int32)
			}
			f.synonyms[s.dict] = append(f.synonyms[s.dict], s.k)
		}
		for _, above := range n.above {
			if f.has(above) {
				continue
			}
			if f.needs[above]++; f.needs[above] >= x.needs[above].all {
				f.needs[above] |= firedBit
				f.stack = append(f.stack, above)
			}
		}
	}
}

// ask asks the library's index, once.
func (p *Phrase) ask() *fired {
	if p.fired == nil {
		p.fired = p.library.index.ask(p)
	}
	return p.fired
}

// fires reports whether the phrase has what a pattern needs.
func (p *Phrase) fires(number int32) bool {
	if _, ok := slices.BinarySearch(p.ask().patterns, number); ok {
		return true
	}
	_, ok := slices.BinarySearch(p.library.index.always, number)
	return ok
}

// synonyms are the patterns of a dictionary that are worth trying, in its order.
func (p *Phrase) synonyms(d *dictionary) []int32 {
	if len(d.patterns) == 0 {
		return nil
	}
	all := slices.Concat(d.always, p.ask().synonyms[d])
	slices.Sort(all)
	return all
}

// Knows reports whether a word is one that a pattern or dictionary of the linked library
// names, in this form or, after ~ and in dictionaries, in any.
func (l *Library) Knows(word string) bool {
	word = fold(word)
	if _, ok := l.index.words[word]; ok {
		return true
	}
	for _, lemma := range l.lemmas(word) {
		if _, ok := l.index.lemmas[lemma]; ok {
			return true
		}
		for _, d := range l.index.lists {
			if _, ok := d.forms.words[lemma]; ok {
				return true
			}
		}
	}
	return false
}

// Set is a number of patterns of one library that are asked together: those that are active
// in a state of a dialogue, say, or all that a bot has.
type Set struct {
	library  *Library
	patterns []*Pattern
	at       map[int32]int // pattern's number → place
	always   []int         // places of patterns without needs
}

// NewSet makes a set of patterns of a linked library, each of them once.
func (l *Library) NewSet(patterns []*Pattern) *Set {
	s := &Set{library: l, patterns: patterns, at: make(map[int32]int, len(patterns))}
	for i, p := range patterns {
		s.at[p.number] = i
		if _, ok := slices.BinarySearch(l.index.always, p.number); ok || p.number < 0 {
			s.always = append(s.always, i)
		}
	}
	return s
}

// Match returns how the patterns of the set fit a phrase, the best first; of those that fit
// alike the stricter, and then the earlier in the set. Active says by a pattern's place
// whether it takes part; nil means all do. What it costs grows with how many patterns have
// their words in the phrase, hardly with how many there are.
func (s *Set) Match(phrase *Phrase, active func(i int) bool) []Match {
	phrase.use(s.library)
	places := slices.Clone(s.always)
	for _, number := range phrase.ask().patterns {
		if i, ok := s.at[number]; ok {
			places = append(places, i)
		}
	}
	slices.Sort(places)
	var found []Match
	for _, i := range places {
		if active != nil && !active(i) {
			continue
		}
		if m, ok := s.patterns[i].try(phrase); ok {
			m.index = i
			found = append(found, m)
		}
	}
	slices.SortStableFunc(found, func(a, b Match) int {
		switch {
		case a.Better(b):
			return -1
		case b.Better(a):
			return 1
		}
		return 0
	})
	return found
}
