package bots_test

import (
	"bytes"
	"context"
	"os"
	"testing"

	"github.com/govorun/govorun/internal/bot/scenario"
	"github.com/govorun/govorun/internal/bot/scenario/xmltest"
)

// TestBots has every bot of this folder start without a warning, and runs its XML tests.
func TestBots(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() {
			t.Run(e.Name(), func(t *testing.T) {
				t.Parallel()
				testBot(t, e.Name())
			})
		}
	}
}

func testBot(t *testing.T, dir string) {
	t.Helper()
	fsys := os.DirFS(dir)
	b, problems, err := scenario.Check(fsys, scenario.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	for _, w := range b.Warnings() {
		t.Errorf("warning: %s", w)
	}
	for _, p := range problems {
		t.Errorf("suspicious: %v", p)
	}
	files, err := xmltest.Find(fsys)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		for _, n := range f.Notes {
			t.Errorf("%s: %s", f.Name, n)
		}
	}
	results := xmltest.Run(context.Background(), files, xmltest.Options{New: xmltest.Playing(b)})
	if len(results) == 0 {
		t.Error("the bot has no tests")
	}
	for _, r := range results {
		t.Run(r.Case.File+"/"+r.Case.ID, func(t *testing.T) {
			if r.Status == xmltest.Passed {
				return
			}
			var why bytes.Buffer
			xmltest.Print(&why, r, xmltest.Style{})
			t.Error(why.String())
		})
	}
}
