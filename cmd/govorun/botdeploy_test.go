package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const deployedMain = `theme: /
    state: Start
        q!: $regex</start>
        a: Hello!
`

// botDir makes the directory of a bot; main is its src/main.sc.
func botDir(t *testing.T, main string) string {
	t.Helper()
	dir := t.TempDir()
	putFile(t, dir, "chatbot.yaml", "name: Магазин\n")
	putFile(t, dir, "src/main.sc", main)
	return dir
}

func putFile(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// newOperator starts a server and becomes its administrator.
func newOperator(t *testing.T) *operator {
	t.Helper()
	url, lines, _ := serveWith(t, t.TempDir())
	_, key, _ := command(t.Context(), nil, "admin", "setup", setupLink(t, lines))
	go func() {
		for range lines {
		}
	}()
	return &operator{t, []string{"GOVORUN_SERVER=" + url, "GOVORUN_KEY=" + strings.TrimSpace(key)}}
}

func TestDeployment(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	dir := botDir(t, deployedMain)
	expect := func(got string, want ...string) {
		t.Helper()
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("no %q in\n%s", w, got)
			}
		}
	}
	expect(o.do("bot", "deploy", dir, "--note", "первая"), "Made the bot Магазин (", "Version 1 of Магазин (", "answers now.\n2 files.\n")
	expect(o.do("bot", "deploy", dir), "Nothing has changed: version 1 of Магазин (")
	putFile(t, dir, "src/main.sc", deployedMain+"        a: How are you?\n")
	putFile(t, dir, "src/more.csv", "1;a\n")
	putFile(t, dir, "README.md", "of no bot")
	expect(o.do("bot", "deploy", dir, "--name", "Магазин"), "Version 2 of", "answers now.\n  ~ src/main.sc\n  + src/more.csv\n")
	list := squeezed(o.do("bot", "versions", "--name", "Магазин"))
	expect(list, "NUMBER ACTIVE CREATEDAT AUTHOR FILECOUNT SIZE NOTE\n2 true ", "\n1 false ", " administrator 2 ", " первая\n")
	expect(o.do("bot", "rollback", "--name", "Магазин"), "Version 1 of Магазин (", "answers now; it was version 2.")
	o.fail("no earlier version", "bot", "rollback", "--name", "Магазин")
	expect(o.do("bot", "deploy", dir, "--no-activate"), "Version 3 of", "is kept. To have it answer: govorun bot rollback --bot ", "--to 3")
	bots := o.object("admin", "bots", "list")["items"].([]any)
	made := bots[len(bots)-1].(map[string]any)
	if made["name"] != "Магазин" || made["version"] != 1.0 || len(bots) != 2 {
		t.Errorf("%v", bots)
	}
	id := made["id"].(string)
	expect(o.do("bot", "rollback", "--bot", id, "--to", "3"), "Version 3 of")
	o.fail("Entity not found", "bot", "rollback", "--bot", id, "--to", "9")
	if got := o.object("bot", "versions", "--bot", id); got["count"] != 3.0 {
		t.Errorf("%v", got)
	}
	o.fail("no bot that was deployed has the name demo", "bot", "versions", "--name", "demo")
	o.do("admin", "bots", "create", "--set", "kind=scenario", "--set", "name=Магазин")
	code, _, stderr := command(t.Context(), o.env, "bot", "deploy", dir)
	if code != 2 || !strings.Contains(stderr, "2 bots have the name Магазин") || !strings.Contains(stderr, id) {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	expect(o.do("bot", "deploy", dir, "--bot", id), "Nothing has changed: version 3")
}

func TestABotWithMistakesIsNotDeployed(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	dir := botDir(t, deployedMain)
	o.do("bot", "deploy", dir)
	putFile(t, dir, "src/main.sc", strings.Replace(deployedMain, "a: Hello!", "b: Hello!\n        c: Bye!", 1))
	code, stdout, stderr := command(t.Context(), o.env, "bot", "deploy", dir)
	if code != 1 || stderr != "" || !strings.Contains(stdout, "src/main.sc:4:9: error: ") || !strings.Contains(stdout, "src/main.sc:5:9: error: ") ||
		!strings.HasSuffix(stdout, "2 errors. Nothing was changed.\n") {
		t.Errorf("exit code %d, %s%s", code, stdout, stderr)
	}
	if got := o.object("bot", "versions", "--name", "Магазин"); got["count"] != 1.0 {
		t.Errorf("%v", got)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "src", "passwd.csv")); err != nil {
		t.Fatal(err)
	}
	o.fail(`"src/passwd.csv": it is a symbolic link`, "bot", "deploy", dir)
}

// TestDeploymentOfEveryChange: --watch goes on after mistakes, until it is interrupted.
func TestDeploymentOfEveryChange(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	dir := botDir(t, deployedMain)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, w := io.Pipe()
	defer r.Close()
	exited := make(chan int, 1)
	go func() {
		exited <- run(ctx, []string{"bot", "deploy", dir, "--watch"}, &world{Environ: o.env, Stdout: w, Stderr: w})
		w.Close()
	}()
	lines := bufio.NewScanner(r)
	until := func(want string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), want) {
				return
			}
		}
		t.Fatalf("it never says %q", want)
	}
	until("Version 1 of")
	until("Waiting for changes")
	putFile(t, dir, "src/main.sc", "theme /\n")
	until("error")
	until("Nothing was changed.")
	until("Waiting for changes")
	putFile(t, dir, "src/main.sc", deployedMain+"        a: Again!\n")
	until("Version 2 of")
	until("~ src/main.sc")
	until("Waiting for changes")
	cancel()
	if lines.Scan() {
		t.Errorf("it says %q", lines.Text())
	}
	if code := <-exited; code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	p := &progress{Reader: strings.NewReader(strings.Repeat("x", 2<<20)), to: &out, size: 2 << 20}
	if _, err := io.Copy(io.Discard, p); err != nil {
		t.Fatal(err)
	}
	p.end()
	if !strings.HasSuffix(out.String(), "\rUploading ["+strings.Repeat("#", 30)+"] 100% of 2.0 MiB\n") {
		t.Errorf("%q", out.String())
	}
}
