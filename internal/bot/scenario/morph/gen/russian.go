package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/govorun/govorun/internal/bot/scenario/morph/lexicon"
)

// alphabet of the Russian dictionary: it has ordinals like 1-й too.
const russianLetters = "абвгдежзийклмнопрстуфхцчшщъыьэюяё-'’.0123456789"

// prefixes of forms within a paradigm, in the order of the source (its compile_options).
var prefixes = []string{"", "по", "наи"}

// russian converts OpenCorpora's dictionary in pymorphy's form. The source lists every form
// with its paradigm; what is kept is the stems.
func russian(s source) (*lexicon.Lexicon, error) {
	l := &lexicon.Lexicon{Alphabet: []rune(russianLetters)}
	var err error
	if l.Prefixes, err = symbols(l, prefixes); err != nil {
		return nil, err
	}
	if err := readSuffixes(s, l); err != nil {
		return nil, err
	}
	tags, err := readTags(s, l)
	if err != nil {
		return nil, err
	}
	if err := readParadigms(s, l); err != nil {
		return nil, err
	}
	if err := readWords(s, l); err != nil {
		return nil, err
	}
	if err := readEndings(s, l); err != nil {
		return nil, err
	}
	return l, readWeights(s, l, tags)
}

func symbols(l *lexicon.Lexicon, texts []string) ([]string, error) {
	all := make([]string, len(texts))
	for i, text := range texts {
		converted, ok := l.Symbols(text)
		if !ok {
			return nil, fmt.Errorf("%q has letters outside the alphabet", text)
		}
		all[i] = converted
	}
	return all, nil
}

func readSuffixes(s source, l *lexicon.Lexicon) error {
	var suffixes []string
	if err := readJSON(s, "/suffixes.json", &suffixes); err != nil {
		return err
	}
	var err error
	l.Suffixes, err = symbols(l, suffixes)
	return err
}

func readJSON(s source, name string, into any) error {
	data, err := s.read(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// readTags gives the number of each tag. A tag is written "NOUN,inan,masc sing,nomn": what the
// lexeme is and what the form is.
func readTags(s source, l *lexicon.Lexicon) (map[string]int, error) {
	var tags []string
	if err := readJSON(s, "/gramtab-opencorpora-int.json", &tags); err != nil {
		return nil, err
	}
	number := map[string]int{}
	for i, tag := range tags {
		number[tag] = i
		l.Tags = append(l.Tags, addGrammemes(l, strings.FieldsFunc(tag, func(r rune) bool { return r == ',' || r == ' ' })))
	}
	return number, nil
}

// addGrammemes gives the numbers of grammemes, new ones too.
func addGrammemes(l *lexicon.Lexicon, names []string) []uint16 {
	var tag []uint16
	for _, name := range names {
		i := slices.Index(l.Grammemes, name)
		if i < 0 {
			i = len(l.Grammemes)
			l.Grammemes = append(l.Grammemes, name)
		}
		tag = append(tag, uint16(i))
	}
	return tag
}

// readParadigms reads numbers of 16 bits: how many paradigms, then for each how many numbers,
// and these: the suffixes of all forms, their tags, their prefixes.
func readParadigms(s source, l *lexicon.Lexicon) error {
	data, err := s.read("/paradigms.array")
	if err != nil {
		return err
	}
	var numbers []uint16
	for ; len(data) >= 2; data = data[2:] {
		numbers = append(numbers, binary.LittleEndian.Uint16(data))
	}
	count, numbers := int(numbers[0]), numbers[1:]
	for range count {
		n := int(numbers[0]) / 3
		paradigm := make([]lexicon.Form, n)
		for i := range paradigm {
			paradigm[i] = lexicon.Form{Suffix: numbers[1+i], Tag: numbers[1+n+i], Prefix: numbers[1+2*n+i]}
		}
		l.Paradigms, numbers = append(l.Paradigms, paradigm), numbers[1+3*n:]
	}
	return nil
}

// readWords takes the stem of each lexeme from its lemma, form 0, and counts whether the
// stems give as many forms as there are.
func readWords(s source, l *lexicon.Lexicon) error {
	words, err := openDawg(s, "/words.dawg")
	if err != nil {
		return err
	}
	stems := map[string][]uint16{}
	forms, regained := 0, 0
	err = words.records(func(word string, record []byte) error {
		forms++
		paradigm, form := binary.BigEndian.Uint16(record), binary.BigEndian.Uint16(record[2:])
		if form > 0 {
			return nil
		}
		regained += len(l.Paradigms[paradigm])
		lemma, ok := l.Symbols(word)
		first := l.Paradigms[paradigm][0]
		stem, before := strings.CutPrefix(lemma, l.Prefixes[first.Prefix])
		stem, behind := strings.CutSuffix(stem, l.Suffixes[first.Suffix])
		if !ok || !before || !behind {
			return fmt.Errorf("%q does not fit its paradigm %d", word, paradigm)
		}
		stems[stem] = append(stems[stem], paradigm)
		return nil
	})
	if err != nil {
		return err
	}
	if forms != regained {
		return fmt.Errorf("%d forms of %d are found again", regained, forms)
	}
	for _, paradigms := range stems {
		slices.Sort(paradigms)
	}
	l.Stems, err = lexicon.NewTable(stems)
	return err
}

func openDawg(s source, name string) (dawg, error) {
	data, err := s.read(name)
	if err != nil {
		return nil, err
	}
	return readDawg(data)
}

// readEndings reads how words that end so are read: count, paradigm, form.
func readEndings(s source, l *lexicon.Lexicon) error {
	for i := range prefixes {
		found, err := openDawg(s, fmt.Sprintf("/prediction-suffixes-%d.dawg", i))
		if err != nil {
			return err
		}
		endings := map[string][]uint16{}
		err = found.records(func(ending string, record []byte) error {
			key, ok := l.Symbols(reverse(ending))
			if !ok {
				return fmt.Errorf("ending %q has letters outside the alphabet", ending)
			}
			count := uint16(min(binary.BigEndian.Uint32(record), math.MaxUint16))
			endings[key] = append(endings[key], count, binary.BigEndian.Uint16(record[4:]), binary.BigEndian.Uint16(record[6:]))
			return nil
		})
		if err != nil {
			return err
		}
		table, err := lexicon.NewTable(endings)
		if err != nil {
			return err
		}
		l.Endings = append(l.Endings, table)
	}
	return nil
}

func reverse(s string) string {
	letters := []rune(s)
	slices.Reverse(letters)
	return string(letters)
}

// weightUnit is the share of one reading of a word in 1/65535: the source has millionths.
func weightUnit(millionths uint32) uint16 {
	return uint16(max(1, math.Round(float64(millionths)/1e6*math.MaxUint16)))
}

// readWeights reads how often a word of OpenCorpora's texts has each of its tags.
func readWeights(s source, l *lexicon.Lexicon, tags map[string]int) error {
	found, err := openDawg(s, "/p_t_given_w.intdawg")
	if err != nil {
		return err
	}
	weights := map[string][]uint16{}
	err = found.keys(func(key []byte, millionths uint32) error {
		at := strings.LastIndexByte(string(key), ':')
		word, ok := l.Symbols(string(key[:max(at, 0)]))
		tag, known := tags[string(key[at+1:])]
		if !ok || !known || !utf8.Valid(key) {
			return nil // Latin, or tags of words outside the dictionary
		}
		weights[word] = append(weights[word], uint16(tag), weightUnit(millionths))
		return nil
	})
	if err != nil {
		return err
	}
	l.Weights, err = lexicon.NewTable(weights)
	return err
}
