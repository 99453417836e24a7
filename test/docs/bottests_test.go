//go:build e2e

package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheExamplesOfBotTestsWork makes the bot of docs/bot-tests.md of its blocks, runs the commands
// ("$ …") of the console blocks where they stand, and compares what they print.
func TestTheExamplesOfBotTestsWork(t *testing.T) {
	t.Parallel()
	const file = "../../docs/bot-tests.md"
	names := map[string]string{"yaml": "chatbot.yaml", "sc": "src/main.sc", "xml": "test/tea.xml"}
	server := start(t)
	dir := t.TempDir()
	for _, b := range read(t, file, "yaml", "sc", "xml", "console") {
		if name := names[b.lang]; name != "" {
			name = filepath.Join(dir, "tea", name)
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(b.text), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		command, want, _ := strings.Cut(strings.TrimPrefix(b.text, "$ "), "\n")
		cmd := exec.CommandContext(t.Context(), "bash", "-c", command)
		cmd.Dir = dir
		cmd.Env = append(environment(), "PATH="+filepath.Dir(server.binary)+":"+os.Getenv("PATH"), "COLUMNS=80")
		out, err := cmd.CombinedOutput()
		if string(out) != want {
			t.Errorf("%s:%d: %s (%v) prints\n%s", file, b.line, command, err, out)
		}
	}
}
