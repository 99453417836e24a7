package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

// draftsDir is the folder of drafts; no blob is in it, for its name is no two digits.
const draftsDir = "drafts"

const draftPrefix = "draft-"

// drafts makes temporary files in a folder of their own.
type drafts struct{ dir string }

func newDrafts(dir string) (drafts, error) {
	d := drafts{filepath.Join(dir, draftsDir)}
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return d, fmt.Errorf("folder of files: %w", err)
	}
	f, err := d.create()
	if err != nil {
		return d, fmt.Errorf("folder of files: %w", err)
	}
	discard(f)
	return d, nil
}

// create makes a file for its owner only.
func (d drafts) create() (*os.File, error) { return os.CreateTemp(d.dir, draftPrefix+"*") }

func discard(f *os.File) {
	_ = f.Close()
	_ = os.Remove(f.Name()) // what is left is tidied up
}

// Tidy implements Blobs.
func (d drafts) Tidy(before time.Time) error {
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, infoErr := e.Info()
		if infoErr != nil || !strings.HasPrefix(e.Name(), draftPrefix) || !info.ModTime().Before(before) {
			continue // it is gone, or not ours, or somebody writes to it
		}
		if e := os.Remove(filepath.Join(d.dir, info.Name())); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// storing says in the domain's words why bytes could not be kept.
func storing(err error) error {
	var known *chat.Error
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		return &chat.Error{Code: chat.CodeUnavailable, Message: "the disk is full", RetryAfter: 5 * time.Second, Err: err}
	default:
		return fmt.Errorf("keep file: %w", err)
	}
}
