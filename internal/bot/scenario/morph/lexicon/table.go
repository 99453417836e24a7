package lexicon

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/govorun/govorun/internal/bot/scenario/morph/automaton"
)

// Table gives words, in symbols, a list of numbers each. Equal lists are kept once.
type Table struct {
	Words *automaton.Set
	which []uint32 // by the number of a word: its list
	lists [][]uint16
}

// NewTable makes a table. The more words have a list, the shorter it is referred to.
func NewTable(entries map[string][]uint16) (*Table, error) {
	words := slices.Sorted(maps.Keys(entries))
	set, err := automaton.Build(words)
	if err != nil {
		return nil, err
	}
	uses, lists := map[string]int{}, map[string][]uint16{}
	for _, list := range entries {
		uses[key(list)]++
		lists[key(list)] = list
	}
	order := slices.SortedFunc(maps.Keys(uses), func(a, b string) int {
		return cmp.Or(cmp.Compare(uses[b], uses[a]), cmp.Compare(a, b))
	})
	t := &Table{Words: set, which: make([]uint32, len(words))}
	number := make(map[string]uint32, len(order))
	for i, key := range order {
		number[key] = uint32(i)
		t.lists = append(t.lists, lists[key])
	}
	for i, word := range words {
		t.which[i] = number[key(entries[word])]
	}
	return t, nil
}

func key(list []uint16) string {
	b := make([]byte, 0, 2*len(list))
	for _, v := range list {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return string(b)
}

// At is the list of the word that ends at a place of a walk along t.Words, nil when none does.
func (t *Table) At(p automaton.Place) []uint16 {
	number, ok := p.Word()
	if !ok {
		return nil
	}
	return t.lists[t.which[number]]
}

// Find is the list of a word, nil when it is not in the table.
func (t *Table) Find(word string) []uint16 {
	number, ok := t.Words.Find(word)
	if !ok {
		return nil
	}
	return t.lists[t.which[number]]
}

func (t *Table) appendBinary(b []byte) []byte {
	b = t.Words.AppendBinary(b)
	numbers := 0
	for _, list := range t.lists {
		numbers += len(list)
	}
	b = binary.AppendUvarint(b, uint64(len(t.lists)))
	b = binary.AppendUvarint(b, uint64(numbers))
	for _, list := range t.lists {
		b = binary.AppendUvarint(b, uint64(len(list)))
		for _, v := range list {
			b = binary.AppendUvarint(b, uint64(v))
		}
	}
	for _, which := range t.which {
		b = binary.AppendUvarint(b, uint64(which))
	}
	return b
}

func (f *file) table() *Table {
	if f.err != nil {
		return nil
	}
	set, rest, err := automaton.Read(f.rest)
	if err != nil {
		f.err = err
		return nil
	}
	f.rest = rest
	if set.Len() > len(rest) {
		f.fail(io.ErrUnexpectedEOF)
		return nil
	}
	t := &Table{Words: set, lists: make([][]uint16, f.count()), which: make([]uint32, set.Len())}
	all := make([]uint16, f.count()) // all lists stand in one piece of memory
	for i := range t.lists {
		n := f.count()
		if n > len(all) {
			f.fail(errors.New("lists are longer than they say"))
			return nil
		}
		t.lists[i], all = all[:n:n], all[n:]
		for j := range t.lists[i] {
			t.lists[i][j] = f.number16()
		}
	}
	for i := range t.which {
		which := f.uint()
		if which >= uint64(len(t.lists)) {
			f.fail(fmt.Errorf("word %d has the unknown list %d", i, which))
			return nil
		}
		t.which[i] = uint32(which)
	}
	return t
}
