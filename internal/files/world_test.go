package files_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/files"
	"github.com/govorun/govorun/internal/sqlstore"
	"github.com/govorun/govorun/test/contract"
)

// world is a service over a real store and a real server, with one open session.
type world struct {
	*files.Service
	t      *testing.T
	store  *sqlstore.Store
	domain *chat.Service
	blobs  files.Blobs
	url    string
	log    *safeBuffer
	chat   *chat.Chat

	session *chat.Session

	mu  sync.Mutex
	now time.Time
}

const maxSize = 1 << 20

// newWorld keeps files on disk, in a folder of the test, unless edit says otherwise.
func newWorld(t *testing.T, edit ...func(*files.Params)) *world {
	t.Helper()
	w := &world{t: t, now: time.Now(), log: &safeBuffer{}}
	log := slog.New(slog.NewTextHandler(w.log, nil))
	store, err := sqlstore.Open(t.Context(), sqlstore.Options{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	w.store = store
	w.domain = chat.NewService(chat.Params{
		Store: store, Node: "here", Now: w.clock, TurnLease: time.Minute,
		NewID:       func() string { return uuid.Must(uuid.NewV7()).String() },
		NewSecretID: uuid.NewString,
		Ring:        func(chat.Ring) {},
	})
	w.chat = &chat.Chat{ID: uuid.NewString(), Identity: chat.IdentityOpen}
	if err := store.Update(t.Context(), func(tx chat.Tx) error { return tx.CreateChat(w.chat) }); err != nil {
		t.Fatal(err)
	}
	w.session = w.start()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	w.url = server.URL
	p := files.Params{
		Domain: w.domain, Key: []byte("key"), BaseURL: server.URL, LinkTTL: time.Hour, OrphanTTL: time.Hour, Now: w.clock, Log: log,
		Limits: files.Limits{MaxSize: maxSize, PerRequest: 3, Session: chat.FileLimits{Count: 5, Bytes: 3 << 20}, Uploads: 8, Downloads: 8},
	}
	if p.Blobs, err = files.NewDisk(filepath.Join(t.TempDir(), "files")); err != nil {
		t.Fatal(err)
	}
	for _, e := range edit {
		e(&p)
	}
	w.blobs = p.Blobs
	w.Service = files.New(p)
	w.Register(mux)
	mux.HandleFunc("POST /sessions/{id}/files", w.upload)
	return w
}

// upload is what a transport does around Upload.
func (w *world) upload(rw http.ResponseWriter, r *http.Request) {
	r.Body = files.Arriving(rw, r.Body)
	idem := chat.Idempotency{Key: r.Header.Get("Idempotency-Key")}
	result, err := w.Upload(r, r.PathValue("id"), idem)
	if err != nil {
		var known *chat.Error
		rw.WriteHeader(http.StatusBadRequest)
		if !asError(err, &known) {
			known = &chat.Error{Code: chat.CodeInternal, Message: err.Error()}
		}
		fmt.Fprintf(rw, "%s %s %s", known.Code, known.Field, known.Message)
		return
	}
	_ = json.NewEncoder(rw).Encode(result.Files)
}

func (w *world) start() *chat.Session {
	w.t.Helper()
	result, err := w.domain.Start(w.t.Context(), chat.StartParams{ChatID: w.chat.ID})
	if err != nil {
		w.t.Fatal(err)
	}
	return result.Session
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// part is a part of a form: a file, or a field when it has no name.
type part struct{ field, name, claimed, content string }

func form(parts ...part) (body *bytes.Buffer, contentType string) {
	body = &bytes.Buffer{}
	m := multipart.NewWriter(body)
	for _, p := range parts {
		h := textproto.MIMEHeader{}
		disposition := `form-data; name="` + p.field + `"`
		if p.name != "" {
			disposition += `; filename="` + p.name + `"`
		}
		h.Set("Content-Disposition", disposition)
		if p.claimed != "" {
			h.Set("Content-Type", p.claimed)
		}
		w, _ := m.CreatePart(h)
		_, _ = io.WriteString(w, p.content)
	}
	_ = m.Close()
	return body, m.FormDataContentType()
}

// try sends parts up; refused is what was said against it.
func (w *world) try(session, key string, parts ...part) (made []chat.File, refused string) {
	w.t.Helper()
	return w.post(session, parts, "Idempotency-Key", key)
}

// tryFrom sends parts up from an address.
func (w *world) tryFrom(address, session string, parts ...part) (made []chat.File, refused string) {
	w.t.Helper()
	return w.post(session, parts, "From", address)
}

func (w *world) post(session string, parts []part, header, value string) (made []chat.File, refused string) {
	w.t.Helper()
	body, contentType := form(parts...)
	r, err := http.NewRequest(http.MethodPost, w.url+"/sessions/"+session+"/files", body)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set(header, value)
	res, err := (&http.Client{Transport: contract.Transport(w.t, http.DefaultTransport)}).Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK {
		return nil, string(text)
	}
	if err := json.Unmarshal(text, &made); err != nil {
		w.t.Fatal(err)
	}
	return made, ""
}

func (w *world) send(name, content string) chat.File {
	w.t.Helper()
	made, refused := w.try(w.session.ID, "", part{"file[]", name, "", content})
	if refused != "" {
		w.t.Fatalf("%s: %s", name, refused)
	}
	return made[0]
}

func (w *world) attach(session string, ids ...string) error {
	_, err := w.domain.Send(w.t.Context(), chat.SendParams{SessionID: session, Message: chat.MessageParams{Attachments: ids}})
	return err
}

func (w *world) links(f chat.File) (inline, download string) {
	return w.Links(chat.Attachment{ID: f.ID, Name: f.Name, ContentType: f.ContentType, Size: f.Size})
}

func (w *world) get(url string, headers ...string) (*http.Response, string) {
	w.t.Helper()
	return w.request(http.MethodGet, url, headers...)
}

func (w *world) request(method, url string, headers ...string) (*http.Response, string) {
	w.t.Helper()
	r, err := http.NewRequest(method, url, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	res, err := (&http.Client{Transport: contract.Transport(w.t, http.DefaultTransport)}).Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return res, string(text)
}

// state is that of a file, "" when there is none.
func (w *world) state(id string) chat.FileState {
	w.t.Helper()
	f, err := w.store.FindFile(w.t.Context(), id)
	if chat.CodeOf(err) == chat.CodeNotFound {
		return ""
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return f.State
}

// onDisk lists the files below a folder.
func onDisk(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
