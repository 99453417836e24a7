package adminapi_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/govorun/govorun/internal/adminapi"
	"github.com/govorun/govorun/internal/bot/bundle"
)

// badWords are the mistakes of a bot: each line "bad" of src/main.sc.
func badWords(files fs.FS) (mistakes []adminapi.Mistake) {
	data, err := fs.ReadFile(files, "src/main.sc")
	if err != nil {
		return []adminapi.Mistake{{File: "chatbot.yaml", Message: "there is no file src/main.sc"}}
	}
	for i, line := range strings.Split(string(data), "\n") {
		if line == "bad" {
			mistakes = append(mistakes, adminapi.Mistake{File: "src/main.sc", Line: i + 1, Column: 1, Message: "a bad word", Expected: "a good one", Source: line})
		}
	}
	return mistakes
}

// zipOf packs chatbot.yaml, and src/main.sc of this content.
func zipOf(t testing.TB, main string, more ...string) string {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for i, name := range append([]string{"chatbot.yaml", "src/main.sc"}, more...) {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, []string{"name: a", main, "more"}[min(i, 2)]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

func tarOf(t testing.TB, main string) string {
	t.Helper()
	var buf bytes.Buffer
	g := gzip.NewWriter(&buf)
	w := tar.NewWriter(g)
	for name, data := range map[string]string{"chatbot.yaml": "name: a", "src/main.sc": main} {
		err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(data)), Mode: 0o600})
		_, writeErr := io.WriteString(w, data)
		if err = errors.Join(err, writeErr); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), g.Close()); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

// scenario makes a bot of which nothing is deployed, and returns its path.
func (w *world) scenario() (path string) {
	w.t.Helper()
	return "/bots/" + w.do(201, "POST", "/bots", `{"name": "Бот", "kind": "scenario"}`).text("id")
}

// deploy posts a zip.
func (w *world) deploy(status int, path, body string, headers ...string) answer {
	w.t.Helper()
	a := w.try("POST", path, body, w.root, append([]string{"Content-Type: application/zip"}, headers...)...)
	if a.status != status {
		w.t.Fatalf("POST %s: %d %.500s, want %d", path, a.status, a.raw, status)
	}
	return a
}

func TestVersions(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	w := newWorld(t, func(p *adminapi.Params) { p.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	bot := w.scenario()
	if a := w.do(200, "GET", bot, ""); a.body["version"] != nil || a.body["kind"] != "scenario" || a.body["failureMessage"] != "" {
		t.Errorf("%s", a.raw)
	}
	if a := w.do(200, "GET", bot+"/versions", ""); a.count() != 0 {
		t.Errorf("%s", a.raw)
	}
	first := w.deploy(201, bot+"/versions?note=%D0%BF%D0%B5%D1%80%D0%B2%D0%B0%D1%8F", zipOf(t, "one", "README.md"))
	if first.body["number"] != 1.0 || first.body["active"] != true || first.body["note"] != "первая" || first.body["author"] != "administrator" ||
		first.body["fileCount"] != 2.0 || first.body["size"] != 10.0 || !strings.HasSuffix(first.header.Get("Location"), bot+"/versions/1") {
		t.Errorf("%s", first.raw)
	}
	if again := w.try("POST", bot+"/versions", tarOf(t, "one"), w.root, "Content-Type: application/gzip"); again.status != 200 || again.raw != first.raw {
		t.Errorf("the same files are %d %s", again.status, again.raw)
	}
	if aside := w.deploy(201, bot+"/versions?activate=false", zipOf(t, "two")); aside.body["number"] != 2.0 || aside.body["active"] != false {
		t.Errorf("%s", aside.raw)
	}
	w.deploy(201, bot+"/versions?activate=true", zipOf(t, "three"))
	if a := w.do(200, "GET", bot, ""); a.body["version"] != 3.0 {
		t.Errorf("%s", a.raw)
	}
	list := w.do(200, "GET", bot+"/versions?limit=2", "")
	if list.count() != 2 || list.body["count"] != 3.0 || !strings.Contains(list.raw, `"number":3,"active":true`) || !strings.Contains(list.raw, `"number":2,"active":false`) {
		t.Errorf("%s", list.raw)
	}
	if back := w.do(200, "POST", bot+"/versions/1/activate", ""); back.body["number"] != 1.0 || back.body["active"] != true {
		t.Errorf("%s", back.raw)
	}
	shown := w.do(200, "GET", bot+"/versions/1", "")
	if !strings.HasPrefix(strings.TrimSuffix(first.raw, "}"), strings.Split(shown.raw, `,"files"`)[0]) || !strings.Contains(shown.raw, `"files":[{"path":"chatbot.yaml","size":7,`) {
		t.Errorf("%s", shown.raw)
	}
	zipped := w.do(200, "GET", bot+"/versions/1/archive", "")
	files, err := bundle.ReadZip([]byte(zipped.raw))
	if err != nil || files.Digest() != first.text("digest") || !strings.Contains(zipped.header.Get("Content-Disposition"), "-1.zip") {
		t.Errorf("%v, %v", err, zipped.header)
	}
	if want := strings.TrimPrefix(bot, "/bots/"); strings.Join(w.deployed, ",") != strings.Join([]string{want, want, want}, ",") {
		t.Errorf("told of %v", w.deployed)
	}
	for _, line := range []string{"a version of a bot was deployed\" bot=" + strings.TrimPrefix(bot, "/bots/") + " version=3 active=true", "a version of a bot was activated", "key_name=administrator"} {
		if !strings.Contains(log.String(), line) {
			t.Errorf("no %q in the log:\n%s", line, &log)
		}
	}
	w.do(200, "PATCH", bot, `{"name": "b", "failureMessage": "ой"}`)
	w.do(204, "DELETE", bot, "")
	w.do(404, "GET", bot+"/versions/1", "")
}

func TestABotWithMistakesIsRefusedWithAllOfThem(t *testing.T) {
	t.Parallel()
	broken := false
	w := newWorld(t, func(p *adminapi.Params) {
		p.Check = func(files fs.FS) []adminapi.Mistake {
			if broken {
				return []adminapi.Mistake{{File: "chatbot.yaml", Message: "not any more"}}
			}
			return badWords(files)
		}
	})
	bot := w.scenario()
	w.deploy(201, bot+"/versions", zipOf(t, "good"))
	w.deploy(201, bot+"/versions", zipOf(t, "better"))
	a := w.deploy(400, bot+"/versions", zipOf(t, "bad\n<script>\nbad"))
	want := `"details":{"message":"the bot has 2 mistakes","mistakes":[` +
		`{"file":"src/main.sc","line":1,"column":1,"message":"a bad word","expected":"a good one","source":"bad"},` +
		`{"file":"src/main.sc","line":3,"column":1,"message":"a bad word","expected":"a good one","source":"bad"}]}`
	if !strings.Contains(a.raw, want) {
		t.Errorf("%s", a.raw)
	}
	broken = true
	if a := w.do(400, "POST", bot+"/versions/1/activate", ""); !strings.Contains(a.raw, `"message":"not any more"`) {
		t.Errorf("%s", a.raw)
	}
	if a := w.do(200, "GET", bot+"/versions", ""); a.body["count"] != 2.0 || len(w.deployed) != 2 {
		t.Errorf("%s, told of %v", a.raw, w.deployed)
	}
	if a := w.do(200, "GET", bot, ""); a.body["version"] != 2.0 {
		t.Errorf("%s", a.raw)
	}
}

func TestBadDeployments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.scenario()
	good := zipOf(t, "good")
	remote := "/bots/" + w.do(201, "POST", "/bots", `{"name": "a", "url": "https://a.example"}`).text("id")
	for _, tt := range []struct {
		name, path, body string
		status           int
		says             string
		headers          []string
	}{
		{"no body", bot + "/versions", "", 400, "not a zip", nil},
		{"no zip", bot + "/versions", "кот", 400, "not a zip", nil},
		{"half a zip", bot + "/versions", good[:len(good)/2], 400, "not a zip", nil},
		{"another archive", bot + "/versions", tarOf(t, "one"), 400, "not a zip", nil},
		{"an escape", bot + "/versions", zipOf(t, "one", "../../etc/passwd"), 400, `\"../../etc/passwd\": expected a path`, nil},
		{"no type", bot + "/versions", good, 415, "application/zip", []string{"Content-Type: "}},
		{"another type", bot + "/versions", good, 415, "application/zip", []string{"Content-Type: application/json"}},
		{"too large", bot + "/versions", strings.Repeat("x", bundle.MaxPacked+1), 413, "20971520 bytes", nil},
		{"a long note", bot + "/versions?note=" + strings.Repeat("a", 1001), good, 400, "1000 characters", nil},
		{"a bad flag", bot + "/versions?activate=1", good, 400, "true or false", nil},
		{"an unknown parameter", bot + "/versions?force=true", good, 400, "unknown", nil},
		{"a remote bot", remote + "/versions", good, 422, "a remote bot has no versions", nil},
		{"the demo bot", "/bots/" + demoBot + "/versions", good, 422, "comes with the program", nil},
		{"no bot", "/bots/" + unknownID + "/versions", good, 404, "", nil},
	} {
		a := w.deploy(tt.status, tt.path, tt.body, tt.headers...)
		if !strings.Contains(a.raw, tt.says) {
			t.Errorf("%s: %s", tt.name, a.raw)
		}
	}
	many := make([]string, bundle.MaxFiles)
	for i := range many {
		many[i] = fmt.Sprintf("src/%d.sc", i)
	}
	if a := w.deploy(413, bot+"/versions", zipOf(t, "one", many...)); !strings.Contains(a.raw, "more than 5000 files") {
		t.Errorf("%s", a.raw)
	}
	for _, number := range []string{"1", "0", "-1", "+1", "a", "99999999999999999999"} {
		w.do(404, "GET", bot+"/versions/"+number, "")
		w.do(404, "GET", bot+"/versions/"+number+"/archive", "")
		w.do(404, "POST", bot+"/versions/"+number+"/activate", "")
	}
	w.do(400, "PATCH", bot, `{"url": "https://a.example"}`).blames("url")
	w.do(400, "POST", "/bots", `{"name": "a", "kind": "scenario", "history": 3}`).blames("history")
	w.do(422, "GET", bot+"/secret", "")
	_, reader := w.key("bots:read")
	w.do(403, "POST", bot+"/versions", good, reader)
	w.do(200, "GET", bot+"/versions", "", reader)
	if a := w.do(200, "GET", bot+"/versions", ""); a.count() != 0 || len(w.deployed) != 0 {
		t.Errorf("%s, told of %v", a.raw, w.deployed)
	}
}

func TestRepeatedDeployments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.scenario()
	body := zipOf(t, "one")
	const key = "Idempotency-Key: k"
	first := w.deploy(201, bot+"/versions", body, key)
	w.deploy(201, bot+"/versions", zipOf(t, "two"))
	if again := w.deploy(201, bot+"/versions", body, key); again.raw != first.raw {
		t.Errorf("%s, was %s", again.raw, first.raw)
	}
	w.deploy(422, bot+"/versions", zipOf(t, "three"), key)
	w.deploy(422, bot+"/versions?note=other", body, key)
	w.deploy(400, bot+"/versions", body, "Idempotency-Key: "+strings.Repeat("k", 256))
	if a := w.do(200, "GET", bot, ""); a.body["version"] != 2.0 {
		t.Errorf("%s", a.raw)
	}
}

func TestManyDeployAtOnce(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	at, most := 0, 0
	w := newWorld(t, func(p *adminapi.Params) {
		p.Check = func(files fs.FS) []adminapi.Mistake {
			mu.Lock()
			at++
			most = max(most, at)
			mu.Unlock()
			defer func() { mu.Lock(); at--; mu.Unlock() }()
			return badWords(files)
		}
		p.Deployed = nil
	})
	bot := w.scenario()
	var all sync.WaitGroup
	for i := range 12 {
		body := zipOf(t, fmt.Sprint(i))
		all.Go(func() {
			if a := w.try("POST", bot+"/versions", body, w.root, "Content-Type: application/zip"); a.status != http.StatusCreated {
				t.Errorf("%d %s", a.status, a.raw)
			}
		})
	}
	all.Wait()
	if a := w.do(200, "GET", bot+"/versions", ""); a.count() != 12 || most > 2 {
		t.Errorf("%d at once: %s", most, a.raw)
	}
}
