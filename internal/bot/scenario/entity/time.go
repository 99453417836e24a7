package entity

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
