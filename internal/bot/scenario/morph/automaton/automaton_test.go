package automaton

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// symbols makes a word of symbols out of letters.
func symbols(word string) string {
	return strings.Map(func(r rune) rune { return r - 'a' + 1 }, word)
}

func build(t *testing.T, words ...string) *Set {
	t.Helper()
	for i, word := range words {
		words[i] = symbols(word)
	}
	slices.Sort(words)
	set, err := Build(slices.Compact(words))
	if err != nil {
		t.Fatalf("build: %v", err)
	}
	return set
}

func TestFind(t *testing.T) {
	t.Parallel()
	set := build(t, "tap", "taps", "top", "tops", "a", "stop", "stops")
	for number, word := range []string{"a", "stop", "stops", "tap", "taps", "top", "tops"} {
		if got, ok := set.Find(symbols(word)); !ok || got != number {
			t.Errorf("Find(%q) = %d, %v, want %d", word, got, ok, number)
		}
	}
	for _, word := range []string{"", "t", "ta", "tapss", "b", "sto", "z", "aa"} {
		if got, ok := set.Find(symbols(word)); ok {
			t.Errorf("Find(%q) = %d, though it is not in the set", word, got)
		}
	}
	if set.Len() != 7 {
		t.Errorf("Len() = %d, want 7", set.Len())
	}
}

func TestEndsAreShared(t *testing.T) {
	t.Parallel()
	few := build(t, "walking", "talking")
	if got, want := len(few.arcs)-1, 2+len("alking"); got != want {
		t.Errorf("%d arcs, want %d", got, want)
	}
}

func TestEmptyWord(t *testing.T) {
	t.Parallel()
	set := build(t, "", "a", "ab")
	for number, word := range []string{"", "a", "ab"} {
		if got, ok := set.Find(symbols(word)); !ok || got != number {
			t.Errorf("Find(%q) = %d, %v, want %d", word, got, ok, number)
		}
	}
	for name, set := range map[string]*Set{"nothing": build(t), "only the empty word": build(t, "")} {
		again, rest, err := Read(set.AppendBinary(nil))
		if err != nil || len(rest) > 0 || again.Len() != set.Len() {
			t.Errorf("%s: read again: %d words, %d bytes left, %v", name, again.Len(), len(rest), err)
		}
	}
}

func TestBuildRefuses(t *testing.T) {
	t.Parallel()
	for name, words := range map[string][]string{
		"not sorted": {"\x02", "\x01"},
		"a repeat":   {"\x01", "\x01"},
		"symbol 0":   {"\x00"},
		"symbol 64":  {"\x40"},
	} {
		if _, err := Build(words); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestManyWords holds a set of random words against the sorted list of them, also after it
// was written and read.
func TestManyWords(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var words []string
	for range 20000 {
		word := make([]byte, random.IntN(7))
		for i := range word {
			word[i] = byte(1 + random.IntN(5))
		}
		words = append(words, string(word))
	}
	slices.Sort(words)
	words = slices.Compact(words)
	built, err := Build(words)
	if err != nil {
		t.Fatalf("build: %v", err)
	}
	read, rest, err := Read(append(built.AppendBinary(nil), "rest"...))
	if err != nil || string(rest) != "rest" {
		t.Fatalf("read: %q left, %v", rest, err)
	}
	for _, set := range []*Set{built, read} {
		if set.Len() != len(words) {
			t.Fatalf("Len() = %d, want %d", set.Len(), len(words))
		}
		for number, word := range words {
			if got, ok := set.Find(word); !ok || got != number {
				t.Fatalf("Find(%v) = %d, %v, want %d", []byte(word), got, ok, number)
			}
		}
	}
}

// FuzzRead: whatever is read, walking along it ends, and no arc leads out of it.
func FuzzRead(f *testing.F) {
	set, err := Build([]string{"\x01", "\x01\x02", "\x02\x02", "\x03"})
	if err != nil {
		f.Fatal(err)
	}
	good := set.AppendBinary(nil)
	f.Add(good)
	for i := range good {
		f.Add(good[:i])
		bad := bytes.Clone(good)
		bad[i] ^= 0xff
		f.Add(bad)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		set, _, err := Read(data)
		if err != nil {
			return
		}
		numbers, steps := 0, 0
		var walk func(p Place)
		walk = func(p Place) {
			if steps++; steps > 10000 {
				return
			}
			if number, ok := p.Word(); ok {
				if number >= set.Len() {
					t.Fatalf("word %d of %d", number, set.Len())
				}
				numbers++
			}
			for symbol := byte(1); symbol <= MaxSymbol; symbol++ {
				if next, ok := set.Step(p, symbol); ok {
					walk(next)
				}
			}
		}
		walk(set.Root())
	})
}
