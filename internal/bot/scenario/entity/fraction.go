package entity

import (
	"math"
	"strconv"
)

// halfWords reads "с половиной" and "and a half".
func (s *scan) halfWords(at int) (float64, int, bool) {
	switch {
	case s.is(at, "с", "со") && s.is(at+1, "половиной") && s.speaks("ru"):
		return 0.5, at + 2, true
	case s.is(at, "с", "со") && s.is(at+1, "четвертью") && s.speaks("ru"):
		return 0.25, at + 2, true
	case s.is(at, "and") && s.is(at+1, "a") && s.is(at+2, "half") && s.speaks("en"):
		return 0.5, at + 3, true
	case s.is(at, "and") && s.is(at+1, "a") && s.is(at+2, "quarter") && s.speaks("en"):
		return 0.25, at + 3, true
	}
	return 0, at, false
}

// half reads a half behind a number; next is at when there is none.
func (s *scan) half(at int) (float64, int) {
	value, next, _ := s.halfWords(at)
	return value, next
}

// shares are the parts that Russian fractions are counted in.
var shares = map[string]float64{
	"десятых": 10, "десятая": 10, "десятые": 10, "десятую": 10, "сотых": 100, "сотая": 100, "сотые": 100, "сотую": 100,
	"тысячных": 1000, "тысячная": 1000, "тысячные": 1000,
}

// parts are the names of fractions behind a number: две трети, three quarters.
var parts = map[string]float64{
	"вторая": 2, "вторых": 2, "треть": 3, "трети": 3, "третьих": 3, "третья": 3, "четверть": 4, "четверти": 4, "четвертых": 4, "четвертая": 4,
	"пятых": 5, "пятая": 5, "шестых": 6, "восьмых": 8, "десятых": 10, "десятая": 10, "сотых": 100, "сотая": 100,
	"half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fifth": 5, "fifths": 5, "tenth": 10, "tenths": 10,
}

// fraction reads what follows the whole part of a spoken number.
func (s *scan) fraction(at int, whole float64) (float64, int) {
	if half, next := s.half(at); next > at {
		return half, next
	}
	if whole != math.Trunc(whole) {
		return 0, at
	}
	switch {
	case s.is(at, "целых", "целая", "целые", "целую") && s.speaks("ru"):
		return s.share(at, at+1)
	case s.is(at, "и") && s.speaks("ru"):
		return s.share(at, at)
	case s.is(at, "запятая", "точка") && s.speaks("ru"):
		if n, next, ok := s.spoken(at + 1); ok && n == math.Trunc(n) {
			return n / math.Pow10(len(strconv.Itoa(int(n)))), next
		}
	case s.is(at, "point") && s.speaks("en"):
		return s.point(at)
	}
	return 0, at
}

// share reads "пять десятых"; without the name of the part it counts in tenths or hundredths.
func (s *scan) share(at, from int) (float64, int) {
	joined := s.is(from, "и")
	if joined {
		from++
	}
	n, next, ok := s.spoken(from)
	if !ok || n != math.Trunc(n) {
		return 0, at
	}
	if part, found := shares[s.at(next).text]; found {
		return n / part, next + 1
	}
	if joined && from == at+1 {
		return 0, at // "два и три" are two numbers
	}
	return n / math.Pow10(len(strconv.Itoa(int(n)))), next
}

// point reads "point five", "point two five", "point twenty five".
func (s *scan) point(at int) (float64, int) {
	figures, next := "", at+1
	for len(figures) < 12 && latin(s.at(next).text) {
		c, ok := s.cardinalAt(next)
		if !ok || c.value > 9 || c.rank > unit {
			break
		}
		figures, next = figures+strconv.Itoa(int(c.value)), next+1
	}
	if figures == "" {
		n, end, ok := s.spoken(next)
		if !ok || n >= 100 || n != math.Trunc(n) {
			return 0, at
		}
		figures, next = strconv.Itoa(int(n)), end
	}
	value, err := strconv.ParseFloat("0."+figures, 64)
	if err != nil {
		return 0, at
	}
	return value, next
}
