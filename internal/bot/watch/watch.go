// Package watch tells when the files of a bot change, so that it can be read again while
// somebody works on it. It knows nothing of what is in the files.
package watch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Quiet is how long nothing must change before a change is told of: editors write files in
// several steps, and a checkout writes many.
const Quiet = 200 * time.Millisecond

// Watcher watches a directory and all below it but hidden ones and node_modules. It belongs
// to one goroutine.
type Watcher struct {
	files   *fsnotify.Watcher
	ignored []string // absolute paths
}

// New begins to watch: what changes from now on is told of by Next. Changes of the ignored
// files are not.
func New(dir string, ignored ...string) (*Watcher, error) {
	files, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", dir, err)
	}
	w := &Watcher{files: files}
	for _, name := range ignored {
		if path, err := filepath.Abs(name); err == nil {
			w.ignored = append(w.ignored, path)
		}
	}
	root, err := filepath.Abs(dir)
	if err == nil {
		err = w.add(root)
	}
	if err != nil {
		_ = files.Close()
		return nil, fmt.Errorf("watch %s: %w", dir, err)
	}
	return w, nil
}

// Close ends the watching.
func (w *Watcher) Close() error { return w.files.Close() }

// add watches a directory and those below it.
func (w *Watcher) add(root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && path != root:
			return nil // it is gone again
		case err != nil:
			return err
		case !d.IsDir():
			return nil
		case path != root && passed(d.Name()):
			return fs.SkipDir
		}
		return w.files.Add(path)
	})
}

// passed reports whether a name is none of a bot's files: hidden, of an editor, or of npm.
func passed(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") || name == "node_modules" || name == "4913"
}

// Next waits until something has changed since the last call, and then nothing for Quiet. The
// error is ctx's when that ends before.
func (w *Watcher) Next(ctx context.Context) error {
	timer := time.NewTimer(0)
	timer.Stop()
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return nil
		case event, ok := <-w.files.Events:
			if !ok {
				return fsnotify.ErrClosed
			}
			if w.counts(event) {
				timer.Reset(Quiet)
			}
		case err, ok := <-w.files.Errors:
			if !ok {
				return fsnotify.ErrClosed
			}
			if !errors.Is(err, fsnotify.ErrEventOverflow) { // else something changed, who knows what
				return fmt.Errorf("watch: %w", err)
			}
			timer.Reset(Quiet)
		}
	}
}

// counts reports whether an event is a change of the bot. New directories are watched, too.
func (w *Watcher) counts(event fsnotify.Event) bool {
	if event.Op == fsnotify.Chmod || passed(filepath.Base(event.Name)) || slices.Contains(w.ignored, event.Name) {
		return false
	}
	if event.Has(fsnotify.Create) {
		if info, err := os.Stat(event.Name); err == nil && info.IsDir() {
			_ = w.add(event.Name) // when it is gone again there is nothing to watch
		}
	}
	return true
}
