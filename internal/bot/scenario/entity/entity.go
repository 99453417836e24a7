// Package entity finds in what clients say the entities that the platform of bots has of its
// own: numbers, times, amounts, addresses, names of people and places. Bots write their names
// after "@" in patterns, phrases of intents and slots.
//
// The names come from the lists of system entities that bots carry in caila_import.json, the
// shapes of the values from what their scripts read (scenario language, 4; the documentation of
// slot filling prints the value of a day as 2019-12-11T00:00:00). The meaning of words follows
// what Duckling says of them where that is known: the nearest future, grains, parts of the day.
//
// It is rules by hand over words, for Russian and English: no statistics, no dictionary of
// places or people but the one of package morph, which knows Russian ones only. It reads
// spoken phone numbers as numbers, not as phones, and amounts in words that a person would
// only understand from the question before ("пятьсот" for "how much?") as plain numbers.
//
// Where a choice had to be made: an hour that may be of either half of the day is the next to
// come, and on another day than today the first; "в 12" is noon. What is so long from now is known
// one grain finer than its unit, as Duckling has it ("через 2 дня" is an hour, "через неделю" a
// day). An interval ends with what was said ("с понедельника по пятницу" to Friday's midnight
// that begins the day), a part of the day or of a month where it is over; a weekend is Saturday
// and Sunday. Weights are counted in grams. Dollars have the unit "$", other money the code of
// its currency.
//
// How a rule works: the text is cut into words, runs of digits and symbols once. A rule looks at
// one place and says how far it reads and what it means; it looks ahead a bounded number of
// words, so that any text costs time in proportion to its length.
package entity

import (
	"encoding/json"
	"slices"
	"time"
)

// Context is what the meaning of words depends on.
type Context struct {
	// Language is "ru" or "en", also as "ru-RU": words of the other are none. "" and others are
	// both, with Russian customs for 1.500 and 11/12.
	Language string
	Now      time.Time // in the client's zone, which times are given in
}

// Found is an entity in a text.
type Found struct {
	Start, End int             // bytes of the text
	Value      json.RawMessage // by the kind of entity: a number, a string or an object
	// Lead is where a preposition begins that stands before a time and belongs to it ("в" of
	// "в пятницу"); Start when there is none.
	Lead int
}

// rule reads what stands at a word: where the next word is, and the value. A next greater than
// at with a nil value says that nothing may begin before it.
type rule func(s *scan, at int) (next int, value any)

// rules are all entities by name.
var rules = map[string]rule{
	"duckling.number":          ruleNumber,
	"duckling.ordinal":         ruleOrdinal,
	"duckling.duration":        ruleDuration,
	"duckling.amount-of-money": ruleAmount(moneys),
	"duckling.distance":        ruleAmount(distances),
	"duckling.quantity":        ruleAmount(weights),
	"duckling.volume":          ruleAmount(volumes),
	"duckling.temperature":     ruleTemperature,
	"duckling.time":            ruleTime,
	"duckling.date":            ruleDate,
	"duckling.time-of-day":     ruleClock,
	"duckling.interval":        ruleInterval,
	"duckling.phone-number":    rulePhone,
	"duckling.email":           ruleEmail,
	"duckling.url":             ruleURL,
	"zb.number":                ruleNumber,
	"zb.datetime":              ruleTime,
	"zb.phone":                 rulePhone,
	"zb.email":                 ruleEmail,
	"mystem.persn":             ruleName("Name"),
	"mystem.famn":              ruleName("Surn"),
	"mystem.patrn":             ruleName("Patr"),
	"mystem.geo":               ruleName("Geox"),
	"pymorphy.name":            ruleName("Name"),
	"pymorphy.surn":            ruleName("Surn"),
	"pymorphy.patr":            ruleName("Patr"),
	"pymorphy.geox":            ruleName("Geox"),
	"pymorphy.romn":            ruleRoman,
	"pymorphy.numb":            ruleFigures,
	"pymorphy.latn":            ruleLatin,
}

// Names lists the entities there are, sorted.
func Names() []string {
	names := make([]string, 0, len(rules))
	for name := range rules {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Find finds all entities of a name: from left to right, at each place the longest, none over
// another. None for an unknown name.
func Find(name, text string, c Context) []Found { return Read(text, c).Find(name) }

// Text is a text that is asked for several entities. It belongs to one goroutine.
type Text struct{ s *scan }

// Read prepares a text. To ask it for many entities costs less than Find for each.
func Read(text string, c Context) *Text { return &Text{newScan(text, c)} }

// Find is as the function.
func (t *Text) Find(name string) []Found {
	read, ok := rules[name]
	if !ok {
		return nil
	}
	s := t.s
	var all []Found
	for at := 0; at < len(s.tokens); {
		s.lead = -1
		next, value := read(s, at)
		if next <= at {
			at++
			continue
		}
		if value != nil {
			all = append(all, s.found(at, next, value))
		}
		at = next
	}
	return all
}

// found is the entity between two words.
func (s *scan) found(at, next int, value any) Found {
	raw, err := json.Marshal(value)
	if err != nil {
		panic(err) // values are numbers, strings and structs of them
	}
	f := Found{Start: s.tokens[at].start, End: s.tokens[next-1].end, Value: raw}
	f.Lead = f.Start
	if s.lead >= 0 && s.lead < at {
		f.Lead = s.tokens[s.lead].start
	}
	return f
}
