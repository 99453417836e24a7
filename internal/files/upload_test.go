package files_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/files"
)

func asError(err error, known **chat.Error) bool { return errors.As(err, known) }

const png = "\x89PNG\r\n\x1a\n...."

func onFolder(t *testing.T, dir string) func(*files.Params) {
	t.Helper()
	disk, err := files.NewDisk(dir)
	if err != nil {
		t.Fatal(err)
	}
	return func(p *files.Params) { p.Blobs = disk }
}

func TestUploadIsKept(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "files")
	w := newWorld(t, onFolder(t, dir))
	made, refused := w.try(w.session.ID, "",
		part{"path", "", "", "ignored"}, part{"file[]", "a/б 📎.png", "text/html", png}, part{"private", "", "", "true"}, part{"file", "notes.txt", "", "Привет"})
	if refused != "" || len(made) != 2 {
		t.Fatal(refused, made)
	}
	first, second := made[0], made[1]
	if first.Name != "б 📎.png" || first.ContentType != "image/png" || first.Size != int64(len(png)) || !first.Private || first.State != chat.FileReady {
		t.Errorf("%+v", first)
	}
	if second.Name != "notes.txt" || second.ContentType != "text/plain; charset=utf-8" || !second.Private {
		t.Errorf("%+v", second)
	}
	show, _ := w.links(first)
	if res, text := w.get(show); res.StatusCode != 200 || text != png {
		t.Errorf("%d %q", res.StatusCode, text)
	}
	names := onDisk(t, dir)
	if len(names) != 2 {
		t.Errorf("on disk: %v", names)
	}
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
}

// Nothing of what is refused is left behind.
func TestUploadIsRefused(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "files")
	w := newWorld(t, onFolder(t, dir))
	big := strings.Repeat("x", maxSize+1)
	ok := part{"file[]", "a.txt", "", "text"}
	for name, tt := range map[string]struct {
		parts []part
		want  string
	}{
		"nothing":        {nil, "invalid file[] expected a part with a file"},
		"no file":        {[]part{{"files", "a.txt", "", "text"}}, "invalid file[] expected a part with a file"},
		"empty file":     {[]part{ok, {"file[]", "b.txt", "", ""}}, "invalid file[1] the file is empty"},
		"no filename":    {[]part{{"file[]", "", "", "text"}}, "invalid file[0] expected a file, with a filename"},
		"too large":      {[]part{ok, {"file[]", "b.txt", "", big}}, "too_large file[1] a file may have at most 1048576 bytes"},
		"too many":       {[]part{ok, ok, ok, ok}, "too_large file[3] expected at most 3 files"},
		"large field":    {[]part{ok, {"path", "", "", big}}, "too_large path expected at most 65536 bytes"},
		"a wrong flag":   {[]part{ok, {"private", "", "", "maybe"}}, "invalid private expected true or false"},
		"too many parts": {append(make([]part, 51), ok), "too_large  expected at most 50 parts that are no files"},
	} {
		if _, refused := w.try(w.session.ID, "", tt.parts...); refused != tt.want {
			t.Errorf("%s: %q, want %q", name, refused, tt.want)
		}
	}
	if _, refused := w.try("99999999-9999-4999-8999-999999999999", "", ok); !strings.HasPrefix(refused, "not_found") {
		t.Error("an unknown session:", refused)
	}
	if err := w.domain.Close(t.Context(), w.session.ID, chat.ClosedByClient, ""); err != nil {
		t.Fatal(err)
	}
	if _, refused := w.try(w.session.ID, "", ok); refused != "state  the session is closed" {
		t.Error("a closed session:", refused)
	}
	if names := onDisk(t, dir); len(names) > 0 {
		t.Errorf("left behind: %v", names)
	}
}

func TestWrongBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const head = "--b\r\nContent-Disposition: form-data; name=\"file[]\"; filename=\"a\"\r\n\r\n"
	for name, tt := range map[string]struct{ contentType, body, want string }{
		"JSON":             {"application/json", `{}`, "Content-Type"},
		"no boundary":      {"multipart/form-data", head, "Content-Type"},
		"empty":            {"multipart/form-data; boundary=b", "", "ends before its end"},
		"cut in the file":  {"multipart/form-data; boundary=b", head + "text", "ends before its end"},
		"cut in the parts": {"multipart/form-data; boundary=b", head + "text\r\n--b", "ends before its end"},
		"no headers":       {"multipart/form-data; boundary=b", "--b\r\nnonsense\r\n\r\nx\r\n--b--", "not valid multipart"},
		"other boundary":   {"multipart/form-data; boundary=c", head + "text\r\n--b--\r\n", "ends before its end"},
	} {
		res, err := http.Post(w.url+"/sessions/"+w.session.ID+"/files", tt.contentType, strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != 400 || !strings.HasPrefix(string(text), "invalid ") || !strings.Contains(string(text), tt.want) {
			t.Errorf("%s: %d %s", name, res.StatusCode, text)
		}
	}
}

// What is not content is bounded, however it is sent; content is not bounded by that.
func TestHeadersAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const disposition = "Content-Disposition: form-data; name=\"file[]\"; filename=\"a\"\r\n"
	end := "\r\n" + strings.Repeat("x", maxSize) + "\r\n--b--\r\n"
	long := strings.Repeat("x", 1000) + "\r\n"
	for name, tt := range map[string]struct{ body, want string }{
		"a long header": {"--b\r\n" + disposition + "X: " + strings.Repeat("x", 70<<10) + "\r\n" + end, "too_large  expected at most 65536 bytes"},
		"many headers":  {"--b\r\n" + disposition + strings.Repeat("X: "+long, 70) + end, "too_large  expected at most 65536 bytes"},
		"tiny headers":  {"--b\r\n" + disposition + strings.Repeat("X:\n", 10_001) + end, "too_large  a part has too many headers"},
		"a preamble":    {strings.Repeat(long, 70) + "--b\r\n" + disposition + end, "too_large  expected at most 65536 bytes"},
		"no more": {strings.Repeat(long, 30) + "--b\r\n" + disposition + "X: " + long + "\r\n1\r\n--b\r\n" +
			disposition + strings.Repeat("X: "+long, 55) + end, "[{"},
	} {
		res, err := http.Post(w.url+"/sessions/"+w.session.ID+"/files", "multipart/form-data; boundary=b", strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if !strings.HasPrefix(string(text), tt.want) {
			t.Errorf("%s: %d %.200s", name, res.StatusCode, text)
		}
	}
}

func TestSessionCannotFillTheDisk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mega := strings.Repeat("x", maxSize)
	for range 3 {
		w.send("a.txt", mega)
	}
	if _, refused := w.try(w.session.ID, "", part{"file", "b", "", "x"}); refused != "state  the session may keep files of at most 3145728 bytes in all" {
		t.Error(refused)
	}
	w.session = w.start()
	for range 5 {
		w.send("a.txt", "x")
	}
	if _, refused := w.try(w.session.ID, "", part{"file", "b", "", "x"}); refused != "state  the session may keep at most 5 files" {
		t.Error(refused)
	}
	w.session = w.start()
	w.send("another session", "x")
}

// Receiving stops where the session's room ends, not when all has arrived.
func TestRoomIsJudgedWhileReceiving(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "files")
	w := newWorld(t, onFolder(t, dir), func(p *files.Params) {
		p.Limits.PerRequest, p.Limits.Session = 5, chat.FileLimits{Count: 3, Bytes: 1000}
	})
	const head = "\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n"
	w.send("a.txt", strings.Repeat("x", 500))
	full := w.start()
	if _, refused := w.try(full.ID, "key", part{"file", "a", "", strings.Repeat("x", 1000)}); refused != "" {
		t.Fatal(refused)
	}
	many := w.start()
	for name, tt := range map[string]struct{ session, begin, want string }{
		"too large":       {w.session.ID, head + strings.Repeat("x", 8<<10), "state  the session may keep files of at most 1000 bytes in all"},
		"large together":  {w.session.ID, head + strings.Repeat("x", 400) + head + strings.Repeat("x", 8<<10), "state  the session may keep files of at most 1000 bytes in all"},
		"full":            {full.ID, "", "state  the session may keep files of at most 1000 bytes in all"},
		"too many":        {many.ID, strings.Repeat(head+"x", 3) + head, "state  the session may keep at most 3 files"},
		"too large alone": {many.ID, head + strings.Repeat("x", 8<<10), "state  the session may keep files of at most 1000 bytes in all"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if text := answer(t, w.hold(tt.session, strings.TrimPrefix(tt.begin, "\r\n"))); text != tt.want {
				t.Error(text)
			}
		})
	}
	if again, refused := w.try(full.ID, "key", part{"file", "a", "", strings.Repeat("x", 1000)}); refused != "" || len(again) != 1 {
		t.Error("a repeat where there is no room for more:", refused)
	}
}

func TestUploadIsDoneOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	same := []part{{"file", "a.txt", "", "one"}, {"file", "b.txt", "", "two"}}
	var wg sync.WaitGroup
	ids := make([]string, 3) // with those that are refused for their number it may be fewer
	for i := range ids {
		wg.Go(func() {
			made, refused := w.try(w.session.ID, "key", same...)
			if refused != "" && !strings.Contains(refused, "may keep") {
				t.Error(refused)
			} else if refused == "" {
				ids[i] = made[0].ID + made[1].ID
			}
		})
	}
	wg.Wait()
	made, refused := w.try(w.session.ID, "key", same...)
	if refused != "" {
		t.Fatal(refused)
	}
	for _, id := range ids {
		if id != "" && id != made[0].ID+made[1].ID {
			t.Errorf("made twice: %v", ids)
		}
	}
	if _, refused := w.try(w.session.ID, "key", part{"file", "a.txt", "", "other"}); !strings.HasPrefix(refused, "key_reused Idempotency-Key") {
		t.Error(refused)
	}
	if err := w.domain.Close(t.Context(), w.session.ID, chat.ClosedByClient, ""); err != nil {
		t.Fatal(err)
	}
	if again, refused := w.try(w.session.ID, "key", same...); refused != "" || again[1].ID != made[1].ID {
		t.Error("a repeat after the end:", refused)
	}
}

// An archive is bytes: what it would become does not matter.
func TestBombIsBytes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var bomb bytes.Buffer
	z := zip.NewWriter(&bomb)
	entry, err := z.Create("zeros")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(entry, zeros{}, 20<<20); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	var gz bytes.Buffer
	g := gzip.NewWriter(&gz)
	if _, err := io.CopyN(g, zeros{}, 20<<20); err != nil {
		t.Fatal(err)
	}
	g.Close()
	for name, content := range map[string]string{"bomb.zip": bomb.String(), "bomb.docx": bomb.String(), "bomb.gz": gz.String()} {
		f := w.send(name, content)
		_, save := w.links(f)
		res, text := w.get(save)
		if f.Size != int64(len(content)) || text != content || res.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestCutConnectionLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "files")
	w := newWorld(t, onFolder(t, dir))
	c, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	body, contentType := form(part{"file", "a.bin", "", strings.Repeat("x", 300<<10)})
	fmt.Fprintf(c, "POST /sessions/%s/files HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", w.session.ID, contentType, body.Len())
	if _, err := c.Write(body.Bytes()[:200<<10]); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a draft is there", func() bool { return len(onDisk(t, dir)) == 1 })
	c.Close()
	eventually(t, "nothing is left", func() bool { return len(onDisk(t, dir)) == 0 })
}

func TestPlacesAreBounded(t *testing.T) {
	t.Parallel()
	transfers := prometheus.NewGauge(prometheus.GaugeOpts{Name: "transfers"})
	w := newWorld(t, func(p *files.Params) {
		p.Limits.Uploads, p.Limits.SessionUploads, p.Metrics.Transfers = 2, 1, transfers
	})
	underWay := func(n float64) {
		t.Helper()
		eventually(t, fmt.Sprintf("%v uploads are under way or wait", n), func() bool {
			var m dto.Metric
			return transfers.Write(&m) == nil && m.GetGauge().GetValue() == n
		})
	}
	hold := func(session string) (end func()) {
		r, in := io.Pipe()
		m := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n"
		done := make(chan struct{})
		go func() {
			defer close(done)
			res, err := http.Post(w.url+"/sessions/"+session+"/files", "multipart/form-data; boundary=b", r)
			if err != nil {
				t.Error(err)
				return
			}
			res.Body.Close()
			if res.StatusCode != 200 {
				t.Errorf("an upload that held its place: %d", res.StatusCode)
			}
		}()
		if _, err := io.WriteString(in, m); err != nil {
			t.Error(err)
		}
		return func() {
			_, _ = io.WriteString(in, "text\r\n--b--\r\n")
			in.Close()
			<-done
		}
	}
	end := hold(w.session.ID)
	small := part{"file", "a", "", "x"}
	underWay(1)
	if _, refused := w.try(w.session.ID, "", small); !strings.HasPrefix(refused, "rate_limited") {
		t.Error("a second upload at once of a session:", refused)
	}
	endOther := hold(w.start().ID)
	underWay(2)
	third := w.start().ID
	waited := make(chan string)
	go func() {
		_, refused := w.try(third, "", small)
		waited <- refused
	}()
	underWay(3)
	select {
	case refused := <-waited:
		t.Error("who has no place does not wait:", refused)
	default:
	}
	end()
	if refused := <-waited; refused != "" {
		t.Error("who has waited:", refused)
	}
	endOther()
}

// broken is a storage that does not keep, or does so too late.
type broken struct {
	files.Blobs
	commit func(d files.Draft, name string) error
}

type brokenDraft struct {
	files.Draft
	b *broken
}

func (b *broken) Begin() (files.Draft, error) {
	d, err := b.Blobs.Begin()
	return &brokenDraft{d, b}, err
}

func (d *brokenDraft) Commit(_ context.Context, name string) error { return d.b.commit(d.Draft, name) }

func TestStorageThatFails(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "files")
	disk, err := files.NewDisk(dir)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	w := newWorld(t, func(p *files.Params) {
		p.Blobs = &broken{disk, func(d files.Draft, name string) error {
			if n++; n == 2 {
				return errors.New("boom")
			}
			return d.Commit(context.Background(), name)
		}}
	})
	if _, refused := w.try(w.session.ID, "", part{"file", "a", "", "x"}, part{"file", "b", "", "y"}); !strings.Contains(refused, "boom") {
		t.Fatal(refused)
	}
	if len(onDisk(t, dir)) != 1 {
		t.Fatalf("on disk: %v", onDisk(t, dir))
	}
	if err := w.Clean(t.Context()); err != nil {
		t.Fatal(err)
	}
	if names := onDisk(t, dir); len(names) != 0 {
		t.Errorf("cleaning leaves %v", names)
	}
}

// A file that is stored so late that cleaning has given it up is refused, and its bytes do not stay.
func TestUploadThatCleaningOvertakes(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "files")
	disk, err := files.NewDisk(dir)
	if err != nil {
		t.Fatal(err)
	}
	var w *world
	w = newWorld(t, func(p *files.Params) {
		p.Blobs = &broken{disk, func(d files.Draft, name string) error {
			w.pass(2 * time.Hour)
			if err := w.Clean(context.Background()); err != nil {
				t.Error(err)
			}
			return d.Commit(context.Background(), name)
		}}
	})
	// The session outlives it.
	result, err := w.domain.Start(t.Context(), chat.StartParams{ChatID: w.chat.ID, TTL: chat.MaxSessionTTL})
	if err != nil {
		t.Fatal(err)
	}
	if _, refused := w.try(result.Session.ID, "", part{"file", "a", "", "x"}); refused != "unavailable  the files took too long to be stored" {
		t.Error(refused)
	}
	if names := onDisk(t, dir); len(names) != 0 {
		t.Errorf("left: %v", names)
	}
}

func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	end := time.After(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatal("not in time: " + what)
		}
	}
}
