package entity

import (
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
		case len(t.text) == 4 && y >= 1000 && y < 3000 && (s.at(end).kind == symbol && (!s.is(end, ".", ",", "/", ":", "-") || !s.glued(end+1) || s.at(end+1).kind != digits) || s.is(end, "г", "года")):
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
