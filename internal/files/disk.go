package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Disk keeps bytes in a folder, which several nodes may share.
type Disk struct {
	drafts
	dir string
}

// NewDisk makes the folder if it is missing, for its owner only, and those in it: when it returns they
// are durable, so that a blob is as soon as its own folder is flushed.
func NewDisk(dir string) (*Disk, error) {
	d, err := newDrafts(dir)
	if err != nil {
		return nil, err
	}
	for i := range 256 {
		folder := filepath.Join(dir, fmt.Sprintf("%02x", i)) // see Blobs for the names
		if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("folder of files: %w", err)
		}
	}
	if err := syncFolder(dir); err != nil {
		return nil, fmt.Errorf("folder of files: %w", err)
	}
	// One that we may not read we have not made the folder in.
	if err := syncFolder(filepath.Dir(filepath.Clean(dir))); err != nil && !errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("folder of files: %w", err)
	}
	return &Disk{drafts: d, dir: dir}, nil
}

// Begin implements Blobs.
func (d *Disk) Begin() (Draft, error) {
	f, err := d.create()
	if err != nil {
		return nil, err
	}
	return &diskDraft{File: f, disk: d}, nil
}

type diskDraft struct {
	*os.File
	disk      *Disk
	committed bool
}

// Commit implements Draft: flush, rename, flush the folder. Who sees the name sees all of the bytes.
func (f *diskDraft) Commit(_ context.Context, name string) error {
	path := filepath.Join(f.disk.dir, filepath.FromSlash(name))
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	f.committed = true
	return syncFolder(filepath.Dir(path))
}

// Discard implements Draft.
func (f *diskDraft) Discard() {
	if !f.committed {
		discard(f.File)
	}
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = folder.Close() }()
	if err := folder.Sync(); err != nil {
		return fmt.Errorf("flush %s: %w", path, err)
	}
	return nil
}

// Open implements Blobs.
func (d *Disk) Open(_ context.Context, name string, offset int64) (io.ReadCloser, error) {
	f, err := os.Open(filepath.Join(d.dir, filepath.FromSlash(name)))
	if err != nil {
		return nil, err
	}
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Delete implements Blobs.
func (d *Disk) Delete(_ context.Context, name string) error {
	if err := os.Remove(filepath.Join(d.dir, filepath.FromSlash(name))); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
