package terminal_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/govorun/govorun/internal/bot/scenario"
	"github.com/govorun/govorun/internal/bot/scenario/terminal"
	"github.com/govorun/govorun/internal/bot/scenario/xmltest"
)

const shop = `
theme: /
    state: Start
        q!: $regex</start>
        a: Hello, {{ $client.name || "stranger" }}.
        buttons:
            "Tea" -> /Tea
            "Coffee"
        inlineButtons:
            {text: "Our site", url: "https://shop.example"}
            {text: "Sugar", callback_data: "with sugar"}
        image: https://shop.example/cup.png

    state: Tea
        q!: tea
        script:
            $session.order = "tea";
            log("ordered");
        a: Tea it is.
        timeout: /Late || interval = "5 min"

    state: Late
        a: Your tea gets cold.

    state: List
        q!: list
        script:
            $response.replies = $response.replies || [];
            $response.replies.push({type: "carousel", text: "Cakes", content: [
                {title: "Pie", description: "apple", image: "https://shop.example/pie.png", btnText: "Take pie"},
                {title: "Bun", url: "https://shop.example/bun"}]});
            $response.replies.push({type: "location", lat: 59.9, lng: 30.3});
            $response.replies.push({type: "raw", body: {x: 1}});
            $reactions.audio("https://shop.example/a.mp3");

    state: Paid
        event!: paid
        a: Paid {{ $request.data.sum }}.

    state: Broken
        q!: break
        script: nothing.here();

    state: Other
        event!: noMatch
        a: You say {{ $request.query }}.
`

// files are a bot's, which a test may change while it is read.
type files struct {
	mu   sync.Mutex
	main string // guarded by mu
}

func (f *files) set(main string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.main = main
}

// talking frees the bot with the conversation.
type talking struct {
	xmltest.Talk
	bot *scenario.Bot
}

func (t talking) Close() {
	t.Talk.Close()
	_ = t.bot.Close()
}

func (f *files) begin() (terminal.Conversation, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	bot, err := scenario.Load(fstest.MapFS{
		"chatbot.yaml": {Data: []byte("name: shop\nentryPoint: main.sc\n")},
		"src/main.sc":  {Data: []byte(f.main)},
	}, scenario.Options{})
	if err != nil {
		return nil, err
	}
	c := talking{xmltest.Chat(bot, 1), bot}
	c.SetTime(time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC))
	return c, nil
}

// TestTalk types lines and compares all that is shown.
func TestTalk(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		lines string
		want  string
	}{
		{"a number presses a button", "/start\n1\n", `> /start
Hello, stranger.
  [1] Tea → /Tea
  [2] Coffee
  [-] Our site <https://shop.example>
  [3] Sugar
[image] https://shop.example/cup.png
  /Start
> 1
(Tea)
Tea it is.
  timeout in 300 s → /Late
  log: ordered
  /Tea
`},
		{"a button with data of its own", "/start\n3\n4\n", `> /start
Hello, stranger.
  [1] Tea → /Tea
  [2] Coffee
  [-] Our site <https://shop.example>
  [3] Sugar
[image] https://shop.example/cup.png
  /Start
> 3
(with sugar)
You say with sugar.
  /Other
> 4
You say 4.
  /Other
`},
		{"other replies", "list\n1\n", `> list
[carousel] Cakes
  Pie – apple <https://shop.example/pie.png> [1] Take pie
  Bun <https://shop.example/bun>
[location] 59.9, 30.3
[raw] {"type":"raw","body":{"x":1}}
[audio] https://shop.example/a.mp3
  /List
> 1
(Take pie)
You say Take pie.
  /Other
`},
		{"events", "/event paid {\"sum\": 5}\n:event paid {}\n/event\n/event paid {\n", `> /event paid {"sum": 5}
Paid 5.
  /Paid
> :event paid {}
Paid .
  /Paid
> /event
which event? As in /event paid {"sum": 5}
> /event paid {
the data of paid is no JSON: {
`},
		{"state", "tea\n:state\n:state /Late\n:state Nowhere\n", `> tea
Tea it is.
  timeout in 300 s → /Late
  log: ordered
  /Tea
> :state
/Tea
> :state /Late
/Late
> :state Nowhere
there is no state "/Nowhere"
`},
		{"memory", ":client {\"name\": \"Ann\"}\n:session\ntea\n:session\n:client [1]\n", `> :client {"name": "Ann"}
{
  "name": "Ann"
}
> :session
{}
> tea
Tea it is.
  timeout in 300 s → /Late
  log: ordered
  /Tea
> :session
{
  "order": "tea"
}
> :client [1]
$client is to be a JSON object, as in {"name": "Ann"}, not [1]
`},
		{"time", "tea\n:timers\n:time +4min\n:time +1 min\n:timers\n:time 2026-02-01 10:30\n:time noon\n:time +1 moon\n", `> tea
Tea it is.
  timeout in 300 s → /Late
  log: ordered
  /Tea
> :timers
1: timeout → /Late in 5m0s
> :time +4min
2026-01-31 12:04:00 UTC
> :time +1 min
2026-01-31 12:05:00 UTC
(timeout → /Late)
Your tea gets cold.
  /Late
> :timers
(nothing waits)
> :time 2026-02-01 10:30
2026-02-01 10:30:00 UTC
> :time noon
"noon" is no time, as are 2026-01-31 12:00:00 and +5min
> :time +1 moon
"1moon" is no time that can pass, as are 30s, 5min, 2h or 1day
`},
		{"fire", "tea\n:fire 2\n:fire x\n:fire\n", `> tea
Tea it is.
  timeout in 300 s → /Late
  log: ordered
  /Tea
> :fire 2
no such timer waits; :timers shows them
> :fire x
"x" is no number of a timer; :timers shows them
> :fire
(timeout → /Late)
Your tea gets cold.
  /Late
`},
		{"log, raw, new and reset", "tea\n:log\n:raw\n:new\n:session\n:log\n:reset\n:log\n", `> tea
Tea it is.
  timeout in 300 s → /Late
  log: ordered
  /Tea
> :log
ordered
> :raw
{"type":"text","text":"Tea it is.","state":"/Tea"}
{"type":"timeout","interval":300,"targetState":"/Late","state":"/Tea"}
> :new
(a new session)
> :session
{}
> :log
ordered
> :reset
(a new client)
> :log
(nothing was logged)
`},
		{"an unknown command, an empty line, the end", ":what\n\n:quit\ntea\n", `> :what
there is no command :what; :help shows those there are
> 
> :quit
`},
		{"control characters", "a\x1b[2Jb\n", `> a�[2Jb
You say a�[2Jb.
  /Other
`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := files{main: shop}
			var out strings.Builder
			if err := terminal.Talk(t.Context(), strings.NewReader(tt.lines), &out, terminal.Options{Begin: f.begin}); err != nil {
				t.Fatal(err)
			}
			if out.String() != tt.want {
				t.Errorf("shown\n%s\nwant\n%s", out.String(), tt.want)
			}
		})
	}
}

// TestFailure: what fails in a script is shown with its place.
func TestFailure(t *testing.T) {
	t.Parallel()
	f := files{main: shop}
	var out strings.Builder
	if err := terminal.Talk(t.Context(), strings.NewReader("break\ntea\n"), &out, terminal.Options{Begin: f.begin}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"error: ", "src/main.sc:42", "Tea it is."} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

// TestStart: /start is said first, and a prompt stands where somebody types.
func TestStart(t *testing.T) {
	t.Parallel()
	f := files{main: "theme: /\n    state: Start\n        q!: $regex</start>\n        a: Hi.\n"}
	var out strings.Builder
	o := terminal.Options{Begin: f.begin, Start: true, Prompt: true, Color: true}
	if err := terminal.Talk(t.Context(), strings.NewReader(":state\n"), &out, o); err != nil {
		t.Fatal(err)
	}
	if want := "\x1b[36mHi.\x1b[0m\n\x1b[2m  /Start\x1b[0m\n> /Start\n> "; out.String() != want {
		t.Errorf("shown %q, want %q", out.String(), want)
	}
}

// TestReload: a changed bot is read again, and the conversation goes on; a broken one is not
// taken.
func TestReload(t *testing.T) {
	t.Parallel()
	f := files{main: shop}
	changed := make(chan struct{})
	in, typed := io.Pipe()
	out := &lines{seen: make(chan string, 100)}
	ended := make(chan error, 1)
	go func() {
		ended <- terminal.Talk(t.Context(), in, out, terminal.Options{Begin: f.begin, Changed: changed})
	}()
	say := func(line string) {
		if _, err := io.WriteString(typed, line+"\n"); err != nil {
			t.Error(err)
		}
	}
	say("tea")
	out.wait(t, "  /Tea")
	f.set(strings.ReplaceAll(shop, "Your tea", "Our tea") + "        b: broken\n")
	changed <- struct{}{}
	out.wait(t, "the bot cannot be read, the old one goes on:")
	f.set("theme: /\n    state: Start\n        q!: start\n        a: Anew, {{ $session.order }}.\n")
	changed <- struct{}{}
	out.wait(t, "(the bot was read again; /Tea is no more, the dialogue is in /)")
	say("start")
	out.wait(t, "Anew, tea.")
	typed.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// lines passes on each line that is written.
type lines struct {
	part bytes.Buffer
	seen chan string
}

func (l *lines) Write(p []byte) (int, error) {
	l.part.Write(p)
	for {
		line, err := l.part.ReadString('\n')
		if err != nil {
			l.part.WriteString(line)
			return len(p), nil //nolint:nilerr // the line is not whole yet
		}
		l.seen <- strings.TrimSuffix(line, "\n")
	}
}

// wait waits for a line.
func (l *lines) wait(t *testing.T, want string) {
	t.Helper()
	limit := time.After(time.Minute)
	for {
		select {
		case line := <-l.seen:
			if line == want {
				return
			}
		case <-limit:
			t.Fatalf("%q was never shown", want)
		}
	}
}

// TestEnds: the conversation ends with its context, also while a line is waited for.
func TestEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	in, typed := io.Pipe()
	defer typed.Close()
	f := files{main: shop}
	ended := make(chan error, 1)
	go func() { ended <- terminal.Talk(ctx, in, io.Discard, terminal.Options{Begin: f.begin}) }()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
