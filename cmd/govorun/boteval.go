package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/govorun/govorun/internal/bot/scenario"
	"github.com/govorun/govorun/internal/bot/scenario/nlu"
)

// botEvalCmd measures a bot's intents with phrases that it was not trained on.
type botEvalCmd struct {
	Dir           string   `arg:"" placeholder:"DIR" help:"The bot's directory, with its caila_import.json or nlu.json."`
	Data          string   `arg:"" optional:"" placeholder:"DATA.tsv" help:"Lines of a text, a tab and the path of an intent, - for a text that no intent is about."`
	CrossValidate int      `placeholder:"K" help:"Measure without data: learn K times, each time without one part of the bot's own phrases, and ask for that part."`
	Threshold     *float64 `placeholder:"SCORE" help:"The score from which an intent counts; as chatbot.yaml says unless given."`
	JSON          bool     `name:"json" help:"Print one JSON object."`
}

// evaluation is the report as a program reads it.
type evaluation struct {
	nlu.Report
	Language string `json:"language,omitempty"`
}

func (c *botEvalCmd) Run(w *world) error {
	if (c.Data == "") == (c.CrossValidate == 0) {
		return &usageError{fmt.Errorf("expected either DATA.tsv or --cross-validate K")}
	}
	if c.CrossValidate == 1 || c.CrossValidate < 0 {
		return &usageError{fmt.Errorf("--cross-validate is %d; expected at least 2", c.CrossValidate)}
	}
	t, err := readTraining(w, c.Dir)
	if err != nil {
		return err
	}
	threshold := t.Threshold
	if c.Threshold != nil {
		threshold = *c.Threshold
	}
	train := func(corpus *nlu.Corpus) nlu.Classifier { return nlu.Train(corpus, t.Options) }
	var report nlu.Report
	if c.CrossValidate > 0 {
		report = nlu.CrossValidate(t.Corpus, train, c.CrossValidate, threshold)
	} else {
		content, err := os.ReadFile(c.Data)
		if err != nil {
			return err
		}
		samples, err := nlu.ReadSamples(c.Data, content)
		if err != nil {
			writeMistakes(w.painter(), err)
			return errReported
		}
		report = nlu.Evaluate(t.Corpus, train, samples, threshold)
	}
	if c.JSON {
		e := json.NewEncoder(w.Stdout)
		e.SetEscapeHTML(false)
		return e.Encode(evaluation{report, t.Corpus.Language})
	}
	_, err = fmt.Fprint(w.Stdout, report.String())
	return err
}

// readTraining reads what a bot learns from, and writes why it cannot be read.
func readTraining(w *world, dir string) (*scenario.Training, error) {
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() {
		return nil, &usageError{fmt.Errorf("%s is not a directory; expected that of a bot", dir)}
	}
	t, err := scenario.ReadTraining(os.DirFS(dir))
	if err != nil {
		writeMistakes(w.painter(), err)
		return nil, errReported
	}
	return t, nil
}

// botIntentsCmd explains one decision.
type botIntentsCmd struct {
	Dir    string `arg:"" placeholder:"DIR" help:"The bot's directory, with its caila_import.json or nlu.json."`
	Phrase string `arg:"" placeholder:"PHRASE" help:"What a client might say."`
	JSON   bool   `name:"json" help:"Print one JSON object."`
}

func (c *botIntentsCmd) Run(w *world) error {
	t, err := readTraining(w, c.Dir)
	if err != nil {
		return err
	}
	x := nlu.Train(t.Corpus, t.Options).Explain(c.Phrase)
	if c.JSON {
		e := json.NewEncoder(w.Stdout)
		e.SetEscapeHTML(false)
		return e.Encode(x)
	}
	if _, err := fmt.Fprint(w.Stdout, x.String()); err != nil {
		return err
	}
	if len(x.Intents) == 0 || x.Intents[0].Score < t.Threshold {
		_, err = fmt.Fprintf(w.Stdout, "no intent: none has a score of %g\n", t.Threshold)
	}
	return err
}
