package app

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
)

// maxModels is how many trained models are kept; the ones that were written first go.
const maxModels = 100

// modelCache keeps what bots have learned of their intents from start to start, a file for each,
// by what it was learned from. It implements nlu.Cache: what cannot be read or written is learned
// again.
type modelCache struct {
	dir string
	log *slog.Logger
}

func (c *modelCache) Load(key string) ([]byte, bool) {
	model, err := os.ReadFile(filepath.Join(c.dir, key))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.log.Warn("bot: a trained model cannot be read", "error", err)
	}
	return model, err == nil
}

func (c *modelCache) Save(key string, model []byte) {
	if err := c.save(key, model); err != nil {
		c.log.Warn("bot: a trained model cannot be kept", "error", err)
	}
}

func (c *modelCache) save(key string, model []byte) error {
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(c.dir, "new-*")
	if err != nil {
		return err
	}
	_, err = file.Write(model)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), filepath.Join(c.dir, key))
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return c.prune()
}

func (c *modelCache) prune() error {
	entries, err := os.ReadDir(c.dir)
	if err != nil || len(entries) <= maxModels {
		return err
	}
	infos := make([]fs.FileInfo, 0, len(entries))
	for _, e := range entries {
		if info, err := e.Info(); err == nil { // else another node was quicker
			infos = append(infos, info)
		}
	}
	slices.SortFunc(infos, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	for _, info := range infos[min(maxModels, len(infos)):] {
		if err := os.Remove(filepath.Join(c.dir, info.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
