//go:build interop

package contract

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	demoChat     = "11111111-1111-4111-8111-111111111111"
	demoSessions = "/api/v1/chats/" + demoChat + "/sessions"
	demoChannel  = "/chatapi/DemoChat:0000000000000000000000000000000000000000"
	demoBot      = "22222222-2222-4222-8222-222222222222"
)

// TestSchemathesis has schemathesis try the whole document on a real server, right and wrong, by all
// its checks. Environment: GOVORUN_BIN is the server (built when unset), GOVORUN_SCHEMATHESIS the program
// st (that of .cache when unset), EXAMPLES how many cases it makes up for each operation in each of its
// phases, SCHEMATHESIS_SEED the seed of its chance.
func TestSchemathesis(t *testing.T) {
	t.Parallel()
	examples, seed := os.Getenv("EXAMPLES"), os.Getenv("SCHEMATHESIS_SEED")
	if examples == "" {
		examples = "10"
	}
	if seed == "" {
		seed = "1"
	}
	url, setup := startServer(t)
	key := becomeAdministrator(t, url, setup)
	dir, remote := prepareTrial(t, url, key)
	st, err := filepath.Abs("../../.cache/schemathesis/bin/st")
	if err != nil {
		t.Fatal(err)
	}
	if path := os.Getenv("GOVORUN_SCHEMATHESIS"); path != "" {
		st = path
	}
	cmd := exec.CommandContext(t.Context(), st, "--config-file", "schemathesis.toml", "run", url+"/api/openapi.json",
		"--checks", "all", "--max-examples", examples, "--seed", seed, "--no-color")
	cmd.Dir = dir
	cmd.Env = append(withoutOurs(), "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1", "TRIAL_KEY="+key.Key, "TRIAL_KEY_ID="+key.ID, "TRIAL_REMOTE="+remote)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if testing.Verbose() {
		t.Logf("%s", out)
	}
	if !bytes.Contains(out, []byte("Stateful")) {
		t.Errorf("a phase is missing:\n%s", out)
	}
	checkAccepted(t, url)
}

// checkAccepted holds the trial against what the server counted: an operation of which nothing was
// accepted was not really tried.
func checkAccepted(t *testing.T, url string) {
	t.Helper()
	res, err := http.Get(url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	accepted := make(map[string]bool)
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if m := regexp.MustCompile(`_http_requests_total\{route="([^"]*)",status="2`).FindStringSubmatch(lines.Text()); m != nil {
			_, path, ok := strings.Cut(m[1], " ")
			if !ok {
				path = m[1]
			}
			accepted[path] = true
		}
	}
	accepted["/api/bot/v1/turns/{token}"] = true // a token is sealed, which nobody makes up
	accepted["/api/admin/v1/setup"] = true       // its link was used up before
	accepted["/files/{id}"] = true               // a link is signed, which nobody makes up
	for path, item := range load(t).doc.Paths.Map() {
		for method, operation := range item.Operations() {
			succeeds := operation.Responses.Status(200) != nil || operation.Responses.Status(201) != nil || operation.Responses.Status(204) != nil
			if succeeds && !accepted[path] && !slices.Contains(aliases(t), path) {
				t.Errorf("nothing that was sent to %s %s was accepted", method, path)
			}
		}
	}
}

// aliases lists the second names of paths, which the trial does not know.
func aliases(t *testing.T) (all []string) {
	for _, item := range load(t).doc.Paths.Map() {
		all = append(all, names(item)...)
	}
	return all
}

// startServer runs a real server without limits until the test ends, and returns its URL and the
// token of the link for its first administrator.
func startServer(t *testing.T) (url, setup string) {
	t.Helper()
	binary := os.Getenv("GOVORUN_BIN")
	if binary == "" {
		binary = filepath.Join(t.TempDir(), "govorun")
		if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "../../cmd/govorun").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	cmd := exec.Command(binary, "serve", "--listen", "127.0.0.1:0", "--data", t.TempDir())
	var complaints bytes.Buffer
	cmd.Env, cmd.Stderr = append(withoutOurs(), "GOVORUN_RATE_LIMIT=false"), &complaints
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("the server did not stop well: %v", err)
		}
		for line := range strings.Lines(complaints.String()) {
			// The trial makes bots of which none answers, and has clients talk to them.
			if strings.Contains(line, "level=ERROR") && !strings.Contains(line, "bot: a turn failed") {
				t.Errorf("the server has logged: %s", line)
			}
		}
		if t.Failed() {
			t.Logf("the server's log:\n%s", &complaints)
		}
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if words := strings.Fields(lines.Text()); len(words) == 2 && words[0] == "Page" {
			url = strings.TrimSuffix(words[1], "/")
		}
		if _, token, ok := strings.Cut(lines.Text(), "/setup#"); ok {
			return url, strings.TrimSpace(token) // nothing is printed behind it
		}
	}
	t.Fatal("the server ended at its start")
	return "", ""
}

// withoutOurs is the environment without what is meant for tests, which a server takes for its own.
func withoutOurs() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GOVORUN_") })
}

// prepareTrial makes a directory with schemathesis' configuration and the lists of ids that it names. It
// returns also the list of the remote bots.
func prepareTrial(t *testing.T, url string, key made) (dir, remote string) {
	t.Helper()
	dir = t.TempDir()
	files := make(map[string][]byte)
	for _, name := range []string{"schemathesis.toml", "hooks.py"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = data
	}
	for name, count := range map[string]int{"sessions.txt": 6, "closed.txt": 3} {
		for range count {
			files[name] = fmt.Appendf(files[name], "%q\n", post(t, url+demoSessions, `{"returnAnswerAsync":true}`, "").ID)
		}
	}
	for range 4 {
		files["chats.txt"] = fmt.Appendf(files["chats.txt"], "%q\n", post(t, url+"/api/admin/v1/chats", `{"name":"shop"}`, key.Key).ID)
		files["bots.txt"] = fmt.Appendf(files["bots.txt"], "%q\n", post(t, url+"/api/admin/v1/bots", `{"name":"far","url":"http://127.0.0.1:9"}`, key.Key).ID)
	}
	for n := range 6 {
		made := post(t, url+"/api/admin/v1/campaigns", fmt.Sprintf(`{"name":"sale %d","chatId":%q,"event":"sale","recipients":["a","b"]}`, n, demoChat), key.Key)
		name := []string{"campaigns.txt", "started.txt", "canceled.txt"}[n%3]
		files[name] = fmt.Appendf(files[name], "%q\n", made.ID)
	}
	for range 2 {
		files["deployed.txt"] = fmt.Appendf(files["deployed.txt"], "%q\n", deployed(t, url, key))
	}
	for name, count := range map[string]int{"dialogs.txt": 6, "finished.txt": 3} {
		for range count {
			files[name] = fmt.Appendf(files[name], "%q\n", post(t, url+"/api/bot/v1/dialogs", `{"botId":"`+demoBot+`"}`, key.Key).DialogID)
		}
	}
	for n := range 4 {
		client, question := fmt.Sprintf("client-%d", n), fmt.Sprintf("question-%d", n)
		var answer struct{ QuestionID string }
		call(t, http.MethodPost, url+demoChannel, fmt.Sprintf(`{"clientId":%q,"query":"hi","uuid":%q}`, client, question), "", &answer)
		files["clients.txt"] = fmt.Appendf(files["clients.txt"], "%q\n", client)
	}
	files["webhooks.txt"], files["dropped.txt"] = bury(t, url, key, 6), bury(t, url, key, 4)
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, string(files["bots.txt"])
}

// deployed makes a bot in the scenario language that has two versions, and returns its id.
func deployed(t *testing.T, url string, key made) string {
	t.Helper()
	id := post(t, url+"/api/admin/v1/bots", `{"kind":"scenario","name":"near"}`, key.Key).ID
	for _, greeting := range []string{"Hello!", "Good day!"} {
		var zipped bytes.Buffer
		w := zip.NewWriter(&zipped)
		for name, text := range map[string]string{"chatbot.yaml": "name: near\n", "src/main.sc": "theme: /\n    state: Start\n        q!: $regex</start>\n        a: " + greeting + "\n"} {
			f, err := w.Create(name)
			if err == nil {
				_, err = io.WriteString(f, text)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/api/admin/v1/bots/"+id+"/versions", &zipped)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/zip")
		r.Header.Set("Authorization", "Bearer "+key.Key)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusCreated {
			t.Fatalf("deploy: %s", res.Status)
		}
	}
	return id
}

// bury makes deliveries that are dead, for what they are sent to is private, and lists their ids.
func bury(t *testing.T, url string, key made, count int) (list []byte) {
	t.Helper()
	chat := post(t, url+"/api/admin/v1/chats", `{"name":"shop","eventCallbackUrl":"http://10.0.0.1/","notifyOnEvents":["chatSessionStarted"]}`, key.Key)
	for range count {
		post(t, url+"/api/v1/chats/"+chat.ID+"/sessions", `{}`, "")
	}
	var found struct{ Items []made }
	for end := time.Now().Add(time.Minute); len(found.Items) < count; {
		if time.Now().After(end) {
			t.Fatalf("%d deliveries are dead, want %d", len(found.Items), count)
		}
		call(t, http.MethodGet, url+"/api/admin/v1/webhooks?state=dead&chatId="+chat.ID, "", key.Key, &found)
	}
	for _, d := range found.Items {
		list = fmt.Appendf(list, "%q\n", d.ID)
	}
	return list
}

// made is what the server has made.
type made struct{ ID, DialogID, Key string }

// becomeAdministrator exchanges the token of the link for a key that may do everything.
func becomeAdministrator(t *testing.T, url, token string) made {
	t.Helper()
	return post(t, url+"/api/admin/v1/setup", fmt.Sprintf(`{"token":%q}`, token), "")
}

func post(t *testing.T, url, body, key string) (m made) {
	t.Helper()
	call(t, http.MethodPost, url, body, key, &m)
	if m.ID == "" && m.DialogID == "" {
		t.Fatalf("POST %s has made nothing", url)
	}
	return m
}

// call decodes an answer into v.
func call(t *testing.T, method, url, body, key string, v any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(v); err != nil || res.StatusCode >= 300 {
		t.Fatalf("%s %s: %s, %v", method, url, res.Status, err)
	}
}
