//go:build e2e

// Package docs_test keeps the documentation true: it runs every command and sample program of it
// against real servers, PostgreSQL and Redis among them, and compares the answers that stand below
// them, holds the table of metrics against what a server shows, and talks to the bots of the examples.
//
// Environment: GOVORUN_BIN is the server (built when unset), GOVORUN_PYTHON a Python with the
// packages of test/interop (.cache/venv when unset), GOVORUN_PYTHON_SOCKETIO4 one with python-socketio 4
// (.cache/venv-socketio4 when unset), GOVORUN_NODE_DIR a directory with the packages
// of test/interop (that one when unset).
package docs_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// block is one fenced block of a document.
type block struct {
	line       int
	lang, text string
	name       string // of the file of a bot that it is: the line before it ends with it, as in "`src/main.sc`:"
}

// botFile is the end of a line before a block that is a file of a bot.
var botFile = regexp.MustCompile("`((?:chatbot\\.yaml|caila_import\\.json|nlu\\.json|(?:src|test)/[^`]+))`:$")

func TestEveryCommandOfTheDocumentationWorks(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "../../README.md", "../../README.ru.md") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			blocks := slices.DeleteFunc(read(t, file, "sh", "json", "js", "python"), func(b block) bool { return b.name != "" })
			if len(blocks) == 0 {
				return
			}
			run(t, file, blocks)
		})
	}
}

// read returns the blocks of a document in these languages.
func read(t *testing.T, file string, langs ...string) []block {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var blocks []block
	var open *block
	name := ""
	lines := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		switch {
		case open == nil && strings.HasPrefix(line, "```"):
			open = &block{line: n, lang: strings.TrimPrefix(line, "```"), name: name}
			name = ""
		case open != nil && line == "```":
			if slices.Contains(langs, open.lang) {
				blocks = append(blocks, *open)
			}
			open = nil
		case open != nil:
			open.text += line + "\n"
		case line != "":
			name = ""
			if m := botFile.FindStringSubmatch(line); m != nil {
				name = m[1]
			}
		}
	}
	if open != nil {
		t.Fatalf("%s:%d: a block is not closed", file, open.line)
	}
	return blocks
}

// run runs a document's shell blocks in one shell, so that a later one may use what an
// earlier one has set; each prints a mark behind its output.
func run(t *testing.T, file string, blocks []block) {
	server := start(t)
	mark := func(i int) string { return fmt.Sprintf("\n--- block %d is done ---\n", i) }
	var script strings.Builder
	script.WriteString("set -eo pipefail\n")
	for i, b := range blocks {
		switch b.lang {
		case "sh":
			script.WriteString(b.text)
		case "js":
			fmt.Fprintf(&script, "(cd \"$NODE_DIR\" && node --input-type=module - <<'END'\n%sEND\n)\n", b.text)
		case "python":
			fmt.Fprintf(&script, "\"$PYTHON\" - <<'END'\n%sEND\n", b.text)
		}
		fmt.Fprintf(&script, "printf '%%s' '%s'\n", mark(i))
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", onOurServers(t, script.String(), server))
	cmd.Dir = t.TempDir()
	cmd.Env = append(environment(), "PATH="+filepath.Dir(server.binary)+":"+os.Getenv("PATH"), "DATA="+server.data, "LINK="+server.link, "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1",
		"NODE_DIR="+installed(t, "GOVORUN_NODE_DIR", "../interop"), "PYTHON="+python(t, file))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	rest := string(out)
	for i, b := range blocks {
		answer, after, done := strings.Cut(rest, mark(i))
		if !done {
			t.Fatalf("%s:%d: %v\n%s\n%s", file, b.line, err, rest, stderr.String())
		}
		if b.lang != "json" && i+1 < len(blocks) && blocks[i+1].lang == "json" {
			if err := compare(blocks[i+1].text, answer); err != nil {
				t.Errorf("%s:%d: %v\ngot %s", file, blocks[i+1].line, err, answer)
			}
		}
		rest = after
	}
}

// python is the Python that has the packages of a document's samples: two versions of one package
// cannot be in the same.
func python(t *testing.T, file string) string {
	t.Helper()
	if filepath.Base(file) == "socketio.md" {
		return installed(t, "GOVORUN_PYTHON_SOCKETIO4", "../../.cache/venv-socketio4/bin/python")
	}
	return installed(t, "GOVORUN_PYTHON", "../../.cache/venv/bin/python")
}

// installed is where something the samples need is.
func installed(t *testing.T, variable, usual string) string {
	t.Helper()
	if path := os.Getenv(variable); path != "" {
		return path
	}
	path, err := filepath.Abs(usual)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// compare holds an answer against the documented one, where "…" stands for anything. Objects
// have the same keys; a list has at least the documented elements.
func compare(documented, answer string) error {
	var want, got any
	if err := json.Unmarshal([]byte(documented), &want); err != nil {
		return fmt.Errorf("the documented answer: %w", err)
	}
	if err := json.Unmarshal([]byte(answer), &got); err != nil {
		return fmt.Errorf("the answer: %w", err)
	}
	return same("answer", want, got)
}

func same(path string, want, got any) error {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return fmt.Errorf("%s: documented as an object, got %v", path, got)
		}
		for key := range object {
			if _, ok := want[key]; !ok {
				return fmt.Errorf("%s.%s is not documented", path, key)
			}
		}
		for key, w := range want {
			g, ok := object[key]
			if !ok {
				return fmt.Errorf("%s.%s is documented and not there", path, key)
			}
			if err := same(path+"."+key, w, g); err != nil {
				return err
			}
		}
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) < len(want) || (len(want) == 0 && len(list) > 0) {
			return fmt.Errorf("%s: documented as %v, got %v", path, want, got)
		}
		for i := range want {
			if err := same(fmt.Sprintf("%s[%d]", path, i), want[i], list[i]); err != nil {
				return err
			}
		}
	case string:
		if want == "…" {
			return nil
		}
		pattern := "^" + strings.ReplaceAll(regexp.QuoteMeta(want), "…", ".*") + "$"
		if text, ok := got.(string); !ok || !regexp.MustCompile(pattern).MatchString(text) {
			return fmt.Errorf("%s: documented as %q, got %v", path, want, got)
		}
	default:
		if want != got {
			return fmt.Errorf("%s: documented as %v, got %v", path, want, got)
		}
	}
	return nil
}
