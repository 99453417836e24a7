package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/govorun/govorun/internal/bot/scenario/morph/lexicon"
)

const englishLetters = "abcdefghijklmnopqrstuvwxyz'-"

// form is one form of a lexeme: the word and its grammemes, by OpenCorpora's names like the
// Russian ones, separated by commas.
type form struct{ word, tag string }

// classes says what the columns of the source's lines are. Each line has the lemma, its class,
// then these forms, each with its spellings separated by "/"; an empty column is like the one
// before it ("manned" is past and participle), or missing.
var classes = map[string]struct {
	base    []string // tags of the lemma
	columns []string
}{
	"noun": {[]string{"NOUN,sing"}, []string{"NOUN,plur"}},
	"adj":  {[]string{"ADJF"}, []string{"COMP", "ADJF,Supr"}},
	"adv":  {[]string{"ADVB"}, []string{"COMP", "ADVB,Supr"}},
	"verb": {[]string{"INFN", "VERB,pres,indc"}, []string{"VERB,past,indc", "PRTF,past,pssv", "PRTF,pres,actv", "VERB,pres,3per,sing,indc"}},
}

// ownEnglish is what the source leaves out: verbs that are irregular all through, modal verbs,
// and the words of closed classes. A lexeme is a line of forms, or one word.
const ownEnglish = `
be:INFN am:VERB,pres,1per,sing,indc is:VERB,pres,3per,sing,indc are:VERB,pres,indc was:VERB,past,sing,indc were:VERB,past,indc been:PRTF,past,pssv being:PRTF,pres,actv
can:VERB,pres,indc could:VERB,past,indc
may:VERB,pres,indc might:VERB,past,indc
will:VERB,pres,indc would:VERB,past,indc
shall:VERB,pres,indc should:VERB,past,indc
must:VERB,pres,indc
ought:VERB,pres,indc
person:NOUN,sing people:NOUN,plur
i:NPRO,1per,sing,nomn me:NPRO,1per,sing,accs
he:NPRO,3per,sing,nomn him:NPRO,3per,sing,accs
she:NPRO,3per,sing,nomn her:NPRO,3per,sing,accs
we:NPRO,1per,plur,nomn us:NPRO,1per,plur,accs
they:NPRO,3per,plur,nomn them:NPRO,3per,plur,accs
who:NPRO,nomn whom:NPRO,accs
this:ADJF,Apro,sing these:ADJF,Apro,plur
that:ADJF,Apro,sing those:ADJF,Apro,plur
NPRO: you it mine yours hers ours theirs myself yourself yourselves himself herself itself ourselves themselves something someone somebody anything anyone anybody nothing nobody everything everyone everybody none what whatever whoever
ADJF,Apro: my your his her its our their whose which each every either neither some any all both another other such no many much few several own same
PREP: in on at by for with from to of about above across after against along among around before behind below beneath beside besides between beyond despite down during except inside into like near off onto opposite out outside over past per since than through throughout till toward towards under underneath until up upon via within without
CONJ: and or but nor so yet if because although though while whereas unless whether as that
PRCL: not n't the a an yes
INTJ: hello hi hey bye goodbye please oh wow thanks ok okay
ADVB: when where why how here there now then too very just only also again always never often once twice
NUMR: one two three four five six seven eight nine ten eleven twelve hundred thousand million
`

// english converts LemmInflect's table of inflections.
func english(s source) (*lexicon.Lexicon, error) {
	lexemes, err := readLexemes(s)
	if err != nil {
		return nil, err
	}
	l := &lexicon.Lexicon{Alphabet: []rune(englishLetters), Prefixes: []string{""}}
	b := &paradigms{l: l, suffixes: map[string]uint16{}, tags: map[string]uint16{}, known: map[string]uint16{}, stems: map[string][]uint16{}}
	for _, lexeme := range append(lexemes, ownLexemes()...) {
		if err := b.add(lexeme); err != nil {
			return nil, err
		}
	}
	if l.Stems, err = lexicon.NewTable(b.stems); err != nil {
		return nil, err
	}
	endings, err := b.endings()
	if err != nil {
		return nil, err
	}
	l.Endings = []*lexicon.Table{endings}
	l.Weights, err = lexicon.NewTable(nil)
	return l, err
}

func readLexemes(s source) ([][]form, error) {
	packed, err := s.read("/infl_lu.csv.gz")
	if err != nil {
		return nil, err
	}
	unpacker, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(unpacker)
	if err != nil {
		return nil, err
	}
	var lexemes [][]form
	for line := range strings.Lines(string(plain)) {
		columns := strings.Split(strings.ToLower(strings.TrimSpace(line)), ",")
		class, ok := classes[columns[1]]
		if !ok {
			return nil, fmt.Errorf("line %q: unknown class", line)
		}
		var lexeme []form
		for _, tag := range class.base {
			lexeme = append(lexeme, form{columns[0], tag})
		}
		last := ""
		for i, column := range columns[2:] {
			if column == "" && columns[1] == "verb" {
				column = last // manned, been manned
			}
			last = column
			for spelling := range strings.SplitSeq(column, "/") {
				lexeme = append(lexeme, form{spelling, class.columns[i]})
			}
		}
		lexeme = slices.DeleteFunc(lexeme, func(f form) bool { return f.word == "" || strings.Trim(f.word, englishLetters) != "" })
		if len(lexeme) > 0 && lexeme[0].word == columns[0] {
			lexemes = append(lexemes, lexeme)
		}
	}
	return lexemes, nil
}

func ownLexemes() [][]form {
	var lexemes [][]form
	for line := range strings.Lines(ownEnglish) {
		if tag, words, ok := strings.Cut(line, ": "); ok {
			for _, word := range strings.Fields(words) {
				lexemes = append(lexemes, []form{{word, tag}})
			}
			continue
		}
		var lexeme []form
		for _, item := range strings.Fields(line) {
			word, tag, _ := strings.Cut(item, ":")
			lexeme = append(lexeme, form{word, tag})
		}
		if len(lexeme) > 0 {
			lexemes = append(lexemes, lexeme)
		}
	}
	return lexemes
}

// paradigms makes stems and paradigms out of lexemes.
type paradigms struct {
	l              *lexicon.Lexicon
	suffixes, tags map[string]uint16
	known          map[string]uint16 // paradigms by their forms
	stems          map[string][]uint16
}

// add takes what all forms begin with as the stem.
func (b *paradigms) add(lexeme []form) error {
	stem := lexeme[0].word
	for _, f := range lexeme {
		for !strings.HasPrefix(f.word, stem) {
			stem = stem[:len(stem)-1]
		}
	}
	var paradigm []lexicon.Form
	for _, f := range lexeme {
		suffix, ok := b.l.Symbols(f.word[len(stem):])
		if !ok {
			return fmt.Errorf("%q has letters outside the alphabet", f.word)
		}
		paradigm = append(paradigm, lexicon.Form{
			Suffix: number(b.suffixes, suffix, func() { b.l.Suffixes = append(b.l.Suffixes, suffix) }),
			Tag: number(b.tags, f.tag, func() {
				b.l.Tags = append(b.l.Tags, addGrammemes(b.l, strings.Split(f.tag, ",")))
			}),
		})
	}
	id := number(b.known, fmt.Sprint(paradigm), func() { b.l.Paradigms = append(b.l.Paradigms, paradigm) })
	symbols, _ := b.l.Symbols(stem)
	if !slices.Contains(b.stems[symbols], id) {
		b.stems[symbols] = append(b.stems[symbols], id)
		slices.Sort(b.stems[symbols])
	}
	return nil
}

// number is the number of a key, the next one for a new key.
func number(numbers map[string]uint16, key string, isNew func()) uint16 {
	n, ok := numbers[key]
	if !ok {
		n = uint16(len(numbers))
		numbers[key] = n
		isNew()
	}
	return n
}

// What endings are kept, as pymorphy does for Russian: of paradigms that enough words have,
// seen in enough words, no longer than this.
const (
	minLexemes = 3
	minSeen    = 2
	maxEnding  = 5
)

// reading is how a word is read: a form of a paradigm.
type reading struct{ paradigm, form uint16 }

// endings counts how the words with each ending are read, and keeps the most frequent reading
// for each part of speech.
func (b *paradigms) endings() (*lexicon.Table, error) {
	lexemes := make([]int, len(b.l.Paradigms))
	for _, ids := range b.stems {
		for _, id := range ids {
			lexemes[id]++
		}
	}
	seen := map[string]map[reading]int{}
	for stem, ids := range b.stems {
		for _, id := range ids {
			if lexemes[id] >= minLexemes {
				b.count(seen, stem, id)
			}
		}
	}
	table := map[string][]uint16{}
	for ending, readings := range seen {
		if list := b.frequent(readings); len(list) > 0 {
			table[ending] = list
		}
	}
	return lexicon.NewTable(table)
}

func (b *paradigms) count(seen map[string]map[reading]int, stem string, id uint16) {
	for i, f := range b.l.Paradigms[id] {
		word := stem + b.l.Suffixes[f.Suffix]
		for n := max(1, len(b.l.Suffixes[f.Suffix])); n <= min(maxEnding, len(word)); n++ {
			ending := []byte(word[len(word)-n:])
			slices.Reverse(ending)
			if seen[string(ending)] == nil {
				seen[string(ending)] = map[reading]int{}
			}
			seen[string(ending)][reading{id, uint16(i)}]++
		}
	}
}

// frequent is the list of a table of endings: counts, paradigms and forms.
func (b *paradigms) frequent(readings map[reading]int) []uint16 {
	best := map[uint16]reading{} // by the part of speech
	for _, r := range slices.SortedFunc(maps.Keys(readings), func(x, y reading) int {
		return cmp.Or(cmp.Compare(readings[y], readings[x]), cmp.Compare(x.paradigm, y.paradigm), cmp.Compare(x.form, y.form))
	}) {
		class := b.l.Tags[b.l.Paradigms[r.paradigm][r.form].Tag][0]
		if _, ok := best[class]; !ok && readings[r] >= minSeen {
			best[class] = r
		}
	}
	var list []uint16
	for _, class := range slices.Sorted(maps.Keys(best)) {
		r := best[class]
		list = append(list, uint16(min(readings[r], 0xffff)), r.paradigm, r.form)
	}
	return list
}
