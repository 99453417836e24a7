package realtime_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// transcript collects raw frames and compares them with a file, which is the contract. With
// UPDATE_TRANSCRIPTS=1 in the environment the file is written anew.
type transcript struct{ lines []string }

var connectionID = regexp.MustCompile(`"client":"[0-9a-f-]{36}"`)

func (s *transcript) note(line string) {
	if s != nil {
		s.lines = append(s.lines, connectionID.ReplaceAllString(line, `"client":"<client>"`))
	}
}

// settle puts a reply that came last before the push that came before it: their order is not promised.
func (s *transcript) settle(reply string) {
	if n := len(s.lines); strings.HasPrefix(s.lines[n-1], "< "+reply) {
		s.lines[n-2], s.lines[n-1] = s.lines[n-1], s.lines[n-2]
	}
}

func (s *transcript) compare(t *testing.T, name string) {
	t.Helper()
	got := strings.Join(s.lines, "\n") + "\n"
	path := filepath.Join("testdata", name+".txt")
	if os.Getenv("UPDATE_TRANSCRIPTS") != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("frames differ from %s; got:\n%s", path, got)
	}
}
