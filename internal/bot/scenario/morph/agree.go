package morph

import "math"

// Forms that go with numbers.
var (
	singular     = setOf("sing")
	plural       = setOf("plur")
	nominative   = setOf("nomn")
	accusative   = setOf("accs")
	genitive     = setOf("gent")
	nounSingular = setOf("NOUN sing")
	nounPlural   = setOf("NOUN plur")
)

// counting are the words that have another plural beside numbers: "много людей", but "5 человек".
var counting = map[string]string{"год": "лет", "человек": "человек"}

// Agree puts a noun, an adjective or a participle into the form that goes with a number: 1
// яблоко, 2 яблока, 5 яблок, 1.5 яблока; 1 apple, 2 apples. Other words stay as they are. A word
// that is written like its dictionary form is taken for it: 1 раз, 1 второй.
func (a *Analyzer) Agree(word string, number float64) string {
	number = math.Abs(number)
	for _, r := range spelled(word) {
		if lemma := r.as(0); lemma.text() == r.text() {
			r = lemma
		}
		required, ok := agreement(r, number)
		if !ok {
			continue
		}
		if other, ok := counting[r.lemma()]; ok && required == plural.with(genitive) {
			return other
		}
		if form, ok := r.inflect(required); ok {
			return form.text()
		}
	}
	return word
}

// agreement is what a number asks of a word beside it; false when it asks nothing.
func agreement(r reading, number float64) (set, bool) {
	tag := r.grammemes()
	isNoun := tag.has(noun)
	switch {
	case r.d.yo == 0 && number == 1:
		return nounSingular, isNoun
	case r.d.yo == 0:
		return nounPlural, isNoun
	case isNoun && !tag.any(nominative) && !tag.any(accusative):
		return inCase(tag.shared(cases), number), true
	}
	return counted(tag, isNoun, number), isNoun || tag.any(adjectives)
}

// ends in one: 1, 21, not 11; in few: 2 to 4, 22, not 12, and fractions.
func endsInOne(number float64) bool {
	return math.Mod(number, 10) == 1 && math.Mod(number, 100) != 11
}

func endsInFew(number float64) bool {
	last, lastTwo := math.Mod(number, 10), math.Mod(number, 100)
	return number != math.Trunc(number) || last >= 2 && last <= 4 && (lastTwo < 10 || lastTwo >= 20)
}

// inCase is the form beside a number that is inflected too: "двум яблокам".
func inCase(cases set, number float64) set {
	if endsInOne(number) {
		return cases.with(singular)
	}
	return cases.with(plural)
}

// counted is the form beside a number in the nominative or accusative.
func counted(tag set, isNoun bool, number float64) set {
	switch {
	case endsInOne(number) && tag.any(nominative):
		return singular.with(nominative)
	case endsInOne(number):
		return singular.with(accusative)
	case endsInFew(number) && isNoun:
		return singular.with(genitive)
	case endsInFew(number) && tag.any(feminine):
		return plural.with(nominative)
	}
	return plural.with(genitive)
}
