package morph

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
)

// set is a set of grammemes, by their places in the list below.
type set [2]uint64

func (s set) has(t set) bool   { return s[0]&t[0] == t[0] && s[1]&t[1] == t[1] }
func (s set) any(t set) bool   { return s[0]&t[0] != 0 || s[1]&t[1] != 0 }
func (s set) with(t set) set   { return set{s[0] | t[0], s[1] | t[1]} }
func (s set) minus(t set) set  { return set{s[0] &^ t[0], s[1] &^ t[1]} }
func (s set) shared(t set) set { return set{s[0] & t[0], s[1] & t[1]} }
func (s set) count() int       { return bits.OnesCount64(s[0]) + bits.OnesCount64(s[1]) }
func (s set) bit(i int) bool   { return s[i/64]>>(i%64)&1 == 1 }

// grammemes are all there are, by the names of OpenCorpora (which pymorphy has, and so the
// scenario language in $nlp.inflect and $nlp.parseMorph). Words of one line exclude each other.
var grammemes = strings.Fields(strings.Join(categories, " "))

var categories = []string{
	"NOUN ADJF ADJS COMP VERB INFN PRTF PRTS GRND NUMR ADVB NPRO PRED PREP CONJ PRCL INTJ",
	"anim inan",
	"masc femn neut ms-f",
	"sing plur",
	"nomn gent datv accs ablt loct voct gen1 gen2 acc2 loc1 loc2",
	"perf impf",
	"tran intr",
	"1per 2per 3per",
	"pres past futr",
	"indc impr",
	"incl excl",
	"actv pssv",
	"Sgtm", "Pltm", "Fixd", "Abbr", "Name", "Surn", "Patr", "Geox", "Orgn", "Trad", "Subx", "Supr", "Qual", "Apro", "Anum", "Poss",
	"V-ey", "V-oy", "Cmp2", "V-ej", "Impe", "Impx", "Mult", "Refl", "Infr", "Slng", "Arch", "Litr", "Erro", "Dist", "Ques", "Dmns",
	"Prnt", "V-be", "V-en", "V-ie", "V-bi", "Fimp", "Prdx", "Coun", "Coll", "V-sh", "Af-p", "Inmx", "Vpre", "Anph", "Init", "Adjx",
	"Ms-f", "Hypo", "GNdr",
}

// parseSet is the set of the grammemes of these names, separated by white space.
func parseSet(names string) (set, error) {
	var s set
	for name := range strings.FieldsSeq(names) {
		i := slices.Index(grammemes, name)
		if i < 0 {
			return set{}, fmt.Errorf("%q is no grammeme", name)
		}
		s[i/64] |= 1 << (i % 64)
	}
	return s, nil
}

func setOf(names string) set {
	s, err := parseSet(names)
	if err != nil {
		panic(err) // a name in this package's own tables
	}
	return s
}

// names are the names of a set's grammemes, the part of speech first.
func (s set) names() []string {
	var names []string
	for i, name := range grammemes {
		if s.bit(i) {
			names = append(names, name)
		}
	}
	return names
}

// exclusive says of each grammeme which others leave a word that gets it. Adjectives and verbs
// have no gender in the plural.
var exclusive = func() []set {
	sets := make([]set, len(grammemes))
	for _, category := range categories {
		for name := range strings.FieldsSeq(category) {
			i := slices.Index(grammemes, name)
			sets[i] = setOf(category).minus(setOf(name))
			if name == "plur" {
				sets[i] = sets[i].with(setOf("masc femn neut ms-f"))
			}
		}
	}
	return sets
}()

var (
	noun       = setOf("NOUN")
	adjectives = setOf("ADJF PRTF")
	feminine   = setOf("femn")
	adverb     = setOf("ADVB")
	dative     = setOf("ADJF sing datv")

	closed  = setOf("NUMR NPRO PRED PREP CONJ PRCL INTJ Apro") // classes no new word belongs to
	cases   = setOf("nomn gent datv accs ablt loct voct gen1 gen2 acc2 loc1 loc2")
	persons = setOf("1per 2per 3per")
	// agreeing is what both parts of a hyphenated word have alike if both change.
	agreeing = setOf(categories[0] + " sing plur pres past futr").with(cases).with(persons)
)

// rareCases are those that few words have, with the usual ones that stand for them in others.
var rareCases = []struct{ rare, usual set }{
	{setOf("gen1"), setOf("gent")},
	{setOf("gen2"), setOf("gent")},
	{setOf("acc2"), setOf("accs")},
	{setOf("loc1"), setOf("loct")},
	{setOf("loc2"), setOf("loct")},
	{setOf("voct"), setOf("nomn")},
}

// usual has the usual cases instead of the rare ones.
func (s set) usual() set {
	for _, c := range rareCases {
		if s.has(c.rare) {
			s = s.minus(c.rare).with(c.usual)
		}
	}
	return s
}

// property is what $morph<…> may ask of a word: one of these, all of its grammemes and none of
// those it excludes.
type property struct {
	names string // white space between
	one   []need
}

type need struct{ with, without set }

func needs(with, without string) need { return need{setOf(with), setOf(without)} }

// properties are the letters of AOT, in which $morph is documented (advanced patterns,
// $morph), and where they differ the Russian names of OpenCorpora, for the grammemes that
// need more than one name. The names of OpenCorpora themselves are properties too.
var properties = func() []property {
	all := []property{
		{"С СУЩ", []need{needs("NOUN", "")}},
		{"П", []need{needs("ADJF", "Apro Anum"), needs("COMP", "")}},
		{"ПРИЛ", []need{needs("ADJF", "")}},
		{"МС-П мест-п", []need{needs("Apro", "")}},
		{"ЧИСЛ-П числ-п", []need{needs("Anum", "")}},
		{"КР_ПРИЛ", []need{needs("ADJS", "")}},
		{"КОМП сравн", []need{needs("COMP", "")}},
		{"Г ГЛ", []need{needs("VERB", "")}},
		{"ИНФИНИТИВ ИНФ", []need{needs("INFN", "")}},
		{"ПРИЧАСТИЕ ПРИЧ", []need{needs("PRTF", "")}},
		{"КР_ПРИЧАСТИЕ КР_ПРИЧ", []need{needs("PRTS", "")}},
		{"ДЕЕПРИЧАСТИЕ ДЕЕПР", []need{needs("GRND", "")}},
		{"ЧИСЛ", []need{needs("NUMR", "")}},
		{"Н НАРЕЧИЕ", []need{needs("ADVB", "")}},
		{"МС", []need{needs("NPRO", "")}},
		{"ПРЕДК МС-ПРЕДК", []need{needs("PRED", "")}},
		{"ПРЕДЛ ПР", []need{needs("PREP", "")}},
		{"СОЮЗ", []need{needs("CONJ", "")}},
		{"ЧАСТ", []need{needs("PRCL", "")}},
		{"МЕЖД", []need{needs("INTJ", "")}},
		{"ВВОДН вводн", []need{needs("Prnt", "")}},
		{"кр", []need{needs("ADJS", ""), needs("PRTS", "")}},
		{"од", []need{needs("anim", "")}},
		{"но неод", []need{needs("inan", "")}},
		{"мр", []need{needs("masc", "")}},
		{"жр", []need{needs("femn", "")}},
		{"ср", []need{needs("neut", "")}},
		{"мр-жр мж", []need{needs("ms-f", "")}},
		{"ед", []need{needs("sing", "")}},
		{"мн", []need{needs("plur", "")}},
		{"им", []need{needs("nomn", "")}},
		{"рд", []need{needs("gent", ""), needs("gen1", ""), needs("gen2", "")}},
		{"дт", []need{needs("datv", "")}},
		{"вн", []need{needs("accs", ""), needs("acc2", "")}},
		{"тв", []need{needs("ablt", "")}},
		{"пр", []need{needs("loct", ""), needs("loc1", ""), needs("loc2", "")}},
		{"зв", []need{needs("voct", "")}},
		{"2", []need{needs("gen2", ""), needs("loc2", ""), needs("acc2", "")}},
		{"св сов", []need{needs("perf", "")}},
		{"нс несов", []need{needs("impf", "")}},
		{"пе перех", []need{needs("tran", "")}},
		{"нп неперех", []need{needs("intr", "")}},
		{"дст действ", []need{needs("actv", "")}},
		{"стр страд", []need{needs("pssv", "")}},
		{"1л", []need{needs("1per", "")}},
		{"2л", []need{needs("2per", "")}},
		{"3л", []need{needs("3per", "")}},
		{"нст наст", []need{needs("pres", "")}},
		{"прш прош", []need{needs("past", "")}},
		{"буд", []need{needs("futr", "")}},
		{"пвл повел", []need{needs("impr", "")}},
		{"изъяв", []need{needs("indc", "")}},
		{"безл", []need{needs("Impe", "")}},
		{"возвр", []need{needs("Refl", "")}},
		{"прев превосх", []need{needs("Supr", "")}},
		{"кач", []need{needs("Qual", "")}},
		{"притяж", []need{needs("Poss", "")}},
		{"вопр", []need{needs("Ques", "")}},
		{"указат указ", []need{needs("Dmns", "")}},
		{"собир", []need{needs("Coll", "")}},
		{"имя", []need{needs("Name", "")}},
		{"фам", []need{needs("Surn", "")}},
		{"отч", []need{needs("Patr", "")}},
		{"лок гео", []need{needs("Geox", "")}},
		{"орг", []need{needs("Orgn", "")}},
		{"аббр", []need{needs("Abbr", "")}},
		{"0", []need{needs("Fixd", "")}},
		{"разг", []need{needs("Infr", "")}},
		{"жарг", []need{needs("Slng", "")}},
		{"арх", []need{needs("Arch", "")}},
		{"опч опеч", []need{needs("Erro", "")}},
	}
	for _, name := range grammemes {
		all = append(all, property{name, []need{needs(name, "")}})
	}
	return all
}()

func (p property) holds(tag set) bool {
	for _, need := range p.one {
		if tag.has(need.with) && !tag.any(need.without) {
			return true
		}
	}
	return false
}

var propertyByName = func() map[string]property {
	byName := map[string]property{}
	for _, p := range properties {
		for name := range strings.FieldsSeq(p.names) {
			byName[name] = p
		}
	}
	return byName
}()

// lookalikes are Latin letters that people type for the Cyrillic ones they look like.
var lookalikes = strings.NewReplacer("C", "С", "H", "Н", "M", "М", "P", "Р", "E", "Е", "O", "О", "A", "А", "T", "Т", "K", "К", "B", "В")

// propertyOf finds a property by its name. Case counts where it must ("ПР" is a preposition,
// "пр" a case), else it does not.
func propertyOf(name string) (property, bool) {
	for _, try := range []string{name, strings.ToUpper(name), strings.ToLower(name), lookalikes.Replace(strings.ToUpper(name))} {
		if p, ok := propertyByName[try]; ok {
			return p, true
		}
	}
	return property{}, false
}
