package entity

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
