// Package meaning knows which of the commonest Russian and English words mean much the same: it
// has a vector for the stem of each, made once from a language model (generate.py says how), and
// looks it up. The vectors of words that are used alike point the same way, so a phrase whose
// words no training phrase has is still like those that say the same in other words.
//
// Vectors of the two languages have nothing to do with each other.
package meaning

import (
	_ "embed"
	"encoding/binary"
	"sort"
	"sync"
)

// Size is how many numbers a vector has.
const Size = 64

// Scale is the length of an average vector.
const Scale = 100

// The file: the number of stems, where each begins in the text and where the last ends, all as
// 32 bits in little endian order, the text of the stems in ascending order, a vector for each.
//
//go:embed words.vectors
var file []byte

// table is the file taken apart.
type table struct {
	begins  []uint32 // of each stem in the text, and its end
	text    string
	vectors []int8
}

var read = sync.OnceValue(func() table {
	stems := int(binary.LittleEndian.Uint32(file))
	t := table{begins: make([]uint32, stems+1)}
	rest := file[4:]
	for i := range t.begins {
		t.begins[i] = binary.LittleEndian.Uint32(rest[4*i:])
	}
	rest = rest[4*len(t.begins):]
	end := t.begins[stems]
	t.text, rest = string(rest[:end]), rest[end:]
	t.vectors = make([]int8, len(rest))
	for i, b := range rest {
		t.vectors[i] = int8(b)
	}
	return t
})

// Of gives the vector of a Snowball stem in lower case, with е for ё; nil when the stem is not
// known. The vector is not to be changed.
func Of(stem string) []int8 {
	t := read()
	stems := len(t.begins) - 1
	at := func(i int) string { return t.text[t.begins[i]:t.begins[i+1]] }
	i := sort.Search(stems, func(i int) bool { return at(i) >= stem })
	if i == stems || at(i) != stem {
		return nil
	}
	return t.vectors[i*Size:][:Size:Size]
}
