// Package automaton keeps a set of words as a minimal acyclic automaton: the beginnings and
// the ends that words share are stored once, and each word has a number, its place in the
// sorted set. 400,000 Russian stems take some two megabytes this way, and all stems that a
// word begins with are found in one walk along it.
//
// A word is a string of symbols, bytes from 1 to 63: what letters they stand for is the
// caller's business. The set never changes once it is built or read, so it may be used from
// any number of goroutines.
//
//	a set of "аб", "аг", "вг":   root ─а─► ○ ─б,г─► (end)
//	                                 └─в─► ○ ─г──► (end)
//
// An arc is one word of 32 bits:
//
//	31           8 7      6 5      0
//	[   target    ][last][end][symbol]
//
// target is the first arc of the node it leads to (0: none leave it), last marks the last arc
// of its node, end that a word may end with it. Nodes stand after those they lead to.
package automaton

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// MaxSymbol is the greatest symbol of a word; the least is 1.
const MaxSymbol = 63

const (
	symbolBits = 1<<6 - 1
	endBit     = 1 << 6
	lastBit    = 1 << 7
	targetAt   = 8
	maxArcs    = 1 << (32 - targetAt)
	maxWords   = 1 << 30
)

// Set is a set of words.
type Set struct {
	arcs  []uint32
	skip  []uint32 // by arc: how many words leave its node by the arcs before it
	root  uint32
	empty bool // "" is in the set, as its first word
	size  int
}

// Place is where a walk along a set stands.
type Place struct {
	node   uint32
	number uint32 // of the first word that goes through here
	end    bool
}

// Root is where every walk begins.
func (s *Set) Root() Place { return Place{node: s.root, end: s.empty} }

// Step goes on by one symbol; false when no word does.
func (s *Set) Step(p Place, symbol byte) (Place, bool) {
	if p.node == 0 {
		return Place{}, false
	}
	for at := p.node; ; at++ {
		arc := s.arcs[at]
		if byte(arc&symbolBits) == symbol {
			next := Place{node: arc >> targetAt, number: p.number + s.skip[at], end: arc&endBit != 0}
			if p.end {
				next.number++
			}
			return next, true
		}
		if arc&lastBit != 0 {
			return Place{}, false
		}
	}
}

// Word is the number of the word that ends at this place, if one does.
func (p Place) Word() (int, bool) { return int(p.number), p.end }

// Len is how many words are in the set.
func (s *Set) Len() int { return s.size }

// Find is the number of a word: its place in the sorted set, from 0.
func (s *Set) Find(word string) (int, bool) {
	place := s.Root()
	for i := range len(word) {
		var ok bool
		if place, ok = s.Step(place, word[i]); !ok {
			return 0, false
		}
	}
	return place.Word()
}

// number fills in skip and size: how many words stand behind each node is known before it is
// needed, because nodes stand after those they lead to.
func (s *Set) number() error {
	s.skip = make([]uint32, len(s.arcs))
	behind := make([]uint32, len(s.arcs)) // by the first arc of a node
	for first := 1; first < len(s.arcs); {
		var words uint32
		at := first
		for {
			arc := s.arcs[at]
			target := arc >> targetAt
			if int(target) >= first || (target > 0) != (behind[target] > 0) || target == 0 && arc&endBit == 0 {
				return errors.New("automaton: an arc leads to no node")
			}
			s.skip[at] = words
			words += behind[target]
			if arc&endBit != 0 {
				words++
			}
			if words > maxWords {
				return errors.New("automaton: too many words")
			}
			if at++; arc&lastBit != 0 {
				break
			}
			if at == len(s.arcs) {
				return errors.New("automaton: the last node has no end")
			}
		}
		behind[first] = words
		first = at
	}
	if int(s.root) >= len(s.arcs) || s.root > 0 && behind[s.root] == 0 {
		return errors.New("automaton: the root is none of the nodes")
	}
	s.size = int(behind[s.root])
	if s.empty {
		s.size++
	}
	return nil
}

// AppendBinary writes the set behind b, in the form that Read reads: the count of arcs, the
// root, whether "" is in it, then symbols and flags of all arcs, then how far back the arcs
// lead. What is alike stands together, for a compressor.
func (s *Set) AppendBinary(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(s.arcs)))
	b = binary.AppendUvarint(b, uint64(s.root))
	if s.empty {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	for _, arc := range s.arcs[1:] {
		b = append(b, byte(arc))
	}
	for at, arc := range s.arcs[1:] {
		back := uint64(0)
		if target := arc >> targetAt; target > 0 {
			back = uint64(at) + 1 - uint64(target)
		}
		b = binary.AppendUvarint(b, back)
	}
	return b
}

// Read reads a set that AppendBinary wrote and gives what follows it. Damaged data is an
// error, never a panic later.
func Read(b []byte) (*Set, []byte, error) {
	count, n := binary.Uvarint(b)
	if n <= 0 || count == 0 || count > maxArcs {
		return nil, nil, errors.New("automaton: no count of arcs")
	}
	b = b[n:]
	root, n := binary.Uvarint(b)
	if n <= 0 || root >= count || len(b) < n+int(count) {
		return nil, nil, errors.New("automaton: cut off")
	}
	s := &Set{arcs: make([]uint32, count), root: uint32(root), empty: b[n] == 1}
	low, b := b[n+1:n+int(count)], b[n+int(count):]
	for i, bits := range low {
		at := i + 1
		back, n := binary.Uvarint(b)
		if n <= 0 || back > uint64(at) {
			return nil, nil, fmt.Errorf("automaton: arc %d is cut off or leads out", at)
		}
		b = b[n:]
		s.arcs[at] = uint32(bits)
		if back > 0 {
			s.arcs[at] |= (uint32(at) - uint32(back)) << targetAt
		}
	}
	if err := s.number(); err != nil {
		return nil, nil, err
	}
	return s, b, nil
}
