package entity

import (
	"math"
	"strconv"
	"strings"
)

// beforeClock reports whether a word stands before that a time of the day follows, so that
// a bare number can be one.
func (s *scan) beforeClock(at int) bool {
	if s.is(at-1, "до", "until", "till") && s.numberBefore(at-1) {
		return false // от 1 до 5
	}
	return s.is(at-1, "в", "во", "к", "ко", "до", "после", "около", "at", "by", "until", "till", "before", "after", "@", "around")
}

// clockWords are what reads a time of the day, the surest first.
var clockWords = []func(*scan, int, bool) (spec, int, bool){
	(*scan).digitalClock, (*scan).pastClock, (*scan).halfClock, (*scan).noon, (*scan).hourClock,
}

// clock reads a time of the day. bare says that a number alone is an hour.
func (s *scan) clock(at int, bare bool) (spec, int, bool) {
	if !s.startsTime(at) {
		return spec{}, at, false
	}
	for _, read := range clockWords {
		if sp, next, ok := read(s, at, bare); ok {
			sp.said |= saidClock
			return sp, next, true
		}
	}
	return spec{}, at, false
}

// digitalClock reads 15:30, 5:30pm, 15:30:10 and, behind "в" or "at", 15.30 and 15-30.
func (s *scan) digitalClock(at int, bare bool) (spec, int, bool) {
	h, ok := s.figure(at, 24)
	if !ok || s.glued(at) && s.is(at-1, ":", ".", ",", "/") {
		return spec{}, at, false
	}
	colon := s.is(at+1, ":") && s.glued(at+1) && s.glued(at+2)
	halved := s.is(at+3, "am", "pm")
	alone := at == 0 && len(s.tokens) == 3 && (len(s.at(at).text) == 2 || s.is(at+2, "00", "30")) || halved || s.is(at-1, "на") && s.is(at+1, ".")
	dotted := (bare || alone) && s.is(at+1, ".", "-") && s.glued(at+1) && s.glued(at+2) && (!s.glued(at+3) || halved)
	m, ok := s.figure(at+2, 59)
	if !ok || len(s.at(at+2).text) != 2 || !colon && !dotted || s.is(at+1, "-") && m%5 != 0 {
		return spec{}, at, false
	}
	sp := spec{hour: h, minute: m, fine: minute, exact: h > 12 || h == 0 || len(s.at(at).text) == 2 && s.at(at).text[0] == '0'}
	next := at + 3
	if sec, ok := s.figure(at+4, 59); ok && colon && s.is(next, ":") && s.glued(next) && s.glued(at+4) {
		sp.second, sp.fine, next = sec, second, at+5
	}
	if s.is(next, "часов", "часа", "час", "ч") {
		next++
	}
	if s.glued(next) && (s.is(next, ":") || s.at(next).kind == digits) {
		return spec{}, at, false
	}
	return s.withPart(sp, next)
}

// figure reads at most two digits up to a limit.
func (s *scan) figure(at, limit int) (int, bool) {
	t := s.at(at)
	if t.kind != digits || len(t.text) > 2 || s.inName(at) {
		return 0, false
	}
	n, err := strconv.Atoi(t.text)
	return n, err == nil && n <= limit
}

// small reads a whole number in digits or words up to a limit.
func (s *scan) small(at, limit int) (int, int, bool) {
	if s.at(at).kind == digits {
		n, ok := s.figure(at, limit)
		return n, at + 1, ok
	}
	n, next, ok := s.spoken(at)
	if !ok || n != math.Trunc(n) || n < 0 || n > float64(limit) || s.is(at, "пара", "пару", "двое", "трое", "a") {
		return 0, at, false
	}
	return int(n), next, true
}

// hourAt reads an hour; "час" is one.
func (s *scan) hourAt(at, limit int) (int, int, bool) {
	if s.is(at, "час") && s.speaks("ru") || s.is(at, "часу") && s.is(at-1, "к") {
		return 1, at + 1, true
	}
	return s.small(at, limit)
}

// hourClock reads an hour, with minutes or without: в пять, в 15 часов, 5pm, five thirty, пять
// вечера.
func (s *scan) hourClock(at int, bare bool) (spec, int, bool) {
	h, next, ok := s.hourAt(at, 24)
	if !ok || s.glued(at) && s.is(at-1, ".", ",", "/", ":") || s.is(next, ":") && s.glued(next) && s.glued(next+1) && s.at(next+1).kind == digits {
		return spec{}, at, false
	}
	sp := spec{hour: h, fine: hour, exact: h > 12 || h == 0}
	oclock := s.is(next, "часов", "часа", "час", "ч", "o'clock", "oclock")
	if oclock {
		if next++; s.is(next, ".") && s.glued(next) && s.is(next-1, "ч") && s.at(next+1).end > 0 && !s.capital(next+1) {
			next++
		}
	}
	m, end, minutes := s.minutes(next, oclock, bare || at == 0)
	if minutes {
		sp.minute, sp.fine, next = m, minute, end
	}
	with, end, _ := s.withPart(sp, next)
	switch {
	case at == 0 && end == len(s.tokens) && (minutes || oclock && h > 1):
		return with, end, true // the whole answer
	case end > next && s.is(next, "дня") && !bare && !oclock && !minutes && h >= 2 && h <= 4:
		return spec{}, at, false // two days
	case end > next:
		return with, end, true
	case s.is(next-1, "o'clock", "oclock"):
		return sp, next, true
	case bare && (oclock || s.is(at, "час", "часу") || !s.counts(next)):
		return sp, next, true
	}
	return spec{}, at, false
}

// minutes reads the minutes behind an hour: тридцать, ноль пять, 30 минут, oh five.
func (s *scan) minutes(at int, oclock, bare bool) (int, int, bool) {
	if s.is(at, "и") {
		if m, next, ok := s.small(at+1, 59); ok && s.is(next, "минут", "минуты", "мин") && oclock {
			return m, next + 1, true
		}
		return 0, at, false
	}
	if s.glued(at) && s.at(at-1).kind == digits {
		return 0, at, false
	}
	zero := s.is(at, "ноль", "oh", "o")
	if zero {
		at++
	}
	m, next, ok := s.small(at, 59)
	switch {
	case !ok || s.is(at, "час", "часу"):
		return 0, at, false
	case s.is(next, "минут", "минуты", "минута", "мин"):
		if !oclock && !bare {
			return 0, at, false
		}
		return m, next + 1, true
	case zero:
		return m, next, m < 10
	case s.at(at).kind == digits:
		return m, next, bare && len(s.at(at).text) == 2 && !s.counts(next) && (s.at(at-1).kind == digits || oclock)
	}
	return m, next, m >= 10 && !s.counts(next)
}

// counts reports whether what follows a number is what it counts: "в 5 классе", "at 5 places".
func (s *scan) counts(next int) bool {
	t := s.at(next)
	if t.kind == symbol {
		return s.is(next, "%", "₽", "$", "€", "-", "°") && s.glued(next) || s.is(next, ".", ",", "/") && s.glued(next+1) && s.at(next+1).kind == digits
	}
	if t.kind == digits || s.glued(next) {
		return true
	}
	if _, ok := moneys[t.text]; ok {
		return true
	}
	if u, ok := s.timeUnit(next); ok && !u.close || s.is(next, "раз", "раза", "человек", "people", "times", "percent") {
		return true
	}
	return s.genitive(next)
}

// pastClock reads half past five, quarter to six, ten past five, без четверти семь, десять минут
// шестого.
func (s *scan) pastClock(at int, _ bool) (spec, int, bool) {
	if s.is(at, "без") && s.speaks("ru") {
		m, next, ok := s.quarterOrMinutes(at + 1)
		if s.is(next, "минут", "минуты") {
			next++
		}
		if h, end, found := s.hourAt(next, 12); ok && found && h > 0 && m > 0 && m < 60 {
			return s.withPart(spec{hour: hourBefore(h), minute: 60 - m, fine: minute}, end)
		}
		return spec{}, at, false
	}
	from := at
	if s.is(from, "a") {
		from++
	}
	m, next, ok := s.quarterOrMinutes(from)
	if !ok || m == 0 || m >= 60 {
		return spec{}, at, false
	}
	if s.is(next, "минут", "минуты", "минута", "minutes", "minute") {
		next++
	}
	if o, end, ok := s.ordinal(next); ok && o.dated && !latin(s.at(next).text) && o.value >= 1 && o.value <= 12 && (s.is(next-1, "минут", "минуты", "минута", "четверть")) {
		return s.withPart(spec{hour: hourBefore(int(o.value)), minute: m, fine: minute}, end)
	}
	past := s.is(next, "past", "after")
	if !past && !s.is(next, "to", "till", "before", "of") || !s.speaks("en") {
		return spec{}, at, false
	}
	h, end, ok := s.small(next+1, 12)
	if !ok || h == 0 || s.is(next, "of", "before", "after", "till") && !s.is(next-1, "quarter", "minutes") {
		return spec{}, at, false
	}
	if s.is(next, "to") && s.is(at-1, "from", "between") && !s.is(next-1, "quarter", "minutes", "half") {
		return spec{}, at, false // from 5 to 7
	}
	sp := spec{hour: h, minute: m, fine: minute}
	if !past {
		sp.hour, sp.minute = hourBefore(h), 60-m
	}
	if s.is(end, "o'clock") {
		end++
	}
	return s.withPart(sp, end)
}

func hourBefore(h int) int { return (h+10)%12 + 1 }

func (s *scan) quarterOrMinutes(at int) (int, int, bool) {
	switch {
	case s.is(at, "четверти", "четверть", "quarter"):
		return 15, at + 1, true
	case s.is(at, "half"):
		return 30, at + 1, s.is(at+1, "past")
	}
	return s.small(at, 59)
}

// halfClock reads половина шестого, пол шестого, полшестого.
func (s *scan) halfClock(at int, _ bool) (spec, int, bool) {
	t := s.at(at)
	if !s.speaks("ru") || t.kind != word || !strings.HasPrefix(t.text, "пол") {
		return spec{}, at, false
	}
	rest, next := strings.TrimPrefix(t.text, "пол"), at+1
	if s.is(at, "пол", "половина", "половине", "половину") {
		if s.is(next, "-") {
			next++
		}
		rest = s.at(next).text
		next++
	}
	o, ok := russianOrdinals()[rest]
	if !ok || !o.dated || o.value < 1 || o.value > 12 || !strings.HasSuffix(rest, "го") {
		return spec{}, at, false
	}
	return s.withPart(spec{hour: hourBefore(int(o.value)), minute: 30, fine: minute}, next)
}

// noon reads noon and midnight.
func (s *scan) noon(at int, _ bool) (spec, int, bool) {
	switch {
	case s.is(at, "полдень", "полудня", "полудню", "noon", "midday"):
		return spec{hour: 12, exact: true, fine: hour}, at + 1, s.speaks(languageOf(s.at(at).text))
	case s.is(at, "полночь", "полуночи", "midnight"):
		return spec{hour: 0, exact: true, fine: hour, part: night}, at + 1, s.speaks(languageOf(s.at(at).text))
	}
	return spec{}, at, false
}

// withPart reads what tells the half of the day behind a clock: вечера, pm, in the morning.
func (s *scan) withPart(sp spec, at int) (spec, int, bool) {
	next := at
	switch {
	case s.is(at, "утра"):
		sp.part, next = morning, at+1
	case s.is(at, "дня"):
		sp.part, next = afternoon, at+1
	case s.is(at, "вечера"):
		sp.part, next = evening, at+1
	case s.is(at, "ночи"):
		sp.part, next = night, at+1
	case s.is(at, "am", "pm"):
		sp, next = s.meridiem(sp, s.is(at, "am")), at+1
	case s.is(at, "a", "p") && s.is(at+1, ".") && s.is(at+2, "m"):
		if sp, next = s.meridiem(sp, s.is(at, "a")), at+3; s.is(next, ".") && s.glued(next) {
			next++
		}
	case s.is(at, "in") && s.is(at+1, "the") && s.is(at+2, "morning", "afternoon", "evening"):
		sp.part, next = map[string]part{"morning": morning, "afternoon": afternoon, "evening": evening}[s.at(at+2).text], at+3
	case s.is(at, "at") && s.is(at+1, "night"):
		sp.part, next = night, at+2
	}
	if next > at && (s.english(at) && !s.speaks("en") || !s.english(at) && !s.speaks("ru")) {
		return sp, at, true
	}
	if sp.part.name != "" && sp.hour > 0 && sp.hour <= 12 {
		sp.exact = false
		sp.said |= saidPart
	}
	return sp, next, true
}

// meridiem makes the hour exact.
func (s *scan) meridiem(sp spec, am bool) spec {
	if sp.hour > 12 {
		return sp
	}
	if sp.hour %= 12; !am {
		sp.hour += 12
	}
	sp.exact, sp.halved = true, true
	return sp
}
