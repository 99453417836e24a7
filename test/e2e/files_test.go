//go:build e2e

package e2e

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime/multipart"
	"net"
	"net/http"
	"net/textproto"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/test/servers"
)

const pngHead = "\x89PNG\r\n\x1a\n"

// fileObject is a file as REST shows it.
type fileObject struct {
	ID, ContentType, Name, BaseName, Extension, URL, DownloadLink, OwnerID string
	Size                                                                   int64
}

// sent is a file to send.
type sent struct{ name, claimed, content string }

// form is a multipart body with files as parts file[].
func form(t *testing.T, files ...sent) (body []byte, contentType string) {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for _, f := range files {
		h := textproto.MIMEHeader{}
		filename := `filename="` + f.name + `"`
		if encoded, ok := strings.CutPrefix(f.name, "*"); ok {
			filename = "filename*=UTF-8''" + encoded
		}
		h.Set("Content-Disposition", `form-data; name="file[]"; `+filename)
		h.Set("Content-Type", f.claimed)
		w, err := m.CreatePart(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, f.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), m.FormDataContentType()
}

func filesOf(session string) string { return base + "/sessions/" + session + "/files" }

// tryUpload sends a body up. It may be called from any goroutine.
func (a *api) tryUpload(session, contentType string, body io.Reader, headers ...string) (*answer, error) {
	r, err := http.NewRequest(http.MethodPost, a.url+filesOf(session), body)
	if err != nil {
		return nil, err
	}
	r.GetBody = nil
	r.Header.Set("Content-Type", contentType)
	for _, h := range headers {
		if name, value, ok := strings.Cut(h, ": "); ok {
			r.Header.Set(name, value)
		}
	}
	client := http.Client{Transport: a.http.Transport, Timeout: 2 * time.Minute}
	res, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	return &answer{res.StatusCode, res.Header, data}, err
}

func (a *api) upload(t *testing.T, session string, files ...sent) []fileObject {
	t.Helper()
	body, contentType := form(t, files...)
	res, err := a.tryUpload(session, contentType, bytes.NewReader(body))
	if err != nil || res.status != http.StatusCreated {
		t.Fatalf("upload: %v %+v", err, res)
	}
	var made []fileObject
	res.decode(t, &made)
	return made
}

// fetch follows a link.
func fetch(url string) (*answer, error) {
	client := http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get(url)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	return &answer{res.StatusCode, res.Header, data}, err
}

func mustFetch(t *testing.T, url, content string) *answer {
	t.Helper()
	res, err := fetch(url)
	if err != nil || res.status != http.StatusOK || res.text() != content {
		t.Fatalf("%s: %v %d, %d bytes, want %d", url, err, res.status, len(res.body), len(content))
	}
	return res
}

// attachments lists those of all messages of a session.
func (a *api) attachments(t *testing.T, session string) []fileObject {
	t.Helper()
	var page struct {
		Items []struct{ Attachments []fileObject }
	}
	a.get(t, messagesOf(session)+"?limit=1000").decode(t, &page)
	var all []fileObject
	for _, m := range page.Items {
		all = append(all, m.Attachments...)
	}
	return all
}

// blobs lists the files below a server's folder of files, by kind.
func blobs(t *testing.T, s *server) (kept, drafts []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(s.data.dir, "files"), func(path string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // it went while we looked
			return nil
		case err != nil || e.IsDir():
			return err
		case filepath.Base(filepath.Dir(path)) == "drafts":
			drafts = append(drafts, path)
		default:
			kept = append(kept, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return kept, drafts
}

func TestFilesGoUpAndCome(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	a := newAPI(t, s.url())
	session := a.open(t, object{"botId": noBot})
	large := strings.Repeat("0123456789abcdef", 5<<16) // 5 MiB, more than any other body may have
	made := a.upload(t, session.ID, sent{"фото 📷.png", "image/png", pngHead}, sent{"large.bin", "", large})
	if f := made[0]; f.Name != "фото 📷.png" || f.BaseName != "фото 📷" || f.Extension != "png" || f.ContentType != "image/png" || f.Size != 8 || f.OwnerID != session.ClientID {
		t.Errorf("%+v", f)
	}
	mustFetch(t, made[0].URL, pngHead)
	mustFetch(t, made[1].DownloadLink, large)
	if res := a.post(t, messagesOf(session.ID), object{"attachments": []any{made[0].ID, object{"id": made[1].ID}}}, ""); res.status != http.StatusCreated {
		t.Fatalf("a message of files alone: %d %s", res.status, res.body)
	}
	listed := a.attachments(t, session.ID)
	if len(listed) != 2 {
		t.Fatalf("attachments: %+v", listed)
	}
	mustFetch(t, listed[0].DownloadLink, pngHead)
	mustFetch(t, listed[1].URL, large)

	first := a.open(t, object{"clientId": session.ClientID, "botId": noBot, "messageAttachments": []string{made[1].ID}})
	if got := a.attachments(t, first.ID); len(got) != 1 || got[0].ID != made[1].ID {
		t.Errorf("in another session of the client: %+v", got)
	}
	stranger := a.open(t, object{"botId": noBot})
	res := a.post(t, messagesOf(stranger.ID), object{"body": "x", "attachments": []string{made[0].ID}}, "")
	if res.mustBeError(t, "a stranger's file"); res.status != 400 || !strings.Contains(res.text(), "attachments[0]") {
		t.Errorf("a stranger's file: %d %s", res.status, res.body)
	}
	if res, err := fetch(strings.Replace(made[0].URL, "s=", "s=x", 1)); err != nil || res.status != http.StatusForbidden {
		t.Errorf("a wrong link: %v %+v", err, res)
	} else {
		res.mustBeError(t, "a wrong link")
	}

	s.kill()
	s.start(t)
	mustFetch(t, a.attachments(t, session.ID)[1].URL, large)
	mustFetch(t, made[0].URL, pngHead) // links outlive the process that made them
}

// TestBadFiles: everything that may come instead of a file is refused by name, or taken and made
// harmless.
func TestBadFiles(t *testing.T) {
	t.Parallel()
	s := newServer(t, "--files-max-size", "3000000")
	a := newAPI(t, s.url())
	session := a.open(t, object{"botId": noBot}).ID
	for name, tt := range map[string]struct {
		file        sent
		shownAs     string
		contentType string
	}{
		"HTML as a picture": {sent{"a.png", "image/png", "<!doctype html><script>alert(1)</script>"}, "a.png", "application/octet-stream"},
		"SVG as a picture":  {sent{"a.svg", "image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`}, "a.svg", "application/octet-stream"},
		"a picture as HTML": {sent{"a.html", "text/html", pngHead}, "a.html", "image/png"},
		"a path":            {sent{`../../../etc/cron.d/x`, "", "x"}, "x", "text/plain; charset=utf-8"},
		"a Windows path":    {sent{`C:\\Windows\\system32\\я.txt`, "", "x"}, "я.txt", "text/plain; charset=utf-8"},
		"control":           {sent{"*a%09b%01c%7F%0D%0A.txt", "", "x"}, "abc.txt", "text/plain; charset=utf-8"},
		"reversed":          {sent{"photo\u202egnp.exe", "", "MZ\x90\x00"}, "photognp.exe", "application/octet-stream"},
		"invalid UTF-8":     {sent{"a\xff\xfe.txt", "", "x"}, "a\ufffd.txt", "text/plain; charset=utf-8"},
		"a long name":       {sent{strings.Repeat("ж", 1000) + ".txt", "", "x"}, strings.Repeat("ж", 125) + ".txt", "text/plain; charset=utf-8"},
		"a zip bomb":        {sent{"bomb.zip", "image/png", bomb(t)}, "bomb.zip", "application/zip"},
	} {
		f := a.upload(t, session, tt.file)[0]
		if f.Name != tt.shownAs || f.ContentType != tt.contentType || f.Size != int64(len(tt.file.content)) {
			t.Errorf("%s: %+v", name, f)
		}
		h := mustFetch(t, f.URL, tt.file.content).header
		if h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("%s: %v", name, h)
		}
		if inline := strings.HasPrefix(h.Get("Content-Disposition"), "inline"); inline != (tt.contentType == "image/png" || strings.HasPrefix(tt.contentType, "text/")) {
			t.Errorf("%s: %s", name, h.Get("Content-Disposition"))
		}
	}
	text := sent{"a.txt", "", "x"}
	body, contentType := form(t, text)
	empty, emptyType := form(t, text, sent{"b.txt", "", ""})
	large, largeType := form(t, sent{"a.bin", "", strings.Repeat("x", 3_000_001)})
	endless, endlessType := form(t, sent{"a.bin", "", strings.Repeat("x", 3_900_000)})
	many, manyType := form(t, make([]sent, 0)...)
	for name, tt := range map[string]struct {
		session, contentType string
		body                 []byte
		header               string
		status               int
		want                 string
	}{
		"0 bytes":         {session, emptyType, empty, "", 400, `"field":"file[1]","message":"the file is empty"`},
		"too large":       {session, largeType, large, "", 413, "a file may have at most 3000000 bytes"},
		"much too large":  {session, endlessType, endless, "", 413, "a file may have at most 3000000 bytes"},
		"nothing":         {session, manyType, many, "", 400, "file[]"},
		"JSON":            {session, "application/json", []byte(`{}`), "", 400, "multipart/form-data"},
		"no such session": {uuid.NewString(), contentType, body, "", 404, ""},
		"no id":           {"x", contentType, body, "", 404, ""},
		"credentials":     {session, contentType, body, "Authorization: Bearer x", 401, ""},
		"a long key":      {session, contentType, body, "Idempotency-Key: " + strings.Repeat("k", 256), 400, "Idempotency-Key"},
		"a cut body":      {session, contentType, body[:len(body)-10], "", 400, "ends before its end"},
	} {
		res, err := a.tryUpload(tt.session, tt.contentType, bytes.NewReader(tt.body), tt.header)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if res.mustBeError(t, name); res.status != tt.status || !strings.Contains(res.text(), tt.want) {
			t.Errorf("%s: %d %s", name, res.status, res.body)
		}
	}
	if kept, drafts := blobs(t, s); len(kept) != 10 || len(drafts) != 0 {
		t.Errorf("%d files are kept, and drafts %v", len(kept), drafts)
	}
}

// bomb is an archive that says nothing at length.
func bomb(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("zeros")
	if err == nil {
		_, err = io.Copy(w, bytes.NewReader(make([]byte, 64<<20)))
	}
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestSlowUpload sends a file for longer than a request may take, and cuts another one off.
func TestSlowUpload(t *testing.T) {
	t.Parallel()
	s := newServer(t, "--http-read-timeout", "6s", "--http-write-timeout", "6s")
	a := newAPI(t, s.url())
	session := a.open(t, object{"botId": noBot}).ID
	content := strings.Repeat("x", 90<<10)
	body, contentType := form(t, sent{"a.txt", "", content})
	r, in := io.Pipe()
	go func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for rest := body; len(rest) > 0; rest = rest[min(len(rest), 1024):] { // some 9 s
			if _, err := in.Write(rest[:min(len(rest), 1024)]); err != nil {
				return
			}
			<-tick.C
		}
		in.Close()
	}()
	res, err := a.tryUpload(session, contentType, r)
	if err != nil || res.status != http.StatusCreated {
		t.Fatalf("%v %+v", err, res)
	}

	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", filesOf(session), contentType, len(body), body[:50<<10])
	eventually(t, 20*time.Second, "a draft is there", func() bool { _, drafts := blobs(t, s); return len(drafts) == 1 })
	c.Close()
	eventually(t, 20*time.Second, "the draft is gone", func() bool { _, drafts := blobs(t, s); return len(drafts) == 0 })
}

// TestThousandUploadsAtOnce: each is kept or clearly refused, within bounded memory.
func TestThousandUploadsAtOnce(t *testing.T) {
	t.Parallel()
	s := newServer(t, "--files-address-uploads", "1000")
	a := newAPI(t, s.url())
	const uploads, sessions, size = 1000, 250, 512 << 10
	ids := make([]string, sessions)
	for i := range ids {
		ids[i] = a.open(t, object{"botId": noBot, "returnAnswerAsync": true}).ID
	}
	content := rand.Text() + strings.Repeat("x", size)
	before := peak(t, s)
	var kept, refused atomic.Int64
	var mu sync.Mutex
	made := map[string]string{} // link by id
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range uploads {
		body, contentType := form(t, sent{strconv.Itoa(i) + ".txt", "", strconv.Itoa(i) + content})
		wg.Go(func() {
			<-start
			res, err := a.tryUpload(ids[i%sessions], contentType, bytes.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			switch res.status {
			case http.StatusCreated:
				var f []fileObject
				if err := json.Unmarshal(res.body, &f); err != nil || len(f) != 1 {
					t.Errorf("%v: %s", err, res.body)
					return
				}
				kept.Add(1)
				mu.Lock()
				made[f[0].URL] = strconv.Itoa(i)
				mu.Unlock()
			case http.StatusServiceUnavailable, http.StatusTooManyRequests:
				res.mustBeError(t, "a refused upload")
				refused.Add(1)
			default:
				t.Errorf("%d %s", res.status, res.body)
			}
		})
	}
	close(start)
	wg.Wait()
	grown := peak(t, s) - before
	t.Logf("%d kept, %d refused; memory grew by %d MiB of %d MiB sent", kept.Load(), refused.Load(), grown>>20, uploads*size>>20)
	if kept.Load() == 0 || kept.Load()+refused.Load() != uploads {
		t.Errorf("%d kept, %d refused", kept.Load(), refused.Load())
	}
	if grown > uploads*size/3 {
		t.Errorf("memory grew by %d MiB", grown>>20)
	}
	for link, number := range made {
		mustFetch(t, link, number+content)
	}
	on, drafts := blobs(t, s)
	if n := int64(len(on)); n < kept.Load() || n > uploads || len(drafts) != 0 { // of a refused one cleaning finds what is left
		t.Errorf("%d files for %d kept and %d refused, drafts %v", n, kept.Load(), refused.Load(), drafts)
	}
}

// peak is the most memory that a server has had, in bytes.
func peak(t *testing.T, s *server) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		t.Skip(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n << 10
		}
	}
	t.Skip("the system does not say")
	return 0
}

// TestCrashDuringUploads kills the server while files go up: what was acknowledged is there, what a
// message refers to stays, and cleaning removes everything else.
func TestCrashDuringUploads(t *testing.T) {
	t.Parallel()
	s := newServer(t, "--files-orphan-ttl", "5s")
	a := newAPI(t, s.url())
	const people = 8
	type kept struct{ session, id, content string }
	var mu sync.Mutex
	var attached []kept
	for round := range 3 {
		var acknowledged atomic.Int64
		var wg sync.WaitGroup
		stop := make(chan struct{})
		for range people {
			session := a.open(t, object{"botId": noBot}).ID
			wg.Go(func() {
				for n := 0; ; n++ {
					select {
					case <-stop:
						return
					default:
					}
					content := rand.Text() + strings.Repeat("x", 100<<10)
					body, contentType := form(t, sent{"a.txt", "", content})
					res, err := a.tryUpload(session, contentType, bytes.NewReader(body))
					if err != nil || res.status != http.StatusCreated {
						continue // killed, or the session has as many as it may
					}
					var f []fileObject
					if err := json.Unmarshal(res.body, &f); err != nil {
						t.Error(err)
						return
					}
					acknowledged.Add(1)
					if n%2 == 1 {
						continue // an orphan
					}
					said, err := a.do(t.Context(), http.MethodPost, messagesOf(session), object{"attachments": []string{f[0].ID}}, "")
					if err != nil || said.status != http.StatusCreated {
						continue
					}
					mu.Lock()
					attached = append(attached, kept{session, f[0].ID, content})
					mu.Unlock()
				}
			})
		}
		eventually(t, 60*time.Second, "uploads are acknowledged", func() bool { return acknowledged.Load() > int64(20*(round+1)) })
		s.kill()
		close(stop)
		wg.Wait()
		s.start(t)
	}
	// A message whose acknowledgement was lost keeps its file, too.
	referred := map[string]bool{}
	seen := map[string]string{}
	for _, k := range attached {
		if seen[k.session] == "" {
			seen[k.session] = k.session
			for _, f := range a.attachments(t, k.session) {
				referred[f.ID] = true
			}
		}
	}
	for _, k := range attached {
		if !referred[k.id] {
			t.Errorf("file %s was acknowledged in a message, which is gone", k.id)
		}
	}
	eventually(t, 60*time.Second, "cleaning leaves what messages refer to", func() bool {
		on, drafts := blobs(t, s)
		if run.engine == onSQLite && len(drafts) > 0 {
			return false
		}
		return len(on) <= len(referred)+people*3 && len(on) >= len(referred) && allReferred(on, referred, people*3)
	})
	for session := range seen {
		for _, f := range a.attachments(t, session) {
			if res, err := fetch(f.URL); err != nil || res.status != http.StatusOK || int64(len(res.body)) != f.Size {
				t.Errorf("file %s: %v %+v", f.ID, err, res)
			}
		}
	}
}

// allReferred reports whether at most a few files are there that no known message refers to: in
// sessions of which no message was acknowledged, one may be.
func allReferred(on []string, referred map[string]bool, few int) bool {
	for _, path := range on {
		if !referred[filepath.Base(path)] {
			few--
		}
	}
	return few >= 0
}

// TestFilesInS3 keeps them in a bucket; one that is away stops files, not messages.
func TestFilesInS3(t *testing.T) {
	t.Parallel()
	s3 := servers.NewS3(t)
	s3.NewBucket(t, "files")
	s := newServer(t, "--files-s3-endpoint", s3.URL(), "--files-s3-bucket", "files", "--files-s3-access-key", servers.S3AccessKey,
		"--files-s3-secret-key", servers.S3SecretKey, "--files-s3-prefix", "chat/")
	a := newAPI(t, s.url())
	session := a.open(t, object{"botId": noBot}).ID
	content := pngHead + strings.Repeat("x", 2<<20)
	f := a.upload(t, session, sent{"a.png", "", content})[0]
	if names := s3.Objects(t, "files"); len(names) != 1 || !strings.HasPrefix(names[0], "chat/") || !strings.HasSuffix(names[0], f.ID) {
		t.Fatalf("objects: %v", names)
	}
	if on, drafts := blobs(t, s); len(on)+len(drafts) != 0 {
		t.Errorf("on disk: %v %v", on, drafts)
	}
	if res := a.post(t, messagesOf(session), object{"body": "look", "attachments": []string{f.ID}}, ""); res.status != http.StatusCreated {
		t.Fatalf("%d %s", res.status, res.body)
	}
	s.kill()
	s.start(t)
	mustFetch(t, a.attachments(t, session)[0].URL, content)
	if err := s3.Stop(); err != nil {
		t.Fatal(err)
	}
	body, contentType := form(t, sent{"b.txt", "", "x"})
	res, err := a.tryUpload(session, contentType, bytes.NewReader(body))
	if err != nil || res.status != http.StatusServiceUnavailable {
		t.Fatalf("without the bucket: %v %+v", err, res)
	}
	res.mustBeError(t, "without the bucket")
	if res := a.post(t, messagesOf(session), object{"body": "still here"}, ""); res.status != http.StatusCreated {
		t.Errorf("a message without the bucket: %d %s", res.status, res.body)
	}
	if err := s3.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustFetch(t, f.URL, content)
}
