package files_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/files"
	"github.com/govorun/govorun/test/servers"
)

func TestWhatALinkAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const svg = `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`
	for _, tt := range []struct{ name, content, contentType, disposition string }{
		{"a.png", png, "image/png", `inline; filename=a.png`},
		{"picture.png", svg, "application/octet-stream", `attachment; filename=picture.png`},
		{"page.html", "<html><script>alert(1)</script>", "application/octet-stream", `attachment; filename=page.html`},
		{"notes.txt", "Привет 👋", "text/plain; charset=utf-8", `inline; filename=notes.txt`},
		{"a.pdf", "%PDF-1.7 x", "application/pdf", `attachment; filename=a.pdf`},
		{`Отчёт "1".txt`, "x", "text/plain; charset=utf-8", `inline; filename="_____ _1_.txt"; filename*=UTF-8''%D0%9E%D1%82%D1%87%D1%91%D1%82%20%221%22.txt`},
	} {
		w.session = w.start()
		f := w.send(strings.ReplaceAll(tt.name, `"`, `\"`), tt.content)
		show, save := w.links(f)
		res, text := w.get(show)
		h := res.Header
		if res.StatusCode != 200 || text != tt.content || h.Get("Content-Type") != tt.contentType || h.Get("Content-Disposition") != tt.disposition {
			t.Errorf("%s: %d %q %v", tt.name, res.StatusCode, text, h)
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'", "ETag": `"` + f.ID + `"`, "Accept-Ranges": "bytes",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", tt.name, name, h.Get(name))
			}
		}
		if !strings.HasPrefix(h.Get("Cache-Control"), "private, max-age=") {
			t.Errorf("%s: Cache-Control %q", tt.name, h.Get("Cache-Control"))
		}
		if res, _ := w.get(save); !strings.HasPrefix(res.Header.Get("Content-Disposition"), "attachment; ") {
			t.Errorf("%s: to be saved, %q", tt.name, res.Header.Get("Content-Disposition"))
		}
		if res, text := w.request(http.MethodHead, show); res.StatusCode != 200 || text != "" || res.ContentLength != f.Size {
			t.Errorf("%s: HEAD %d, %d bytes", tt.name, res.StatusCode, res.ContentLength)
		}
	}
}

func TestPartsOfAFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	show, _ := w.links(w.send("a.txt", "0123456789"))
	for _, tt := range []struct {
		ranges, text string
		status       int
	}{
		{"bytes=0-", "0123456789", 206}, {"bytes=3-5", "345", 206}, {"bytes=7-", "789", 206}, {"bytes=-2", "89", 206}, {"bytes=9-20", "9", 206},
		{"bytes=10-", "", 416}, {"bytes=0-1,3-4", "0123456789", 200}, {"nonsense", "", 416}, {"bytes=99999999999999999999-", "", 416},
	} {
		res, text := w.get(show, "Range: "+tt.ranges)
		if res.StatusCode != tt.status || (tt.status != 416 && text != tt.text) {
			t.Errorf("%s: %d %q", tt.ranges, res.StatusCode, text)
		}
	}
	res, _ := w.get(show)
	if res, text := w.get(show, "If-None-Match: "+res.Header.Get("ETag")); res.StatusCode != 304 || text != "" {
		t.Errorf("known: %d %q", res.StatusCode, text)
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f, other := w.send("a.txt", "one"), w.send("b.txt", "two")
	const step = 15 * time.Minute // links of an hour change four times in it
	now := w.clock()
	w.pass(now.Truncate(step).Add(step + time.Second).Sub(now))
	show, _ := w.links(f)
	w.pass(time.Minute)
	if again, _ := w.links(f); again != show {
		t.Errorf("the link changes within a minute: %s, %s", show, again)
	}
	otherLink, _ := w.links(other)
	u, err := url.Parse(show)
	if err != nil {
		t.Fatal(err)
	}
	change := func(name, value string) string {
		q := u.Query()
		q.Set(name, value)
		return w.url + u.Path + "?" + q.Encode()
	}
	unknown, _ := w.links(chat.File{ID: uuid.NewString()})
	for name, tt := range map[string]struct {
		url    string
		status int
	}{
		"as it is":           {show, 200},
		"another signature":  {change("s", "x"), 403},
		"no signature":       {w.url + u.Path, 403},
		"a later end":        {change("e", "99999999999"), 403},
		"no end":             {change("e", ""), 403},
		"a wrong end":        {change("e", "soon"), 403},
		"another file":       {w.url + "/files/" + other.ID + "?" + u.RawQuery, 403},
		"another one's":      {w.url + u.Path + otherLink[strings.IndexByte(otherLink, '?'):], 403},
		"no id":              {w.url + "/files/x?" + u.RawQuery, 403},
		"of an unknown file": {unknown, 404},
	} {
		res, text := w.get(tt.url)
		if res.StatusCode != tt.status || (tt.status != 200 && (!strings.HasPrefix(text, `{"error":"`) || res.Header.Get("Cache-Control") != "no-store")) {
			t.Errorf("%s: %d %s", name, res.StatusCode, text)
		}
	}
	if res, _ := w.request(http.MethodPost, show); res.StatusCode != 405 || res.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d", res.StatusCode)
	}
	w.pass(58 * time.Minute)
	if res, _ := w.get(show); res.StatusCode != 200 {
		t.Errorf("before its time is over: %d", res.StatusCode)
	}
	w.pass(17 * time.Minute) // an hour, and a step of a quarter more
	if res, text := w.get(show); res.StatusCode != 403 || !strings.Contains(text, "expired") {
		t.Errorf("after it: %d %s", res.StatusCode, text)
	}
	if show, _ := w.links(f); show == "" {
		t.Error("no new link")
	} else if res, _ := w.get(show); res.StatusCode != 200 {
		t.Errorf("a new link: %d", res.StatusCode)
	}
	if show, save := w.Links(chat.Attachment{ID: "x", URL: "https://a.example/b"}); show != "https://a.example/b" || save != show {
		t.Errorf("another's file: %s %s", show, save)
	}
}

func TestMissingBytes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.send("a.txt", "text")
	if err := w.blobs.Delete(t.Context(), f.ID[:2]+"/"+f.ID); err != nil {
		t.Fatal(err)
	}
	show, _ := w.links(f)
	if res, text := w.get(show); res.StatusCode != 404 || !strings.Contains(text, "missing") || res.Header.Get("ETag") != "" {
		t.Errorf("%d %s", res.StatusCode, text)
	}
	if !strings.Contains(w.log.String(), "the bytes of a file are missing") {
		t.Error("nothing is logged")
	}
}

// A reader that does not read holds its place no longer than Close, or its deadline.
func TestCloseCutsDownloads(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(p *files.Params) {
		p.Limits.Downloads = 1
		p.Limits.MaxSize = 32 << 20
		p.Limits.Session.Bytes = 64 << 20
	})
	f := w.send("a.txt", strings.Repeat("x", 24<<20)) // more than fits into the buffers of a connection
	show, _ := w.links(f)
	c, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", strings.TrimPrefix(show, w.url))
	if _, err := io.ReadFull(c, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	if res, text := w.get(show); res.StatusCode != 503 || res.Header.Get("Retry-After") == "" {
		t.Errorf("a second download: %d %s", res.StatusCode, text[:min(len(text), 100)])
	}
	for range 2 {
		if err := w.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if rest, _ := io.Copy(io.Discard, c); rest >= f.Size {
		t.Error("the download went on")
	}
	if _, refused := w.try(w.session.ID, "", part{"file", "a", "", "x"}); !strings.HasPrefix(refused, "unavailable") {
		t.Error("an upload after Close:", refused)
	}
}

func TestCleaning(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "files")
	w := newWorld(t, onFolder(t, dir))
	w.session = startLong(t, w)
	used, unused := w.send("a.txt", "used"), w.send("b.txt", "unused")
	if err := w.attach(w.session.ID, used.ID); err != nil {
		t.Fatal(err)
	}
	w.pass(59 * time.Minute)
	if err := w.Clean(t.Context()); err != nil || w.state(unused.ID) != chat.FileReady {
		t.Fatal("cleaned too soon", err)
	}
	w.pass(2 * time.Minute)
	young := w.send("c.txt", "young")
	for range 2 {
		if err := w.Clean(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if w.state(used.ID) != chat.FileUsed || w.state(young.ID) != chat.FileReady || w.state(unused.ID) != "" || len(onDisk(t, dir)) != 2 {
		t.Errorf("%q %q %q %v", w.state(used.ID), w.state(young.ID), w.state(unused.ID), onDisk(t, dir))
	}
	if err := w.attach(w.session.ID, unused.ID); chat.CodeOf(err) != chat.CodeInvalid {
		t.Error("attached what was removed:", err)
	}
}

// stubborn does not delete the first time.
type stubborn struct {
	files.Blobs
	failed map[string]bool
}

func (s *stubborn) Delete(ctx context.Context, name string) error {
	if !s.failed[name] {
		s.failed[name] = true
		return fs.ErrPermission
	}
	return s.Blobs.Delete(ctx, name)
}

func TestCleaningGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(p *files.Params) { p.Blobs = &stubborn{p.Blobs, map[string]bool{}} })
	w.session = startLong(t, w)
	f := w.send("a.txt", "x")
	w.pass(2 * time.Hour)
	if err := w.Clean(t.Context()); err == nil || w.state(f.ID) != chat.FileDoomed {
		t.Fatalf("%v %s", err, w.state(f.ID))
	}
	show, _ := w.links(f)
	if res, _ := w.get(show); res.StatusCode != 404 {
		t.Errorf("a doomed file: %d", res.StatusCode)
	}
	if err := w.Clean(t.Context()); err != nil || w.state(f.ID) != "" {
		t.Errorf("%v %s", err, w.state(f.ID))
	}
}

func startLong(t *testing.T, w *world) *chat.Session {
	t.Helper()
	result, err := w.domain.Start(t.Context(), chat.StartParams{ChatID: w.chat.ID, TTL: chat.MaxSessionTTL})
	if err != nil {
		t.Fatal(err)
	}
	return result.Session
}

func TestTidy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	disk, err := files.NewDisk(dir)
	if err != nil {
		t.Fatal(err)
	}
	old, err := disk.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer old.Discard()
	past := time.Now().Add(-time.Hour)
	if err := os.Chtimes(onDisk(t, dir)[0], past, past); err != nil {
		t.Fatal(err)
	}
	fresh, err := disk.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := disk.Tidy(time.Now().Add(-time.Minute)); err != nil || len(onDisk(t, dir)) != 1 {
		t.Fatal(err, onDisk(t, dir))
	}
	if _, err := fresh.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := fresh.Commit(t.Context(), "ab/c"); err != nil {
		t.Fatal(err)
	}
	fresh.Discard()
	if got, err := os.ReadFile(filepath.Join(dir, "ab", "c")); err != nil || string(got) != "x" {
		t.Errorf("%q %v", got, err)
	}
}

// TestBlobs holds both storages to the same.
func TestBlobs(t *testing.T) {
	t.Parallel()
	t.Run("disk", func(t *testing.T) {
		t.Parallel()
		disk, err := files.NewDisk(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		testBlobs(t, disk)
	})
	t.Run("S3", func(t *testing.T) {
		t.Parallel()
		s3 := servers.NewS3(t)
		s3.NewBucket(t, "bucket")
		testBlobs(t, newS3(t, s3, servers.S3SecretKey))
		if names := s3.Objects(t, "bucket"); len(names) != 1 || names[0] != "pre/ab/two" {
			t.Errorf("objects: %v", names)
		}
	})
}

func newS3(t *testing.T, s3 *servers.S3, secret string) *files.S3 {
	t.Helper()
	b, err := files.NewS3(files.S3Params{
		Endpoint: s3.URL(), Bucket: "bucket", Region: servers.S3Region, AccessKey: servers.S3AccessKey, SecretKey: secret,
		Prefix: "pre/", PathStyle: true, Drafts: t.TempDir(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func testBlobs(t *testing.T, b files.Blobs) {
	t.Helper()
	put := func(name string, content []byte) {
		t.Helper()
		d, err := b.Begin()
		if err != nil {
			t.Fatal(err)
		}
		defer d.Discard()
		for part := range slices.Chunk(content, 64<<10) {
			if _, err := d.Write(part); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.Open(t.Context(), name, 0); err == nil {
			t.Errorf("%s is there before its commit", name)
		}
		if err := d.Commit(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	large := bytes.Repeat([]byte("0123456789abcdef"), 20<<16) // 20 MiB: larger than a part of an upload in parts
	put("ab/one", []byte("content"))
	put("ab/two", large)
	for _, offset := range []int64{0, 1, 7 << 20} {
		r, err := b.Open(t.Context(), "ab/two", offset)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, large[offset:]) {
			t.Errorf("from %d: %d bytes, %v", offset, len(got), err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	for range 2 {
		if err := b.Delete(t.Context(), "ab/one"); err != nil {
			t.Error(err)
		}
	}
	if _, err := b.Open(t.Context(), "ab/one", 0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a deleted blob: %v", err)
	}
}

// TestS3 goes the whole way through a bucket, and through one that is away.
func TestS3(t *testing.T) {
	t.Parallel()
	s3 := servers.NewS3(t)
	s3.NewBucket(t, "bucket")
	b := newS3(t, s3, servers.S3SecretKey)
	if err := b.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := newS3(t, s3, "wrong").Check(t.Context()); err == nil {
		t.Error("a wrong secret is as good")
	}
	w := newWorld(t, func(p *files.Params) { p.Blobs = b })
	w.session = startLong(t, w)
	f := w.send("картинка.png", png+strings.Repeat("x", 100_000))
	show, _ := w.links(f)
	if res, text := w.get(show, "Range: bytes=0-3"); res.StatusCode != 206 || text != png[:4] {
		t.Errorf("%d %q", res.StatusCode, text)
	}
	if res, text := w.get(show, "Range: bytes=-5"); res.StatusCode != 206 || text != "xxxxx" {
		t.Errorf("%d %q", res.StatusCode, text)
	}
	w.pass(2 * time.Hour)
	if err := w.Clean(t.Context()); err != nil || len(s3.Objects(t, "bucket")) != 0 {
		t.Errorf("%v, objects: %v", err, s3.Objects(t, "bucket"))
	}
	kept := w.send("b.txt", "kept")
	if err := s3.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, refused := w.try(w.session.ID, "", part{"file", "a", "", "x"}); !strings.HasPrefix(refused, "unavailable") {
		t.Errorf("an upload while it is away: %s", refused)
	}
	show, _ = w.links(kept)
	if res, text := w.get(show); res.StatusCode != 503 {
		t.Errorf("a download while it is away: %d %s", res.StatusCode, text)
	}
	if err := s3.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if res, text := w.get(show); res.StatusCode != 200 || text != "kept" {
		t.Errorf("a download when it is back: %d %s", res.StatusCode, text)
	}
}
