package entity

import (
	"strings"
	"sync"
)

// rank is the place of a number word in a number: a word may follow only words of higher rank.
type rank int8

const (
	alone    rank = iota // zero, "пара", "полтора": nothing but a multiplier follows
	unit                 // 1 to 9
	teen                 // 10 to 19: takes the place of ten and unit
	ten                  // 20 to 90
	hundred              // 100 to 900
	multiply             // тысяча, million, dozen
)

// cardinal is what a word says as a part of a number.
type cardinal struct {
	value float64
	rank  rank
	// mute words are numbers only beside another ("семью", "тысячи").
	mute bool
	// close multipliers count only when glued to digits ("5к").
	close bool
}

// forms enters words, separated by white space, with one meaning.
func forms(table map[string]cardinal, c cardinal, words string) {
	for word := range strings.FieldsSeq(words) {
		table[word] = c
	}
}

// russianCardinals are the forms of all number words, with colloquial ones and common errors.
var russianCardinals = sync.OnceValue(func() map[string]cardinal {
	t := map[string]cardinal{}
	for value, words := range []string{
		"ноль нуль ноля нуля нолю нулю нолем нулем ноле нуле",
		"один одна одно одного одной одному одним одном одну одною адин",
		"два две двух двум двумя двое двоих двоим двоими",
		"три трех трем тремя трое троих троим троими",
		"четыре четырех четырем четырьмя четверо четверых четверым четверыми четыри",
		"пять пяти пятью пятеро пятерых пятерым",
		"шесть шести шестью шестеро шестерых шестерым",
		"семь семи семеро семерых семерым",
		"восемь восьми восемью восьмью восьмеро восьмерых",
		"девять девяти девятью девятеро девятерых",
	} {
		rank := unit
		if value == 0 {
			rank = alone
		}
		forms(t, cardinal{value: float64(value), rank: rank}, words)
	}
	forms(t, cardinal{value: 7, rank: unit, mute: true}, "семью")
	for i, stem := range []string{"десят", "одиннадцат", "двенадцат", "тринадцат", "четырнадцат", "пятнадцат",
		"шестнадцат", "семнадцат", "восемнадцат", "девятнадцат"} {
		for _, stem := range []string{stem, strings.Replace(stem, "надцат", "нацат", 1), strings.Replace(stem, "надцат", "надцт", 1)} {
			forms(t, cardinal{value: float64(10 + i), rank: teen}, stem+"ь "+stem+"и "+stem+"ью")
		}
	}
	forms(t, cardinal{value: 11, rank: teen}, "одинадцать одинадцати одинацать")
	for i, words := range []string{
		"двадцать двадцати двадцатью двацать двацати",
		"тридцать тридцати тридцатью трицать трицати",
		"сорок сорока",
		"пятьдесят пятидесяти пятьюдесятью пядесят пятдесят питьдесят писят",
		"шестьдесят шестидесяти шестьюдесятью шесдесят шестдесят шисят",
		"семьдесят семидесяти семьюдесятью семдесят",
		"восемьдесят восьмидесяти восемьюдесятью восьмьюдесятью восемдесят",
		"девяносто девяноста",
	} {
		forms(t, cardinal{value: float64(20 + 10*i), rank: ten}, words)
	}
	for i, words := range []string{
		"сто ста",
		"двести двухсот двумстам двумястами двухстах",
		"триста трехсот тремстам тремястами трехстах",
		"четыреста четырехсот четыремстам четырьмястами четырехстах",
		"пятьсот пятисот пятистам пятьюстами пятистах пятсот",
		"шестьсот шестисот шестистам шестьюстами шестистах шестсот",
		"семьсот семисот семистам семьюстами семистах семсот",
		"восемьсот восьмисот восьмистам восемьюстами восьмьюстами восьмистах восемсот",
		"девятьсот девятисот девятистам девятьюстами девятистах девятсот",
	} {
		forms(t, cardinal{value: float64(100 + 100*i), rank: hundred}, words)
	}
	forms(t, cardinal{value: 1.5, rank: alone}, "полтора полторы полутора")
	forms(t, cardinal{value: 150, rank: alone}, "полтораста полутораста")
	forms(t, cardinal{value: 2, rank: alone}, "пара пару парой парочка парочку")
	forms(t, cardinal{value: 5e5, rank: alone}, "полмиллиона полумиллиона")
	forms(t, cardinal{value: 5e8, rank: alone}, "полмиллиарда")
	forms(t, cardinal{value: 500, rank: alone}, "полтысячи полтыщи")
	forms(t, cardinal{value: 50, rank: alone}, "полсотни")
	for value, words := range map[float64][2]string{
		10:   {"десяток", "десятка десятков десятки десятку десятком десяткам"},
		12:   {"дюжина дюжину", "дюжины дюжин дюжине дюжиной"},
		100:  {"сотня сотню", "сотни сотен сотней сотням сотнями"},
		1000: {"тысяча тысячу тысячей тысячею тыща тыщу", "тысячи тысяч тысячам тысячами тысячах тысяче тыщи тыщ тыс тысяс"},
		1e6:  {"миллион лям мильон", "миллиона миллионов миллиону миллионом миллионе миллионы миллионам миллионами миллионах млн миллиончик милион милиона милионов ляма лямов мильона мильонов"},
		1e9:  {"миллиард", "миллиарда миллиардов миллиарду миллиардом миллиарды миллиардам миллиардами млрд милиард милиарда милиардов"},
		1e12: {"триллион", "триллиона триллионов триллиону триллионом триллионы трлн"},
	} {
		forms(t, cardinal{value: value, rank: multiply}, words[0])
		forms(t, cardinal{value: value, rank: multiply, mute: true}, words[1])
	}
	forms(t, cardinal{value: 1000, rank: multiply, mute: true, close: true}, "к")
	return t
})

var englishCardinals = sync.OnceValue(func() map[string]cardinal {
	t := map[string]cardinal{}
	for i, words := range strings.Fields("zero one two three four five six seven eight nine") {
		rank := unit
		if i == 0 {
			rank = alone
		}
		forms(t, cardinal{value: float64(i), rank: rank}, words)
	}
	forms(t, cardinal{value: 0, rank: alone}, "nought naught nil")
	for i, word := range strings.Fields("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen") {
		forms(t, cardinal{value: float64(10 + i), rank: teen}, word)
	}
	for i, word := range strings.Fields("twenty thirty forty fifty sixty seventy eighty ninety") {
		forms(t, cardinal{value: float64(20 + 10*i), rank: ten}, word)
	}
	forms(t, cardinal{value: 40, rank: ten}, "fourty")
	for value, words := range map[float64]string{
		12: "dozen dozens", 100: "hundred hundreds", 1000: "thousand thousands", 1e6: "million millions mln",
		1e9: "billion billions bn", 1e12: "trillion trillions",
	} {
		forms(t, cardinal{value: value, rank: multiply, mute: true}, words)
	}
	forms(t, cardinal{value: 1000, rank: multiply, mute: true, close: true}, "k")
	return t
})

// cardinalAt is what the word at i says as a part of a number.
func (s *scan) cardinalAt(i int) (cardinal, bool) {
	t := s.at(i)
	if t.kind != word {
		return cardinal{}, false
	}
	if !t.counted {
		t.counted = true
		if c, ok := s.readCardinal(t.text); ok {
			t.numeral = &c
		}
	}
	if t.numeral == nil {
		return cardinal{}, false
	}
	return *t.numeral, true
}

func (s *scan) readCardinal(text string) (cardinal, bool) {
	table, spoken := russianCardinals(), s.speaks("ru")
	if latin(text) {
		table, spoken = englishCardinals(), s.speaks("en") || text == "k"
	}
	if !spoken {
		return cardinal{}, false
	}
	if c, ok := table[text]; ok {
		return c, true
	}
	return splitCardinal(text, table)
}

// longestSplit is how long a word of several numbers may be, in bytes.
const longestSplit = 80

// splitCardinal reads numbers that are written as one word: "двадцатьпять", "twentyone". The
// last part must be a number word too, so that "стол" and "сторона" are none.
func splitCardinal(text string, table map[string]cardinal) (cardinal, bool) {
	if len(text) < 6 || len(text) > longestSplit {
		return cardinal{}, false
	}
	var sum cardinal
	level := multiply
	for rest := text; rest != ""; {
		part, length := firstCardinal(rest, table, level)
		if length == 0 {
			return cardinal{}, false
		}
		sum.value += part.value
		rest, level = rest[length:], part.rank
		if level == teen {
			level = unit
		}
	}
	sum.rank = alone
	return sum, true
}

// firstCardinal finds the longest number word below a rank that a text begins with.
func firstCardinal(text string, table map[string]cardinal, below rank) (cardinal, int) {
	if !cardinalBeginnings()[text[:min(4, len(text))]] {
		return cardinal{}, 0
	}
	for end := min(len(text), 30); end >= 3; end-- {
		if c, ok := table[text[:end]]; ok && !c.mute && c.rank < below && c.rank > alone && (c.rank != teen || below != ten) {
			return c, end
		}
	}
	return cardinal{}, 0
}

// cardinalBeginnings are the first four bytes of number words, so that most words are seen to be
// none at once.
var cardinalBeginnings = sync.OnceValue(func() map[string]bool {
	all := map[string]bool{}
	for _, table := range []map[string]cardinal{russianCardinals(), englishCardinals()} {
		for text := range table {
			all[text[:min(4, len(text))]] = true
		}
	}
	for _, short := range []string{"one", "two", "six", "ten"} {
		for letter := 'a'; letter <= 'z'; letter++ {
			all[short+string(letter)] = true
		}
	}
	return all
})
