package entity

import (
	"strings"
	"sync"
)

// ordinalWord is the last word of an ordinal.
type ordinalWord struct {
	cardinal
	dated bool // in a form that dates have: "пятое", "пятого"
}

// russianOrdinals are the forms of ordinals. The bigger ones decline like adjectives.
var russianOrdinals = sync.OnceValue(func() map[string]ordinalWord {
	t := map[string]ordinalWord{}
	add := func(value float64, r rank, stem string) {
		endings := "ый ой ого ому ым ом ая ой ую ое ые ых ыми"
		if value == 3 {
			stem, endings = "трет", "ий ьего ьему ьим ьем ья ьей ью ье ьи ьих ьими ия ие"
		}
		for ending := range strings.FieldsSeq(endings) {
			dated := strings.HasSuffix(ending, "го") || ending == "ое" || ending == "ье"
			t[stem+ending] = ordinalWord{cardinal{value: value, rank: r}, dated}
		}
	}
	add(0, alone, "нулев")
	for i, stem := range strings.Fields("перв втор трет четверт пят шест седьм восьм девят") {
		add(float64(i+1), unit, stem)
	}
	for i, stem := range strings.Fields("десят одиннадцат двенадцат тринадцат четырнадцат пятнадцат шестнадцат семнадцат восемнадцат девятнадцат") {
		add(float64(10+i), teen, stem)
	}
	for i, stem := range strings.Fields("двадцат тридцат сороков пятидесят шестидесят семидесят восьмидесят девяност") {
		add(float64(20+10*i), ten, stem)
	}
	for i, stem := range strings.Fields("сот двухсот трехсот четырехсот пятисот шестисот семисот восьмисот девятисот") {
		add(float64(100+100*i), hundred, stem)
	}
	add(1000, multiply, "тысячн")
	add(2000, multiply, "двухтысячн")
	add(1e6, multiply, "миллионн")
	return t
})

var englishOrdinals = sync.OnceValue(func() map[string]ordinalWord {
	t := map[string]ordinalWord{}
	add := func(first float64, step float64, r rank, words string) {
		for i, word := range strings.Fields(words) {
			t[word] = ordinalWord{cardinal{value: first + step*float64(i), rank: r}, true}
		}
	}
	add(1, 1, unit, "first second third fourth fifth sixth seventh eighth ninth")
	add(10, 1, teen, "tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth")
	add(20, 10, ten, "twentieth thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth")
	add(100, 0, multiply, "hundredth")
	add(1000, 0, multiply, "thousandth")
	return t
})

// endings that make an ordinal of digits.
var ordinalEndings = map[string]bool{
	"й": true, "ый": true, "ой": true, "ий": true, "я": true, "ая": true, "ья": true, "е": true, "ое": true, "ье": true, "ые": true, "х": true, "ых": true,
	"го": true, "ого": true, "его": true, "му": true, "ому": true, "ему": true, "м": true, "ым": true, "ом": true, "ую": true, "ю": true, "ей": true,
	"st": true, "nd": true, "rd": true, "th": true,
}

// gluedEndings are those that need no hyphen; "5м" are metres and "5х" is a factor.
var gluedEndings = map[string]bool{
	"й": true, "ый": true, "ой": true, "ий": true, "я": true, "ая": true, "ое": true, "го": true, "ого": true, "му": true, "ому": true,
	"st": true, "nd": true, "rd": true, "th": true,
}

func ruleOrdinal(s *scan, at int) (int, any) {
	o, next, ok := s.ordinal(at)
	if !ok {
		return at, nil
	}
	return next, number{value: o.value}
}

// ordinal reads an ordinal: words of a number, the last of them an ordinal, or digits with an
// ending.
func (s *scan) ordinal(at int) (ordinalWord, int, bool) {
	if s.at(at).kind == digits {
		return s.digitalOrdinal(at)
	}
	sum, level, first := 0.0, multiply+1, true
	for i := at; i < at+12; i++ {
		if !first && (s.is(i, "-") && s.glued(i) && s.glued(i+1) || level == multiply && s.is(i, "and")) {
			continue
		}
		if o, ok := s.ordinalWord(i); ok {
			if o.rank == multiply && !first && s.english(i) {
				return ordinalWord{cardinal{value: sum * o.value, rank: o.rank}, true}, i + 1, true
			}
			if o.rank >= level || o.rank == teen && level == ten || !first && (o.rank == alone || o.rank == multiply) {
				return ordinalWord{}, at, false
			}
			return ordinalWord{cardinal{value: sum + o.value, rank: o.rank}, o.dated}, i + 1, true
		}
		c, ok := s.cardinalAt(i)
		if !ok || c.close || c.rank == alone || c.rank <= teen && !s.multiplied(i) {
			return ordinalWord{}, at, false // units and teens end a number
		}
		if c.rank == multiply {
			sum, level, first = max(sum, 1)*c.value, multiply, false
			continue
		}
		if c.rank >= level {
			return ordinalWord{}, at, false
		}
		sum, level, first = sum+c.value, c.rank, false
	}
	return ordinalWord{}, at, false
}

// multiplied reports whether the next word multiplies this one.
func (s *scan) multiplied(i int) bool {
	if c, ok := s.cardinalAt(i + 1); ok {
		return c.rank == multiply && !c.close
	}
	o, ok := s.ordinalWord(i + 1)
	return ok && o.rank == multiply && s.english(i)
}

// ordinalWord is the ordinal that one word says.
func (s *scan) ordinalWord(i int) (ordinalWord, bool) {
	t := s.at(i)
	if t.kind != word {
		return ordinalWord{}, false
	}
	if latin(t.text) {
		o, ok := englishOrdinals()[t.text]
		if ok && t.text == "second" && s.isUnitSecond(i) {
			return o, false
		}
		return o, ok && s.speaks("en")
	}
	o, ok := russianOrdinals()[t.text]
	if ok && s.is(i-1, "-") && s.glued(i) && s.is(i-2, "во", "в") {
		return o, false // во-первых
	}
	return o, ok && s.speaks("ru")
}

// isUnitSecond reports whether "second" is a measure of time.
func (s *scan) isUnitSecond(i int) bool {
	if s.at(i-1).kind == digits || s.is(i-1, "a", "per", "each", "every", "one", "just", "split") {
		return true
	}
	c, ok := s.cardinalAt(i - 1)
	return ok && c.rank < ten
}

// digitalOrdinal reads 1-й, 5-го, 3rd.
func (s *scan) digitalOrdinal(at int) (ordinalWord, int, bool) {
	next, endings := at+1, gluedEndings
	if s.is(next, "-", "‐") && s.glued(next) {
		next, endings = next+1, ordinalEndings
	}
	ending := s.at(next).text
	if !s.glued(next) || !endings[ending] || len(s.at(at).text) > 9 || s.inName(at) || s.glued(at) && s.is(at-1, ".", ",") {
		return ordinalWord{}, at, false
	}
	n, ok := parseDigits(s.at(at).text)
	dated := ending == "го" || ending == "ого" || ending == "е" || ending == "ое" || latin(ending)
	return ordinalWord{cardinal{value: n.value}, dated}, next + 1, ok
}
