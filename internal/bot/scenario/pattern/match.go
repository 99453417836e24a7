package pattern

import (
	"math"
	"unicode/utf8"
)

// Limits of the work on one phrase: over all patterns it is matched against (some tens of
// milliseconds), and on one of them. Beyond the first nothing matches any more.
const (
	maxSteps     = 2_000_000
	patternSteps = maxSteps / 4
)

// end is where an element may end, with the best score of the ways there.
type end struct {
	at    int32
	score int32
}

// none is the score of a place that is not reached.
const none = math.MinInt32

// machine matches nodes against one phrase.
//
//	ends(node, at) = the places where node may end when it begins at word at
//	pass(node, from, to): the same for many beginnings at once
//
// Places stand in rows: for every place the best score of the ways there. An element turns
// the row before it into the row after it; sequences and alternatives chain and join rows,
// any order keeps a row per subset of its elements. Elements that many patterns share, and
// those that a trace asks about, answer by ends, and the answers are remembered.
type machine struct {
	p     *Phrase
	star  int32 // cost of a star that swallows words: constant in the score, so times the words
	left  int   // steps of the phrase
	steps int   // steps of the pattern that is being matched
	given int   // steps it began with
	memo  map[uint64][]end
	arena []end     // results are cut from here
	rows  [][]int32 // rows to use again

	weights []*node // the $weight<> elements that a trace went over
}

func (m *machine) init(p *Phrase) {
	m.p, m.star, m.left = p, costStar*p.size(), maxSteps
}

// begin gives a pattern its steps; finish takes from the phrase what it used.
func (m *machine) begin() {
	m.given = min(m.left, patternSteps)
	m.steps = m.given
}

func (m *machine) finish() { m.left -= m.given - m.steps }

// best is the best score with which a node takes the whole phrase.
func (m *machine) best(n *node) (int32, bool) {
	m.begin()
	defer m.finish()
	for _, e := range m.ends(n, 0) {
		if int(e.at) == len(m.p.words) {
			return e.score, m.steps > 0
		}
	}
	return 0, false
}

// Exhausted reports whether the phrase has used up its steps.
func (p *Phrase) Exhausted() bool { return p.m.left <= 0 }

// ends answers with places in rising order, each once.
func (m *machine) ends(n *node, at int) []end {
	n = n.bare()
	if m.steps--; m.steps <= 0 {
		return nil
	}
	if n.memo == 0 {
		return m.compute(n, at)
	}
	key := uint64(n.memo)<<32 | uint64(at)
	if found, ok := m.memo[key]; ok {
		return found
	}
	found := m.compute(n, at)
	if m.steps -= 8; m.steps <= 0 {
		return found // maybe not all of them
	}
	if m.memo == nil {
		m.memo = make(map[uint64][]end)
	}
	m.memo[key] = found
	return found
}

func (m *machine) compute(n *node, at int) []end {
	switch n.op {
	case opEmpty, opWeight:
		return m.one(at, 0)
	case opWord, opGlob, opLemma, opMorph, opAny:
		return m.word(n, at)
	case opStar:
		return m.upTo(at, 0, -m.star)
	case opSome:
		return m.upTo(at+1, n.weight, 0)
	case opToken:
		return m.token(n, at)
	case opRegex:
		return m.regex(n, at)
	case opDict:
		return m.dictionary(n, at)
	case opEntity:
		return m.entity(n, at)
	}
	return m.composite(n, at)
}

// composite passes a row with one beginning.
func (m *machine) composite(n *node, at int) []end {
	from, to := m.row(), m.row()
	from[at] = 0
	m.through(n, from, to, at)
	found := m.cut(to, at)
	m.free(from)
	m.free(to)
	return found
}

// pass enters into a row where an element ends that begins at the places of another row,
// from a place on; it reports whether there is any.
func (m *machine) pass(n *node, from, to []int32, at int) bool {
	n = n.bare()
	if m.steps -= len(from) - at; m.steps <= 0 {
		return false
	}
	if n.shared || !n.composite() && n.op != opEmpty && n.op != opWeight && n.op != opStar && n.op != opSome {
		found := false
		for i := at; i < len(from); i++ {
			if from[i] != none {
				found = m.reach(to, m.ends(n, i), from[i]) || found
			}
		}
		return found
	}
	return m.through(n, from, to, at)
}

// through is pass for what is made of other elements.
func (m *machine) through(n *node, from, to []int32, at int) bool {
	switch n.op {
	case opStar:
		return m.gap(from, to, at)
	case opSome:
		return m.some(n.weight, from, to, at)
	case opSeq:
		return m.sequence(n, from, to, at)
	case opAlt:
		return m.alternative(n, from, to, at)
	case opOpt:
		m.pass(n.kids[0], from, to, at)
	case opRepeat:
		return m.repeat(n.kids[0], from, to, at)
	case opSet:
		o := m.orders(n, from, at)
		if o == nil {
			return false
		}
		o.best(to)
		m.freeAll(o.rows)
		return true
	}
	return merge(from, to, at)
}

// merge enters one row into another.
func merge(from, to []int32, at int) bool {
	found := false
	for i := at; i < len(from); i++ {
		to[i] = max(to[i], from[i])
		found = found || from[i] != none
	}
	return found
}

// word matches one word, or the compound that begins with it.
func (m *machine) word(n *node, at int) []end {
	if at >= len(m.p.words) {
		return nil
	}
	w, start := &m.p.words[at], len(m.arena)
	if weight := m.fits(n, at, false); weight > 0 {
		if w.part {
			weight = weight * weightPart / weightWord
		}
		m.arena = append(m.arena, end{int32(at + 1), m.p.weight(at, at+1, weight)})
	}
	if w.wide > 0 {
		if weight := m.fits(n, at, true); weight > 0 {
			m.arena = append(m.arena, end{int32(at + w.wide), weight})
		}
	}
	return m.arena[start:len(m.arena):len(m.arena)]
}

// fits is the weight of a word that the node is about, 0 when it is not.
func (m *machine) fits(n *node, at int, whole bool) int32 {
	s := m.p.words[at].folded
	if whole {
		s = m.p.words[at].joined
	}
	switch n.op {
	case opWord:
		if _, ok := n.words[s]; ok {
			return weightWord
		}
		return 0
	case opGlob:
		m.steps -= len(s) / 16
		return n.glob.weight(s)
	case opLemma:
		return n.lemmaWeight(s, m.p.lemmas(at, whole))
	case opMorph:
		m.steps -= 8
		if words := m.p.library.words; words == nil || !words.Has(s, n.props...) {
			return 0
		}
	}
	return n.weight
}

// weight is the weight of a word by its parts, 0 when they are not in it.
func (g *glob) weight(s string) int32 {
	if !g.match(s) {
		return 0
	}
	weight := int32(weightPrefix)
	if g.anyStart {
		weight = weightGlob
	}
	return weight + int32(spanGlob*g.runes/max(1, utf8.RuneCountInString(s)))
}

// lemmaWeight is the weight of a word by its lemmas.
func (n *node) lemmaWeight(s string, lemmas []string) int32 {
	if _, ok := n.words[s]; ok {
		return weightLemma + spanLemma
	}
	for _, lemma := range lemmas {
		if _, ok := n.lemmas[lemma]; ok {
			common := 0
			for common < min(len(s), len(lemma)) && s[common] == lemma[common] {
				common++
			}
			return weightLemma + int32(spanLemma*common/(1+max(len(s), len(lemma))))
		}
	}
	return 0
}

// token matches one word, a compound, or what is written in one piece from there: a
// telephone number with its plus and brackets is one token and several words.
func (m *machine) token(n *node, at int) []end {
	if at >= len(m.p.words) {
		return nil
	}
	p, w, start := m.p, m.p.words[at], len(m.arena)
	if m.full(n, p.text[w.start:w.end]) {
		weight := n.weight
		if w.part {
			weight = weight * weightPart / weightWord
		}
		m.arena = append(m.arena, end{int32(at + 1), p.weight(at, at+1, weight)})
	}
	if w.wide > 0 {
		last := &p.words[at+w.wide-1]
		if m.full(n, p.text[w.start:last.end]) {
			m.arena = append(m.arena, end{int32(at + w.wide), n.weight})
		}
	}
	m.wholePiece(n, at)
	return m.arena[start:len(m.arena):len(m.arena)]
}

// full matches a piece of text with a regular expression.
func (m *machine) full(n *node, s string) bool {
	m.steps -= n.re.cost(len(s))
	ok, err := n.re.full(s)
	m.late(err)
	return ok && err == nil
}

// late ends a pattern whose regular expression took too long: a phrase has time for few.
func (m *machine) late(err error) {
	if err != nil {
		m.steps = min(m.steps, 0)
		m.left -= patternSteps
	}
}

// wholePiece matches what stands between white space.
func (m *machine) wholePiece(n *node, at int) {
	p, w := m.p, m.p.words[at]
	from, to := p.piece(w)
	if from == w.start && to == w.end || at > 0 && p.words[at-1].end > from {
		return
	}
	last := at
	for last+1 < len(p.words) && p.words[last+1].start < to {
		last++
	}
	if w.wide > 0 && last == at+w.wide-1 && from == w.start && to == p.words[last].end {
		return // the compound
	}
	for _, piece := range []string{p.text[from:to], p.text[w.start:to], p.text[from:p.words[last].end], p.text[w.start:p.words[last].end]} {
		if !m.full(n, piece) {
			continue
		}
		weight := p.weight(at, last+1, n.weight)
		if k := len(m.arena); last == at && k > 0 && int(m.arena[k-1].at) == at+1 {
			return // the word alone matched as well
		}
		m.arena = append(m.arena, end{int32(last + 1), weight})
		return
	}
}

// upTo is every place from one on; the first costs nothing more, the others rest in all
// plus perWord for each.
func (m *machine) upTo(from int, perWord, rest int32) []end {
	start := len(m.arena)
	for i := from; i <= len(m.p.words); i++ {
		score := perWord * int32(i-from+1)
		if i > from {
			score += rest
		}
		m.arena = append(m.arena, end{int32(i), score})
	}
	m.steps -= len(m.arena) - start
	return m.arena[start:len(m.arena):len(m.arena)]
}

// regex matches the whole phrase as it was written, or as many whole words as the longest
// match covers.
func (m *machine) regex(n *node, at int) []end {
	p := m.p
	if at == 0 && m.full(n, p.text) {
		return m.one(len(p.words), p.weight(0, len(p.words), n.weight))
	}
	if at >= len(p.words) {
		return nil
	}
	base := p.words[at].start
	m.steps -= n.re.cost(len(p.text) - base)
	size, err := n.re.prefix(p.text[base:])
	m.late(err)
	for i := at; i < len(p.words) && p.words[i].end <= base+size; i++ {
		if p.words[i].end == base+size {
			return m.one(i+1, p.weight(at, i+1, n.weight))
		}
	}
	return nil
}

func (m *machine) dictionary(n *node, at int) []end {
	row := m.row()
	defer m.free(row)
	for _, h := range n.dict.hits(m, at) {
		row[h.at] = max(row[h.at], h.score)
	}
	return m.cut(row, at)
}

func (m *machine) entity(n *node, at int) []end {
	row := m.row()
	defer m.free(row)
	for _, s := range m.p.entities(n.name) {
		if m.steps--; s.from == at {
			row[s.to] = max(row[s.to], m.p.weight(s.from, s.to, n.weight))
		}
	}
	return m.cut(row, at)
}

// sequence passes a row through the elements.
func (m *machine) sequence(n *node, from, to []int32, at int) bool {
	row := m.row()
	copy(row, from)
	defer func() { m.free(row) }()
	for _, kid := range n.kids {
		next := m.row()
		found := m.pass(kid, row, next, at)
		m.free(row)
		row = next
		if !found {
			return false
		}
	}
	return merge(row, to, at)
}

// alternative passes a row through every kid; through those that are one word only where
// that word stands.
func (m *machine) alternative(n *node, from, to []int32, at int) bool {
	found := false
	kids := n.kids
	if n.byWord != nil {
		kids = n.rest
		for i := at; i < len(m.p.words); i++ {
			if from[i] != none {
				m.byWord(n, i, func(kid *node) { found = m.reach(to, m.ends(kid, i), from[i]) || found })
			}
		}
	}
	for _, kid := range kids {
		found = m.pass(kid, from, to, at) || found
	}
	return found
}

// byWord does something with the kids that may be about a word.
func (m *machine) byWord(n *node, at int, do func(kid *node)) {
	if at >= len(m.p.words) {
		return
	}
	w := &m.p.words[at]
	for _, kid := range n.byWord[w.folded] {
		do(kid)
	}
	if w.wide > 0 {
		for _, kid := range n.byWord[w.joined] {
			do(kid)
		}
	}
}

// gap lets any words stand between two rows, none too.
func (m *machine) gap(from, to []int32, at int) bool {
	best := int32(none)
	for i := at; i < len(from); i++ {
		here := from[i]
		if to[i] = max(to[i], here); best != none {
			to[i] = max(to[i], best-m.star)
		}
		best = max(best, here)
	}
	return best != none
}

// some lets one word or more stand between two rows.
func (m *machine) some(perWord int32, from, to []int32, at int) bool {
	best, found := int32(none), false
	for i := at; i < len(from); i++ {
		to[i] = max(to[i], best)
		found = found || best != none
		if best = max(best, from[i]); best != none {
			best += perWord
		}
	}
	return found
}

// repeat finds the places after one or more times the element.
func (m *machine) repeat(kid *node, from, to []int32, at int) bool {
	row := m.row()
	defer m.free(row)
	if !m.pass(kid, from, row, at) {
		return false
	}
	for i := at; i < len(row); i++ {
		if row[i] == none {
			continue
		}
		for _, e := range m.ends(kid, i) {
			if int(e.at) > i {
				row[e.at] = max(row[e.at], row[i]+e.score)
			}
		}
	}
	return merge(row, to, at)
}

// orders are the ways of the elements of a set through a phrase: for every subset of them
// the places after it, in any order. A subset that is never reached has no row.
type orders struct {
	kids     []*node // those that are in the phrase at all
	required int     // subset of those that may not be missing
	at       int     // the first place
	rows     [][]int32
}

// best makes a row of the best of all subsets that are enough.
func (o *orders) best(row []int32) {
	for mask, of := range o.rows {
		if of == nil || mask&o.required != o.required {
			continue
		}
		for i, score := range of {
			row[i] = max(row[i], score)
		}
	}
}

// orders returns nil when an element that is required is not in the phrase, or when no
// steps are left.
func (m *machine) orders(n *node, from []int32, at int) *orders {
	for at < len(from)-1 && from[at] == none {
		at++
	}
	o := &orders{at: at}
	for _, kid := range n.kids {
		kid, optional := m.present(kid, at)
		switch {
		case kid != nil && !optional:
			o.required |= 1 << len(o.kids)
			fallthrough
		case kid != nil:
			o.kids = append(o.kids, kid)
		case !optional:
			return nil
		}
	}
	if m.steps -= 1 << len(o.kids); m.steps <= 0 {
		return nil
	}
	o.rows = make([][]int32, 1<<len(o.kids))
	o.rows[0] = m.row()
	copy(o.rows[0], from)
	for mask := range o.rows {
		if o.rows[mask] != nil && m.steps > 0 {
			m.extend(o, mask, n.gaps)
		}
	}
	return o
}

// present returns the kid if it takes some words after a place, and whether it may be left out.
func (m *machine) present(kid *node, at int) (present *node, optional bool) {
	for kid.op == opOpt {
		kid, optional = kid.kids[0], true
	}
	for i := at; i <= len(m.p.words) && present == nil; i++ {
		for _, e := range m.ends(kid, i) {
			if int(e.at) == i {
				optional = true
			} else {
				present = kid
			}
		}
	}
	return present, optional
}

// extend lets every element that is not in a subset follow it.
func (m *machine) extend(o *orders, mask int, gaps bool) {
	if row := o.rows[mask]; gaps {
		m.gap(row, row, o.at)
	}
	for k, kid := range o.kids {
		if mask&(1<<k) != 0 {
			continue
		}
		next := o.rows[mask|1<<k]
		if next == nil {
			next = m.row()
		}
		if m.pass(kid, o.rows[mask], next, o.at) {
			o.rows[mask|1<<k] = next
		} else if o.rows[mask|1<<k] == nil {
			m.free(next)
		}
	}
}

// reach enters places into a row, each with the score of the way so far added.
func (m *machine) reach(row []int32, found []end, score int32) bool {
	m.steps -= len(found)
	for _, e := range found {
		row[e.at] = max(row[e.at], score+e.score)
	}
	return len(found) > 0
}

// one is a single place.
func (m *machine) one(at int, score int32) []end {
	m.arena = append(m.arena, end{int32(at), score})
	return m.arena[len(m.arena)-1 : len(m.arena) : len(m.arena)]
}

// cut makes a result of a row.
func (m *machine) cut(row []int32, at int) []end {
	start := len(m.arena)
	for i := at; i < len(row); i++ {
		if row[i] != none {
			m.arena = append(m.arena, end{int32(i), row[i]})
		}
	}
	return m.arena[start:len(m.arena):len(m.arena)]
}

// row is an empty row, with a place before every word and one after the last.
func (m *machine) row() []int32 {
	var row []int32
	if k := len(m.rows); k > 0 {
		row, m.rows = m.rows[k-1], m.rows[:k-1]
	} else {
		row = make([]int32, len(m.p.words)+1)
	}
	for i := range row {
		row[i] = none
	}
	m.steps -= len(row) / 8
	return row
}

func (m *machine) free(row []int32) { m.rows = append(m.rows, row) }

func (m *machine) freeAll(rows [][]int32) {
	for _, row := range rows {
		if row != nil {
			m.free(row)
		}
	}
}
