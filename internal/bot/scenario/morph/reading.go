package morph

import "strings"

// reading is one way to read a word: a stem with a form of a paradigm, and what stands around
// them.
type reading struct {
	d    *dictionary
	stem string // in symbols
	use
	score   float64
	known   bool // the whole word stands in the dictionary
	spelled bool // the dictionary writes е and ё where the word does
	around  *around
}

// around is what words have that are not in the dictionary.
type around struct {
	before string   // text that does not change: a prefix ("псевдо"), the first part of "интернет-магазин"
	after  string   // a particle ("-ка")
	right  *reading // the second part of a hyphenated word in which both change ("человек-паук")
	fixed  string   // not "": the word, which has no paradigm ("по-нашему"), with its tag
	tag    set
}

// found is a reading with something around it; it is less sure by a factor.
func (r reading) found(worth float64, change func(*around)) reading {
	a := around{}
	if r.around != nil {
		a = *r.around
	}
	change(&a)
	r.around, r.known, r.score = &a, false, r.score*worth
	return r
}

func (r reading) isFixed() bool { return r.around != nil && r.around.fixed != "" }

// paradigmForms is how many forms the word has.
func (r reading) paradigmForms() int {
	if r.isFixed() {
		return 1
	}
	return len(r.d.Paradigms[r.paradigm])
}

// tag is the number of its tag in the lexicon. The word must not be fixed.
func (r reading) tag() uint16 { return r.d.Paradigms[r.paradigm][r.form].Tag }

func (r reading) grammemes() set {
	if r.isFixed() {
		return r.around.tag
	}
	return r.d.tags[r.tag()]
}

// written is the stem with prefix and suffix, in symbols.
func (r reading) written() string {
	form := r.d.Paradigms[r.paradigm][r.form]
	return r.d.Prefixes[form.Prefix] + r.stem + r.d.Suffixes[form.Suffix]
}

// as is the same word in another form; a second part follows the first.
func (r reading) as(form int) reading {
	r.form = uint16(form)
	if r.around == nil || r.around.right == nil {
		return r
	}
	right := r.around.right.closest(r.grammemes())
	return r.found(1, func(a *around) { a.right = &right })
}

// text is the word as the dictionary writes it, with ё.
func (r reading) text() string {
	if r.around == nil {
		return r.d.Text(r.written())
	}
	word := r.around.fixed
	if word == "" {
		word = r.d.Text(r.written())
	}
	if r.around.right != nil {
		word += "-" + r.around.right.text()
	}
	return r.around.before + word + r.around.after
}

// lemma is the first form, without particles.
func (r reading) lemma() string {
	if r.around != nil && r.around.after != "" {
		r = r.found(1, func(a *around) { a.after = "" })
	}
	return r.as(0).text()
}

// sameLexeme reports whether two readings are forms of one lexeme; it may miss some.
func (r reading) sameLexeme(other reading) bool {
	return r.stem == other.stem && r.paradigm == other.paradigm && r.around == other.around
}

// key is the lemma as words are compared by: with е for ё.
func (r reading) key() string { return strings.ReplaceAll(r.lemma(), "ё", "е") }

// like is how much a tag is like the wanted one: grammemes they share, less a little for each
// that only one has.
func like(wanted, tag set) float64 {
	shared, other := wanted.shared(tag), wanted.minus(tag).with(tag.minus(wanted))
	return float64(shared.count()) - 0.1*float64(other.count())
}

// inflect puts the word into the form that has all required grammemes and for the rest is most
// like the one it is in. Where the word lacks a rare case, the usual one is taken.
func (r reading) inflect(required set) (reading, bool) {
	if best, ok := r.formWith(required); ok {
		return best, true
	}
	return r.formWith(required.usual())
}

func (r reading) formWith(required set) (best reading, found bool) {
	wanted := r.grammemes()
	for i := range grammemes {
		if required.bit(i) {
			wanted = wanted.minus(exclusive[i])
		}
	}
	wanted = wanted.with(required)
	most := 0.0
	for form := range r.paradigmForms() {
		candidate := r.as(form)
		tag := candidate.grammemes()
		if likeness := like(wanted, tag); tag.has(required) && (!found || likeness > most) {
			best, found, most = candidate, true, likeness
		}
	}
	return best, found
}

// closest is the form of a hyphenated word's second part that goes with the first one's.
func (r reading) closest(tag set) reading {
	best, most := r, -1000.0
	for form := range r.paradigmForms() {
		candidate := r.as(form)
		if likeness := like(tag, candidate.grammemes()); likeness > most {
			best, most = candidate, likeness
		}
	}
	return best
}
