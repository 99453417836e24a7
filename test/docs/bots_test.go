//go:build e2e

package docs_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/govorun/govorun/internal/bot/scenario"
	"github.com/govorun/govorun/internal/bot/scenario/xmltest"
	"github.com/govorun/govorun/internal/chat"
)

// TestTheExamplesOfBotsWork makes a bot of every "sc" block of the documents on bots, with the files
// before it that say which file they are ("`src/cities.csv`:"). A "text" block below a bot is what the
// reader says of its mistakes, a "dialogue" block a talk with it, an "xml" block its tests, all of which
// pass.
func TestTheExamplesOfBotsWork(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"bots.md", "scenario-language.md", "scenario-scripts.md", "compatibility.md"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			file := "../../docs/" + file
			blocks := read(t, file, "sc", "text", "dialogue", "xml", "js", "csv", "yaml", "json")
			files := fstest.MapFS{}
			var bot *scenario.Bot
			for i, b := range blocks {
				switch {
				case b.lang == "sc" && (b.name == "" || b.name == mainFile):
					files[mainFile] = &fstest.MapFile{Data: []byte(b.text)}
					bot = load(t, file, files, blocks[i:])
					files = fstest.MapFS{}
				case b.name != "" && b.lang != "xml":
					files[b.name] = &fstest.MapFile{Data: []byte(b.text)}
				case b.lang == "dialogue":
					if got := talk(t, bot, b.text); got != b.text {
						t.Errorf("%s:%d: the dialogue went\n%s", file, b.line, got)
					}
				case b.lang == "xml":
					runTests(t, file, b, bot)
				}
			}
			if len(files) > 0 {
				t.Errorf("%s: no bot follows the files %v", file, slices.Sorted(maps.Keys(files)))
			}
		})
	}
}

// TestTheExampleOfValuesIsTaken starts a server with the file of secrets and variables that stands in
// docs/scenario-scripts.md.
func TestTheExampleOfValuesIsTaken(t *testing.T) {
	t.Parallel()
	values := slices.DeleteFunc(read(t, "../../docs/scenario-scripts.md", "yaml"), func(b block) bool { return b.name != "" })
	if len(values) != 1 {
		t.Fatalf("%d blocks of YAML that are no file of a bot, want the one of bot.values", len(values))
	}
	file := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(file, []byte(values[0].text), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, "--bot-values", file)
}

const mainFile = "src/main.sc"

// load makes a bot of files, and compares its mistakes with the block behind it when that says them;
// nil when it has some. Its dice always show the first side.
func load(t *testing.T, file string, files fstest.MapFS, blocks []block) *scenario.Bot {
	t.Helper()
	if files["chatbot.yaml"] == nil {
		files["chatbot.yaml"] = &fstest.MapFile{Data: []byte("name: example\nlanguage: en\n")}
	}
	bot, err := scenario.Load(files, scenario.Options{Rand: func(int) int { return 0 }, Secrets: map[string]string{"token": "abc"}})
	mistakes := ""
	if err != nil {
		mistakes = err.Error() + "\n"
	} else {
		t.Cleanup(func() {
			if err := bot.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	expected := ""
	if len(blocks) > 1 && blocks[1].lang == "text" {
		expected = blocks[1].text
	}
	if mistakes != expected {
		t.Errorf("%s:%d: the mistakes are\n%swant\n%s", file, blocks[0].line, mistakes, expected)
	}
	return bot
}

// runTests runs the XML tests of a block.
func runTests(t *testing.T, file string, b block, bot *scenario.Bot) {
	t.Helper()
	if bot == nil {
		t.Fatalf("%s:%d: tests without a bot", file, b.line)
	}
	tests := xmltest.Read(filepath.Base(file), []byte(b.text))
	results := xmltest.Run(t.Context(), []*xmltest.File{tests}, xmltest.Options{New: xmltest.Playing(bot)})
	if len(results) == 0 {
		t.Errorf("%s:%d: there is no test case", file, b.line)
	}
	for _, r := range results {
		if r.Status != xmltest.Passed {
			var shown strings.Builder
			xmltest.Print(&shown, r, xmltest.Style{})
			t.Errorf("%s:%d: a test case fails:\n%s", file, b.line, shown.String())
		}
	}
}

// talk says the lines of a dialogue that begin with "> " and returns all of it as it went: each
// message a line, its buttons in brackets behind it. "(start)" opens the session, "(event name)"
// presses an action button, "(file)" sends a file, "(time)" has the next timer fire, and the dialogue
// begins with a session of its own.
func talk(t *testing.T, bot *scenario.Bot, dialogue string) string {
	t.Helper()
	if bot == nil {
		t.Fatal("a dialogue without a bot")
	}
	var went strings.Builder
	turn := chat.Turn{
		Details: &chat.SessionDetails{Variables: map[string]any{"city": "Perm"}},
		Client:  &chat.Client{FirstName: "Ann", Metadata: map[string]string{"level": "7"}},
		Now:     time.Date(2026, 6, 10, 12, 0, 0, 0, time.UTC),
	}
	var timers []chat.Timer
	for line := range strings.Lines(dialogue) {
		said, ok := strings.CutPrefix(line, "> ")
		if !ok {
			continue
		}
		went.WriteString(line)
		turn.Cause = chat.Event{Payload: cause(t, strings.TrimSpace(said), &timers)}
		result, err := bot.React(t.Context(), &turn)
		if err != nil {
			t.Fatalf("%s%v", line, err)
		}
		if result.SessionState != nil {
			turn.State.Session = result.SessionState
		}
		if result.ClientState != nil {
			turn.State.Client = result.ClientState
		}
		timers = append(timers, result.Timers...)
		for _, o := range result.Outputs {
			went.WriteString(shown(o))
		}
	}
	return went.String()
}

func cause(t *testing.T, said string, timers *[]chat.Timer) chat.Payload {
	t.Helper()
	event, pressed := strings.CutPrefix(said, "(event ")
	switch {
	case said == "(start)":
		return &chat.SessionStarted{Greet: true}
	case said == "(file)":
		return &chat.Message{AuthorType: chat.AuthorClient, Attachments: []chat.Attachment{{ID: "1"}}}
	case said == "(time)":
		if len(*timers) == 0 {
			t.Fatal("no timer waits")
		}
		next := (*timers)[0]
		*timers = (*timers)[1:]
		return &chat.TimerFired{TimerKind: next.Kind, Event: next.Event, Data: next.Data, Target: next.Target}
	case pressed:
		return &chat.ActionPressed{Event: strings.TrimSuffix(event, ")")}
	}
	return &chat.Message{AuthorType: chat.AuthorClient, Body: said}
}

// shown is what came of a turn, in lines.
func shown(o chat.Output) string {
	switch o := o.(type) {
	case chat.Say:
		return shownMessage(o.Message)
	case chat.HandOver:
		return "(handed over to people)\n"
	case chat.End:
		return "(the session ends)\n"
	}
	return ""
}

func shownMessage(m chat.Message) string {
	line := m.Body
	for _, a := range m.Attachments {
		line += "<" + a.URL + ">"
	}
	if m.Keyboard != nil {
		line += " [" + strings.Join(m.Keyboard.Buttons, "] [") + "]"
	}
	for _, a := range m.Actions {
		line += " (" + a.Label + ")"
	}
	if line == "" {
		return "" // what shows people nothing: a timeout, a hand-over
	}
	return line + "\n"
}
