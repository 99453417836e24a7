package main

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/govorun/govorun/internal/bot/scenario/morph"
)

var words = morph.New()

// inRussian is how a place is called in Russian: of its names with Russian letters the one that,
// written in Latin letters, is nearest to its English name. A name that the dictionary knows as one
// of a place comes before others; outside of Russia no other counts. "" when none is near.
func inRussian(p *place) string {
	if name, ok := table("renames.tsv")[p.key()]; ok {
		return strings.Trim(name, "-")
	}
	best, least := "", nearEnough
	for _, name := range p.Others {
		if !isRussian(name) {
			continue
		}
		d := distance(folded(p.Name), transliterated(name)) - farther(name)
		if known(name) {
			d -= knownBonus
		} else if p.Country != "RU" {
			continue // there the Cyrillic names of other languages are many
		}
		if d < least || d == least && strings.Count(name, "ё") > strings.Count(best, "ё") {
			best, least = name, d
		}
	}
	return best
}

const (
	nearEnough = 0.45 // of the letters may differ
	knownBonus = 0.5
)

// farther tells names that differ in ё alone apart.
func farther(name string) float64 { return 0.01 * float64(strings.Count(name, "ё")) }

// isRussian reports whether a name is written with Russian letters, as names are.
func isRussian(name string) bool {
	if first, _ := utf8.DecodeRuneInString(name); first < 'А' || first > 'Я' || first == 'Ъ' || first == 'Ь' {
		return false
	}
	for _, r := range name {
		if (r < 'А' || r > 'я') && r != 'ё' && r != 'Ё' && r != ' ' && r != '-' {
			return false
		}
	}
	return !strings.HasSuffix(name, "ъ") && !strings.Contains(name, " ош") && !strings.Contains(name, "область") && !strings.Contains(name, " шаары")
}

// known reports whether all words of a name stand in the dictionary, one of them as a place.
func known(name string) bool {
	place := false
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r == '-' }) {
		known := false
		for _, r := range words.Parse(word) {
			if r.Known && (folds(r.Word) == folds(word)) {
				known = true
				place = place || slices.Contains(r.Grammemes, "Geox") && slices.Contains(r.Grammemes, "nomn")
			}
		}
		if !known {
			return false
		}
	}
	return place
}

func folds(word string) string { return strings.ReplaceAll(strings.ToLower(word), "ё", "е") }

// letters are how English maps write Russian ones.
var letters = strings.NewReplacer(
	"а", "a", "б", "b", "в", "v", "г", "g", "д", "d", "е", "e", "ё", "e", "ж", "zh", "з", "z", "и", "i", "й", "y", "к", "k", "л", "l",
	"м", "m", "н", "n", "о", "o", "п", "p", "р", "r", "с", "s", "т", "t", "у", "u", "ф", "f", "х", "kh", "ц", "ts", "ч", "ch", "ш", "sh",
	"щ", "shch", "ъ", "", "ы", "y", "ь", "", "э", "e", "ю", "yu", "я", "ya", "-", "", " ", "",
)

func transliterated(name string) string { return letters.Replace(strings.ToLower(name)) }

// accents are letters of English names that people type without what is above or below them.
var accents = strings.NewReplacer(
	"á", "a", "à", "a", "ã", "a", "â", "a", "ä", "a", "å", "a", "ā", "a", "ă", "a", "ậ", "a", "ầ", "a", "é", "e", "è", "e", "ê", "e", "ë", "e", "ě", "e", "ế", "e",
	"í", "i", "ī", "i", "î", "i", "ï", "i", "ı", "i", "İ", "I", "ị", "i", "ó", "o", "ô", "o", "õ", "o", "ö", "o", "ō", "o", "ø", "o", "ŏ", "o", "ơ", "o", "ộ", "o",
	"ú", "u", "ü", "u", "ū", "u", "ŭ", "u", "ũ", "u", "ý", "y", "ñ", "n", "ń", "n", "ç", "c", "č", "c", "ş", "sh", "š", "s", "ś", "s", "ţ", "t", "ț", "t", "ğ", "g",
	"ł", "l", "ž", "z", "ź", "z", "ż", "z", "ř", "r", "đ", "d", "ð", "d", "Ü", "U", "Ö", "O", "Ō", "O", "Ł", "L", "Å", "A", "Ā", "A", "Š", "S", "Ş", "Sh", "Ţ", "T", "Đ", "D", "Ḩ", "H", "Ç", "C", "É", "E",
)

// folded is an English name without what is not a letter.
func folded(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, strings.ToLower(accents.Replace(name)))
}

// distance is how many letters must change to make of one word another, as a share of the first.
func distance(a, b string) float64 {
	row := make([]int, len(b)+1)
	for i := range row {
		row[i] = i
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for k := range len(b) {
			up, cost := row[k+1], 1
			if a[i] == b[k] {
				cost = 0
			}
			row[k+1] = min(up+1, row[k]+1, corner+cost)
			corner = up
		}
	}
	return float64(row[len(b)]) / float64(max(1, len(a)))
}

// citySynonyms are the patterns for the name of a city. One that is an everyday word counts only
// after a word that says it is a city.
func citySynonyms(name string) []string {
	_, common := table("common.txt")[name]
	switch {
	case common && !isCyrillic(name):
		return []string{"(in|from|to|of|at|near|city|в|из|город) (" + name + ")"}
	case common:
		return []string{"(город|города|городе|городу|городом|г) (" + strings.Join(forms(name), "|") + ")"}
	}
	return synonyms(name)
}

// synonyms are the patterns for a name. A dictionary takes a plain word in all forms of all its
// homonyms, so that Баку would be found in "бак" and Дели in "делите". Such names are written
// with their own forms, in brackets.
func synonyms(name string) []string {
	switch {
	case strings.ContainsAny(name, " -("), isCyrillic(name) && only(name):
		return []string{name}
	case !isCyrillic(name):
		return []string{"(" + name + ")"}
	}
	return []string{"(" + strings.Join(forms(name), "|") + ")"}
}

func isCyrillic(name string) bool {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(name, "("))
	return unicode.Is(unicode.Cyrillic, first)
}

// only reports whether a word is the name of a place and nothing else.
func only(name string) bool {
	lemmas := words.Lemmas(name)
	if len(lemmas) != 1 || lemmas[0] != folds(name) {
		return false
	}
	for _, r := range words.Parse(name) {
		if r.Known && !slices.Contains(r.Grammemes, "Geox") && !slices.Contains(r.Grammemes, "Surn") && !slices.Contains(r.Grammemes, "Name") {
			return false
		}
	}
	return true
}

// forms are those of a name, not of its homonyms.
func forms(name string) []string {
	list := []string{folds(name)}
	add := func(word string) {
		if word = folds(word); !slices.Contains(list, word) {
			list = append(list, word)
		}
	}
	reading, ok := readingOf(name)
	last := list[0][len(list[0])-len("и"):]
	switch {
	case !reading.Known && strings.ContainsAny(last, "иоуыэею"):
		return list
	case !ok && !strings.ContainsAny(last, "аяйь"):
		for _, end := range []string{"а", "у", "ом", "е"} {
			add(list[0] + end)
		}
		return list
	case !ok:
		return list
	}
	if slices.Contains(reading.Grammemes, "ADJF") {
		stem := strings.TrimRight(folds(name), "йиыо")
		soft := strings.HasSuffix(folds(name), "ий") && !strings.HasSuffix(stem, "к") && !strings.HasSuffix(stem, "г") && !strings.HasSuffix(stem, "х")
		for _, end := range [][]string{{"ого", "ому", "ом"}, {"его", "ему", "ем"}}[map[bool]int{true: 1}[soft]] {
			add(stem + end)
		}
		return list
	}
	if slices.Contains(reading.Grammemes, "Fixd") {
		return list
	}
	person, number := slices.Contains(reading.Grammemes, "Name"), "sing"
	if slices.Contains(reading.Grammemes, "plur") {
		number = "plur"
	}
	for _, f := range words.Forms(reading.Lemma) {
		same := slices.Contains(f.Grammemes, "NOUN") && slices.Contains(f.Grammemes, number) && !slices.Contains(f.Grammemes, "voct")
		for _, g := range []string{"Geox", "Surn", "Name"} {
			same = same && slices.Contains(f.Grammemes, g) == slices.Contains(reading.Grammemes, g)
		}
		if same && !(person && everyday(f.Word)) {
			add(f.Word)
		}
	}
	return list
}

// everyday reports whether a word is likelier another than a name: свет, любой, тем.
func everyday(word string) bool {
	r := words.Parse(word)[0]
	return r.Known && r.Score > 0.9 && !slices.Contains(r.Grammemes, "Name") && !slices.Contains(r.Grammemes, "Surn") && !slices.Contains(r.Grammemes, "Geox")
}

// readingOf is how a name is read in the nominative: as that of a place or person if it can be.
func readingOf(name string) (morph.Reading, bool) {
	var found []morph.Reading
	for _, r := range words.Parse(name) {
		if slices.Contains(r.Grammemes, "nomn") && folds(r.Word) == folds(name) && (slices.Contains(r.Grammemes, "NOUN") || slices.Contains(r.Grammemes, "ADJF")) {
			found = append(found, r)
		}
	}
	if len(found) == 0 {
		return morph.Reading{}, false
	}
	for _, kind := range []string{"Geox", "Name"} {
		if i := slices.IndexFunc(found, func(r morph.Reading) bool { return slices.Contains(r.Grammemes, kind) }); i >= 0 {
			return found[i], true
		}
	}
	return found[0], true
}
