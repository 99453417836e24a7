package entity

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// digital reads a number in digits: 33, 1.5, 1,5, 30.000, 1 500, 1/2. Digits behind a Latin
// letter or a capital one are part of a name (MP3, А4), and a chain of dots and digits that
// groups no thousands is a date, a version or an address: next is behind it.
func (s *scan) digital(at int) (number, int, bool) {
	if s.inName(at) {
		return number{}, at + 1, false
	}
	parts, separators, next := s.chain(at)
	if separators == "" {
		if n, end, ok := s.fractionOf(at); ok {
			return n, end, true
		}
		return s.spacedThousands(at)
	}
	text, ok := s.joinParts(parts, separators)
	if !ok {
		return number{}, next, false
	}
	n, ok := parseDigits(text)
	return n, next, ok
}

// inName reports whether digits continue a word.
func (s *scan) inName(at int) bool {
	if !s.glued(at) || s.at(at-1).kind != word {
		return false
	}
	if s.is(at-1, "h", "m") && s.glued(at-1) && s.at(at-2).kind == digits && (!s.glued(at-2) || s.is(at-3, "h")) {
		return false // 2h30m
	}
	if s.is(at-1, "t") && s.glued(at-1) && s.is(at-3, "-") {
		return false // 2019-12-11T15:30
	}
	last, _ := utf8.DecodeLastRuneInString(s.text[:s.at(at).start])
	return !unicode.Is(unicode.Cyrillic, last) || unicode.IsUpper(last)
}

// chain collects runs of digits with a dot, a comma or an apostrophe between.
func (s *scan) chain(at int) (parts []string, separators string, next int) {
	parts, next = append(parts, s.at(at).text), at+1
	for s.is(next, ".", ",", "'") && s.glued(next) && s.glued(next+1) && s.at(next+1).kind == digits {
		separators += s.at(next).text
		parts = append(parts, s.at(next+1).text)
		if next += 2; len(parts) > 40 {
			break
		}
	}
	return parts, separators, next
}

// joinParts writes the parts as Go reads a number.
func (s *scan) joinParts(parts []string, separators string) (string, bool) {
	last := len(parts) - 1
	mark := separators[0]
	grouped := len(parts[0]) <= 3 && parts[0][0] != '0'
	for _, part := range parts[1:last] {
		grouped = grouped && len(part) == 3
	}
	same := strings.Count(separators, separators[:1]) == len(separators)
	switch {
	case last == 1 && mark != '\'':
		if grouped && len(parts[1]) == 3 && (mark == '.') == s.russian() {
			return parts[0] + parts[1], true // 30.000, 30,000
		}
		return parts[0] + "." + parts[1], true
	case grouped && same && len(parts[last]) == 3:
		return strings.Join(parts, ""), true // 550.000.000
	case grouped && strings.Count(separators[:last-1], separators[:1]) == last-1:
		return strings.Join(parts[:last], "") + "." + parts[last], true // 1.500,75
	}
	return "", false
}

// spacedThousands reads digits, with groups of three behind them: 1 500, 1 500,50, 1 500р. Where
// more digits follow that are no group it is a list of numbers or a phone.
func (s *scan) spacedThousands(at int) (number, int, bool) {
	text, next := s.at(at).text, at+1
	if len(text) <= 3 && text[0] != '0' && (!s.glued(at) || !s.is(at-1, "-", ":", "/")) {
		if all, end := s.groups(text, next); s.at(end).kind != digits {
			text, next = all, end
		}
	}
	n, ok := parseDigits(text)
	return n, next, ok
}

// groups adds groups of three digits.
func (s *scan) groups(text string, next int) (string, int) {
	for len(text) < 15 && s.spaced(next) && s.at(next).kind == digits && len(s.at(next).text) == 3 {
		if s.glued(next+1) && s.is(next+1, "-", "/", ":") {
			break
		}
		parts, separators, end := s.chain(next)
		if len(separators) > 1 {
			break
		}
		text, next = text+parts[0], end
		if separators != "" {
			return text + "." + parts[1], next
		}
	}
	return text, next
}

// fractionOf reads 1/2 and 3/4; 24/7 and 11/12/2019 are none.
func (s *scan) fractionOf(at int) (number, int, bool) {
	if !s.is(at+1, "/") || !s.glued(at+1) || !s.glued(at+2) || s.at(at+2).kind != digits || s.is(at+3, "/") || s.is(at-1, "/") {
		return number{}, at, false
	}
	a, errA := strconv.Atoi(s.at(at).text)
	b, errB := strconv.Atoi(s.at(at + 2).text)
	if errA != nil || errB != nil || a < 1 || a >= b || b > 10 {
		return number{}, at, false
	}
	return number{value: float64(a) / float64(b)}, at + 3, true
}

// parseDigits reads digits with at most one point.
func parseDigits(text string) (number, bool) {
	if len(text) > maxDigits {
		return number{}, false
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return number{}, false
	}
	n := number{value: value, digital: true, whole: value == math.Trunc(value)}
	if value >= 1e15 && !strings.Contains(text, ".") {
		n.text = strings.TrimLeft(text, "0")
	}
	return n, true
}
