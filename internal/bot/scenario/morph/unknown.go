package morph

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/govorun/govorun/internal/bot/scenario/morph/automaton"
)

// How words that are not in the dictionary are read, in this order, as pymorphy does. The
// factors are pymorphy's too: how much a reading is worth that was found so.
const (
	worthParticle = 0.9
	worthAdverb   = 0.7
	worthHyphen   = 0.75
	worthPrefix   = 0.75
	worthUnknown  = 0.5
)

const (
	maxNesting = 3 // prefixes and parts within each other
	minRest    = 3 // letters behind a prefix
	maxUnknown = 5 // letters of a prefix that is in no list
	minLetters = 4 // of a word that is read by its end
	maxEnding  = 5 // letters of an end, as in the dictionary
)

// particles are written behind a hyphen; the word before it is read without them.
var particles = []string{"-то", "-ка", "-таки", "-де", "-тко", "-тка", "-с", "-ста"}

// knownPrefixes leave a word what it is: "псевдокошка" is read like "кошка". The list is
// pymorphy's.
var knownPrefixes = strings.Fields(`
	авиа авто аква анти анти- антропо архи арт арт- астро аудио аэро без бес био вело взаимо вне внутри видео вице-
	вперед впереди гекто гелио гео гетеро гига гигро гипер гипо гомо дву двух де дез дека деци дис до евро за зоо интер
	инфра квази квази- кило кино контр контр- космо космо- крипто лейб- лже лже- макро макси макси- мало меж медиа медиа-
	мега мета мета- метео метро микро милли мини мини- моно мото много мульти нано нарко не небез недо нейро нео низко
	обер- обще одно около орто палео пан пара пента пере пиро поли полу после пост пост- порно пра пра- пред пресс-
	противо противо- прото псевдо псевдо- радио разно ре ретро ретро- само санти сверх сверх- спец суб супер супер- супра
	теле тетра топ- транс транс- ультра унтер- штаб- экзо эко эндо эконом- экс экс- экстра экстра- электро энерго этно`)

// parse reads a word in lower case: by the dictionary, or else by the first way that fits. The
// scores of what it gives are shares of one; the best guess comes first, which among readings of
// unknown words is not always the one with the greatest share, as with pymorphy.
func (d *dictionary) parse(word string, nesting int) []reading {
	symbols, ok := d.symbolsOf(word)
	if !ok || word == "" {
		return nil
	}
	if found := d.lookup(symbols); len(found) > 0 {
		d.weigh(symbols, found)
		return found
	}
	if nesting == maxNesting {
		return nil
	}
	ways := []func(string, int) []reading{d.particle, d.adverb, d.hyphenated, d.prefixes}
	if d.yo == 0 {
		ways = []func(string, int) []reading{d.possessive}
	}
	for _, way := range ways {
		if found := way(word, nesting+1); len(found) > 0 {
			return shares(found)
		}
	}
	return d.guess(symbols)
}

// guess reads a word by its end, and by the words it may be with a few letters before them.
func (d *dictionary) guess(symbols string) []reading {
	return shares(distinct(slices.Concat(d.anyPrefix(symbols), d.ending(symbols))))
}

// distinct leaves out readings that differ only in how they were found.
func distinct(readings []reading) []reading {
	kept := readings[:0]
	for _, r := range readings {
		if !slices.ContainsFunc(kept, func(k reading) bool { return k.use == r.use && k.text() == r.text() }) {
			kept = append(kept, r)
		}
	}
	return kept
}

// shares makes the scores add up to one.
func shares(readings []reading) []reading {
	total := 0.0
	for _, r := range readings {
		total += r.score
	}
	for i := range readings {
		readings[i].score /= total
	}
	return readings
}

// particle reads "смотри-ка".
func (d *dictionary) particle(word string, nesting int) []reading {
	for _, particle := range particles {
		if rest, ok := strings.CutSuffix(word, particle); ok && rest != "" {
			return behind(d.parse(rest, nesting), particle)
		}
	}
	return nil
}

func behind(readings []reading, particle string) []reading {
	for i, r := range readings {
		readings[i] = r.found(worthParticle, func(a *around) { a.after += particle })
	}
	return readings
}

// possessive reads "bot's" and "bots'".
func (d *dictionary) possessive(word string, nesting int) []reading {
	for _, ending := range []string{"'s", "'"} {
		if rest, ok := strings.CutSuffix(word, ending); ok && rest != "" {
			return behind(d.parse(rest, nesting), ending)
		}
	}
	return nil
}

// adverb reads "по-нашему": по- and what can be the dative of an adjective.
func (d *dictionary) adverb(word string, nesting int) []reading {
	rest, ok := strings.CutPrefix(word, "по-")
	if !ok || utf8.RuneCountInString(rest) < 2 {
		return nil
	}
	for _, r := range d.parse(rest, nesting) {
		if r.grammemes().has(dative) {
			return []reading{{d: d, spelled: true, score: worthAdverb, around: &around{fixed: word, tag: adverb}}}
		}
	}
	return nil
}

// hyphenated reads a word of two parts: both change, as in "человек-паук", or the first one
// does not, as in "интернет-магазин".
func (d *dictionary) hyphenated(word string, nesting int) []reading {
	first, second, ok := strings.Cut(word, "-")
	if !ok || first == "" || second == "" || strings.Contains(second, "-") {
		return nil
	}
	for _, prefix := range knownPrefixes {
		if strings.HasSuffix(prefix, "-") && first+"-" == prefix {
			return nil
		}
	}
	lefts, rights := d.parse(first, nesting), d.parse(second, nesting)
	var found []reading
	for _, left := range lefts {
		for _, right := range rights {
			if left.grammemes().shared(agreeing) == right.grammemes().shared(agreeing) {
				both := left.found(worthHyphen, func(a *around) { a.right = &right })
				both.spelled = left.spelled && right.spelled
				found = append(found, both)
			}
		}
	}
	for _, right := range rights {
		found = append(found, right.found(worthHyphen, func(a *around) { a.before = first + "-" + a.before }))
	}
	return found
}

// prefixes reads a word that begins with a known prefix.
func (d *dictionary) prefixes(word string, nesting int) []reading {
	var found []reading
	for _, prefix := range knownPrefixes {
		rest, ok := strings.CutPrefix(word, prefix)
		if !ok || utf8.RuneCountInString(rest) < minRest {
			continue
		}
		for _, r := range d.parse(rest, nesting) {
			if !r.grammemes().any(closed) {
				found = append(found, r.found(worthPrefix, func(a *around) { a.before = prefix + a.before }))
			}
		}
	}
	return found
}

// anyPrefix reads a word of which all but the first few letters are in the dictionary.
func (d *dictionary) anyPrefix(symbols string) []reading {
	var found []reading
	for n := 1; n <= min(maxUnknown, len(symbols)-minRest); n++ {
		for _, r := range d.lookup(symbols[n:]) {
			if !r.grammemes().any(closed) {
				r.score = 1
				found = append(found, r.found(worthUnknown, func(a *around) { a.before = d.Text(symbols[:n]) }))
			}
		}
	}
	return found
}

// ending reads a word like the words with the same end, the longest that is known.
func (d *dictionary) ending(symbols string) []reading {
	if len(symbols) < minLetters {
		return nil
	}
	var found []reading
	folded := d.fold(symbols)
	for i := len(d.prefix) - 1; i >= 0; i-- {
		if !strings.HasPrefix(folded, d.prefix[i]) {
			continue
		}
		e := ends{d: d, prefix: uint16(i), word: symbols, total: 1}
		for length := min(maxEnding, len(symbols)); length > 0 && len(e.found) == 0; length-- {
			e.length = length
			e.walk(d.Endings[i].Words.Root(), nil)
		}
		for _, r := range e.found {
			r.score *= worthUnknown / e.total
			found = append(found, r)
		}
	}
	byScore(found)
	return found
}

// ends looks up the last letters of a word, from the last one on, е also as ё.
type ends struct {
	d      *dictionary
	word   string
	prefix uint16
	length int
	total  float64 // words seen with the end
	found  []reading
}

func (e *ends) walk(p automaton.Place, ending []byte) {
	if len(ending) == e.length {
		e.note(e.d.Endings[e.prefix].At(p), ending)
		return
	}
	symbol := e.word[len(e.word)-1-len(ending)]
	spellings := []byte{symbol}
	if symbol == e.d.e && symbol != 0 {
		spellings = []byte{e.d.e, e.d.yo}
	}
	for _, spelling := range spellings {
		if next, ok := e.d.Endings[e.prefix].Words.Step(p, spelling); ok {
			e.walk(next, append(ending[:len(ending):len(ending)], spelling))
		}
	}
}

// note makes a stem of the word for each paradigm that words with this ending have.
func (e *ends) note(list []uint16, ending []byte) {
	ending = slices.Clone(ending)
	slices.Reverse(ending)
	word := e.word[:len(e.word)-len(ending)] + string(ending)
	spelled := word == e.word
	for ; len(list) > 0; list = list[3:] {
		r := reading{d: e.d, use: use{list[1], list[2]}, score: float64(list[0]), spelled: spelled}
		form := e.d.Paradigms[r.paradigm][r.form]
		rest, before := strings.CutPrefix(word, e.d.Prefixes[form.Prefix])
		stem, behind := strings.CutSuffix(rest, e.d.Suffixes[form.Suffix])
		if !before || !behind || r.grammemes().any(closed) {
			continue
		}
		r.stem = stem
		e.total += r.score
		e.found = append(e.found, r)
	}
}
