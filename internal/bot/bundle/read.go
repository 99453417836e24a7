package bundle

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"
)

// ReadZip reads a zip of somebody else's.
func ReadZip(data []byte) (*Bundle, error) { return usual.readZip(data) }

func (l limits) readZip(data []byte) (*Bundle, error) {
	if err := l.judge(data); err != nil {
		return nil, err
	}
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, invalid("", "it is not a zip: %v", err)
	}
	g := l.newGatherer()
	for _, f := range r.File {
		if strings.HasSuffix(f.Name, "/") && f.Mode().IsDir() {
			if err := checkPath(strings.TrimSuffix(f.Name, "/")); err != nil {
				return nil, err
			}
			continue
		}
		if err := g.add(f.Name, f.Mode(), f.Open); err != nil {
			return nil, err
		}
	}
	return g.bundle()
}

// ReadTarGzip reads a tar.gz of somebody else's.
func ReadTarGzip(data []byte) (*Bundle, error) { return usual.readTarGzip(data) }

func (l limits) judge(archive []byte) error {
	if int64(len(archive)) > l.packed {
		return tooLarge("", "the archive has more than %s", mebibytes(l.packed))
	}
	return nil
}

func (l limits) readTarGzip(data []byte) (*Bundle, error) {
	if err := l.judge(data); err != nil {
		return nil, err
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, invalid("", "it is not a tar.gz: %v", err)
	}
	r := tar.NewReader(&bounded{r: unpacked, left: l.unpacked + maxTarOverhead, limits: l})
	g := l.newGatherer()
	for {
		h, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return g.bundle()
		case err != nil && !errors.Is(err, tar.ErrInsecurePath):
			return nil, badTar(err)
		}
		if err := addTarred(g, h, r); err != nil {
			return nil, err
		}
	}
}

func addTarred(g *gatherer, h *tar.Header, r io.Reader) error {
	if h.Typeflag == tar.TypeXGlobalHeader { // git archive writes one
		return nil
	}
	name := strings.TrimPrefix(h.Name, "./") // tar -C DIR . writes them so
	if h.Typeflag == tar.TypeDir {
		if name = strings.TrimSuffix(name, "/"); name == "" || name == "." {
			return nil
		}
		return checkPath(name)
	}
	mode := h.FileInfo().Mode()
	if h.Typeflag == tar.TypeLink { // its mode is that of a file
		mode |= fs.ModeIrregular
	}
	return g.add(name, mode, func() (io.ReadCloser, error) { return io.NopCloser(r), nil })
}

func badTar(err error) error {
	if large, ok := errors.AsType[*Error](err); ok {
		return large
	}
	return invalid("", "it is not a tar.gz, or a damaged one: %v", err)
}

// maxTarOverhead is what the headers of files, and files that are left out, may take, in bytes.
const maxTarOverhead = 16 << 20

// bounded ends a stream that unpacks to too much.
type bounded struct {
	limits
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, tooLarge("", "it unpacks to more than %s", mebibytes(b.unpacked))
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// Pack takes the files of a bot out of a directory.
func Pack(dir fs.FS) (*Bundle, error) { return usual.pack(dir) }

func (l limits) pack(dir fs.FS) (*Bundle, error) {
	g := l.newGatherer()
	top, err := fs.ReadDir(dir, ".")
	if err != nil {
		return nil, err
	}
	for _, e := range top {
		if name := e.Name(); e.IsDir() && (name == "src" || name == "test") {
			if err := packDir(g, dir, name); err != nil {
				return nil, err
			}
		} else if belongs(name) || name == "src" || name == "test" {
			if err := packFile(g, dir, name, e.Type()); err != nil {
				return nil, err
			}
		}
	}
	return g.bundle()
}

func packDir(g *gatherer, dir fs.FS, root string) error {
	return fs.WalkDir(dir, root, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case hidden(path.Base(name)) && e.IsDir():
			return fs.SkipDir
		case e.IsDir() || hidden(path.Base(name)):
			return nil
		default:
			return packFile(g, dir, name, e.Type())
		}
	})
}

func packFile(g *gatherer, dir fs.FS, name string, mode fs.FileMode) error {
	if name == "src" || name == "test" {
		return invalid(name, "expected a directory")
	}
	return g.add(name, mode, func() (io.ReadCloser, error) { return dir.Open(name) })
}
