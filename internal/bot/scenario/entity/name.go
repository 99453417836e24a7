package entity

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/govorun/govorun/internal/bot/scenario/morph"
)

// How much of all readings of a word a name must have where nothing else says that it is one: in
// the nominative, in other cases ("гора" is rarely Гор), and places, many of which are names of
// people too. "вера" is a name as often as not, "роман" rarely.
const (
	enoughNamed   = 0.1
	enoughOblique = 0.3
	enoughPlace   = 0.3
)

// ruleName makes the rule of names of a kind, by the grammeme of package morph. The value is the
// name in the nominative, with a capital letter: "Ивану" is Иван, "Ивановны" Ивановна.
func ruleName(grammeme string) rule {
	return func(s *scan, at int) (int, any) {
		t := s.at(at)
		if t.kind != word || latin(t.text) || utf8.RuneCountInString(t.text) < 2 || !s.speaks("ru") {
			return at, nil
		}
		text, next := t.text, at+1
		if s.is(next, "-") && s.glued(next) && s.glued(next+1) && s.at(next+1).kind == word {
			// Санкт-Петербург, Анна-Мария
			if readings := s.readJoined(at); len(readings) > 0 && readings[0].Known {
				if name, ok := nominative(readings, text, grammeme, sureName); ok {
					return next + 2, name
				}
			}
		}
		name, ok := nominative(s.read(at), text, grammeme, s.introduced(at, grammeme))
		if !ok {
			return at, nil
		}
		return next, name
	}
}

// sureness is how sure it is, before a word is read, that it is a name.
type sureness uint8

const (
	perhapsName sureness = iota
	aloneName            // the word is all there is
	sureName             // it is written like one, or what stands before it says so
)

// introduced looks at what stands around a word. A capital letter says nothing at the beginning
// of a text.
func (s *scan) introduced(at int, grammeme string) sureness {
	switch {
	case grammeme == "Geox" && s.is(at-1, "в", "во", "из", "до", "город", "городе", "города"):
		return sureName
	case grammeme != "Geox" && s.is(at-1, "зовут", "звать", "имя", "фамилия", "отчество", "зовите", "называйте"):
		return sureName
	case grammeme != "Geox" && s.capital(at) && (at > 0 || s.capital(at+1)):
		return sureName
	case grammeme != "Geox" && len(s.tokens) == 1:
		return aloneName
	}
	return perhapsName
}

// nominative finds the name that a word is a form of. Words that the dictionary lacks are names
// only when that is sure.
func nominative(readings []morph.Reading, text, grammeme string, sure sureness) (string, bool) {
	share, best, upright := 0.0, morph.Reading{}, morph.Reading{}
	for _, r := range readings {
		has := func(name string) bool { return slices.Contains(r.Grammemes, name) }
		if !r.Known && sure != sureName || !has(grammeme) || has("Abbr") || has("plur") && grammeme != "Geox" {
			continue
		}
		share += r.Score
		declined := !has("Fixd")
		if best.Word == "" || declined && slices.Contains(best.Grammemes, "Fixd") {
			best = r // Анне is a name too, but rather a form of Анна
		}
		if has("nomn") && has("sing") && (upright.Word == "" || declined && slices.Contains(upright.Grammemes, "Fixd")) {
			upright = r
		}
	}
	if upright.Word != "" && slices.Contains(upright.Grammemes, "Fixd") == slices.Contains(best.Grammemes, "Fixd") {
		best = upright
	}
	named := slices.Contains(best.Grammemes, "nomn")
	switch {
	case best.Word == "":
		return "", false
	case sure == sureName, sure == aloneName && named && months[text] == 0 && wholeMonths[text] == 0:
	case grammeme == "Geox" && share < enoughPlace, share < enoughNamed, !named && share < enoughOblique,
		sure == perhapsName && wholeMonths[text] > 0:
		return "", false
	}
	if named {
		return capitalised(best.Word), true
	}
	return capitalised(lemmaOf(best)), true
}

// lemmaOf is the nominative of the same number and gender: the lemma of patronymics and surnames
// is masculine.
func lemmaOf(r morph.Reading) string {
	for _, f := range morph.New().Forms(r.Lemma) {
		if sameLexeme(f.Grammemes, r.Grammemes) {
			return f.Word
		}
	}
	return r.Lemma
}

// sameLexeme reports whether a form is the nominative singular of a reading's gender.
func sameLexeme(form, reading []string) bool {
	if !slices.Contains(form, "nomn") || !slices.Contains(form, "sing") {
		return false
	}
	for _, gender := range [...]string{"masc", "femn", "neut", "Name", "Surn", "Patr", "Geox"} {
		if slices.Contains(reading, gender) && !slices.Contains(form, gender) {
			return false
		}
	}
	return true
}

// capitalised has a capital letter at the beginning and after hyphens.
func capitalised(text string) string {
	parts := strings.Split(text, "-")
	for i, part := range parts {
		if r, size := utf8.DecodeRuneInString(part); size > 0 && !(i > 0 && utf8.RuneCountInString(part) < 3) {
			parts[i] = string(unicode.ToUpper(r)) + part[size:]
		}
	}
	return strings.Join(parts, "-")
}

// ruleRoman reads Roman numerals in capital letters.
func ruleRoman(s *scan, at int) (int, any) {
	t := s.at(at)
	text := s.text[t.start:t.end]
	if t.kind != word || len(text) > 15 || text == "" || roman(text) == 0 || s.glued(at) && s.at(at-1).kind == digits || s.glued(at+1) && s.at(at+1).kind == digits {
		return at, nil
	}
	return at + 1, text
}

// roman is the value of a Roman numeral, 0 when it is none or not written as they are.
func roman(text string) int {
	value, rest := 0, text
	for _, step := range [...]struct {
		figure string
		value  int
	}{{"M", 1000}, {"CM", 900}, {"D", 500}, {"CD", 400}, {"C", 100}, {"XC", 90}, {"L", 50}, {"XL", 40}, {"X", 10}, {"IX", 9}, {"V", 5}, {"IV", 4}, {"I", 1}} {
		for count := 0; strings.HasPrefix(rest, step.figure); count++ {
			if count == 3 || count == 1 && (len(step.figure) == 2 || step.value == 5 || step.value == 50 || step.value == 500) {
				return 0
			}
			value, rest = value+step.value, rest[len(step.figure):]
		}
	}
	if rest != "" {
		return 0
	}
	return value
}

// ruleFigures reads whole numbers in digits.
func ruleFigures(s *scan, at int) (int, any) {
	if s.at(at).kind != digits {
		return at, nil
	}
	n, ok := parseDigits(s.at(at).text)
	if !ok {
		return at + 1, nil
	}
	return at + 1, n
}

// ruleLatin reads words of Latin letters.
func ruleLatin(s *scan, at int) (int, any) {
	t := s.at(at)
	if t.kind != word {
		return at, nil
	}
	for _, r := range t.text {
		if !unicode.Is(unicode.Latin, r) && r != '\'' {
			return at, nil
		}
	}
	return at + 1, s.text[t.start:t.end]
}
