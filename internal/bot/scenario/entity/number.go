package entity

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// number is what a number says.
type number struct {
	value float64
	// text is the number as written, when more digits were than a float64 holds.
	text string
	// written in digits alone, with no word and no multiplier.
	digital bool
	whole   bool // with no fraction
}

// maxDigits is how long a run of digits may be to be a number; longer ones are codes.
const maxDigits = 30

// MarshalJSON writes the number plainly: 2003000, 1.5, -7.
func (n number) MarshalJSON() ([]byte, error) {
	if n.text != "" {
		return json.RawMessage(n.text), nil
	}
	return []byte(plain(n.value)), nil
}

// plain writes a number without an exponent and without the dust that sums of fractions leave.
func plain(value float64) string {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(value, 'g', 14, 64), 64)
	if err != nil || math.Abs(value) >= 1e14 {
		rounded = value
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

func ruleNumber(s *scan, at int) (int, any) {
	if n, next, ok := s.aboutThousands(at); ok {
		return next, n
	}
	n, next, ok := s.number(at)
	if !ok {
		return next, nil
	}
	return next, n
}

// aboutThousands reads "тысяч пять".
func (s *scan) aboutThousands(at int) (number, int, bool) {
	c, ok := s.cardinalAt(at)
	if !ok || c.rank != multiply || !c.mute || c.close || s.english(at) || s.numberBefore(at) {
		return number{}, at, false
	}
	n, next, ok := s.spoken(at + 1)
	if _, _, more := s.multiplier(next, ok); !ok || more || n < 1 {
		return number{}, at, false
	}
	return number{value: n * c.value, whole: true}, next, true
}

// number reads a number with its sign. When there is none, next says where the next may begin:
// a date in digits is none, and none of its parts is.
func (s *scan) number(at int) (n number, next int, ok bool) {
	negative := false
	from := at
	switch {
	case s.is(at, "минус", "minus", "negative") && s.at(at+1).end > 0:
		negative, from = true, at+1
	case s.is(at, "-", "−", "–") && !s.glued(at) && s.glued(at+1) && s.at(at+1).kind == digits:
		negative, from = true, at+1
	}
	n, next, ok = s.unsigned(from)
	if !ok {
		if negative {
			return n, at, false
		}
		return n, next, false
	}
	if _, _, ordinal := s.ordinal(from); ordinal {
		return number{}, at, false
	}
	if negative {
		n.value = -n.value
		if n.text != "" {
			n.text = "-" + n.text
		}
	}
	return n, next, true
}

// unsigned reads groups with multipliers that fall: 2 миллиона и 3 тысячи, two thousand five.
func (s *scan) unsigned(at int) (total number, next int, ok bool) {
	last := math.Inf(1)
	for next = at; ; {
		start := next
		if ok {
			start = s.joined(next, last)
		}
		g, end, found := s.group(start)
		if !found && !ok && end > start {
			return total, end, false // digits that are no number
		}
		m, afterM, multiplied := s.multiplier(end, found)
		switch {
		case !found && !multiplied:
			return total, next, ok
		case multiplied && m < last && (!ok || g.value*m < last):
			if !found {
				g = number{value: 1, whole: true}
			}
			total = number{value: total.value + g.value*m, whole: (total.whole || !ok) && (g.whole || m >= 1000)}
			next, last, ok = afterM, m, true
			if half, end := s.half(next); end > next {
				return number{value: total.value + half*m}, end, true
			}
		case !ok:
			return g, end, true
		case !multiplied && found && g.value < last && g.value >= 1 && g.whole && s.continues(start, g, last):
			return number{value: total.value + g.value, whole: total.whole}, end, true
		default:
			return total, next, ok
		}
	}
}

// continues reports whether a group without multiplier belongs to the number before it: "пять
// тысяч двести", not "два десятка 5".
func (s *scan) continues(at int, g number, last float64) bool {
	if last < 1000 && last != 100 {
		return false
	}
	return !g.digital || !strings.HasPrefix(s.at(at).text, "0")
}

// joined steps over "и" or "and" when the number goes on after it.
func (s *scan) joined(at int, last float64) int {
	switch {
	case s.is(at, "и") && s.speaks("ru"):
		g, end, found := s.group(at + 1)
		if m, _, ok := s.multiplier(end, found); found && ok && m < last && g.value*m < last {
			return at + 1
		}
		if found && last == 1000 && g.value == 1 && !g.digital {
			return at + 1 // тысяча и одна ночь
		}
	case s.is(at, "and") && s.speaks("en"):
		g, end, found := s.group(at + 1)
		if _, _, half := s.halfWords(at); half {
			return at
		}
		if m, _, ok := s.multiplier(end, found); found && ok && m < last && g.value*m < last {
			return at + 1
		}
		if found && last >= 100 && g.value < last && g.value >= 1 && !g.digital {
			return at + 1
		}
	case s.is(at, ",") && s.glued(at) && s.speaks("en"):
		g, end, found := s.group(at + 1)
		if m, _, ok := s.multiplier(end, found); found && !g.digital && last > 100 && (ok && m < last || g.value < 1000 && g.value >= 100) {
			return at + 1
		}
	}
	return at
}

// multiplier reads a word like тысяча or million; after is whether a number stands before it.
func (s *scan) multiplier(at int, after bool) (float64, int, bool) {
	c, ok := s.cardinalAt(at)
	if !ok || c.rank != multiply {
		if !after {
			return s.bareMultiplier(at)
		}
		return 0, at, false
	}
	if c.close && (!s.glued(at) || s.at(at-1).kind != digits || s.glued(at+1) && s.at(at+1).kind != symbol) {
		return 0, at, false
	}
	if !after && c.mute && !s.is(at-1, "около", "больше", "меньше", "более", "менее", "до", "от", "свыше", "порядка", "не") {
		return s.bareMultiplier(at)
	}
	next := at + 1
	if s.is(at, "тыс", "млн", "млрд", "трлн") && s.is(next, ".") && s.glued(next) && s.at(next+1).kind == word {
		next++ // 5 тыс. руб.
	}
	if s.is(next, "of") && s.is(at, "dozen") {
		return c.value, next, true
	}
	// тысяча миллионов, hundred thousand
	if c2, ok := s.cardinalAt(next); ok && c2.rank == multiply && !c2.close && c2.value > c.value {
		return c.value * c2.value, next + 1, true
	}
	return c.value, next, true
}

// bareMultiplier reads a multiplier with an article or "пол": a hundred, half a million.
func (s *scan) bareMultiplier(at int) (float64, int, bool) {
	factor, i := 1.0, at
	switch {
	case s.is(i, "пол") && s.speaks("ru"):
		factor, i = 0.5, i+1
		if s.is(i, "-") {
			i++
		}
	case s.is(i, "half") && s.speaks("en"):
		factor, i = 0.5, i+1
		if s.is(i, "a") {
			i++
		}
	case s.is(i, "a") && s.speaks("en"):
		i++
	default:
		return 0, at, false
	}
	c, ok := s.cardinalAt(i)
	if !ok || c.rank != multiply || c.close {
		return 0, at, false
	}
	if c2, ok := s.cardinalAt(i + 1); ok && c2.rank == multiply && !c2.close && c2.value > c.value {
		return factor * c.value * c2.value, i + 2, true
	}
	return factor * c.value, i + 1, true
}

// group reads what a multiplier may follow: digits, or words below a thousand, with a fraction.
func (s *scan) group(at int) (number, int, bool) {
	if s.at(at).kind == digits {
		n, next, ok := s.digital(at)
		if !ok {
			return n, next, false
		}
		if half, end := s.half(next); end > next && n.whole {
			return number{value: n.value + half}, end, true
		}
		if f, end, ok := s.fractionOf(next); ok && n.whole && n.value < 1000 && s.spaced(next) {
			return number{value: n.value + f.value}, end, true // 1 1/2
		}
		return n, next, true
	}
	value, next, ok := s.spoken(at)
	if !ok {
		return number{}, at, false
	}
	named := next
	if s.is(next, "-") && s.glued(next) && s.glued(next+1) {
		named++
	}
	if part := parts[s.at(named).text]; part > 1 && value >= 1 && value < part {
		return number{value: value / part}, named + 1, true
	}
	if fraction, end := s.fraction(next, value); end > next {
		return number{value: value + fraction}, end, true
	}
	return number{value: value, whole: value == math.Trunc(value)}, next, true
}

// spoken reads number words that fall in rank.
func (s *scan) spoken(at int) (value float64, next int, ok bool) {
	if s.is(at, "a") && s.is(at+1, "couple", "pair") && s.speaks("en") {
		next = at + 2
		if s.is(next, "of") {
			next++
		}
		return 2, next, true
	}
	level := multiply
	next = at
	if c, found := s.cardinalAt(at + 1); found && s.is(at, "a") && c.value == 100 && s.english(at+1) {
		value, next, ok, level = 100, s.andSmall(at+2), true, hundred
	}
	for {
		i := next
		if ok && s.is(i, "-", "‐", "–") && s.glued(i) && s.glued(i+1) {
			i++
		}
		c, found := s.cardinalAt(i)
		if found && ok && s.english(i) && c.rank == multiply && c.value == 100 && value >= 1 && value < 100 && level < multiply {
			value, next, level = value*100, s.andSmall(i+1), hundred
			continue
		}
		if !found || c.rank >= level || c.rank == teen && level == ten || c.rank == alone && ok || c.mute && !ok || i > next && c.rank != unit {
			return value, next, ok
		}
		if s.is(i, "one") && s.is(i-1, "no", "any", "every") {
			return value, next, ok
		}
		value, next, ok, level = value+c.value, i+1, true, c.rank
		if level == teen {
			level = unit
		}
		if level == alone {
			return value, next, ok
		}
	}
}

// andSmall steps over "and" behind a hundred when less than a hundred follows.
func (s *scan) andSmall(at int) int {
	if c, ok := s.cardinalAt(at + 1); ok && s.is(at, "and") && c.rank > alone && c.rank < hundred {
		return at + 1
	}
	return at
}

func (s *scan) english(i int) bool { return latin(s.at(i).text) }
