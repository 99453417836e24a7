package nlu

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/bot/scenario/syntax"
)

func TestReadSamples(t *testing.T) {
	t.Parallel()
	samples, err := ReadSamples("data.tsv", []byte("\uFEFFпривет\t/hello\r\n\n  где заказ \t order \nпогода\t-"))
	if err != nil || len(samples) != 3 || samples[0] != (Sample{"привет", "/hello"}) || samples[1] != (Sample{"где заказ", "/order"}) || samples[2] != (Sample{"погода", OutOfScope}) {
		t.Errorf("%v %v", samples, err)
	}
	_, err = ReadSamples("data.tsv", []byte("ok\t/a\nno tab\n\t/a\nx\t\n\xff\t/a\n"))
	var errs syntax.Errors
	if !errors.As(err, &errs) || len(errs) != 4 || errs[0].Line != 2 || !strings.Contains(err.Error(), "data.tsv:2:1") {
		t.Errorf("%v", err)
	}
}

// fixed answers from a list.
type fixed map[string]Scored

func (f fixed) Classify(text string) []Scored {
	if s, ok := f[text]; ok {
		return []Scored{s}
	}
	return nil
}

func TestEvaluate(t *testing.T) {
	t.Parallel()
	classifier := fixed{"a1": {"/a", 0.9}, "a2": {"/b", 0.9}, "a3": {"/a", 0.1}, "b1": {"/b", 0.2}, "o1": {"/a", 0.19}, "o2": {"/b", 0.5}}
	r := Evaluate(&Corpus{}, func(*Corpus) Classifier { return classifier }, []Sample{
		{"a1", "/a"}, {"a2", "/a"}, {"a3", "/a"}, {"b1", "/b"}, {"o1", "-"}, {"o2", "-"}, {"o3", "-"},
	}, DefaultThreshold)
	for name, got := range map[string][2]float64{
		"accuracy": {r.AccuracyInScope, 2. / 4}, "refused": {r.Refused, 1. / 4}, "recall": {r.OOSRecall, 2. / 3}, "precision": {r.OOSPrecision, 2. / 3},
		"precision of /b": {r.Intents[1].Precision, 1. / 3}, "recall of /a": {r.Intents[0].Recall, 1. / 3},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: %.3f, %.3f wanted", name, got[0], got[1])
		}
	}
	if len(r.Confusions) != 3 || r.Confusions[0].Count != 1 || r.Samples != 7 || r.InScope != 4 {
		t.Errorf("%+v", r)
	}
	b, err := json.Marshal(r)
	for _, key := range []string{"accuracy_in_scope", "oos_recall", "oos_precision", "ms_per_query", "train_seconds"} {
		if err != nil || !strings.Contains(string(b), `"`+key+`":`) {
			t.Errorf("no %s in %s %v", key, b, err)
		}
	}
	if s := r.String(); !strings.Contains(s, "50.0%") || !strings.Contains(s, "/a taken for /b") {
		t.Error(s)
	}
	if empty := Evaluate(&Corpus{}, func(*Corpus) Classifier { return classifier }, nil, 0); empty.AccuracyInScope != 0 || empty.MSPerQuery != 0 {
		t.Errorf("of nothing: %+v", empty)
	}
}

// TestCrossValidate: each phrase is asked once of a model that has not seen it.
func TestCrossValidate(t *testing.T) {
	t.Parallel()
	c, _ := shop(t, "ru")
	phrases := 0
	for _, intent := range c.Intents {
		phrases += len(intent.Phrases)
	}
	c.Add("/Одна", "единственная фраза")
	seen := 0
	r := CrossValidate(c, func(part *Corpus) Classifier {
		for _, intent := range part.Intents {
			seen += len(intent.Phrases)
		}
		return Train(part, Options{})
	}, 5, DefaultThreshold)
	if r.Samples != phrases || r.InScope != phrases || seen != 4*phrases+5 {
		t.Errorf("%d samples of %d phrases, %d trained", r.Samples, phrases, seen)
	}
	if r.AccuracyInScope < 0.4 || r.AccuracyInScope > 0.95 {
		t.Errorf("accuracy %.3f of phrases not seen", r.AccuracyInScope)
	}
	if len(c.Intents[0].Phrases) < 10 {
		t.Error("the corpus is changed")
	}
}
