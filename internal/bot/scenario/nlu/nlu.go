// Package nlu tells what a phrase wants: it reads a bot's intents with their example phrases
// (scenario language, 1), trains a classifier on them when the bot loads, and gives each intent
// a score for a client's words. It also measures classifiers (Evaluate, CrossValidate) and
// explains a decision (Model.Explain).
//
//	phrase → words, stems, meaning → vector ─┬→ a linear machine for each intent ─┐
//	                                         ├→ the most similar examples ────────┼→ evidence → score
//	                                         └→ what is unknown of the phrase ────┘
//
// The score is the probability that the intent is meant, scaled so that the default threshold
// of 0.2 (scenario language, 1: caila.noMatchThreshold, nlp.intentNoMatchThresholds.phrases)
// leaves out what no intent is about. A phrase of the corpus itself has score 1.
//
// The same corpus gives the same answers to the last bit, on every machine: training is in one
// goroutine, with a generator of its own, and no product is fused with a sum.
//
// It does not match patterns of intents (package pattern), find entities or fill slots: it
// keeps what the file says of them for those who do, and takes from them, by Options, the
// writings of a phrase with the names of entities in it.
package nlu

// Classifier scores the intents that a text can mean. Model is one; another kind, such as one
// on an embedding model, is measured and used in the same way. Any number of goroutines may
// call it.
type Classifier interface {
	// Classify lists intents, best first; none at all when the text says nothing of any.
	Classify(text string) []Scored
}

// Trainer makes a classifier of a corpus.
type Trainer func(*Corpus) Classifier

// Scored is an intent and the probability that it is meant, 0 to 1.
type Scored struct {
	Intent string // its path
	Score  float64
}

// DefaultThreshold is the score below which an intent is no match, unless the bot says otherwise
// (scenario language, 1).
const DefaultThreshold = 0.2

// Options are what a model takes from other packages; the zero value will do.
type Options struct {
	Lemmas   Lemmatizer // nil: the words are stemmed
	Annotate Annotator  // nil: entities in example phrases match only their own names
	Cache    Cache      // nil: every Load trains
}

// Annotator finds entities: it gives other writings of a text, with the names of entities for
// their values, such as "хочу @duckling.number яблок" for "хочу 5 яблок". At most the first
// four are looked at.
type Annotator interface {
	Annotate(text string) []string
}

// maxWritings bounds what one text can cost.
const maxWritings = 4
