package entity

import "time"

// startsRange reports whether a piece is rather the beginning of an interval: "завтра 10:00-12:00".
func (s *scan) startsRange(at int, sp spec) bool {
	if sp.said&(saidClock|saidPart) != 0 {
		return false
	}
	_, ok := s.ends(at, sp)
	return ok
}

// interval reads с 5 до 7, from Monday to Friday, between, 5-7 декабря, and what is open: до
// пятницы, after 6 pm.
func (s *scan) interval(at int) (timeRead, bool) {
	if r, ok := s.ends(at, spec{}); ok {
		return r, true
	}
	return s.open(at, spec{})
}

// open reads an interval with one end, on a day that was said before: завтра после шести.
func (s *scan) open(at int, day spec) (timeRead, bool) {
	before, after := s.is(at, "до", "until", "till", "before"), s.is(at, "после", "after")
	if !before && !after || s.is(at+1, "завтра") && after || !s.speaks(languageOf(s.at(at).text)) {
		return timeRead{}, false
	}
	start := at + 1
	if s.is(start, "the") {
		start++
	}
	sp, next, ok := s.when(start)
	if !ok || sp.said&saidPart != 0 && sp.said&saidClock == 0 || day.said != 0 && (sp.said&dates != 0 || !day.isDay()) {
		return timeRead{}, false
	}
	if day.said != 0 {
		sp = day.with(sp)
	}
	m, ok := sp.resolve(s.Now)
	if !ok || !civil(m.at) {
		return timeRead{}, false
	}
	v := point(m.at, m.grain)
	if before {
		v.To = point(m.at, m.grain)
	} else {
		v.From = point(m.at, m.grain)
	}
	return timeRead{v, next, sp.said&dates != 0, -1}, true
}

// ends reads an interval with both ends, on a day that was said before.
func (s *scan) ends(at int, day spec) (timeRead, bool) {
	start, opened := at, false
	if s.is(at, "с", "со", "от", "from", "between", "между") && s.speaks(languageOf(s.at(at).text)) {
		start, opened = at+1, true
	}
	if s.is(start, "the") {
		start++
	}
	a, mid, ok := s.end(start, opened)
	if !ok {
		return timeRead{}, false
	}
	to, ok := s.toward(mid, opened)
	if !ok {
		return timeRead{}, false
	}
	b, next, ok := s.end(to, true)
	if !ok || !a.meets(&b, s.is(at, "с", "со", "from") || s.is(at-1, "в", "at")) {
		return timeRead{}, false
	}
	if a.said&dates == 0 && b.said&dates != 0 && b.said&saidClock != 0 && day.said == 0 {
		day, b.said = b, b.said&^dates // с 10 до 12 завтра
		day.said, day.part = day.said&dates, part{}
	} else if day.said == 0 && (a.said|b.said)&dates == 0 {
		if sp, end, ok := s.when(s.stepOver(next)); ok && sp.said&(saidClock|saidPart) == 0 && sp.isDay() {
			day, next = sp, end
		}
	}
	if day.said != 0 {
		if (a.said|b.said)&dates != 0 || !day.isDay() {
			return timeRead{}, false
		}
		a = day.with(a)
	}
	from, till, ok := between(a, b, s.Now)
	if !ok {
		return timeRead{}, false
	}
	v := point(from.at, from.grain)
	v.From, v.To = point(from.at, from.grain), point(till.at, till.grain)
	return timeRead{v, next, (a.said|b.said)&dates != 0, -1}, true
}

// saidNumber marks an end of an interval that is only a number: an hour or a day.
const saidNumber said = 1 << 15

// end reads an end of an interval.
func (s *scan) end(at int, bare bool) (spec, int, bool) {
	sp, next, ok := s.piece(at, spec{})
	if ok {
		for range 4 {
			start := s.stepOver(next)
			if more, end, found := s.piece(start, sp); found && !s.is(start, "-") {
				sp, next = more, end
				continue
			}
			break
		}
	}
	if ok {
		if n, end, number := s.small(at, 24); number && end == next && sp.said == saidClock {
			sp.said, sp.day = saidNumber, n
		}
		return sp, next, true
	}
	if c, end, found := s.clock(at, bare); found && c.fine != hour {
		return c, end, true
	} else if found {
		return spec{said: saidNumber, hour: c.hour, day: c.hour, fine: hour, exact: c.exact}, end, true
	}
	if y, end, ok := s.yearNumber(at); ok {
		return spec{said: saidNumber, year: y, day: 99, hour: 99}, end, true
	}
	n, next, ok := s.dayNumber(at)
	if !ok || s.counts(next) && !s.is(next, "-") {
		return spec{}, at, false
	}
	return spec{said: saidNumber, hour: n, day: n, fine: hour, exact: n > 12}, next, true
}

// toward reads what stands between the ends.
func (s *scan) toward(at int, opened bool) (int, bool) {
	switch {
	case s.is(at, "-", "–", "—"):
		at++
	case opened && s.is(at, "до", "по", "to", "till", "until", "through", "and", "и"):
		at++
	case s.is(at, "to", "till", "until", "through", "до", "по") && s.speaks(languageOf(s.at(at).text)):
		at++
	default:
		return at, false
	}
	if s.is(at, "the") {
		at++
	}
	return at, true
}

// meets completes the ends of an interval by each other; false when they do not go together.
func (sp *spec) meets(b *spec, fromTo bool) bool {
	if sp.said&saidNumber != 0 && b.said&saidNumber != 0 {
		if !fromTo || sp.hour > 24 || b.hour > 24 {
			return false // 5-7 and "between 1 and 10" may be anything
		}
		sp.said, b.said = saidClock, saidClock
	}
	if sp.said&saidNumber != 0 {
		if !sp.take(*b) {
			return false
		}
	}
	if b.said&saidNumber != 0 {
		if !b.take(*sp) {
			return false
		}
	}
	if b.said&saidClock != 0 && sp.said&saidClock != 0 && !sp.exact && sp.part.name == "" {
		sp.followClock(*b)
	}
	clockA, clockB := sp.said&saidClock, b.said&saidClock
	return clockA == clockB && sp.said&(saidNow|saidPart)&^b.said&saidNow == 0 && sp.said&saidWeekend == 0 && b.said&saidWeekend == 0
}

// followClock takes for an hour the half of the day from the hour that ends the interval.
func (sp *spec) followClock(b spec) {
	switch {
	case b.part.name != "":
		sp.part = b.part
	case b.halved:
		if sp.exact = true; b.hour > 12 && sp.hour%12 < b.hour-12 {
			sp.hour = sp.hour%12 + 12
		}
	case b.exact:
		sp.exact = true // с 9 до 18
	}
}

// take makes of a number what the other end is: an hour beside a clock, a day beside a date.
func (sp *spec) take(other spec) bool {
	switch {
	case other.said&saidClock != 0:
		if sp.hour > 24 {
			return false
		}
		sp.said = saidClock
	case other.said&dates == saidYear && sp.year > 0:
		sp.said = saidYear
	case other.said&saidDay != 0 && sp.year == 0:
		sp.said, sp.month, sp.year = other.said, other.month, other.year
		if other.said&saidMonth != 0 && !sp.possible() {
			return false
		}
	default:
		return false
	}
	return true
}

// between puts an interval on the calendar: the end is the first such time after the beginning.
func between(a, b spec, now time.Time) (from, till moment, ok bool) {
	if a.said&dates == saidMonth|saidDay && b.said&dates == saidMonth|saidDay {
		a, b = sameYear(a, b, now)
	}
	if from, ok = a.resolve(now); !ok || !civil(from.at) {
		return from, till, false
	}
	if b.said&dates == 0 {
		if start, end, ok := paired(a, b, from, now); ok {
			return start, end, true
		}
		return overnight(b, from)
	}
	if till, ok = b.resolve(from.at); ok && b.said&saidOffset != 0 {
		till, ok = b.resolve(now)
	}
	return from, till, ok && civil(till.at) && till.at.After(from.at)
}

// sameYear puts both ends into the year in which the end is the next to come: on 7 December "1 to 9
// December" are of this year.
func sameYear(a, b spec, now time.Time) (spec, spec) {
	till, ok := b.resolve(now)
	if !ok {
		return a, b
	}
	a.year, b.year = till.at.Year(), till.at.Year()
	if a.month > b.month || a.month == b.month && a.day > b.day {
		a.year--
	}
	if start := (spec{said: saidDay | saidMonth | saidYear, year: a.year, month: a.month, day: a.day}); !start.possible() {
		return a, b
	}
	a.said, b.said = a.said|saidYear, b.said|saidYear
	return a, b
}

// paired finds hours that follow each other on one day: on the day that is said, else on the
// first that lies ahead, of today and tomorrow.
func paired(a, b spec, from moment, now time.Time) (moment, moment, bool) {
	days := 2
	y, m, d := now.Date()
	if a.said&dates != 0 {
		y, m, d = from.at.Date()
		days = 1
	}
	today := midnight(now, 0).Equal(midnight(from.at, 0)) || days == 2
	for ahead := range days {
		for _, h := range a.hours() {
			for _, e := range b.hours() {
				start := time.Date(y, m, d+ahead, h, a.minute, a.second, 0, now.Location())
				end := time.Date(y, m, d+ahead, e, b.minute, b.second, 0, now.Location())
				if end.After(start) && (!today || !start.Before(floor(now, minute))) {
					return moment{at: start, grain: a.fine}, moment{at: end, grain: b.fine}, true
				}
			}
		}
	}
	return from, moment{}, false
}

// overnight finds the first hour after the beginning.
func overnight(b spec, from moment) (moment, moment, bool) {
	y, m, d := from.at.Date()
	for days := range 2 {
		for _, h := range b.hours() {
			if t := time.Date(y, m, d+days, h, b.minute, b.second, 0, from.at.Location()); t.After(from.at) {
				return from, moment{at: t, grain: b.fine}, civil(t)
			}
		}
	}
	return from, moment{}, false
}
