package pattern

// Node is a node of the parse tree: what a named pattern matched.
type Node struct {
	Tag     string // the name, or the alias it was given; "root" for the phrase
	Pattern string // the name of the pattern
	Text    string // the words it took, as they were written
	Words   []string
	Value   string // given by :value inside it; "" for none
	Kids    []*Node
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

// Said is the node's value, or its text when it has none: _Name in a script.
func (n *Node) Said() string {
	if n.Value != "" {
		return n.Value
	}
	return n.Text
}

// Tree says which words the named patterns took. Elements that took no word are not in it.
func (m Match) Tree() *Node {
	p := m.phrase
	p.m.steps = max(p.m.steps, maxSteps/10)
	root := p.node("root", "root", 0, len(p.words))
	root.Text = p.text
	p.m.trace(m.pattern.root, 0, len(p.words), root)
	return root
}

func (p *Phrase) node(tag, pattern string, from, to int) *Node {
	n := &Node{Tag: tag, Pattern: pattern, Text: p.span(from, to), Words: make([]string, 0, to-from)}
	for _, w := range p.words[from:to] {
		n.Words = append(n.Words, w.folded)
	}
	return n
}

// trace goes again the best way of a node from one place to another and writes down what
// was named on it.
func (m *machine) trace(n *node, at, to int, into *Node) {
	if at == to || m.steps <= 0 {
		return
	}
	switch n.op {
	case opName:
		kid := m.p.node(n.tag(), n.name, at, to)
		into.Kids = append(into.Kids, kid)
		m.trace(n.kids[0], at, to, kid)
	case opValue:
		m.trace(n.kids[0], at, to, into)
		if into.Tag != "root" {
			into.Value = n.value
		}
	case opOpt:
		m.trace(n.kids[0], at, to, into)
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

// score is the best score of a node from one place to another; none if it does not fit.
func (m *machine) score(n *node, at, to int) int32 {
	for _, e := range m.ends(n, at) {
		if int(e.at) == to {
			return e.score
		}
	}
	return none
}

func (m *machine) traceAlternative(n *node, at, to int, into *Node) {
	best, chosen := int32(none), (*node)(nil)
	for _, kid := range n.kids {
		if s := m.score(kid, at, to); s > best {
			best, chosen = s, kid
		}
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
	row := m.row()
	defer m.free(row)
	var layers [][]int32
	m.sequence(n, at, row, &layers)
	if len(layers) != len(n.kids) || row[to] == none {
		return
	}
	steps, want := make([]step, 0, len(n.kids)), row[to]
	for k := len(n.kids) - 1; k >= 0; k-- {
		from := m.before(n.kids[k], layers[k], at, to, want)
		if from < 0 {
			return
		}
		steps = append(steps, step{n.kids[k], from, to})
		to, want = from, layers[k][from]
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
		if s := m.score(kid, i, to); s != none && row[i]+s == want {
			return i
		}
	}
	return -1
}

func (m *machine) traceRepeat(kid *node, at, to int, into *Node) {
	row := m.row()
	defer m.free(row)
	m.repeat(kid, at, row)
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
	sets := m.subsets(n, at)
	var steps []step
	for mask := len(sets) - 1; mask > 0; {
		row := sets[mask]
		if row == nil || row[to] == none {
			return
		}
		taken, from := m.last(n, sets, mask, at, to)
		if taken < 0 {
			if from < 0 {
				return
			}
			to = from
			continue
		}
		steps = append(steps, step{n.kids[taken], from, to})
		mask, to = mask&^(1<<taken), from
	}
	m.traceSteps(steps, into)
}

// last finds the element of a set that came last on the best way to a place; -1 when other
// words did, and then where those began.
func (m *machine) last(n *node, sets [][]int32, mask, at, to int) (taken, from int) {
	for k, kid := range n.kids {
		if mask&(1<<k) == 0 || sets[mask&^(1<<k)] == nil {
			continue
		}
		if from := m.before(kid, sets[mask&^(1<<k)], at, to, sets[mask][to]); from >= 0 {
			return k, from
		}
	}
	if n.gaps {
		for i := to - 1; i >= at; i-- {
			if row := sets[mask]; row[i] != none && row[i]-m.star == row[to] {
				return -1, i
			}
		}
	}
	return -1, -1
}
