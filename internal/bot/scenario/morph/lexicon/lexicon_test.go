package lexicon

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
)

// small is a lexicon of two words: кот, кода.
func small(tb testing.TB) *Lexicon {
	tb.Helper()
	l := &Lexicon{
		Alphabet:  []rune("адкот"),
		Grammemes: []string{"NOUN", "nomn", "gent"},
		Tags:      [][]uint16{{0, 1}, {0, 2}},
	}
	for _, text := range []string{"", "а", "ы"} {
		if text == "ы" {
			if _, ok := l.Symbols(text); ok {
				tb.Error("a letter outside the alphabet has a symbol")
			}
			continue
		}
		symbols, _ := l.Symbols(text)
		l.Suffixes = append(l.Suffixes, symbols)
	}
	l.Prefixes = []string{""}
	l.Paradigms = [][]Form{{{Suffix: 0, Tag: 0}, {Suffix: 1, Tag: 1}}, {{Suffix: 1, Tag: 0}}}
	table := func(entries map[string][]uint16) *Table {
		bySymbols := map[string][]uint16{}
		for word, list := range entries {
			symbols, _ := l.Symbols(word)
			bySymbols[symbols] = list
		}
		t, err := NewTable(bySymbols)
		if err != nil {
			tb.Fatal(err)
		}
		return t
	}
	l.Stems = table(map[string][]uint16{"кот": {0}, "код": {1, 0}})
	l.Endings = []*Table{table(map[string][]uint16{"а": {7, 0, 1, 3, 1, 0}})}
	l.Weights = table(map[string][]uint16{"кот": {0, 60000}})
	return l
}

func written(tb testing.TB, l *Lexicon) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := l.Write(&b); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func TestWriteAndRead(t *testing.T) {
	t.Parallel()
	want := small(t)
	data := written(t, small(t))
	if !bytes.Equal(data, written(t, small(t))) {
		t.Error("the same lexicon gives other bytes")
	}
	read, err := Read(data)
	if err != nil {
		t.Fatal(err)
	}
	if string(read.Alphabet) != "адкот" || !slices.Equal(read.Grammemes, want.Grammemes) || !slices.Equal(read.Suffixes, want.Suffixes) ||
		!slices.EqualFunc(read.Tags, want.Tags, slices.Equal) || !slices.EqualFunc(read.Paradigms, want.Paradigms, slices.Equal) {
		t.Errorf("read %+v, wrote %+v", read, want)
	}
	for word, want := range map[string][]uint16{"кот": {0}, "код": {1, 0}, "ко": nil, "": nil, "котт": nil} {
		symbols, _ := read.Symbols(word)
		if got := read.Stems.Find(symbols); !slices.Equal(got, want) {
			t.Errorf("paradigms of %q: %v, want %v", word, got, want)
		}
	}
	if symbols, ok := read.Symbols("кода"); !ok || read.Text(symbols) != "кода" {
		t.Errorf("кода there and back: %q", read.Text(symbols))
	}
	a, _ := read.Symbols("а")
	if got := read.Endings[0].Find(a); !slices.Equal(got, []uint16{7, 0, 1, 3, 1, 0}) {
		t.Errorf("ending а: %v", got)
	}
}

// TestRefused: what points outside the lexicon is refused where it is written and where it is read.
func TestRefused(t *testing.T) {
	t.Parallel()
	broken := map[string]func(l *Lexicon){
		"unknown grammeme":   func(l *Lexicon) { l.Tags[0] = []uint16{3} },
		"unknown suffix":     func(l *Lexicon) { l.Paradigms[0][0].Suffix = 2 },
		"unknown tag":        func(l *Lexicon) { l.Paradigms[0][0].Tag = 2 },
		"unknown prefix":     func(l *Lexicon) { l.Paradigms[0][0].Prefix = 1 },
		"no form":            func(l *Lexicon) { l.Paradigms[1] = nil },
		"unknown letter":     func(l *Lexicon) { l.Suffixes[1] = "\x06" },
		"no endings":         func(l *Lexicon) { l.Endings = nil },
		"unknown paradigm":   func(l *Lexicon) { l.Paradigms = l.Paradigms[:1] },
		"half an ending":     func(l *Lexicon) { l.Endings[0].lists[0] = l.Endings[0].lists[0][:4] },
		"half a weight":      func(l *Lexicon) { l.Weights.lists[0] = l.Weights.lists[0][:1] },
		"too many letters":   func(l *Lexicon) { l.Alphabet = []rune(strings.Repeat("а", 64)) },
		"unknown form":       func(l *Lexicon) { l.Endings[0].lists[0][2] = 2 },
		"an unknown letter ": func(l *Lexicon) { l.Prefixes[0] = "\x00" },
	}
	for _, name := range slices.Sorted(maps.Keys(broken)) {
		l := small(t)
		broken[name](l)
		if err := l.Write(&bytes.Buffer{}); err == nil {
			t.Errorf("%s: written", name)
		}
		if _, err := parse(l.binary()); err == nil {
			t.Errorf("%s: read", name)
		}
	}
	for name, data := range map[string][]byte{
		"nothing": nil, "another file": []byte("PNG"), "only the magic": []byte(magic), "a great size": append([]byte(magic), "\xff\xff\xff\xff\xff\xff\x01"...),
		"not compressed": append([]byte(magic), "\x05hello"...),
	} {
		if _, err := Read(data); err == nil {
			t.Errorf("%s: read", name)
		}
	}
	if _, err := parse(append(small(t).binary(), 0)); err == nil {
		t.Error("read, though a byte is left")
	}
}

// FuzzParse: damaged data is an error or a lexicon whose parts fit together.
func FuzzParse(f *testing.F) {
	good := small(f).binary()
	f.Add(good)
	for i := range good {
		f.Add(good[:i])
		bad := bytes.Clone(good)
		bad[i]++
		f.Add(bad)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := parse(data)
		if err != nil {
			return
		}
		if err := l.check(); err != nil {
			t.Error(err)
		}
		l.Stems.Find("\x01\x02\x03")
	})
}
