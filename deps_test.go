// Package govorun holds what is checked of the whole module.
package govorun

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/govorun/govorun/"

// imports says which packages of ours each package may import. A package below another one
// ("bot/…") may also import those beside it there and above it. Whoever adds a package adds
// a line, after a look at what depends on what.
var imports = map[string][]string{
	"cmd/govorun": {"internal/app", "internal/bot/bundle", "internal/config", "internal/loadtest", "internal/sqlstore", "internal/bot/scenario/...", "internal/bot/watch"},

	"internal/chat": nil,

	"internal/bot":                {"internal/chat"},
	"internal/bot/...":            {"internal/chat", "internal/jsontext"},
	"internal/bot/bundle":         nil,
	"internal/bot/remote":         {"internal/chat", "internal/egress", "internal/jsontext"},
	"internal/sqlstore":           {"internal/chat", "internal/sqlstore/sqlgen"},
	"internal/feed":               {"internal/chat"},
	"internal/relay":              {"internal/chat"},
	"internal/auth":               {"internal/chat"},
	"internal/files":              {"internal/chat"},
	"internal/realtime":           {"internal/chat", "internal/feed", "internal/auth"},
	"internal/socketio":           {"internal/chat", "internal/feed", "internal/auth", "internal/socketio/wire"},
	"internal/socketio/wire":      nil,
	"internal/egress":             nil,
	"internal/jsontext":           nil,
	"internal/adminapi":           {"internal/chat", "internal/jsontext", "internal/auth", "internal/bot/bundle"},
	"internal/campaign":           {"internal/chat"},
	"internal/outbox":             {"internal/chat"},
	"internal/chatapi":            {"internal/chat", "internal/jsontext", "internal/feed", "internal/auth", "internal/chatapi/..."},
	"internal/chatapi/poll":       {"internal/chat", "internal/feed"},
	"internal/chatapi/hold":       nil,
	"internal/twin":               {"internal/chat", "internal/jsontext", "internal/feed", "internal/auth", "internal/files"},
	"internal/config":             nil,
	"internal/webui":              nil,
	"internal/reference":          {"api"},
	"internal/loadtest":           nil,
	"internal/app":                {"internal/...", "bots"},
	"api":                         nil,
	"bots":                        nil,
	"internal/sqlstore/sqlgen":    nil,
	"internal/sqlstore/storetest": {"internal/chat"},

	// What tries the server from outside knows nothing of its inside.
	"test/...": {"api", "internal/loadtest", "test/..."},
	// Other people's tests of the protocol are not about chats.
	"test/bench":             {"bots", "internal/bot/scenario", "internal/bot/scenario/morph", "internal/bot/scenario/pattern", "internal/chat", "internal/loadtest", "test/..."},
	"test/socketio-protocol": {"internal/socketio/wire"},
}

// TestImports executes the table above, for everything but test files.
func TestImports(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		name, ok := strings.CutPrefix(words[0], module)
		if !ok {
			continue // this package
		}
		seen++
		allowed, ok := rule(name)
		if !ok {
			t.Errorf("%s is not in the table of imports: add it", name)
			continue
		}
		for _, path := range words[1:] {
			imported, ours := strings.CutPrefix(path, module)
			if ours && !slices.ContainsFunc(allowed, func(pattern string) bool { return matches(pattern, imported) }) && !related(name, imported) {
				t.Errorf("%s must not import %s", name, imported)
			}
		}
	}
	if seen == 0 {
		t.Error("go list names no package of ours")
	}
}

// rule finds a package's line: its own, or that of the tree it is in.
func rule(name string) ([]string, bool) {
	if allowed, ok := imports[name]; ok {
		return allowed, true
	}
	for pattern, allowed := range imports {
		if strings.HasSuffix(pattern, "/...") && matches(pattern, name) {
			return allowed, true
		}
	}
	return nil, false
}

// matches takes a pattern as the go command does: "a/..." is a and all below.
func matches(pattern, name string) bool {
	tree, ok := strings.CutSuffix(pattern, "/...")
	if !ok {
		return pattern == name
	}
	return name == tree || strings.HasPrefix(name, tree+"/")
}

// related: the children of bot may import bot and each other.
func related(name, imported string) bool {
	const tree = "internal/bot"
	return strings.HasPrefix(name, tree+"/") && matches(tree+"/...", imported)
}

func TestRuleKnowsItsPatterns(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"internal/bot/scenario/pattern": true,
		"internal/chat":                 true,
		"test/e2e":                      true,
		"internal/util":                 false,
		"internal/chat/helpers":         false,
		"internal/botany":               false,
		"client":                        false,
	} {
		if _, ok := rule(name); ok != want {
			t.Errorf("rule(%q) known: %v", name, ok)
		}
	}
}

// TestDomainStandsAlone: the domain imports the standard library only.
func TestDomainStandsAlone(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", `{{join .Imports "\n"}}`, "./internal/chat").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for path := range strings.Lines(string(out)) {
		path = strings.TrimSpace(path)
		if strings.Contains(path, ".") && path != "github.com/google/uuid" {
			t.Errorf("internal/chat imports %s", path)
		}
	}
}
