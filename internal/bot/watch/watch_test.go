package watch_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/bot/watch"
)

// TestChanges: each kind of change is told of, also in directories that come later.
func TestChanges(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "src", "main.sc"), "a")
	w := begin(t, dir)
	steps := []struct {
		name   string
		change func()
	}{
		{"a file changes", func() { write(t, filepath.Join(dir, "src", "main.sc"), "b") }},
		{"a file comes", func() { write(t, filepath.Join(dir, "chatbot.yaml"), "b") }},
		{"a file goes", func() { remove(t, filepath.Join(dir, "chatbot.yaml")) }},
		{"a directory comes", func() { write(t, filepath.Join(dir, "test", "deep", "a.xml"), "x") }},
		{"a file in it changes", func() { write(t, filepath.Join(dir, "test", "deep", "a.xml"), "y") }},
		{"a file is renamed", func() {
			if err := os.Rename(filepath.Join(dir, "src", "main.sc"), filepath.Join(dir, "src", "other.sc")); err != nil {
				t.Fatal(err)
			}
		}},
	}
	for _, s := range steps {
		s.change()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		if err := w.Next(ctx); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		cancel()
	}
}

// TestNoChanges: what is not of the bot is not told of.
func TestNoChanges(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "node_modules", "x", "a.js"), "a")
	write(t, filepath.Join(dir, ".git", "index"), "a")
	report := filepath.Join(dir, "report.xml")
	w := begin(t, dir, report)
	write(t, report, "<x/>")
	write(t, filepath.Join(dir, ".git", "index"), "b")
	write(t, filepath.Join(dir, ".main.sc.swp"), "b")
	write(t, filepath.Join(dir, "node_modules", "x", "a.js"), "b")
	ctx, cancel := context.WithTimeout(t.Context(), 2*watch.Quiet)
	defer cancel()
	if err := w.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("told of a change (%v)", err)
	}
}

func TestNoDirectory(t *testing.T) {
	t.Parallel()
	if _, err := watch.New(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

func begin(t *testing.T, dir string, ignored ...string) *watch.Watcher {
	t.Helper()
	w, err := watch.New(dir, ignored...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, name string) {
	t.Helper()
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
}
