package pattern

import (
	"encoding/json"
	"strings"
)

// Entry is one row of a dictionary: a thing and how people call it.
type Entry struct {
	ID       string
	Synonyms []string // patterns; plain words fit in all their forms
	Value    json.RawMessage
}

// EntryError is a mistake in a synonym.
type EntryError struct {
	Entry, Synonym int // counted from 0
	Err            *Error
}

func (e *EntryError) Error() string { return e.Err.Error() }

// dictionary finds in a phrase what its entries list. Synonyms of plain words, nearly all
// there are, stand in two tries over words, one by the words as written and one by their
// lemmas: what a look-up costs does not depend on how many there are. The others are
// patterns, tried when a phrase has what they need.
type dictionary struct {
	name     string
	entries  []Entry
	data     bool // the value of a node is that of the entry, not its ID: @name
	exact    trie
	forms    trie
	patterns []synonym
	always   []int32 // patterns that the index cannot judge
	number   int32   // in the index
}

// synonym is one that is more than words.
type synonym struct {
	root  *node
	entry int32
}

// trie is a tree of words; node 0 is its root.
type trie struct {
	words map[string]int32
	edges map[uint64]int32 // node<<32 | word
	ends  map[int32]int32  // node → entry
	nodes int32
}

func newTrie() trie {
	return trie{words: make(map[string]int32), edges: make(map[uint64]int32), ends: make(map[int32]int32)}
}

// add returns the node after a word.
func (t *trie) add(from int32, word string) int32 {
	id, ok := t.words[word]
	if !ok {
		id = int32(len(t.words))
		t.words[word] = id
	}
	key := uint64(from)<<32 | uint64(uint32(id))
	to, ok := t.edges[key]
	if !ok {
		t.nodes++
		to = t.nodes
		t.edges[key] = to
	}
	return to
}

// end makes a node the end of an entry; of several the first one counts.
func (t *trie) end(node, entry int32) {
	if _, ok := t.ends[node]; !ok && node != 0 {
		t.ends[node] = entry
	}
}

func (t *trie) next(from int32, word string) (int32, bool) {
	id, ok := t.words[word]
	if !ok {
		return 0, false
	}
	to, ok := t.edges[uint64(from)<<32|uint64(uint32(id))]
	return to, ok
}

// begins reports whether an entry begins with a word.
func (t *trie) begins(word string) bool {
	_, ok := t.next(0, word)
	return ok
}

// AddDictionary defines $entity<name>; a $ before the name does not matter. An earlier one
// of the name goes. The entries must not be changed afterwards.
func (l *Library) AddDictionary(name string, entries []Entry) *EntryError {
	d, err := l.newDictionary(name, entries)
	if err == nil {
		l.dictionaries[d.name] = d
	}
	return err
}

// AddEntity defines @name by a list, as AddDictionary does.
func (l *Library) AddEntity(name string, entries []Entry) *EntryError {
	d, err := l.newDictionary(name, entries)
	if err == nil {
		d.data = true
		l.entities[d.name] = d
	}
	return err
}

func (l *Library) newDictionary(name string, entries []Entry) (*dictionary, *EntryError) {
	d := &dictionary{name: strings.TrimPrefix(name, "$"), entries: entries, exact: newTrie(), forms: newTrie()}
	lemmas := make(map[string][]string)
	for i := range entries {
		for k, source := range entries[i].Synonyms {
			if plain(source) {
				d.addWords(l, int32(i), source, lemmas)
				continue
			}
			n, _, err := parse(source)
			if err != nil {
				return nil, &EntryError{Entry: i, Synonym: k, Err: err}
			}
			if n.op != opEmpty {
				d.patterns = append(d.patterns, synonym{n, int32(i)})
			}
		}
	}
	return d, nil
}

// plain reports whether a synonym is nothing but words.
func plain(source string) bool {
	return len(source) <= maxSource && !strings.ContainsAny(source, "*()[]{}|/$~@<>\\")
}

// maxForms bounds the ways through lemmas that one synonym is entered under.
const maxForms = 8

// addWords enters a synonym of words.
func (d *dictionary) addWords(l *Library, entry int32, source string, known map[string][]string) {
	at, ways := int32(0), []int32{0}
	for _, w := range appendWords(nil, source, false) {
		at = d.exact.add(at, w.folded)
		lemmas, ok := known[w.folded]
		if !ok {
			lemmas = l.lemmas(w.folded)
			known[w.folded] = lemmas
		}
		var next []int32
		for _, way := range ways {
			for _, lemma := range lemmas {
				if len(next) < maxForms {
					next = append(next, d.forms.add(way, lemma))
				}
			}
		}
		ways = next
	}
	d.exact.end(at, entry)
	for _, way := range ways {
		d.forms.end(way, entry)
	}
}

// hit is a place where an entry ends.
type hit struct {
	end
	entry int32
}

// hits are the places where entries end that begin at a word, each place with the best.
func (d *dictionary) hits(m *machine, at int) []hit {
	var found []hit
	add := func(to int, score, entry int32) {
		for i := range found {
			if int(found[i].at) == to {
				if found[i].score < score {
					found[i] = hit{end{int32(to), score}, entry}
				}
				return
			}
		}
		found = append(found, hit{end{int32(to), score}, entry})
	}
	d.hitsExact(m, at, add)
	d.hitsForms(m, at, at, 0, add)
	for _, k := range m.p.synonyms(d) {
		for _, e := range m.ends(d.patterns[k].root, at) {
			if int(e.at) > at {
				add(int(e.at), e.score, d.patterns[k].entry)
			}
		}
	}
	return found
}

func (d *dictionary) hitsExact(m *machine, at int, add func(to int, score, entry int32)) {
	var node int32
	for i := at; i < len(m.p.words); i++ {
		m.steps--
		var ok bool
		if node, ok = d.exact.next(node, m.p.words[i].folded); !ok {
			return
		}
		if entry, ok := d.exact.ends[node]; ok {
			add(i+1, m.p.weight(at, i+1, weightWord), entry)
		}
	}
}

func (d *dictionary) hitsForms(m *machine, at, i int, node int32, add func(to int, score, entry int32)) {
	if i >= len(m.p.words) {
		return
	}
	for _, lemma := range m.p.lemmas(i, false) {
		if m.steps--; m.steps <= 0 {
			return
		}
		next, ok := d.forms.next(node, lemma)
		if !ok {
			continue
		}
		if entry, ok := d.forms.ends[next]; ok {
			add(i+1, m.p.weight(at, i+1, weightForm), entry)
		}
		d.hitsForms(m, at, i+1, next, add)
	}
}

// Found is an entity in a phrase.
type Found struct {
	Start, End int // in Phrase.Text, in bytes
	Entry      *Entry
}

// Find returns the places of an entity or dictionary in a phrase, from left to right, the
// longest at each place and none within another. A name that is not defined is nowhere.
func (l *Library) Find(p *Phrase, name string) []Found {
	d := l.entities[name]
	if d == nil {
		d = l.dictionaries[strings.TrimPrefix(name, "$")]
	}
	if d == nil {
		return nil
	}
	p.use(l)
	p.m.begin()
	defer p.m.finish()
	var all []Found
	for at := 0; at < len(p.words); {
		best := hit{}
		for _, h := range d.hits(&p.m, at) {
			if h.at > best.at {
				best = h
			}
		}
		if best.at == 0 {
			at++
			continue
		}
		all = append(all, Found{p.words[at].start, p.words[best.at-1].end, &d.entries[best.entry]})
		at = int(best.at)
	}
	return all
}
