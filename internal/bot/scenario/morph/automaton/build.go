package automaton

import (
	"fmt"
	"strings"
)

// Build makes a set of words, which must be sorted by bytes and without repeats.
//
// Words are added one after the other. When the next word leaves the path of the last one,
// the nodes behind that point get no more arcs: each is replaced by an equal one that exists
// already, or written.
func Build(words []string) (*Set, error) {
	b := builder{nodes: map[string]uint32{}, set: Set{arcs: make([]uint32, 1)}, path: make([]node, 1)}
	last := ""
	for i, word := range words {
		if i > 0 && word <= last {
			return nil, fmt.Errorf("automaton: word %d is not behind the one before it", i)
		}
		if err := b.add(word, common(last, word)); err != nil {
			return nil, fmt.Errorf("automaton: word %d: %w", i, err)
		}
		last = word
	}
	b.close(0)
	b.set.root = b.write(b.path[0])
	if len(b.set.arcs) > maxArcs {
		return nil, fmt.Errorf("automaton: %d arcs, more than %d", len(b.set.arcs), maxArcs)
	}
	return &b.set, b.set.number()
}

// node is a node that may still get arcs; its last one leads to the next node of the path.
type node struct{ arcs []uint32 }

type builder struct {
	set   Set
	path  []node
	nodes map[string]uint32 // the nodes written, by their arcs
}

func (b *builder) add(word string, shared int) error {
	if word == "" {
		b.set.empty = true
		return nil
	}
	b.close(shared)
	for i := shared; i < len(word); i++ {
		if word[i] == 0 || word[i] > MaxSymbol {
			return fmt.Errorf("symbol %d is not from 1 to %d", word[i], MaxSymbol)
		}
		b.path[i].arcs = append(b.path[i].arcs, uint32(word[i]))
		b.path = append(b.path, node{})
	}
	b.path[len(word)-1].arcs[len(b.path[len(word)-1].arcs)-1] |= endBit
	return nil
}

// close writes the nodes of the path deeper than the given depth.
func (b *builder) close(depth int) {
	for i := len(b.path) - 1; i > depth; i-- {
		target := b.write(b.path[i])
		above := b.path[i-1].arcs
		above[len(above)-1] |= target << targetAt
	}
	b.path = b.path[:depth+1]
}

func (b *builder) write(n node) uint32 {
	if len(n.arcs) == 0 {
		return 0
	}
	n.arcs[len(n.arcs)-1] |= lastBit
	var key strings.Builder
	for _, arc := range n.arcs {
		key.Write([]byte{byte(arc), byte(arc >> 8), byte(arc >> 16), byte(arc >> 24)})
	}
	if at, ok := b.nodes[key.String()]; ok {
		return at
	}
	at := uint32(len(b.set.arcs))
	b.set.arcs = append(b.set.arcs, n.arcs...)
	b.nodes[key.String()] = at
	return at
}

// common is how many symbols two words begin with alike.
func common(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
