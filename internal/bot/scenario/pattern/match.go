package pattern

import "math"

// maxSteps limits the work on one phrase, over all patterns it is matched against: some
// tens of milliseconds. Beyond it nothing matches any more.
const maxSteps = 2_000_000

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
//
// A sequence keeps one row of best scores, indexed by place, and moves it over its
// elements; any order keeps a row per subset of its elements.
type machine struct {
	p     *Phrase
	star  int32 // cost of a star that swallows words: constant in the score, so times the words
	steps int
	memo  map[uint64][]end
	arena []end     // results are cut from here
	rows  [][]int32 // rows to use again
	text  int       // length of the text, for the price of regular expressions
}

func (m *machine) init(p *Phrase) {
	m.p, m.star, m.steps, m.text = p, int32(costStar*max(1, len(p.words))), maxSteps, len(p.text)
}

// best is the best score with which a node takes the whole phrase.
func (m *machine) best(n *node) (int32, bool) {
	for _, e := range m.ends(n, 0) {
		if int(e.at) == len(m.p.words) {
			return e.score, m.steps > 0
		}
	}
	return 0, false
}

// Exhausted reports whether the phrase has used up its steps.
func (p *Phrase) Exhausted() bool { return p.m.steps <= 0 }

// ends answers with places in rising order, each once.
func (m *machine) ends(n *node, at int) []end {
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
	m.steps -= 8
	if m.memo == nil {
		m.memo = make(map[uint64][]end)
	}
	m.memo[key] = found
	return found
}

func (m *machine) compute(n *node, at int) []end {
	switch n.op {
	case opEmpty:
		return m.one(at, 0)
	case opWord, opGlob, opAny:
		if at < len(m.p.words) && m.fits(n, at) {
			return m.one(at+1, n.weight)
		}
		return nil
	case opStar:
		return m.upTo(at, 0, -m.star)
	case opSome:
		return m.upTo(at+1, 1, 0)
	case opToken:
		return m.token(n, at)
	case opRegex:
		return m.regex(n, at)
	case opName, opValue:
		return m.ends(n.kids[0], at)
	}
	return m.composite(n, at)
}

func (m *machine) composite(n *node, at int) []end {
	row := m.row()
	defer m.free(row)
	switch n.op {
	case opSeq:
		m.sequence(n, at, row, nil)
	case opAlt:
		for _, kid := range n.kids {
			m.reach(row, m.ends(kid, at), 0)
		}
	case opOpt:
		row[at] = 0
		m.reach(row, m.ends(n.kids[0], at), 0)
	case opRepeat:
		m.repeat(n.kids[0], at, row)
	case opSet:
		sets := m.subsets(n, at)
		full := sets[len(sets)-1]
		if full != nil {
			copy(row, full)
		}
		for _, s := range sets {
			if s != nil {
				m.free(s)
			}
		}
	}
	return m.cut(row, at)
}

// fits reports whether a word is one that the node is about.
func (m *machine) fits(n *node, at int) bool {
	w := &m.p.words[at]
	switch n.op {
	case opWord:
		_, ok := n.words[w.folded]
		return ok
	case opGlob:
		return n.glob.match(w.folded)
	}
	return true
}

// token matches one word, or what is written in one piece from there: a telephone number
// with its plus and hyphens is one token and several words.
func (m *machine) token(n *node, at int) []end {
	if at >= len(m.p.words) {
		return nil
	}
	p, w, start := m.p, m.p.words[at], len(m.arena)
	if loc := n.re.FindStringIndex(p.text[w.start:w.end]); loc != nil && loc[1] == w.end-w.start {
		m.arena = append(m.arena, end{int32(at + 1), n.weight})
	}
	from, to := p.piece(w)
	last := at
	for last+1 < len(p.words) && p.words[last+1].start < to {
		last++
	}
	m.steps -= to - from
	if last > at && (at == 0 || p.words[at-1].end <= from) && m.covers(n, from, w.start, p.words[last].end, to) {
		m.arena = append(m.arena, end{int32(last + 1), n.weight * int32(last+1-at)})
	}
	return m.arena[start:len(m.arena):len(m.arena)]
}

// covers reports whether an expression matches a piece of text with or without the
// punctuation around its words.
func (m *machine) covers(n *node, from, first, last, to int) bool {
	for _, start := range []int{from, first} {
		loc := n.re.FindStringIndex(m.p.text[start:to])
		if loc != nil && (start+loc[1] == to || start+loc[1] == last) {
			return true
		}
	}
	return false
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
	m.steps -= m.text
	if at == 0 {
		if loc := n.re.FindStringIndex(p.text); loc != nil && loc[1] == len(p.text) {
			return m.one(len(p.words), n.weight*int32(len(p.words)))
		}
	}
	if at >= len(p.words) {
		return nil
	}
	base := p.words[at].start
	loc := n.re.FindStringIndex(p.text[base:])
	if loc == nil {
		return nil
	}
	for i := at; i < len(p.words) && p.words[i].end <= base+loc[1]; i++ {
		if p.words[i].end == base+loc[1] {
			return m.one(i+1, n.weight*int32(i+1-at))
		}
	}
	return nil
}

// sequence moves a row over the elements: it ends as the places after the last. With layers
// it keeps the row before every element, for the parse tree.
func (m *machine) sequence(n *node, at int, row []int32, layers *[][]int32) {
	row[at] = 0
	for _, kid := range n.kids {
		next := m.row()
		found := false
		for i := at; i < len(row); i++ {
			if row[i] != none {
				found = m.reach(next, m.ends(kid, i), row[i]) || found
			}
		}
		if layers != nil {
			*layers = append(*layers, append([]int32(nil), row...))
		}
		copy(row, next)
		m.free(next)
		if m.steps -= len(row) - at; !found {
			return
		}
	}
}

// repeat finds the places after one or more times the element.
func (m *machine) repeat(kid *node, at int, row []int32) {
	m.reach(row, m.ends(kid, at), 0)
	row[at] = none
	for i := at + 1; i < len(row); i++ {
		if row[i] == none {
			continue
		}
		for _, e := range m.ends(kid, i) {
			if int(e.at) > i {
				row[e.at] = max(row[e.at], row[i]+e.score)
			}
		}
	}
	m.steps -= len(row) - at
}

// subsets finds, for every subset of the elements of a set, the places after them in any
// order. A subset that is never reached stays nil.
func (m *machine) subsets(n *node, at int) [][]int32 {
	sets := make([][]int32, 1<<len(n.kids))
	sets[0] = m.row()
	sets[0][at] = 0
	for mask, row := range sets {
		if row == nil {
			continue
		}
		if n.gaps {
			m.gap(row, at)
		}
		for k, kid := range n.kids {
			if mask&(1<<k) != 0 {
				continue
			}
			for i := at; i < len(row); i++ {
				if row[i] == none {
					continue
				}
				found := m.ends(kid, i)
				if len(found) == 0 {
					continue
				}
				if sets[mask|1<<k] == nil {
					sets[mask|1<<k] = m.row()
				}
				m.reach(sets[mask|1<<k], found, row[i])
			}
		}
		m.steps -= len(n.kids) * (len(row) - at)
	}
	return sets
}

// gap lets any words stand between the elements of a set.
func (m *machine) gap(row []int32, at int) {
	best := int32(none)
	for i := at; i < len(row); i++ {
		here := row[i]
		if best != none {
			row[i] = max(here, best-m.star)
		}
		best = max(best, here)
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
