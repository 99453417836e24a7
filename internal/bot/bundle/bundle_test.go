package bundle_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/govorun/govorun/internal/bot/bundle"
)

// entry is a file of an archive that a test makes.
type entry struct {
	name, data string
	mode       fs.FileMode // 0: a file
}

// bot is what a bot has.
var bot = []entry{
	{name: "chatbot.yaml", data: "name: bot\n"},
	{name: "src/main/a.sc"},
	{name: "src/main.sc", data: "theme: /\n"},
	{name: "src/слова/питомцы 🐱.csv", data: "1;кот\n"},
	{name: "test/test.xml", data: "<test/>"},
	{name: "caila.json", data: "{}"},
}

func zipped(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		h.SetMode(e.mode | 0o644)
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(e.data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func tarred(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	w := tar.NewWriter(z)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: 0o644, Size: int64(len(e.data)), Typeflag: tar.TypeReg, Format: tar.FormatPAX}
		switch {
		case e.mode&fs.ModeSymlink != 0:
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, e.data, 0
		case e.mode&fs.ModeIrregular != 0:
			h.Typeflag, h.Linkname, h.Size = tar.TypeLink, e.data, 0
		case e.mode.IsDir():
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := w.Write([]byte(e.data)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// directory puts files into a directory.
func directory(t testing.TB, entries ...entry) fs.FS {
	t.Helper()
	dir := t.TempDir()
	for _, e := range entries {
		name := filepath.Join(dir, filepath.FromSlash(e.name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		var err error
		switch {
		case e.mode&fs.ModeSymlink != 0:
			err = os.Symlink(e.data, name)
		case e.mode.IsDir():
			err = os.MkdirAll(name, 0o700)
		default:
			err = os.WriteFile(name, []byte(e.data), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return os.DirFS(dir)
}

// TestEveryWayOfPackingIsOneBundle: what the files are does not depend on how they came.
func TestEveryWayOfPackingIsOneBundle(t *testing.T) {
	t.Parallel()
	backwards := slices.Clone(bot)
	slices.Reverse(backwards)
	more := append(slices.Clone(backwards),
		entry{name: "README.md", data: "about"}, entry{name: ".git/config", data: "x"}, entry{name: "src/.DS_Store", data: "x"},
		entry{name: "src/node_modules/.bin/tool", data: "../tool.js", mode: fs.ModeSymlink}, entry{name: "docs/a.json", data: "{}"})
	dirs := append([]entry{{name: "src/", mode: fs.ModeDir}, {name: "src/слова/", mode: fs.ModeDir}}, bot...)
	dotted := []entry{{name: "./", mode: fs.ModeDir}}
	for _, e := range bot {
		dotted = append(dotted, entry{name: "./" + e.name, data: e.data})
	}
	var all []*bundle.Bundle
	add := func(b *bundle.Bundle, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b)
	}
	add(bundle.ReadZip(zipped(t, bot...)))
	add(bundle.ReadZip(zipped(t, more...)))
	add(bundle.ReadZip(zipped(t, dirs...)))
	add(bundle.ReadTarGzip(tarred(t, bot...)))
	add(bundle.ReadTarGzip(tarred(t, more...)))
	add(bundle.ReadTarGzip(tarred(t, dirs...)))
	add(bundle.ReadTarGzip(tarred(t, dotted...)))
	add(bundle.Pack(directory(t, bot...)))
	add(bundle.Pack(directory(t, more...)))
	add(bundle.ReadZip(all[0].Archive()))
	for i, b := range all {
		if !bytes.Equal(b.Archive(), all[0].Archive()) || b.Digest() != all[0].Digest() || !slices.Equal(b.Files(), all[0].Files()) {
			t.Errorf("bundle %d is another one: %v", i, b.Files())
		}
	}
	var names []string
	for _, e := range bot {
		names = append(names, e.name)
		opened, err := bundle.Open(all[0].Archive())
		if err != nil {
			t.Fatal(err)
		}
		for _, files := range []fs.FS{all[0].FS(), opened} {
			if data, err := fs.ReadFile(files, e.name); err != nil || string(data) != e.data {
				t.Errorf("%s: %q, %v", e.name, data, err)
			}
		}
	}
	if list, err := bundle.List(all[0].FS()); err != nil || !slices.Equal(list, all[0].Files()) {
		t.Errorf("%v, %v", list, err)
	}
	if err := fstest.TestFS(all[0].FS(), names...); err != nil {
		t.Error(err)
	}
	if all[0].Size() != 37 || len(all[0].Files()) != len(bot) {
		t.Errorf("%d bytes in %v", all[0].Size(), all[0].Files())
	}
	other, err := bundle.ReadZip(zipped(t, append([]entry{{name: "src/other.sc"}}, bot...)...))
	if err != nil || other.Digest() == all[0].Digest() {
		t.Errorf("other files, the same digest: %v", err)
	}
}

// TestBadFilesAreRefused by the file that is to blame.
func TestBadFilesAreRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		entry entry
		says  string
	}{
		"out of it":        {entry{name: "../evil.sc"}, "relative"},
		"out of it inside": {entry{name: "src/../../evil.sc"}, "relative"},
		"a detour":         {entry{name: "src/./a.sc"}, "relative"},
		"absolute":         {entry{name: "/src/a.sc"}, "relative"},
		"of Windows":       {entry{name: `src\a.sc`}, "relative"},
		"nothing":          {entry{name: ""}, "relative"},
		"a control sign":   {entry{name: "src/a\x1b[1m.sc"}, "control"},
		"no UTF-8":         {entry{name: "src/\xe4.sc"}, "UTF-8"},
		"a long path":      {entry{name: "src/" + strings.Repeat("ж", 250) + ".sc"}, "500 bytes"},
		"a link":           {entry{name: "src/passwd.sc", data: "/etc/passwd", mode: fs.ModeSymlink}, "symbolic link"},
		"twice":            {entry{name: "src/main.sc"}, "twice"},
		"both":             {entry{name: "src/main.sc/a.sc"}, "a file and a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := append(slices.Clone(bot), tt.entry)
			_, err := bundle.ReadZip(zipped(t, all...))
			wantRefused(t, err, tt.says)
			if name == "no UTF-8" || name == "nothing" { // PAX has no such names
				return
			}
			_, err = bundle.ReadTarGzip(tarred(t, all...))
			wantRefused(t, err, tt.says)
		})
	}
	_, err := bundle.ReadTarGzip(tarred(t, append(slices.Clone(bot), entry{name: "src/hard.sc", data: "chatbot.yaml", mode: fs.ModeIrregular})...))
	wantRefused(t, err, "no regular file")
	_, err = bundle.Pack(directory(t, append(slices.Clone(bot), entry{name: "src/passwd", data: "/etc/passwd", mode: fs.ModeSymlink})...))
	wantRefused(t, err, "symbolic link")
	_, err = bundle.Pack(directory(t, bot[0], entry{name: "src", data: "x"}))
	wantRefused(t, err, "a directory")
	_, err = bundle.Pack(directory(t, bot[1:]...))
	wantRefused(t, err, "no chatbot.yaml")
	_, err = bundle.ReadZip(zipped(t))
	wantRefused(t, err, "no chatbot.yaml")
	_, err = bundle.ReadZip(zipped(t, entry{name: "bot-main/chatbot.yaml"}))
	wantRefused(t, err, "no chatbot.yaml")
	if _, err := bundle.Pack(os.DirFS(filepath.Join(t.TempDir(), "none"))); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing directory: %v", err)
	}
	for _, data := range [][]byte{nil, []byte("PK"), []byte("кот"), tarred(t, bot...)} {
		_, err := bundle.ReadZip(data)
		wantRefused(t, err, "not a zip")
	}
	whole := tarred(t, bot...)
	for _, data := range [][]byte{nil, {0x1f, 0x8b}, []byte("кот"), zipped(t, bot...)} {
		_, err := bundle.ReadTarGzip(data)
		wantRefused(t, err, "tar.gz")
	}
	_, err = bundle.ReadTarGzip(whole[:len(whole)/2])
	wantRefused(t, err, "EOF")
}

func wantRefused(t *testing.T, err error, says string) {
	t.Helper()
	e, ok := errors.AsType[*bundle.Error](err)
	if !ok || e.TooLarge || !strings.Contains(err.Error(), says) {
		t.Errorf("error %v, want %q", err, says)
	}
}

// FuzzRead: no archive is read to more than a bot, and what is read is read again as the same.
func FuzzRead(f *testing.F) {
	f.Add(zipped(f, bot...))
	f.Add(tarred(f, bot...))
	f.Add(zipped(f, append(bot, entry{name: "../a"})...))
	f.Add(tarred(f, append(bot, entry{name: "src/a", data: "b", mode: fs.ModeSymlink})...))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, read := range []func([]byte) (*bundle.Bundle, error){bundle.ReadZip, bundle.ReadTarGzip} {
			b, err := read(data)
			if err != nil {
				if _, ok := errors.AsType[*bundle.Error](err); !ok {
					t.Errorf("an error of another kind: %v", err)
				}
				continue
			}
			again, err := bundle.ReadZip(b.Archive())
			if err != nil || again.Digest() != b.Digest() {
				t.Errorf("read again: %v", err)
			}
			for _, file := range b.Files() {
				if _, err := fs.ReadFile(b.FS(), file.Path); err != nil || !fs.ValidPath(file.Path) {
					t.Errorf("%q: %v", file.Path, err)
				}
			}
		}
	})
}
