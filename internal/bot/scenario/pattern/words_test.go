package pattern_test

import (
	"slices"
	"strings"
)

// words is a tiny language to test with: a list of forms, and stems for other words.
type words struct{}

var forms = map[string][]string{
	"яблоко": {"яблоко"}, "яблоки": {"яблоко"}, "яблок": {"яблоко"}, "яблоком": {"яблоко"},
	"стали": {"сталь", "стать"}, "стать": {"стать"}, "сталь": {"сталь"}, "стала": {"стать"},
	"стекло": {"стекло", "стечь"}, "стечь": {"стечь"}, "стекла": {"стекло", "стечь"},
	"петербурге": {"петербург"}, "санкт": {"санкт"}, "люди": {"человек"},
	"нижнем": {"нижний"}, "новгороде": {"новгород"},
}

func (words) Lemmas(word string) []string {
	if lemmas, ok := forms[word]; ok {
		return lemmas
	}
	for _, ending := range []string{"ами", "ого", "ая", "ие", "ой", "ом", "ов", "а", "е", "и", "о", "у", "ы", "ь"} {
		if stem, ok := strings.CutSuffix(word, ending); ok && len(stem) >= 2*len("ж") {
			return []string{stem}
		}
	}
	return []string{word}
}

var grammar = map[string][]string{
	"мама":  {"С NOUN им nomn ед sing"},
	"мамы":  {"С NOUN рд gent ед sing", "С NOUN им nomn мн plur"},
	"мыла":  {"Г VERB прш past", "С NOUN рд gent ед sing"},
	"белая": {"П ADJF им nomn ед sing"},
}

func (words) Has(word string, properties ...string) bool {
	for _, reading := range grammar[word] {
		has := strings.Fields(reading)
		if !slices.ContainsFunc(properties, func(p string) bool { return !slices.Contains(has, p) }) {
			return true
		}
	}
	return false
}
