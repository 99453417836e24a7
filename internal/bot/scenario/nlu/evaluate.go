package nlu

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/govorun/govorun/internal/bot/scenario/syntax"
)

// OutOfScope is the intent of a sample that no intent is about.
const OutOfScope = "-"

// Sample is a phrase with the intent it should be taken for, or OutOfScope.
type Sample struct {
	Text, Intent string
}

// ReadSamples reads lines of a text, a tab and the path of an intent, "-" for out of scope.
// Empty lines do not count. The error is syntax.Errors.
func ReadSamples(file string, content []byte) ([]Sample, error) {
	var samples []Sample
	var errs syntax.Errors
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(string(content), "\uFEFF")) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(line) == "" {
			continue
		}
		tab := strings.LastIndexByte(line, '\t')
		if tab < 0 || !utf8.ValidString(line) || strings.TrimSpace(line[:tab]) == "" || strings.TrimSpace(line[tab:]) == "" {
			if len(errs) < maxErrors {
				errs = append(errs, &syntax.Error{
					Position: syntax.Position{File: file, Line: number, Column: 1}, Message: "no sample", Source: shorten(line, 200),
					Expected: `a text, a tab and the path of an intent, or "-" for out of scope`,
				})
			}
			continue
		}
		s := Sample{strings.TrimSpace(line[:tab]), strings.TrimSpace(line[tab+1:])}
		if s.Intent != OutOfScope {
			s.Intent = rooted(s.Intent)
		}
		samples = append(samples, s)
	}
	if len(errs) > 0 {
		return nil, errs
	}
	return samples, nil
}

// Report is how good a classifier is. A share of nothing is 0.
type Report struct {
	Samples         int     `json:"samples"`
	InScope         int     `json:"in_scope"`
	OutOfScope      int     `json:"out_of_scope"`
	Threshold       float64 `json:"threshold"`
	AccuracyInScope float64 `json:"accuracy_in_scope"` // of the samples with an intent: given it, with a score of at least the threshold
	Refused         float64 `json:"refused_in_scope"`  // of these: taken for out of scope
	OOSRecall       float64 `json:"oos_recall"`        // of the samples out of scope: refused
	OOSPrecision    float64 `json:"oos_precision"`     // of all that was refused: out of scope
	MSPerQuery      float64 `json:"ms_per_query"`
	TrainSeconds    float64 `json:"train_seconds"`

	Intents    []IntentReport `json:"intents"`    // by path
	Confusions []Confusion    `json:"confusions"` // the most frequent first
}

// IntentReport is how good a classifier is at one intent.
type IntentReport struct {
	Intent    string  `json:"intent"`
	Samples   int     `json:"samples"`
	Precision float64 `json:"precision"` // of what was taken for the intent: meant it
	Recall    float64 `json:"recall"`    // of what meant the intent: taken for it
}

// Confusion is an intent taken for another, either of which can be OutOfScope.
type Confusion struct {
	Intent   string   `json:"intent"`
	TakenFor string   `json:"taken_for"`
	Count    int      `json:"count"`
	Examples []string `json:"examples"` // at most three
}

// Evaluate trains on a corpus and measures with samples; threshold is the score from which an
// intent counts as a match.
func Evaluate(c *Corpus, train Trainer, samples []Sample, threshold float64) Report {
	e := evaluation{threshold: threshold}
	start := time.Now()
	classifier := train(c)
	e.training = time.Since(start)
	e.run(classifier, samples)
	return e.report()
}

// CrossValidate measures without samples: it trains k times, each time without one part of the
// phrases of each intent, and measures with that part. Samples out of scope are of no use to it:
// none are there. Training time is the mean of one training. An intent of fewer than
// two phrases is trained but not measured. k is at least 2.
func CrossValidate(c *Corpus, train Trainer, k int, threshold float64) Report {
	k = max(k, 2)
	e := evaluation{threshold: threshold}
	for part := range k {
		rest, samples := split(c, k, part)
		start := time.Now()
		classifier := train(rest)
		e.training += time.Since(start) / time.Duration(k)
		e.run(classifier, samples)
	}
	return e.report()
}

// split takes every k-th phrase of each intent out of a corpus, beginning with the given one.
func split(c *Corpus, k, part int) (*Corpus, []Sample) {
	rest := &Corpus{Language: c.Language}
	var samples []Sample
	for _, intent := range gathered(c) {
		all := intent.Phrases
		intent.Phrases, intent.Enabled = nil, true
		for i, p := range all {
			if i%k == part && len(all) > 1 {
				samples = append(samples, Sample{p.Text, intent.Path})
			} else {
				intent.Phrases = append(intent.Phrases, p)
			}
		}
		rest.Intents = append(rest.Intents, intent)
	}
	return rest, samples
}

// pair is what was meant and what it was taken for.
type pair struct{ intent, taken string }

// evaluation collects decisions.
type evaluation struct {
	threshold float64
	training  time.Duration
	querying  time.Duration
	samples   int
	counts    map[pair]int
	examples  map[pair][]string
}

func (e *evaluation) run(c Classifier, samples []Sample) {
	if e.counts == nil {
		e.counts, e.examples = map[pair]int{}, map[pair][]string{}
	}
	for _, s := range samples {
		start := time.Now()
		list := c.Classify(s.Text)
		e.querying += time.Since(start)
		p := pair{s.Intent, OutOfScope}
		if len(list) > 0 && list[0].Score >= e.threshold {
			p.taken = list[0].Intent
		}
		e.samples++
		if e.counts[p]++; p.intent != p.taken && len(e.examples[p]) < 3 {
			e.examples[p] = append(e.examples[p], s.Text)
		}
	}
}

func (e *evaluation) report() Report {
	meant, taken := map[string]int{}, map[string]int{}
	r := Report{Samples: e.samples, Threshold: e.threshold, TrainSeconds: e.training.Seconds()}
	right := 0
	for p, n := range e.counts {
		meant[p.intent] += n
		taken[p.taken] += n
		if p.intent != p.taken {
			r.Confusions = append(r.Confusions, Confusion{p.intent, p.taken, n, e.examples[p]})
		} else if p.intent != OutOfScope {
			right += n
		}
	}
	r.OutOfScope = meant[OutOfScope]
	r.InScope = r.Samples - r.OutOfScope
	refused := e.counts[pair{OutOfScope, OutOfScope}]
	r.AccuracyInScope = ratio(right, r.InScope)
	r.Refused = ratio(taken[OutOfScope]-refused, r.InScope)
	r.OOSRecall = ratio(refused, r.OutOfScope)
	r.OOSPrecision = ratio(refused, taken[OutOfScope])
	if e.samples > 0 {
		r.MSPerQuery = e.querying.Seconds() * 1000 / float64(e.samples)
	}
	for intent, n := range meant {
		if right := e.counts[pair{intent, intent}]; intent != OutOfScope {
			r.Intents = append(r.Intents, IntentReport{intent, n, ratio(right, taken[intent]), ratio(right, n)})
		}
	}
	slices.SortFunc(r.Intents, func(a, b IntentReport) int { return cmp.Compare(a.Intent, b.Intent) })
	slices.SortFunc(r.Confusions, func(a, b Confusion) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Intent, b.Intent), cmp.Compare(a.TakenFor, b.TakenFor))
	})
	return r
}

func ratio(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// String is the report for people: the figures, the worst intents and the usual confusions.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d samples, %d in scope, %d out of scope; threshold %.2f\n", r.Samples, r.InScope, r.OutOfScope, r.Threshold)
	fmt.Fprintf(&b, "accuracy in scope      %5.1f%%  (refused %.1f%%)\n", 100*r.AccuracyInScope, 100*r.Refused)
	if r.OutOfScope > 0 {
		fmt.Fprintf(&b, "out of scope, recall   %5.1f%%  precision %.1f%%\n", 100*r.OOSRecall, 100*r.OOSPrecision)
	}
	fmt.Fprintf(&b, "trained in %.2f s, %.3f ms a query\n", r.TrainSeconds, r.MSPerQuery)
	worst := slices.Clone(r.Intents)
	slices.SortStableFunc(worst, func(a, b IntentReport) int { return cmp.Compare(a.Recall+a.Precision, b.Recall+b.Precision) })
	fmt.Fprintf(&b, "\nintents, the worst first:\nprecision recall samples\n")
	for _, i := range worst {
		fmt.Fprintf(&b, "%8.1f%% %5.1f%% %7d  %s\n", 100*i.Precision, 100*i.Recall, i.Samples, i.Intent)
	}
	if len(r.Confusions) > 0 {
		b.WriteString("\nconfusions:\n")
	}
	for _, c := range r.Confusions[:min(len(r.Confusions), 30)] {
		fmt.Fprintf(&b, "%4d  %s taken for %s: %q\n", c.Count, c.Intent, c.TakenFor, c.Examples)
	}
	return b.String()
}
