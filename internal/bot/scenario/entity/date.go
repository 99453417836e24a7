package entity

import (
	"math"
	"strconv"
	"strings"
	"sync"
)

// numbersOf enters words in lines by the number of the line, from 1.
func numbersOf(lines ...string) map[string]int {
	t := map[string]int{}
	for i, words := range lines {
		for word := range strings.FieldsSeq(words) {
			t[word] = i + 1
		}
	}
	return t
}

var (
	// months in the forms that dates have.
	months = numbersOf(
		"января янв january jan", "февраля фев февр february feb", "марта мар march mar", "апреля апр april apr", "мая may",
		"июня июн june jun", "июля июл july jul", "августа авг august aug", "сентября сен сент september sep sept",
		"октября окт october oct", "ноября ноя нояб november nov", "декабря дек december dec")
	// wholeMonths are the forms that stand without a day.
	wholeMonths = numbersOf(
		"январь январе january", "февраль феврале february", "март марте march", "апрель апреле april", "май мае may",
		"июнь июне june", "июль июле july", "август августе august", "сентябрь сентябре september",
		"октябрь октябре october", "ноябрь ноябре november", "декабрь декабре december")
	weekdays = numbersOf(
		"понедельник понедельника понедельнику понедельником понедельнике пн monday mon",
		"вторник вторника вторнику вторником вторнике вт tuesday tue tues",
		"среда среду среды средой ср wednesday wed",
		"четверг четверга четвергу четвергом четверге чт thursday thu thur thurs",
		"пятница пятницу пятницы пятнице пятницей пт friday fri",
		"суббота субботу субботы субботе субботой сб saturday sat",
		"воскресенье воскресенья воскресенью воскресеньем воскресение воскресения вс sunday sun")
	offsets = map[string]int{
		"сегодня": 0, "сегодняшний": 0, "сегодняшнее": 0, "сегодняшнего": 0, "сегодняшнюю": 0, "седня": 0, "сегодне": 0, "today": 0, "tonight": 0, "todays": 0,
		"завтра": 1, "завтрашний": 1, "завтрашнее": 1, "завтрашнего": 1, "завтрашнюю": 1, "завтраго": 1, "tomorrow": 1, "tomorow": 1, "tommorow": 1, "tmrw": 1, "tmr": 1,
		"послезавтра": 2, "послезавтрашний": 2, "послепослезавтра": 3,
		"вчера": -1, "вчерашний": -1, "вчерашнего": -1, "вчерашнюю": -1, "yesterday": -1,
		"позавчера": -2, "поза-вчера": -2, "позавчерашний": -2, "позапозавчера": -3,
	}
	choices = map[string]which{
		"next": next, "coming": unsaid, "this": this, "last": last, "past": last, "previous": last,
	}
)

// choiceStems are what Russian adjectives of choice begin with.
var choiceStems = []struct {
	stem string
	which
}{
	{"следующ", next}, {"будущ", next}, {"ближайш", unsaid}, {"грядущ", unsaid}, {"наступающ", unsaid}, {"предстоящ", unsaid},
	{"прошл", last}, {"прошедш", last}, {"минувш", last}, {"предыдущ", last}, {"текущ", this}, {"нынешн", this},
}

// choice reads "next", "следующую" and the like.
func (s *scan) choice(at int) (which, int, bool) {
	t := s.at(at)
	if t.kind != word || !s.speaks(languageOf(t.text)) {
		return unsaid, at, false
	}
	if w, ok := choices[t.text]; ok {
		return w, at + 1, true
	}
	if latin(t.text) {
		return unsaid, at, false
	}
	for _, c := range choiceStems {
		if rest, ok := strings.CutPrefix(t.text, c.stem); ok && len(rest) <= 6 && rest != "" {
			return c.which, at + 1, true
		}
	}
	if s.is(at, "этот", "эту", "это", "этого", "этой", "этом", "эти", "эта", "этим", "этих") {
		return this, at + 1, true
	}
	return unsaid, at, false
}

// dateWords are what reads a date; each says what was said and where the next word is.
var dateWords = []func(*scan, int) (spec, int, bool){
	(*scan).nearDay, (*scan).namedDay, (*scan).numericDate, (*scan).dayAndMonth, (*scan).monthAndDay, (*scan).dayOfMonth,
	(*scan).wholeMonth, (*scan).wholeYear, (*scan).cycleWords, (*scan).shiftWords, (*scan).weekendWords, (*scan).holiday, (*scan).nowWords, (*scan).edge, (*scan).season,
}

// dateRead is the date that was found at a word.
type dateRead struct {
	spec
	next int
	ok   bool
}

// date reads the longest date.
func (s *scan) date(at int) (spec, int, bool) {
	if !s.startsTime(at) {
		return spec{}, at, false
	}
	d, ok := s.dates[at]
	if !ok {
		d.next = at
		for _, read := range dateWords {
			if sp, end, found := read(s, at); found && end > d.next {
				d = dateRead{sp, end, true}
			}
		}
		s.dates[at] = d
	}
	return d.spec, d.next, d.ok
}

// nearDay reads сегодня, day after tomorrow.
func (s *scan) nearDay(at int) (spec, int, bool) {
	t := s.at(at)
	if t.kind != word || !s.speaks(languageOf(t.text)) {
		return spec{}, at, false
	}
	sp := spec{said: saidOffset}
	if days, ok := offsets[t.text]; ok {
		sp.offset = days
		if t.text == "tonight" {
			sp.said, sp.part = sp.said|saidPart, evening
		}
		at++
		if strings.HasPrefix(s.at(at-1).text, "позавчер") || !strings.HasSuffix(t.text, "а") && !latin(t.text) {
			if s.is(at, "день", "дня", "число", "числа") {
				at++
			}
		}
		return sp, at, true
	}
	if w, end, ok := s.choice(at); ok && w == next && s.is(end, "день", "day") {
		return spec{said: saidOffset, offset: 1}, end + 1, true
	}
	switch {
	case s.is(at, "после") && s.is(at+1, "завтра"):
		sp.offset = 2
		return sp, at + 2, true
	case s.is(at, "day") && s.is(at+1, "after") && s.is(at+2, "tomorrow"):
		sp.offset = 2
		return sp, at + 3, true
	case s.is(at, "last") && s.is(at+1, "night"):
		return spec{said: saidOffset | saidPart, offset: -1, part: evening}, at + 2, true
	case s.is(at, "day") && s.is(at+1, "before") && s.is(at+2, "yesterday"):
		sp.offset = -2
		return sp, at + 3, true
	}
	return sp, at, false
}

// namedDay reads a day of the week, with "next" or without.
func (s *scan) namedDay(at int) (spec, int, bool) {
	w, next, chosen := s.choice(at)
	t := s.at(next)
	number := weekdays[t.text]
	if number == 0 || t.kind != word || !s.speaks(languageOf(t.text)) {
		return spec{}, at, false
	}
	if len(t.text) <= 5 && latin(t.text) && !chosen && !s.is(at-1, "on", "from", "to", "till", "until", "by", ",", "-", "and") && !s.dateFollows(next+1) {
		return spec{}, at, false // "the sun", "sat down"
	}
	if s.is(next, "среды", "средой") && !chosen && !s.is(at-1, "до", "после", "с", "со", "ночь") {
		return spec{}, at, false // the environment
	}
	if strings.HasPrefix(s.at(at-1).text, "позапрошл") {
		return spec{}, at, false
	}
	return spec{said: saidWeekday, weekday: number, which: w}, next + 1, true
}

// dateFollows reports whether a number or a comma follows an abbreviation of a day.
func (s *scan) dateFollows(at int) bool {
	return s.at(at).kind == digits || s.is(at, ",", "-", "at", "morning", "evening", "afternoon", "night") || s.is(at, ".") && s.at(at+1).kind == digits || len(s.tokens) == 1
}

// numericDate reads 11.12.2019, 2019-12-11, 11/12. The month stands first in English with "/".
func (s *scan) numericDate(at int) (spec, int, bool) {
	if s.at(at).kind != digits || s.inName(at) || s.glued(at) && s.is(at-1, ".", "/", "-", ":", ",") || !s.glued(at+1) || !s.glued(at+2) || s.at(at+2).kind != digits {
		return spec{}, at, false
	}
	a, mark, b := s.at(at).text, s.at(at+1).text, s.at(at+2).text
	if mark != "." && mark != "/" && mark != "-" {
		return spec{}, at, false
	}
	third, next := "", at+3
	if s.is(next, mark) && s.glued(next) && s.glued(next+1) && s.at(next+1).kind == digits {
		third, next = s.at(next+1).text, next+2
	}
	switch {
	case third == "" && (mark == "-" || len(b) != 2 && mark == "." || len(a) > 2 || len(b) > 2):
		return spec{}, at, false
	case s.glued(next) && (s.at(next).kind == word && !s.is(next, "t", "г", "в") || s.is(next, "%", "/", ":") || s.is(next, ".", "-") && s.at(next+1).kind == digits && s.glued(next+1)):
		return spec{}, at, false
	case third == "" && s.at(next).kind == word && mark == "." && s.counts(next):
		return spec{}, at, false // 1.50 рублей, 10.05 метра
	}
	y, m, d := third, b, a
	if len(a) == 4 {
		y, m, d = a, b, third
	} else if mark == "/" && !s.russian() {
		m, d = a, b
	}
	sp, ok := calendarDate(y, m, d)
	if !ok {
		return spec{}, at, false
	}
	if year, end, ok := s.yearNumber(next); ok && third == "" && !s.glued(next) && s.at(next).kind == digits && (s.at(end).kind == digits || !s.counts(end)) {
		sp.said, sp.year, next = sp.said|saidYear, year, end
	}
	return sp, s.yearWord(next), true
}

// calendarDate checks figures; a year of two digits is of this century up to 69.
func calendarDate(y, m, d string) (spec, bool) {
	sp := spec{said: saidMonth | saidDay}
	var err1, err2, err3 error
	sp.month, err1 = strconv.Atoi(m)
	sp.day, err2 = strconv.Atoi(d)
	if y != "" {
		sp.said |= saidYear
		sp.year, err3 = strconv.Atoi(y)
		switch {
		case len(y) == 2 && sp.year < 70:
			sp.year += 2000
		case len(y) == 2:
			sp.year += 1900
		case len(y) != 4 || sp.year < 1000:
			return sp, false
		}
	}
	if err1 != nil || err2 != nil || err3 != nil || len(m) > 2 || len(d) > 2 {
		return sp, false
	}
	return sp, sp.possible()
}

// possible reports whether some year has the day.
func (sp spec) possible() bool {
	year := sp.year
	if sp.said&saidYear == 0 {
		year = 2000
	}
	return sp.month >= 1 && sp.month <= 12 && sp.day >= 1 && sp.day <= daysIn(year, sp.month)
}

// yearWord steps over "года".
func (s *scan) yearWord(at int) int {
	if s.is(at, "года", "год", "году", "г") && s.speaks("ru") {
		if at++; s.is(at-1, "г") && s.is(at, ".") && s.glued(at) && s.at(at+1).end > 0 && !s.capital(at+1) {
			at++
		}
	}
	return at
}

// yearNumber reads a year in four digits or, with "года", in two or in words.
func (s *scan) yearNumber(at int) (int, int, bool) {
	t := s.at(at)
	if t.kind == digits {
		y, err := strconv.Atoi(t.text)
		end := at + 1
		if s.is(end, "-") && s.glued(end) && s.is(end+1, "го", "й", "м", "ом", "ого") {
			end += 2
		}
		switch {
		case err != nil || s.inName(at):
		case len(t.text) == 4 && y >= 1000 && y < 3000 && !s.glued(end):
			return y, end, true
		case len(t.text) == 4 && y >= 1000 && y < 3000 && (s.at(end).kind == symbol && !(s.is(end, ".", ",", "/", ":", "-") && s.glued(end+1) && s.at(end+1).kind == digits) || s.is(end, "г", "года")):
			return y, end, true
		case len(t.text) == 2 && s.yearWord(end) > end:
			return 2000 + y - y/70*100, end, true
		}
		return 0, at, false
	}
	if o, next, ok := s.ordinal(at); ok && o.value >= 1000 && o.value < 3000 && s.yearWord(next) > next {
		return int(o.value), next, true
	}
	return 0, at, false
}

// dayNumber reads the day of a month.
func (s *scan) dayNumber(at int) (int, int, bool) {
	if o, next, ok := s.ordinal(at); ok {
		return int(o.value), next, o.dated && o.value >= 1 && o.value <= 31
	}
	if s.glued(at) && s.is(at-1, ".", "/", ":", ",") {
		return 0, at, false
	}
	n, next, ok := s.small(at, 31)
	return n, next, ok && n > 0
}

// dayAndMonth reads 11 декабря 2019 года, двадцать пятого мая, the 3rd of June.
func (s *scan) dayAndMonth(at int) (spec, int, bool) {
	d, next, ok := s.dayNumber(at)
	if !ok {
		return spec{}, at, false
	}
	if s.is(next, "of") || s.is(next, "числа") {
		next++
	}
	if s.is(next, ".", "-") && s.glued(next) && s.at(next+1).kind == word {
		next++
	}
	m, next, ok := s.monthName(next)
	if !ok {
		return spec{}, at, false
	}
	return s.withYear(spec{said: saidMonth | saidDay, month: m, day: d}, at, next)
}

func (s *scan) monthName(at int) (int, int, bool) {
	t := s.at(at)
	m := months[t.text]
	if m == 0 || !s.speaks(languageOf(t.text)) {
		return 0, at, false
	}
	at++
	if len(t.text) <= 8 && s.is(at, ".") && s.glued(at) && !s.capital(at+1) && s.at(at+1).end > 0 && months[t.text] != wholeMonths[t.text] {
		at++ // дек.
	}
	return m, at, true
}

// withYear adds a year to a date, and checks the date.
func (s *scan) withYear(sp spec, at, next int) (spec, int, bool) {
	i := next
	if s.is(i, ",") {
		i++
	}
	if y, end, ok := s.yearNumber(i); ok && (s.at(i).kind != digits || s.yearWord(end) > end || s.at(end).kind == digits || !s.counts(end)) {
		sp.said, sp.year, next = sp.said|saidYear, y, s.yearWord(end)
	}
	if sp.said&saidDay != 0 && !sp.possible() {
		return spec{}, at, false
	}
	return sp, next, true
}

// monthAndDay reads May 5th, December 11, 2019.
func (s *scan) monthAndDay(at int) (spec, int, bool) {
	t := s.at(at)
	if !latin(t.text) || !s.speaks("en") {
		return spec{}, at, false
	}
	m, next, ok := s.monthName(at)
	if !ok {
		return spec{}, at, false
	}
	if s.is(next, "the") {
		next++
	}
	d, next, ok := s.dayNumber(next)
	if !ok || s.glued(next) && s.at(next).kind != symbol || s.glued(next) && s.is(next, ":") {
		return spec{}, at, false
	}
	return s.withYear(spec{said: saidMonth | saidDay, month: m, day: d}, at, next)
}

// dayOfMonth reads 25 числа, the 5th; and "пятого", "5-го" where nothing that has a number follows.
func (s *scan) dayOfMonth(at int) (spec, int, bool) {
	d, next, ok := s.dayNumber(at)
	if !ok || d > 31 {
		return spec{}, at, false
	}
	sp := spec{said: saidDay, day: d}
	if s.is(next, "числа", "число", "числу") {
		return sp, next + 1, true
	}
	o, _, ordinal := s.ordinal(at)
	switch {
	case !ordinal || !o.dated:
		return spec{}, at, false
	case s.english(next - 1):
		return sp, next, (s.is(at-1, "the", "on", "from", "to") || s.is(at-2, "the")) && !s.noun(next)
	}
	if !strings.HasSuffix(s.at(next-1).text, "го") { // на 15-е, пятница 13-е
		return sp, next, s.free(next) && (s.is(at-1, "на") && d > 3 || weekdays[s.at(at-1).text] > 0 || s.at(at).kind == digits && at == 0)
	}
	if s.at(at).kind != digits && s.is(at-1, "до", "после", "около", "от", "у", "из", "для", "без") {
		return spec{}, at, false
	}
	return sp, next, s.free(next) && !s.is(at-1, "половина", "половине", "половину", "начале", "конце", "середине", "четверть", "минут")
}

// free reports whether an ordinal stands alone: the text ends, or what follows is no noun.
func (s *scan) free(at int) bool {
	t := s.at(at)
	return t.kind == symbol || t.kind == word && len(t.text) <= 4 || offsets[t.text] != 0 || s.is(at, "утром", "днем", "вечером", "числа")
}

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
	cycles := map[which]int{unsaid: 1, this: 0}[w]
	switch w {
	case unsaid:
		cycles = 1
	case last:
		cycles = -1
	default:
		cycles = int(w - this)
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
	part := 0
	switch {
	case s.is(at, "начало", "начале", "начала", "началу", "beginning", "start"):
		part = 0
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

// genitive reports whether a word is likely a noun or an adjective that a number before it counts.
func (s *scan) genitive(i int) bool {
	t := s.at(i)
	if t.kind != word || weekdays[t.text] > 0 || s.is(i, "утра", "дня", "вечера", "ночи") {
		return false
	}
	if latin(t.text) {
		return s.noun(i) && strings.HasSuffix(t.text, "s") && len(t.text) > 3 && !s.is(i, "thanks", "always", "sometimes")
	}
	for n, r := range s.read(i) {
		if n > 2 || r.Score < 0.2 {
			break
		}
		switch r.Grammemes[0] {
		case "NOUN", "ADJF":
			for _, g := range r.Grammemes {
				if g == "gent" || (g == "loct" || g == "datv") && r.Score > 0.4 {
					return true
				}
			}
		}
	}
	return false
}

// noun reports whether a word may be an English noun that the one before describes.
func (s *scan) noun(i int) bool {
	t := s.at(i)
	if t.kind != word || !latin(t.text) || months[t.text] > 0 || weekdays[t.text] > 0 || offsets[t.text] != 0 {
		return false
	}
	readings := s.read(i)
	return len(readings) > 0 && readings[0].Grammemes[0] == "NOUN"
}

// timeStarts are the words that a time may begin with, besides numbers and adjectives of choice.
var timeStarts = sync.OnceValue(func() map[string]bool {
	all := map[string]bool{}
	for word := range strings.FieldsSeq(`после до с со от между через спустя без прямо сейчас щас рано раннее поздно поздний утром
		утречком утро утра утру днем день вечером вечерком вечер вечера вечеру ночью ночь ночи обед обеду выходные выходных
		начало начале начала началу середина середине середины середину конец конце конца концу beginning start middle end
		весной летом осенью зимой весну лето осень зиму spring summer autumn winter четверть четверти этот эту это этого этой этом эти эта этим этих неделе месяце
		day week in a an half quarter from between until till before after now right weekend noon midday midnight at morning
		afternoon evening night early late lunch lunchtime`) {
		all[word] = true
	}
	for _, table := range []map[string]int{offsets, weekdays, months, wholeMonths} {
		for word := range table {
			all[word] = true
		}
	}
	for word := range timeUnits {
		all[word] = true
	}
	for word := range choices {
		all[word] = true
	}
	for _, table := range []map[string]ordinalWord{russianOrdinals(), englishOrdinals()} {
		for word := range table {
			all[word] = true
		}
	}
	for _, h := range holidays {
		first, _, _ := strings.Cut(h.words, " ")
		all[first] = true
	}
	return all
})

// startsTime reports whether a time may begin with a word; most words are seen to begin none.
func (s *scan) startsTime(at int) bool {
	t := s.at(at)
	if t.kind != word {
		return t.kind == digits
	}
	if timeStarts()[t.text] || strings.HasPrefix(t.text, "пол") {
		return true
	}
	if _, _, ok := s.choice(at); ok {
		return true
	}
	_, ok := s.cardinalAt(at)
	return ok
}
