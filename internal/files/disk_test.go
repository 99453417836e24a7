package files_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/govorun/govorun/internal/files"
)

// All folders are there, and flushed, before the first upload: none of two at once can rely on a
// folder that the other has made and not flushed.
func TestFoldersAreMadeAtTheStart(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "files")
	for range 2 { // another node, or a restart
		if _, err := files.NewDisk(dir); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 256 {
		info, err := os.Stat(filepath.Join(dir, fmt.Sprintf("%02x", i)))
		if err != nil || !info.IsDir() || info.Mode().Perm() != 0o700 {
			t.Fatal(info, err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := files.NewDisk(filepath.Join(dir, "x", "files")); err == nil {
		t.Error("a folder in a file")
	}
}
