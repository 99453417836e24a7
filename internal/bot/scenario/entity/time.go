package entity

import "time"

func ruleTime(s *scan, at int) (int, any) {
	v, next, ok := s.time(at)
	if !ok {
		return at, nil
	}
	return next, v
}

// ruleDate is ruleTime for what names a day or a longer time, no clock.
func ruleDate(s *scan, at int) (int, any) {
	v, next, ok := s.time(at)
	switch {
	case !ok:
		return at, nil
	case v.Grain == "second" || v.Grain == "minute" || v.Grain == "hour":
		return next, nil
	}
	return next, v
}

// ruleClock is ruleTime for what names a time of the day with no day.
func ruleClock(s *scan, at int) (int, any) {
	v, next, ok := s.time(at)
	switch {
	case !ok:
		return at, nil
	case s.times[at].dated:
		return next, nil
	}
	return next, v
}

// ruleInterval is ruleTime for what has a beginning or an end.
func ruleInterval(s *scan, at int) (int, any) {
	v, next, ok := s.time(at)
	switch {
	case !ok:
		return at, nil
	case v.From == nil && v.To == nil:
		return next, nil
	}
	return next, v
}

// timeRead is the time that was found at a word.
type timeRead struct {
	value *timeValue // nil: none
	next  int
	dated bool // a day is said
	lead  int
}

// time reads a time or an interval.
func (s *scan) time(at int) (*timeValue, int, bool) {
	if !s.startsTime(at) {
		return nil, at, false
	}
	r, ok := s.times[at]
	if !ok {
		r = s.readTime(at)
		s.times[at] = r
	}
	s.lead = r.lead
	return r.value, r.next, r.value != nil
}

func (s *scan) readTime(at int) timeRead {
	if r, ok := s.interval(at); ok {
		return r
	}
	sp, next, ok := s.when(at)
	if !ok {
		return timeRead{next: at, lead: -1}
	}
	if sp.said&(saidClock|saidPart) == 0 {
		if r, ok := s.ends(s.stepOver(next), sp); ok {
			r.lead = s.leading(at)
			return r
		}
		if r, ok := s.open(next, sp); ok {
			r.lead = s.leading(at)
			return r
		}
	}
	m, ok := sp.resolve(s.Now)
	if !ok || !civil(m.at) {
		return timeRead{next: at, lead: -1}
	}
	return timeRead{value: m.value(), next: next, dated: sp.said&dates != 0, lead: s.leading(at)}
}

// leading is where the preposition before a time is; -1 when there is none.
func (s *scan) leading(at int) int {
	if s.is(at-1, "the") {
		at--
	}
	if s.is(at-1, "в", "во", "на", "к", "ко", "с", "со", "at", "on", "in", "by", "for") {
		return at - 1
	}
	return -1
}

// when reads dates, times and parts of the day that belong together, with prepositions and commas
// between them.
func (s *scan) when(at int) (spec, int, bool) {
	sp, next, ok := s.piece(at, spec{})
	if !ok {
		return spec{}, at, false
	}
	for range 6 {
		start := s.stepOver(next)
		more, end, ok := s.piece(start, sp)
		if !ok || s.startsRange(start, sp) {
			break
		}
		sp, next = more, end
	}
	return sp, next, true
}

// startsRange reports whether a piece is rather the beginning of an interval: "завтра 10:00-12:00".
func (s *scan) startsRange(at int, sp spec) bool {
	if sp.said&(saidClock|saidPart) != 0 {
		return false
	}
	_, ok := s.ends(at, sp)
	return ok
}

// stepOver steps over what joins the parts of a time.
func (s *scan) stepOver(at int) int {
	for range 4 {
		if s.is(at, "часов", "часиков", "часа") && s.is(at+1, "в", "к") {
			at++ // часов в десять
		}
		if s.is(at, "где") && s.is(at+1, "-") && s.is(at+2, "то") {
			at += 3
		}
		if !s.is(at, ",", "в", "во", "на", "к", "ко", "at", "on", "of", "the", "in", "около", "примерно", "around", "районе", "ровно", "@", "t") || s.is(at, "in") && !s.is(at+1, "the") || s.is(at, "t") && !s.glued(at) {
			break
		}
		at++
	}
	return at
}

// piece reads one part of a time and adds it to what was said before.
func (s *scan) piece(at int, so spec) (best spec, next int, ok bool) {
	next = at
	if sp, end, found := s.date(at); found && so.joins(sp.said) {
		best, next, ok = so.with(sp), end, true
	}
	if so.joins(saidClock) {
		bare := s.beforeClock(at) || so.said&dates != 0 && s.is(at-1, "на", "t")
		if sp, end, found := s.clock(at, bare); found && end > next && (so.said&saidPart == 0 || sp.said&saidPart == 0 || so.part == sp.part) {
			best, next, ok = so.with(sp), end, true
		}
	}
	if so.said&saidPart == 0 && so.joins(saidPart) {
		if p, end, found := s.partOfDay(at, so); found && end > next {
			best, next, ok = so.with(spec{said: saidPart, part: p}), end, true
		}
	}
	return best, next, ok
}

// joins reports whether a part may be added.
func (sp spec) joins(more said) bool {
	have := sp.said & dates
	switch {
	case sp.said == 0:
		return true
	case more&(saidClock|saidPart)&sp.said != 0 && more&dates != 0, sp.said&saidNow != 0 || more&saidNow != 0:
		return false
	case more&saidClock != 0 && sp.said&saidClock != 0:
		return false
	case more&dates == 0:
		return have == 0 || sp.isDay()
	case have == 0:
		return spec{said: more}.isDay() || more&saidShift != 0
	case have == saidOffset:
		return more&saidDay != 0 || more == saidWeekday
	case have == saidWeekday:
		return more&(saidOffset|saidCycle|saidShift) != 0 || more&saidDay != 0
	case more&dates == saidWeekday:
		return have&(saidOffset|saidDay|saidCycle|saidShift) != 0
	case more&dates == saidCycle:
		return have == saidDay || have == saidDay|saidMonth
	case have == saidCycle:
		return more&dates == saidDay || more&dates == saidDay|saidMonth
	}
	return false
}

// isDay reports whether what was said is one day.
func (sp spec) isDay() bool {
	return sp.said&(saidDay|saidWeekday|saidOffset) != 0 || sp.said&saidShift != 0 && sp.shift.grain >= day
}

// with adds what another part says.
func (sp spec) with(more spec) spec {
	if more.said&(saidOffset|saidDay|saidMonth) != 0 {
		sp.said &^= saidWeekday // the date says more
	}
	if more.said&saidDay != 0 {
		sp.said &^= saidOffset
	}
	if more.said&saidWeekday != 0 && sp.said&(saidOffset|saidDay) != 0 {
		return sp
	}
	if more.said&saidYear != 0 {
		sp.year = more.year
	}
	if more.said&saidMonth != 0 {
		sp.month = more.month
	}
	if more.said&saidDay != 0 {
		sp.day = more.day
	}
	if more.stretch != (stretch{}) {
		sp.stretch = more.stretch
	}
	if more.said&(saidWeekday|saidWeekend|saidMonth) != 0 {
		sp.weekday, sp.which = more.weekday, more.which
	}
	if more.said&saidOffset != 0 {
		sp.offset = more.offset
	}
	if more.said&saidShift != 0 {
		sp.shift = more.shift
	}
	if more.said&saidCycle != 0 {
		sp.cycle, sp.cycles = more.cycle, more.cycles
	}
	if more.said&saidClock != 0 {
		sp.hour, sp.minute, sp.second, sp.exact, sp.halved, sp.fine = more.hour, more.minute, more.second, more.exact, more.halved, more.fine
	}
	if more.part.name != "" {
		sp.part = more.part
	}
	sp.said |= more.said
	return sp
}

// partOfDay reads утром, после обеда, in the evening. Nouns count only where they cannot be a
// greeting.
func (s *scan) partOfDay(at int, so spec) (part, int, bool) {
	if s.speaks("ru") {
		if p, next, ok := s.russianPart(at, so); ok {
			return p, next, true
		}
	}
	if s.speaks("en") {
		return s.englishPart(at, so)
	}
	return part{}, at, false
}

func (s *scan) russianPart(at int, so spec) (part, int, bool) {
	from := at
	early, late := s.is(at, "рано", "раннее"), s.is(at, "поздно", "поздний")
	if early || late {
		at++
	}
	var p part
	dated := so.said&dates != 0
	noun := dated || s.is(from-1, "на", "в", "под", "к", "с", "до")
	switch {
	case s.is(at, "утром", "утречком"), noun && s.is(at, "утро", "утра", "утру"), s.is(at, "с") && s.is(at+1, "утра"):
		if p = morning; s.is(at, "с") {
			at++
		}
		if early {
			p.to = 9
		}
	case s.is(at, "днем") && !s.is(from-1, "с", "со", "этим", "каждым"), dated && s.is(at, "день"):
		p = afternoon
	case s.is(at, "вечером", "вечерком"), noun && s.is(at, "вечер", "вечера", "вечеру"):
		if p = evening; late {
			p.from = 21
		}
	case s.is(at, "ночью"), noun && s.is(at, "ночь", "ночи"):
		p = night
	case s.is(at, "после") && s.is(at+1, "обеда"):
		p, at = part{"afternoon", 13, 17}, at+1
	case s.is(at, "до") && s.is(at+1, "обеда"):
		p, at = part{"morning", 4, 12}, at+1
	case s.is(at, "после") && s.is(at+1, "работы"):
		p, at = part{"evening", 17, 21}, at+1
	case s.is(at, "обед") && noun, s.is(at, "обеду") && s.is(from-1, "к"):
		p = part{"afternoon", 12, 14}
	default:
		return p, from, false
	}
	if s.is(at, "утра", "вечера", "ночи", "ночь", "утро", "вечер") && s.is(from-1, "до") {
		return p, from, false
	}
	return p, at + 1, true
}

func (s *scan) englishPart(at int, so spec) (part, int, bool) {
	from, dated := at, so.said&dates != 0
	named := dated || s.is(at-1, "the", "this")
	if s.is(at, "this") {
		at, named = at+1, true
	}
	early, late := s.is(at, "early"), s.is(at, "late")
	if early || late {
		at++
		if s.is(at, "in") && s.is(at+1, "the") {
			at += 2
		}
		named = true
	}
	var p part
	switch {
	case named && s.is(at, "morning"):
		if p = morning; early {
			p.to = 9
		}
	case named && s.is(at, "afternoon"):
		p = afternoon
	case named && s.is(at, "evening"):
		p = evening
	case dated && s.is(at, "night"):
		if p = evening; late {
			p.from = 21
		}
	case s.is(at, "after") && s.is(at+1, "lunch"):
		p, at = part{"afternoon", 13, 17}, at+1
	case s.is(at, "after") && s.is(at+1, "work"):
		p, at = part{"evening", 17, 21}, at+1
	case s.is(at, "at") && s.is(at+1, "night"):
		p, at = night, at+1
	case s.is(at, "at") && s.is(at+1, "lunch"), dated && s.is(at, "lunch"), s.is(at, "lunchtime"):
		if p = (part{"afternoon", 12, 14}); s.is(at, "at") {
			at++
		}
	default:
		return p, from, false
	}
	return p, at + 1, true
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
