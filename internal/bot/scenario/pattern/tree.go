package pattern

import "encoding/json"

// Node is a node of the parse tree: what a named pattern matched.
type Node struct {
	Tag       string // the name, or the alias it was given; "root" for the phrase
	Pattern   string // the name of the pattern, dictionary or entity
	Text      string // the words it took, as they were written
	Words     []string
	Value     any    // nil; a string, of :value or the ID of a dictionary's entry; or json.RawMessage
	Converter string // of the named pattern; the caller runs it, from the leaves to the root
	Entry     *Entry // of a dictionary or a listed entity
	Kids      []*Node
}

// Find returns the first node of a name directly below n, nil if there is none.
func (n *Node) Find(tag string) *Node {
	for _, kid := range n.Kids {
		if kid.Tag == tag {
			return kid
		}
	}
	return nil
}

// Said is _Name in a script: the node's value; when it has none, that of a node below that
// took all its words ($Minutes = $Numeral); else its text.
func (n *Node) Said() any {
	for in := n; in != nil; in = in.whole() {
		if in.Value != nil {
			return in.Value
		}
	}
	return n.Text
}

// whole is the kid that took all the words of a node; nil if there is none.
func (n *Node) whole() *Node {
	if len(n.Kids) == 1 && len(n.Kids[0].Words) == len(n.Words) {
		return n.Kids[0]
	}
	return nil
}

// Tree says which words the named patterns took. Elements that took no word are not in it.
func (m Match) Tree() *Node {
	p := m.phrase
	p.use(m.pattern.library)
	root := p.node("root", "root", 0, len(p.words))
	root.Text = p.text
	p.m.traceAll(m.pattern.root, root)
	return root
}

// traceSteps are those that a trace has at least, also when the phrase has none left.
const traceSteps = maxSteps / 10

func (m *machine) traceAll(n *node, root *Node) {
	m.given = min(max(m.left, traceSteps), patternSteps)
	m.steps = m.given
	defer m.finish()
	m.weights = m.weights[:0]
	m.trace(n, 0, len(m.p.words), root)
}

// weigh applies the $weight<> elements on the best way to a score.
func (m *machine) weigh(n *node, score float64) float64 {
	m.traceAll(n, m.p.node("root", "root", 0, len(m.p.words)))
	for _, w := range m.weights {
		score = score*w.factor + w.addend
	}
	return score
}

func (p *Phrase) node(tag, pattern string, from, to int) *Node {
	return &Node{Tag: tag, Pattern: pattern, Text: p.span(from, to), Words: p.said(from, to)}
}

// trace goes again the best way of a node from one place to another and writes down what
// was named on it.
func (m *machine) trace(n *node, at, to int, into *Node) {
	if m.steps--; at == to && !n.scores || m.steps <= 0 {
		return
	}
	switch n.op {
	case opName:
		if at == to {
			m.trace(n.kids[0], at, to, into)
			return
		}
		kid := m.p.node(n.tag(), n.name, at, to)
		kid.Converter = n.conv
		into.Kids = append(into.Kids, kid)
		m.trace(n.kids[0], at, to, kid)
	case opDict, opEntity:
		into.Kids = append(into.Kids, m.listed(n, at, to))
	case opWeight:
		m.weights = append(m.weights, n)
	case opValue:
		m.trace(n.kids[0], at, to, into)
		into.Value = n.value
	case opOpt:
		if at < to || m.score(n.kids[0], at, to) == 0 {
			m.trace(n.kids[0], at, to, into)
		}
	case opAlt:
		m.traceAlternative(n, at, to, into)
	case opSeq:
		m.traceSequence(n, at, to, into)
	case opRepeat:
		m.traceRepeat(n.kids[0], at, to, into)
	case opSet:
		m.traceSet(n, at, to, into)
	}
}

// listed is the node of an entity.
func (m *machine) listed(n *node, at, to int) *Node {
	kid := m.p.node(n.tag(), n.name, at, to)
	if n.op == opEntity {
		for _, s := range m.p.entities(n.name) {
			if s.from == at && s.to == to {
				kid.Value = data(s.value)
				break
			}
		}
		return kid
	}
	for _, h := range n.dict.hits(m, at) {
		if int(h.at) == to {
			kid.Entry = &n.dict.entries[h.entry]
			if kid.Value = any(kid.Entry.ID); n.dict.data {
				kid.Value = data(kid.Entry.Value)
			}
		}
	}
	return kid
}

// data is the value of an entity: its data if it has some.
func data(value json.RawMessage) any {
	if len(value) == 0 {
		return nil
	}
	return value
}

// score is the best score of a node from one place to another; none if it does not fit.
func (m *machine) score(n *node, at, to int) int32 {
	switch n = n.bare(); n.op {
	case opStar:
		if to > at {
			return -m.star
		}
		return 0
	case opSome:
		if to > at {
			return n.weight * int32(to-at)
		}
		return none
	}
	for _, e := range m.ends(n, at) {
		if int(e.at) == to {
			return e.score
		}
	}
	return none
}

func (m *machine) traceAlternative(n *node, at, to int, into *Node) {
	best, chosen := int32(none), (*node)(nil)
	consider := func(kid *node) {
		if s := m.score(kid, at, to); s > best {
			best, chosen = s, kid
		}
	}
	kids := n.kids
	if n.byWord != nil {
		m.byWord(n, at, consider)
		kids = n.rest
	}
	for _, kid := range kids {
		consider(kid)
	}
	if chosen != nil {
		m.trace(chosen, at, to, into)
	}
}

// step is one element on the best way.
type step struct {
	kid      *node
	from, to int
}

func (m *machine) traceSteps(steps []step, into *Node) {
	for i := len(steps) - 1; i >= 0; i-- {
		m.trace(steps[i].kid, steps[i].from, steps[i].to, into)
	}
}

func (m *machine) traceSequence(n *node, at, to int, into *Node) {
	rows := make([][]int32, 1, len(n.kids)+1) // before each element and after the last
	defer func() { m.freeAll(rows) }()
	rows[0] = m.row()
	rows[0][at] = 0
	for k, kid := range n.kids {
		rows = append(rows, m.row())
		if !m.pass(kid, rows[k], rows[k+1], at) {
			return
		}
	}
	steps := make([]step, 0, len(n.kids))
	for k := len(n.kids) - 1; k >= 0; k-- {
		from := m.before(n.kids[k], rows[k], at, to, rows[k+1][to])
		if from < 0 {
			return
		}
		steps = append(steps, step{n.kids[k], from, to})
		to = from
	}
	m.traceSteps(steps, into)
}

// before finds the place in a row from which an element leads to another place with the
// score that is wanted; -1 if there is none.
func (m *machine) before(kid *node, row []int32, at, to int, want int32) int {
	for i := at; i < min(to+1, len(row)); i++ {
		if row[i] == none {
			continue
		}
		if m.steps--; m.steps <= 0 {
			return -1
		}
		if s := m.score(kid, i, to); s != none && row[i]+s == want {
			return i
		}
	}
	return -1
}

func (m *machine) traceRepeat(kid *node, at, to int, into *Node) {
	from, row := m.row(), m.row()
	defer m.freeAll([][]int32{from, row})
	from[at] = 0
	m.repeat(kid, from, row, at)
	row[at] = 0
	var steps []step
	for to > at {
		from := m.before(kid, row[:to], at, to, row[to])
		if from < 0 {
			return
		}
		steps = append(steps, step{kid, from, to})
		to = from
	}
	m.traceSteps(steps, into)
}

func (m *machine) traceSet(n *node, at, to int, into *Node) {
	start := m.row()
	defer m.free(start)
	start[at] = 0
	o := m.orders(n, start, at)
	if o == nil {
		return
	}
	defer m.freeAll(o.rows)
	mask := o.reaching(to)
	var steps []step
	for mask > 0 {
		taken, from := m.last(o, n.gaps, mask, at, to)
		if from < 0 {
			return
		}
		if taken >= 0 {
			steps = append(steps, step{o.kids[taken], from, to})
			mask &^= 1 << taken
		}
		to = from
	}
	m.traceSteps(steps, into)
}

// reaching is the subset that reaches a place best.
func (o *orders) reaching(to int) (mask int) {
	best := int32(none)
	for k, row := range o.rows {
		if row != nil && k&o.required == o.required && row[to] > best {
			best, mask = row[to], k
		}
	}
	return mask
}

// last finds the element of a set that came last on the best way to a place; -1 when other
// words did. From is where it began, -1 when there is no way.
func (m *machine) last(o *orders, gaps bool, mask, at, to int) (taken, from int) {
	for k, kid := range o.kids {
		if mask&(1<<k) == 0 || o.rows[mask&^(1<<k)] == nil {
			continue
		}
		if from := m.before(kid, o.rows[mask&^(1<<k)], at, to, o.rows[mask][to]); from >= 0 {
			return k, from
		}
	}
	if gaps {
		for i := to - 1; i >= at; i-- {
			if row := o.rows[mask]; row[i] != none && row[i]-m.star == row[to] {
				return -1, i
			}
		}
	}
	return -1, -1
}
