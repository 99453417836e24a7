package scenario_test

import (
	"context"
	"flag"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/govorun/govorun/bots"
	"github.com/govorun/govorun/internal/bot/scenario"
	"github.com/govorun/govorun/internal/chat"
)

var update = flag.Bool("update", false, "write the transcripts anew")

func demo(t testing.TB, random func(int) int) *scenario.Bot {
	t.Helper()
	dir, err := fs.Sub(bots.Demo, "demo")
	if err != nil {
		t.Fatal(err)
	}
	b, err := scenario.Load(dir, scenario.Options{Rand: random})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestDemoDialogues holds the demo bot to transcripts: testdata/dialogues/*.txt, where "> "
// begins what the client says ("> (start)" the session's start, "> (event name)" an action
// button) and everything else up to the next one is the answer.
func TestDemoDialogues(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/dialogues/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := replay(t, string(want))
			if *update {
				if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(want) {
				t.Errorf("the dialogue went another way:\n%s", got)
			}
		})
	}
}

// replay says again what the client says in a transcript.
func replay(t *testing.T, transcript string) string {
	k := &talk{t: t, bot: demo(t, dice())}
	var b strings.Builder
	for line := range strings.Lines(transcript) {
		line = strings.TrimSuffix(line, "\n")
		said, ok := strings.CutPrefix(line, "> ")
		switch {
		case strings.HasPrefix(line, "#"):
			b.WriteString(line + "\n")
			continue
		case !ok:
			continue
		}
		b.WriteString("\n" + line + "\n")
		var answer string
		if said == "(start)" {
			answer = k.start()
		} else if event, ok := strings.CutPrefix(said, "(event "); ok {
			answer = k.press(strings.TrimSuffix(event, ")"), "")
		} else {
			answer = k.say(said)
		}
		b.WriteString(answer + "\n")
	}
	return b.String()
}

// TestDemoIsNeverSilent says all kinds of things, in every order chance brings, and follows
// every button: the demo bot always answers, without an error.
func TestDemoIsNeverSilent(t *testing.T) {
	t.Parallel()
	phrases := []string{
		"/start", "привет", "hello", "шутку", "joke", "ещё", "more", "стоп", "stop", "викторина", "quiz",
		"приключение", "adventure", "42", "?!", "👍", "абракадабра", "gibberish", "позови человека",
		"I need a human", "спасибо", "меня зовут Ёжик", "my name is Bo", "камень ножницы бумага", "меню", "да", "no",
		strings.Repeat("слово ", 100), " ",
	}
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		k := &talk{t: t, bot: demo(t, random.IntN)}
		k.start()
		for range 200 {
			said := phrases[random.IntN(len(phrases))]
			if n := len(k.said); n > 0 && random.IntN(2) == 0 {
				if board := k.said[n-1].Keyboard; board != nil {
					said = board.Buttons[random.IntN(len(board.Buttons))]
				}
			}
			if answer := k.say(said); answer == "" || k.err != nil {
				t.Fatalf("seed %d: %q in %s: %q %v", seed, said, k.context(), answer, k.err)
			}
		}
	}
}

// TestConcurrentTurns has one bot talk to many at once.
func TestConcurrentTurns(t *testing.T) {
	t.Parallel()
	b := demo(t, nil)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			k := &talk{t: t, bot: b}
			k.start()
			for range 20 {
				for _, text := range []string{"привет", "шутку", "ещё", "quiz", "penguin", "stop", "меня зовут Анна"} {
					if k.say(text); k.err != nil {
						t.Error(k.err)
					}
				}
			}
		})
	}
	wg.Wait()
}

// BenchmarkDemoTurn is a turn of the demo bot from the event to the outputs.
func BenchmarkDemoTurn(b *testing.B) {
	bot := demo(b, nil)
	for name, text := range map[string]string{
		"greeting": "привет, как дела?", "joke": "расскажи, пожалуйста, какую-нибудь смешную шутку",
		"button": "Викторина", "unknown": "совершенно непонятные слова в очень длинном предложении про то и это",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			turn := &chat.Turn{
				ID: "turn", Details: &chat.SessionDetails{}, Client: &chat.Client{}, Now: time.Unix(0, 0),
				Cause: chat.Event{Payload: &chat.Message{Body: text}},
				State: chat.BotState{Session: []byte(`{"context":"/ru/Menu","buttons":[{"text":"Викторина","to":"/ru/Quiz"}]}`)},
			}
			for b.Loop() {
				if result, err := bot.React(context.Background(), turn); err != nil || len(result.Outputs) == 0 {
					b.Fatal(err)
				}
			}
		})
	}
}
