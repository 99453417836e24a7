package entity

import (
	"math"
	"strings"
)

// grain is a unit of time, and how exactly a time is known.
type grain uint8

const (
	second grain = iota
	minute
	hour
	day
	week
	month
	quarter
	year
)

var grainNames = [...]string{"second", "minute", "hour", "day", "week", "month", "quarter", "year"}

// seconds of each grain; months and years are those of Duckling.
var grainSeconds = [...]float64{1, 60, 3600, 86400, 7 * 86400, 30 * 86400, 90 * 86400, 365 * 86400}

// smaller is what a part of a unit is counted in, and how many of them make one.
var smaller = [...]struct {
	grain grain
	count float64
}{second: {second, 1}, minute: {second, 60}, hour: {minute, 60}, day: {hour, 24}, week: {day, 7}, month: {day, 30}, quarter: {month, 3}, year: {month, 12}}

// longest is how long a duration may be, in seconds: 10,000 years.
const longest = 1e4 * 365 * 86400

// timeUnit is a word for a unit of time.
type timeUnit struct {
	grain grain
	times float64
	// one: without a number it can be one unit ("через неделю").
	one bool
	// many: it may stand before its number ("минут пять").
	many bool
	// close: only behind digits ("2ч").
	close bool
}

var timeUnits = func() map[string]timeUnit {
	t := map[string]timeUnit{}
	add := func(u timeUnit, words string) {
		for word := range strings.FieldsSeq(words) {
			t[word] = u
		}
	}
	for g, words := range map[grain][4]string{
		second:  {"секунду секунда секундочку", "секунд секунды", "секундой секундочек сек", ""},
		minute:  {"минуту минута минутку минуточку", "минут минуты минуток", "минутой мин", ""},
		hour:    {"час часик часок", "часов часа", "часу часом часика часиков ч", ""},
		day:     {"день денек денечек", "дней дня", "дню деньков днем дн", ""},
		week:    {"неделю неделя недельку недельки", "недель недели", "неделей нед", ""},
		month:   {"месяц месяцок", "месяцев месяца", "месяцу мес", ""},
		quarter: {"квартал", "кварталов квартала", "", ""},
		year:    {"год годик", "лет года", "годов году годика", ""},
	} {
		add(timeUnit{grain: g, times: 1, one: true}, words[0])
		add(timeUnit{grain: g, times: 1, many: true}, words[1])
		add(timeUnit{grain: g, times: 1}, words[2])
	}
	add(timeUnit{grain: day, times: 1, one: true}, "сутки")
	add(timeUnit{grain: day, times: 1, many: true}, "суток")
	for i, words := range []string{"second seconds sec secs", "minute minutes min mins", "hour hours hr hrs", "day days", "week weeks wk wks",
		"month months", "quarter quarters", "year years yr yrs"} {
		add(timeUnit{grain: grain(i), times: 1}, words)
	}
	add(timeUnit{grain: week, times: 2, one: true}, "fortnight")
	for g, words := range map[grain]string{second: "s", minute: "m м", hour: "h"} {
		add(timeUnit{grain: g, times: 1, close: true}, words)
	}
	return t
}()

// halves are words for half a unit.
var halves = map[string]grain{
	"полчаса": hour, "получаса": hour, "получасу": hour, "полчасика": hour, "полчасик": hour, "полминуты": minute, "полминутки": minute, "полгода": year,
	"полугода": year, "полдня": day, "полмесяца": month, "полнедели": week, "полсекунды": second,
}

func (s *scan) timeUnit(i int) (timeUnit, bool) {
	t := s.at(i)
	if t.kind != word || !s.speaks(languageOf(t.text)) {
		return timeUnit{}, false
	}
	u, ok := timeUnits[t.text]
	if ok && u.close && (!s.glued(i) || s.at(i-1).kind != digits) {
		return u, false
	}
	return u, ok
}

func languageOf(text string) string {
	if latin(text) {
		return "en"
	}
	return "ru"
}

// span is a length of time in one unit.
type span struct {
	count float64
	grain grain
}

func (d span) seconds() float64 { return d.count * grainSeconds[d.grain] }

// whole is the same length in the largest unit that needs no fraction.
func (d span) whole() span {
	for d.count != math.Trunc(d.count) && d.grain > second {
		part := smaller[d.grain]
		d = span{round(d.count * part.count), part.grain}
	}
	return d
}

// round takes the dust of binary fractions off.
func round(value float64) float64 { return math.Round(value*1e6) / 1e6 }

// plus adds a length in a smaller unit.
func (d span) plus(e span) span {
	if e.grain == d.grain {
		return span{d.count + e.count, d.grain}
	}
	if d.grain >= month && e.grain < month {
		return span{round((d.seconds() + e.seconds()) / grainSeconds[e.grain]), e.grain}
	}
	for d.grain > e.grain {
		part := smaller[d.grain]
		d = span{d.count * part.count, part.grain}
	}
	return span{round(d.count + e.count), d.grain}
}

// durationValue is the shape of a duration.
type durationValue struct {
	Value   number `json:"value"`
	Unit    string `json:"unit"`
	Seconds number `json:"seconds"`
}

func ruleDuration(s *scan, at int) (int, any) {
	bare := s.is(at-1, "на", "за", "в", "около", "примерно", "целый", "целую", "целые", "весь", "всю", "каждый", "каждую") ||
		at == 0 && len(s.tokens) == 1
	d, next, ok := s.duration(at, bare && !s.is(at-1, "в"))
	if !ok {
		return at, nil
	}
	return next, durationValue{number{value: d.count}, grainNames[d.grain], number{value: round(d.seconds())}}
}

// duration reads a length of time; bare lets a unit alone be one of it.
func (s *scan) duration(at int, bare bool) (span, int, bool) {
	d, next, ok := s.oneDuration(at, bare)
	if !ok && s.is(at+1, "и", "and") { // год и три месяца
		if d, next, ok = s.oneDuration(at, true); ok {
			e, _, smaller := s.oneDuration(next+1, false)
			ok = smaller && e.grain < d.grain
		}
	}
	if !ok || d.count < 0 || d.seconds() > longest {
		return span{}, at, false
	}
	for range 6 {
		i := next
		if s.is(i, "и", "and", ",") {
			i++
		}
		e, end, found := s.oneDuration(i, false)
		if !found || e.grain >= d.grain || e.seconds() >= grainSeconds[d.grain] || e.count < 0 || s.at(i).kind == word && halves[s.at(i).text] > 0 && i == next {
			break
		}
		d, next = d.plus(e), end
	}
	return d.whole(), next, true
}

// oneDuration reads one unit with its number.
func (s *scan) oneDuration(at int, bare bool) (span, int, bool) {
	if g, ok := halves[s.at(at).text]; ok && s.speaks("ru") {
		return span{0.5, g}, at + 1, true
	}
	if factor, i, ok := s.part(at); ok {
		if u, ok := s.timeUnit(i); ok && !u.close {
			return span{factor * u.times, u.grain}, i + 1, true
		}
	}
	if s.is(at, "a", "an", "one") && s.speaks("en") {
		if u, ok := s.timeUnit(at + 1); ok && s.english(at+1) {
			return s.withHalf(span{u.times, u.grain}, at+2)
		}
	}
	if u, ok := s.timeUnit(at); ok && !u.close {
		from := at + 1
		if s.is(from, "на") {
			from++ // дня на три
		}
		if n, next, numbered := s.number(from); numbered && u.many && (n.whole || n.value == 1.5) && n.value > 0 && !s.numberBefore(at) && !s.measured(next) {
			return span{n.value * u.times, u.grain}, next, true
		}
		if d, next, ok := s.withHalf(span{u.times, u.grain}, at+1); ok && u.one && (bare || next > at+1) {
			return d, next, true
		}
		return span{}, at, false
	}
	n, next, ok := s.few(at)
	if !ok {
		return span{}, at, false
	}
	if s.is(next, "-") && s.glued(next) && s.glued(next+1) {
		next++ // 30-minute
		if _, end, ok := s.number(next); ok && s.measured(end) {
			next = end // 2-3 дня: the shorter
		}
	}
	if s.is(next, "рабочих", "календарных", "полных", "business", "working") {
		next++
	}
	u, ok := s.timeUnit(next)
	if !ok || u.close && !s.closeUnit(next) {
		return span{}, at, false
	}
	return s.withHalf(span{n.value * u.times, u.grain}, next+1)
}

// few reads a number; "a few" are three, as in Duckling.
func (s *scan) few(at int) (number, int, bool) {
	switch {
	case s.is(at, "несколько") && s.speaks("ru"), s.is(at, "few", "several") && s.speaks("en"):
		return number{value: 3, whole: true}, at + 1, true
	case s.is(at, "a") && s.is(at+1, "few") && s.speaks("en"):
		return number{value: 3, whole: true}, at + 2, true
	}
	return s.number(at)
}

// closeUnit reports whether a letter behind digits is a unit of time: "2h", "30m" behind hours.
func (s *scan) closeUnit(i int) bool {
	if s.is(i, "h", "s") {
		return true
	}
	return s.is(i-2, "h", "ч", "hr", "час", "часа", "часов")
}

// part reads half and quarter before a unit.
func (s *scan) part(at int) (float64, int, bool) {
	switch {
	case s.is(at, "пол", "половина", "половину") && s.speaks("ru"):
		if s.is(at+1, "-") {
			at++
		}
		return 0.5, at + 1, true
	case s.is(at, "четверть") && s.speaks("ru"):
		return 0.25, at + 1, true
	case s.is(at, "half", "quarter") && s.speaks("en"):
		factor := 0.5
		if s.is(at, "quarter") {
			factor = 0.25
		}
		if at++; s.is(at, "of") {
			at++
		}
		if s.is(at, "a", "an") {
			at++
		}
		return factor, at, true
	case s.is(at, "a") && s.is(at+1, "quarter", "half") && s.speaks("en"):
		return s.part(at + 1)
	}
	return 0, at, false
}

// withHalf adds "с половиной" behind the unit.
func (s *scan) withHalf(d span, next int) (span, int, bool) {
	half, end := s.half(next)
	d.count += half
	return d, end, true
}

// numberBefore reports whether a number stands before a unit, so that it is that one's.
func (s *scan) numberBefore(at int) bool {
	if s.at(at-1).kind == digits {
		return true
	}
	_, ok := s.cardinalAt(at - 1)
	return ok
}

// measured reports whether a unit of time stands there.
func (s *scan) measured(at int) bool {
	_, ok := s.timeUnit(at)
	return ok
}
