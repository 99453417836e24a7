package bundle

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"
)

// pack makes a zip and a tar.gz of files, in their order.
func pack(t *testing.T, names []string, data map[string][]byte) (zipped, tarred []byte) {
	t.Helper()
	var zipBuf, tarBuf bytes.Buffer
	z, g := zip.NewWriter(&zipBuf), gzip.NewWriter(&tarBuf)
	w := tar.NewWriter(g)
	for _, name := range names {
		f, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.Write(data[name])
		err = errors.Join(err, w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(data[name]))}))
		_, writeErr := w.Write(data[name])
		if err = errors.Join(err, writeErr); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(z.Close(), w.Close(), g.Close()); err != nil {
		t.Fatal(err)
	}
	return zipBuf.Bytes(), tarBuf.Bytes()
}

func wantTooLarge(t *testing.T, err error, says string) {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok || !e.TooLarge || !strings.Contains(err.Error(), says) {
		t.Errorf("error %v, want %q", err, says)
	}
}

// TestLimits: an archive is read no further than it may be. The limits are smaller than the usual
// ones, by which tests would last.
func TestLimits(t *testing.T) {
	t.Parallel()
	l := limits{packed: 1 << 20, unpacked: 3 << 20, files: 20}
	zeros := make([]byte, 2<<20) // 2 KiB packed
	bomb := map[string][]byte{"chatbot.yaml": nil, "src/a": zeros, "src/b": zeros}
	zipped, tarred := pack(t, []string{"chatbot.yaml", "src/a", "src/b"}, bomb)
	_, err := l.readZip(zipped)
	wantTooLarge(t, err, `"src/b": with it the files have more than 3 MiB`)
	_, err = l.readTarGzip(tarred)
	wantTooLarge(t, err, `"src/b": with it the files have more than 3 MiB`)
	_, err = l.pack(fstest.MapFS{"chatbot.yaml": {}, "src/a": {Data: zeros}, "test/b": {Data: zeros}})
	wantTooLarge(t, err, "3 MiB")
	_, tarred = pack(t, []string{"left out", "chatbot.yaml"}, map[string][]byte{"left out": make([]byte, 3<<20+maxTarOverhead)})
	_, err = l.readTarGzip(tarred)
	wantTooLarge(t, err, "unpacks to more than 3 MiB")

	names := []string{"chatbot.yaml"}
	for i := range l.files - 1 {
		names = append(names, fmt.Sprintf("src/%d.sc", i))
	}
	zipped, tarred = pack(t, names, nil)
	for _, read := range []func() (*Bundle, error){func() (*Bundle, error) { return l.readZip(zipped) }, func() (*Bundle, error) { return l.readTarGzip(tarred) }} {
		if b, err := read(); err != nil || len(b.Files()) != l.files {
			t.Errorf("as many as may be: %v", err)
		}
	}
	zipped, tarred = pack(t, append(names, "README.md"), nil)
	_, err = l.readZip(zipped)
	wantTooLarge(t, err, "20 files")
	_, err = l.readTarGzip(tarred)
	wantTooLarge(t, err, "20 files")

	noise := make([]byte, l.packed)
	_, _ = rand.NewChaCha8([32]byte{}).Read(noise) // it never fails
	_, err = l.readZip(append(noise, 0))
	wantTooLarge(t, err, "the archive has more than 1 MiB")
	_, err = l.readTarGzip(append(noise, 0))
	wantTooLarge(t, err, "the archive has more than 1 MiB")
	_, err = l.pack(fstest.MapFS{"chatbot.yaml": {}, "src/a": {Data: noise}})
	wantTooLarge(t, err, "more than 1 MiB packed")
}
