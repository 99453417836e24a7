package main

import (
	"bufio"
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// goodBot is a bot's directory: file and content in turn.
var goodBot = []string{
	"chatbot.yaml", "name: Shop\nentryPoint: main.sc\n",
	"src/main.sc", "theme: /\n    state: Start\n        q!: hello\n        a: Hello! {{ $env.get('PLACE') || '' }}\n    state: Two\n        q!: two\n        a: {{ $jsapi.random(1000) }}\n",
	"test/all.xml", "<test>\n<test-case id='greets'><q>hello</q><a>Hello!</a></test-case>\n<test-case id='draws'><q>two</q><a>0</a></test-case>\n</test>",
}

// write makes a bot of file and content in turn, and returns its directory.
func writeBot(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i+1 < len(files); i += 2 {
		name := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestBotCheck: what is wrong is an error, what is suspicious a warning, each with its place.
func TestBotCheck(t *testing.T) {
	t.Parallel()
	suspicious := writeBot(t, "chatbot.yaml", "name: x\n", "src/main.sc",
		"init:\n    var n = 0;\npatterns:\n    $спасибо = спс\ntheme: /\n    state: A\n        q!: a\n        script: n++;\n        a: a\n        buttons:\n            \"Дальше\" -> /Нигде\n    state: Lost\n        a: x\n",
		"test/a.xml", "<test><test-case><wait/></test-case></test>")
	broken := writeBot(t, "chatbot.yaml", "name: x\n", "src/main.sc", "theme: /\n    state: A\n        Q: hm\n        ы: что\n    b: x\n")
	tests := []struct {
		name, dir string
		flags     []string
		code      int
		want      []string
	}{
		{"good", writeBot(t, goodBot...), nil, 0, []string{"0 errors, 0 warnings\n"}},
		{"suspicious", suspicious, nil, 0, []string{
			"src/main.sc:4:5: warning: the pattern $спасибо is used nowhere\n\t$спасибо = спс\n\t^\n",
			": warning: the global variable n changes while the bot runs",
			"/Нигде", "\n\t\"Дальше\" -> /Нигде\n\t            ^\n",
			"src/main.sc:12:5: warning: nothing leads to the state /Lost",
			"test/a.xml:1:1: warning: unknown tag <wait>",
			"0 errors, 5 warnings\n",
		}},
		{"strict", suspicious, []string{"--strict"}, 1, []string{"0 errors, 5 warnings\n"}},
		{"broken", broken, nil, 1, []string{"src/main.sc:4:9: error: ", "\n\tы: что\n\t^\n", "src/main.sc:5:5: error: ", " errors, 0 warnings\n"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := command(t.Context(), nil, append([]string{"bot", "check", tt.dir}, tt.flags...)...)
			if code != tt.code || stderr != "" {
				t.Errorf("exit code %d, want %d; stderr: %s", code, tt.code, stderr)
			}
			for _, want := range tt.want {
				if !strings.Contains(stdout, want) {
					t.Errorf("no %q in\n%s", want, stdout)
				}
			}
		})
	}
}

// TestBotTest: the failures, the counts, the exit code and the files.
func TestBotTest(t *testing.T) {
	t.Parallel()
	good := writeBot(t, goodBot...)
	bad := writeBot(t, append(goodBot[:4:4], "test/bad.xml", "<test>\n<test-case id='greets'>\n<q>hello</q><a>Bye!</a></test-case>\n<test-case id='later' skip='soon'/><test-case id='fine'/></test>")...)
	broken := writeBot(t, append([]string{"chatbot.yaml", "name: x\n", "src/main.sc", "b: x\n"}, goodBot[4:]...)...)
	tests := []struct {
		name string
		args []string
		code int
		end  string // of the output
		want []string
		not  string
	}{
		{"all pass", []string{good}, 0, "2 passed, 0 failed, 0 skipped\n", nil, "greets"},
		{"verbose", []string{good, "-v"}, 0, "2 passed, 0 failed, 0 skipped\n", []string{"PASS test/all.xml:2: greets\n"}, "FAIL"},
		{"a seed", []string{good, "--seed=7", "--filter=draws"}, 1, "0 passed, 1 failed, 0 skipped\n", []string{"another text"}, "greets"},
		{"a filter", []string{good, "--filter", "all.xml:gr"}, 0, "1 passed, 0 failed, 0 skipped\n", nil, ""},
		{"the environment", []string{good, "--env", "PLACE=here", "--filter=greets"}, 1, "0 passed, 1 failed, 0 skipped\n", []string{"Hello! here"}, ""},
		{"failures", []string{bad}, 1, "1 passed, 1 failed, 1 skipped\n", []string{
			"FAIL test/bad.xml:2: greets\n    > hello (test/bad.xml:3)\n", "✗ Bye!", "│ Hello! (/Start)\n        test/bad.xml:3: another text\n", "SKIP test/bad.xml:4: later: soon\n"}, "\x1b"},
		{"a bot that cannot be read", []string{broken}, 1, "0 passed, 2 failed, 0 skipped\n", []string{"src/main.sc:1:1: error: "}, "FAIL"},
		{"no tests", []string{writeBot(t, goodBot[:4]...)}, 0, "0 passed, 0 failed, 0 skipped\n", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := command(t.Context(), nil, append([]string{"bot", "test"}, tt.args...)...)
			if code != tt.code || stderr != "" {
				t.Errorf("exit code %d, want %d; stderr: %s", code, tt.code, stderr)
			}
			if !strings.HasSuffix(stdout, tt.end) {
				t.Errorf("does not end with %q:\n%s", tt.end, stdout)
			}
			for _, want := range tt.want {
				if !strings.Contains(stdout, want) {
					t.Errorf("no %q in\n%s", want, stdout)
				}
			}
			if tt.not != "" && strings.Contains(stdout, tt.not) {
				t.Errorf("%q in\n%s", tt.not, stdout)
			}
		})
	}
}

// TestBotTestFiles: results for other programs.
func TestBotTestFiles(t *testing.T) {
	t.Parallel()
	report := filepath.Join(t.TempDir(), "report.xml")
	code, stdout, stderr := command(t.Context(), nil, "bot", "test", writeBot(t, goodBot...), "--junit", report, "--json")
	if code != 0 || stderr != "2 passed, 0 failed, 0 skipped\n" {
		t.Errorf("exit code %d, stderr: %s", code, stderr)
	}
	for line := range strings.Lines(stdout) {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON: %s", line)
		}
	}
	content, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	var suites struct {
		Name  string `xml:"name,attr"`
		Tests int    `xml:"tests,attr"`
	}
	if err := xml.Unmarshal(content, &suites); err != nil || suites.Name != "Shop" || suites.Tests != 2 {
		t.Errorf("%v, %+v in %s", err, suites, content)
	}
	code, _, stderr = command(t.Context(), nil, "bot", "test", writeBot(t, goodBot...), "--junit", filepath.Join(t.TempDir(), "no", "report.xml"))
	if code != 1 || !strings.Contains(stderr, "report.xml") {
		t.Errorf("a report that cannot be written: exit code %d, %s", code, stderr)
	}
}

// TestBotChat: what is typed is answered.
func TestBotChat(t *testing.T) {
	t.Parallel()
	var out, errs strings.Builder
	w := &world{Stdin: strings.NewReader("hello\n:state\n"), Stdout: &out, Stderr: &errs}
	if code := run(t.Context(), []string{"bot", "chat", writeBot(t, goodBot...), "--no-start", "--env=PLACE=Here."}, w); code != 0 {
		t.Errorf("exit code %d, %s", code, errs.String())
	}
	if want := "> hello\nHello! Here.\n  /Start\n> :state\n/Start\n"; out.String() != want {
		t.Errorf("shown\n%s\nwant\n%s", out.String(), want)
	}
	code, stdout, stderr := command(t.Context(), nil, "bot", "chat", writeBot(t, "chatbot.yaml", "", "src/main.sc", "b: x"))
	if code != 1 || !strings.Contains(stdout, "src/main.sc:1:1: error: ") || stderr != "" {
		t.Errorf("a broken bot: exit code %d, %s%s", code, stdout, stderr)
	}
}

// TestBotWatch: a change is tested, and told of, without another command.
func TestBotWatch(t *testing.T) {
	t.Parallel()
	dir := writeBot(t, goodBot...)
	ctx, cancel := context.WithCancel(t.Context())
	r, out := io.Pipe()
	exited := make(chan int, 1)
	go func() {
		code := run(ctx, []string{"bot", "test", dir, "--watch"}, &world{Stdout: out, Stderr: out})
		out.Close()
		exited <- code
	}()
	seen := make(chan string, 100) // more than it prints
	go func() {
		defer close(seen)
		for scanner := bufio.NewScanner(r); scanner.Scan(); {
			seen <- scanner.Text()
		}
	}()
	wait := func(want string) {
		t.Helper()
		limit := time.After(time.Minute)
		for {
			select {
			case line, ok := <-seen:
				if !ok {
					t.Fatalf("it ended without %q", want)
				}
				if line == want {
					return
				}
			case <-limit:
				t.Fatalf("never printed %q", want)
			}
		}
	}
	wait("2 passed, 0 failed, 0 skipped")
	wait("Waiting for changes in " + dir + ".")
	if err := os.WriteFile(filepath.Join(dir, "src", "main.sc"), []byte("theme: /\n    state: Start\n        q!: hello\n        a: Bye!\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	wait("0 passed, 2 failed, 0 skipped")
	wait("Waiting for changes in " + dir + ".")
	cancel()
	if code := <-exited; code != 0 {
		t.Errorf("exit code %d", code)
	}
}
