// Package bundle is the files of a bot as one archive: it packs a directory, reads what others have
// packed as zip or tar.gz, and shows an archive as a file system. It knows where a bot keeps its files
// and how many they may be, and trusts no archive. What is in the files is not its business.
//
// Of a bot are chatbot.yaml, files named *.json beside it, and everything in src/ and test/, but for
// what is hidden (its name begins with a dot). Anything else is left out: a README, a .git.
package bundle

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Limits of a bot.
const (
	MaxPacked   = 20 << 20  // bytes of an archive
	MaxUnpacked = 100 << 20 // bytes of all files together
	MaxFiles    = 5000
	MaxPath     = 500 // bytes of a file's path
)

// limits are how much is read; tests have others.
type limits struct {
	packed, unpacked int64
	files            int
}

var usual = limits{packed: MaxPacked, unpacked: MaxUnpacked, files: MaxFiles}

// ConfigFile is the one file that every bot has.
const ConfigFile = "chatbot.yaml"

// Error says why files are not those of a bot.
type Error struct {
	Path     string // of the file that is to blame; "" for the archive as a whole
	Message  string
	TooLarge bool // a limit is exceeded
}

func (e *Error) Error() string {
	if e.Path == "" {
		return e.Message
	}
	return fmt.Sprintf("%q: %s", e.Path, e.Message)
}

// File is one of a bundle.
type File struct {
	Path   string
	Size   int64  // bytes
	Digest string // hex SHA-256 of its content
}

// Bundle is the files of a bot. It does not change and may be used by many at once.
type Bundle struct {
	files   []File // by path
	archive []byte // a zip of nothing else, always the same for the same files
	fs      fs.FS
}

// Open shows the files of an archive that a bundle has made of itself. They are unpacked when they are
// read.
func Open(archive []byte) (fs.FS, error) {
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, fmt.Errorf("open the files of a bot: %w", err)
	}
	return r, nil
}

// List lists the files of a bot by their paths.
func List(files fs.FS) (list []File, err error) {
	err = fs.WalkDir(files, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		list = append(list, fileOf(name, data))
		return nil
	})
	slices.SortFunc(list, func(a, b File) int { return strings.Compare(a.Path, b.Path) }) // a directory is not where its name is
	return list, err
}

func fileOf(name string, data []byte) File {
	sum := sha256.Sum256(data)
	return File{Path: name, Size: int64(len(data)), Digest: hex.EncodeToString(sum[:])}
}

// Archive is the bundle as a zip. It must not be changed.
func (b *Bundle) Archive() []byte { return b.archive }

// Files lists the files by their paths. The list must not be changed.
func (b *Bundle) Files() []File { return b.files }

// FS shows the files. They are unpacked when they are read.
func (b *Bundle) FS() fs.FS { return b.fs }

// Size is that of all files together, in bytes.
func (b *Bundle) Size() (size int64) {
	for _, f := range b.files {
		size += f.Size
	}
	return size
}

// Digest is a hex SHA-256 of paths and contents: the same files have the same, however they were
// packed.
func (b *Bundle) Digest() string {
	sum := sha256.New()
	for _, f := range b.files {
		fmt.Fprintf(sum, "%d:%s %s\n", len(f.Path), f.Path, f.Digest)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// newBundle packs contents that have been judged.
func (l limits) newBundle(contents []content) (*Bundle, error) {
	b := &Bundle{files: make([]File, len(contents))}
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	for i, c := range contents {
		b.files[i] = fileOf(c.path, c.data)
		f, err := w.CreateHeader(&zip.FileHeader{Name: c.path, Method: zip.Deflate}) // without a time
		if err != nil {
			return nil, fmt.Errorf("pack %s: %w", c.path, err)
		}
		if _, err := f.Write(c.data); err != nil {
			return nil, fmt.Errorf("pack %s: %w", c.path, err)
		}
		if int64(packed.Len()) > l.packed {
			break
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	if int64(packed.Len()) > l.packed {
		return nil, tooLarge("", "the files take more than %s packed", mebibytes(l.packed))
	}
	b.archive = packed.Bytes()
	var err error
	b.fs, err = Open(b.archive)
	return b, err
}

func invalid(path, format string, args ...any) *Error {
	return &Error{Path: path, Message: fmt.Sprintf(format, args...)}
}

func tooLarge(path, format string, args ...any) *Error {
	return &Error{Path: path, Message: fmt.Sprintf(format, args...), TooLarge: true}
}

func mebibytes(n int64) string { return fmt.Sprintf("%d MiB", n>>20) }
