package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// asking is a bot that tells three intents apart, one of them by the examples of a state.
var asking = []string{
	"chatbot.yaml", "name: ask\nlanguage: en\n",
	"src/main.sc", "theme: /\n    state: Hours\n        e!: when do you open\n        e!: what are your working hours\n        e!: are you open on sunday\n        a: nine to five\n    state: Pay\n        intent!: /pay\n        a: cash\n",
	"caila_import.json", `{"settings": {"language": "en"}, "intents": [
		{"path": "/pay", "phrases": [{"text": "can I pay by card"}, {"text": "do you take cash"}, {"text": "how can I pay"}]},
		{"path": "/return", "phrases": [{"text": "I want to return this"}, {"text": "can I send it back"}, {"text": "give me my money back"}]}]}`,
}

// TestBotEval measures with samples, and without them.
func TestBotEval(t *testing.T) {
	t.Parallel()
	dir := writeBot(t, asking...)
	data := filepath.Join(t.TempDir(), "data.tsv")
	if err := os.WriteFile(data, []byte("can I pay by card\t/pay\nwhen do you open\te:/Hours\npurple elephants\t-\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	code, out, errs := command(t.Context(), nil, "bot", "eval", dir, data, "--json")
	var report struct {
		Accuracy  float64 `json:"accuracy_in_scope"`
		OOSRecall float64 `json:"oos_recall"`
		Precision float64 `json:"oos_precision"`
		MS        float64 `json:"ms_per_query"`
		Seconds   float64 `json:"train_seconds"`
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil || code != 0 {
		t.Fatalf("%d %v %s %s", code, err, out, errs)
	}
	if report.Accuracy != 1 || report.OOSRecall != 1 || report.Precision != 1 || report.MS <= 0 || report.Seconds <= 0 {
		t.Errorf("%s", out)
	}
	code, out, _ = command(t.Context(), nil, "bot", "eval", dir, "--cross-validate", "3")
	if code != 0 || !strings.Contains(out, "9 samples, 9 in scope, 0 out of scope") {
		t.Errorf("%d %s", code, out)
	}
	if err := os.WriteFile(data, []byte("no tab here\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"expected either DATA.tsv or --cross-validate K": {dir},
		"expected at least 2":                            {dir, "--cross-validate", "1"},
		"data.tsv:1:":                                    {dir, data},
		"is not a directory":                             {dir + "/nowhere", data},
	} {
		code, out, errs := command(t.Context(), nil, append([]string{"bot", "eval"}, args...)...)
		if code == 0 || !strings.Contains(out+errs, want) {
			t.Errorf("%v: %d %s%s, want %q", args, code, out, errs, want)
		}
	}
}

// TestBotIntents explains a decision, and the absence of one.
func TestBotIntents(t *testing.T) {
	t.Parallel()
	dir := writeBot(t, asking...)
	code, out, _ := command(t.Context(), nil, "bot", "intents", dir, "pay by card")
	if code != 0 || !strings.Contains(out, "  /pay\n") || !strings.Contains(out, `"can I pay by card"`) {
		t.Errorf("%d %s", code, out)
	}
	if _, out, _ = command(t.Context(), nil, "bot", "intents", dir, "purple elephants"); !strings.Contains(out, "no intent: none has a score of 0.2") {
		t.Errorf("%s", out)
	}
}
