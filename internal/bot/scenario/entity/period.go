package entity

import (
	"math"
	"strings"
)

// wholeMonth reads "в декабре", "декабрь 2019", "next May".
func (s *scan) wholeMonth(at int) (spec, int, bool) {
	w, next, chosen := s.choice(at)
	t := s.at(next)
	m := wholeMonths[t.text]
	if m == 0 || !s.speaks(languageOf(t.text)) {
		return spec{}, at, false
	}
	sp, end, _ := s.withYear(spec{said: saidMonth, month: m, which: w}, at, next+1)
	if _, _, numbered := s.dayNumber(end); end == next+1 && s.english(next) && (numbered || s.at(end).kind == digits) {
		return spec{}, at, false // February 30
	}
	if s.is(next, "may", "march", "мае") && !chosen && end == next+1 && !s.is(at-1, "in", "since", "until", "till", "by", "of", "в") {
		return spec{}, at, false // the verbs
	}
	return sp, end, true
}

// wholeYear reads "в 2020 году", "in 2020".
func (s *scan) wholeYear(at int) (spec, int, bool) {
	y, next, ok := s.yearNumber(at)
	if !ok || s.glued(at) && s.at(at-1).kind == symbol {
		return spec{}, at, false
	}
	end := s.yearWord(next)
	if end == next && !(s.is(at-1, "in", "since") && s.speaks("en") && !s.counts(next)) {
		return spec{}, at, false
	}
	return spec{said: saidYear, year: y}, end, true
}

// cycleWords reads "на следующей неделе", this month, last year.
func (s *scan) cycleWords(at int) (spec, int, bool) {
	if s.is(at, "week") && s.is(at+1, "after") && s.is(at+2, "next") {
		return spec{said: saidCycle, cycle: week, cycles: 2}, at + 3, true
	}
	w, next, ok := s.choice(at)
	if !ok {
		return spec{}, at, false
	}
	u, ok := s.timeUnit(next)
	if s.is(next, "неделе") {
		u, ok = timeUnit{grain: week}, true
	} else if s.is(next, "месяце") {
		u, ok = timeUnit{grain: month}, true
	}
	if !ok || u.close || u.grain < week {
		return spec{}, at, false
	}
	cycles := 1 // next, and the nearest
	switch w {
	case this:
		cycles = 0
	case last:
		cycles = -1
	}
	return spec{said: saidCycle, cycle: u.grain, cycles: cycles}, next + 1, true
}

// shiftWords reads "через 2 дня", "часа через два", "3 часа назад", in two weeks, a year ago.
func (s *scan) shiftWords(at int) (spec, int, bool) {
	if s.is(at, "через", "спустя") && s.speaks("ru") || s.is(at, "in") && s.speaks("en") {
		i := at + 1
		if s.is(i, "about", "примерно", "around") {
			i++
		}
		d, next, ok := s.duration(i, s.is(at, "через", "спустя"))
		return shiftBy(d, 1), next, ok
	}
	if u, ok := s.timeUnit(at); ok && s.is(at+1, "через") && !s.numberBefore(at) {
		n, next, ok := s.small(at+2, 999)
		if ok && !s.measured(next) {
			return shiftBy(span{float64(n) * u.times, u.grain}, 1), next, true
		}
	}
	d, next, ok := s.duration(at, true)
	switch {
	case !ok:
	case s.is(next, "назад") && s.speaks("ru"), s.is(next, "ago") && s.speaks("en"):
		return shiftBy(d, -1), next + 1, true
	case s.is(next, "спустя") && s.speaks("ru"), s.is(next, "later", "hence") && s.speaks("en"):
		return shiftBy(d, 1), next + 1, true
	case s.is(next, "from") && s.is(next+1, "now", "today") && s.speaks("en"):
		return shiftBy(d, 1), next + 2, true
	case s.is(next, "тому") && s.is(next+1, "назад") && s.speaks("ru"):
		return shiftBy(d, -1), next + 2, true
	}
	return spec{}, at, false
}

func shiftBy(d span, sign float64) spec {
	d.count = math.Round(d.count) * sign
	return spec{said: saidShift, shift: d}
}

// weekendWords reads "на выходных", next weekend.
func (s *scan) weekendWords(at int) (spec, int, bool) {
	w, next, chosen := s.choice(at)
	if s.is(next, "weekend") && s.speaks("en") || s.speaks("ru") && (s.is(next, "выходные", "выходных") && (chosen || s.is(at-1, "на", "в", "до", "после") || len(s.tokens) == 1)) {
		return spec{said: saidWeekend, which: w}, next + 1, true
	}
	return spec{}, at, false
}

// edge reads "в конце месяца", "в начале декабря", the end of the week.
func (s *scan) edge(at int) (spec, int, bool) {
	var part int
	switch {
	case s.is(at, "начало", "начале", "начала", "началу", "beginning", "start"):
	case s.is(at, "середина", "середине", "середины", "середину", "middle"):
		part = 1
	case s.is(at, "конец", "конце", "конца", "концу", "end"):
		part = 2
	default:
		return spec{}, at, false
	}
	of := at + 1
	if s.english(at) {
		if s.is(of, "of") {
			of++
		}
		if s.is(of, "the") {
			of++
		}
	}
	if m, end, ok := s.monthName(of); ok {
		return spec{said: saidMonth, month: m, stretch: [...]stretch{{0, 10, 0}, {10, 10, 0}, {20, 0, 0}}[part]}, end, true
	}
	w, end, _ := s.choice(of)
	cycles := map[which]int{next: 1, last: -1}[w]
	switch {
	case s.is(end, "недели", "week"):
		return spec{said: saidCycle, cycle: week, cycles: cycles, stretch: [...]stretch{{0, 2, 0}, {2, 2, 0}, {4, 0, 0}}[part]}, end + 1, true
	case s.is(end, "месяца", "month"):
		return spec{said: saidCycle, cycle: month, cycles: cycles, stretch: [...]stretch{{0, 10, 0}, {10, 10, 0}, {20, 0, 0}}[part]}, end + 1, true
	case s.is(end, "года", "year"):
		return spec{said: saidCycle, cycle: year, cycles: cycles, stretch: [...]stretch{{0, 59, 0}, {151, 92, 0}, {304, 0, 0}}[part]}, end + 1, true
	}
	return spec{}, at, false
}

// seasons begin in these months.
var seasons = map[string]int{"весной": 3, "летом": 6, "осенью": 9, "зимой": 12, "весну": 3, "лето": 6, "осень": 9, "зиму": 12, "spring": 3, "summer": 6, "autumn": 9, "winter": 12}

// season reads летом, next summer.
func (s *scan) season(at int) (spec, int, bool) {
	w, next, chosen := s.choice(at)
	t := s.at(next)
	m := seasons[t.text]
	if m == 0 || t.kind != word || !s.speaks(languageOf(t.text)) || !chosen && !strings.HasSuffix(t.text, "ой") && !strings.HasSuffix(t.text, "м") && !strings.HasSuffix(t.text, "ью") && !s.is(at-1, "in", "на") {
		return spec{}, at, false
	}
	return s.withYear(spec{said: saidMonth, month: m, which: w, stretch: stretch{months: 3}}, at, next+1)
}

// holidays by their words.
var holidays = []struct {
	words      string
	month, day int
}{
	{"старый новый год", 1, 14}, {"новый год", 1, 1}, {"нового года", 1, 1}, {"новым годом", 1, 1}, {"рождество", 1, 7}, {"рождества", 1, 7},
	{"день победы", 5, 9}, {"день святого валентина", 2, 14}, {"день всех влюбленных", 2, 14}, {"день россии", 6, 12},
	{"new year's eve", 12, 31}, {"new years eve", 12, 31}, {"new year's day", 1, 1}, {"new year's", 1, 1}, {"new year", 1, 1}, {"new years", 1, 1},
	{"christmas eve", 12, 24}, {"christmas day", 12, 25}, {"christmas", 12, 25}, {"xmas", 12, 25}, {"boxing day", 12, 26},
	{"valentine's day", 2, 14}, {"valentines day", 2, 14}, {"halloween", 10, 31}, {"independence day", 7, 4},
}

// holiday reads the name of a day; congratulations ("с новым годом") are none.
func (s *scan) holiday(at int) (spec, int, bool) {
	t := s.at(at)
	if t.kind != word || !s.speaks(languageOf(t.text)) || s.is(at-1, "с", "happy", "merry") {
		return spec{}, at, false
	}
	for _, h := range holidays {
		if !strings.HasPrefix(h.words, t.text) {
			continue
		}
		next := at
		for w := range strings.FieldsSeq(h.words) {
			if !s.is(next, w) {
				next = at
				break
			}
			next++
		}
		if next > at {
			return spec{said: saidMonth | saidDay, month: h.month, day: h.day}, next, true
		}
	}
	return spec{}, at, false
}

// nowWords reads "прямо сейчас", right now.
func (s *scan) nowWords(at int) (spec, int, bool) {
	next := at
	if s.is(at, "прямо", "right") {
		next++
	}
	if s.is(next, "сейчас", "щас") && s.speaks("ru") || s.is(next, "now") && s.speaks("en") && !s.is(at-1, "from") {
		return spec{said: saidNow}, next + 1, true
	}
	return spec{}, at, false
}
