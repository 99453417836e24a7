// Package terminal is a conversation with a bot in a terminal: what the client types goes to
// the bot, what the bot replies is shown with where the dialogue is. Commands show and change
// what the bot remembers and which time it is. It is for who writes a bot; clients of a
// server have transports.
package terminal

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/govorun/govorun/internal/bot/scenario/xmltest"
)

// maxLine is how long a typed line may be, in bytes.
const maxLine = 1 << 20

// Conversation is what the terminal needs of one. It is used by one goroutine.
type Conversation interface {
	React(ctx context.Context, ask xmltest.Ask) xmltest.Answer
	Context() string
	SetContext(path string) error
	Session() json.RawMessage
	SetSession(data json.RawMessage)
	Client() json.RawMessage
	SetClient(data json.RawMessage)
	NewSession()
	Time() time.Time
	SetTime(now time.Time)
	Advance(d time.Duration)
	Pending() []xmltest.Timer // the next one first
	Fire(ctx context.Context, id string) xmltest.Answer
	Close()
}

// Options are how a terminal works. Begin is needed.
type Options struct {
	Begin   func() (Conversation, error) // reads the bot as it is now and begins a conversation
	Changed <-chan struct{}              // says that the bot's files changed; nil: never
	Color   bool
	Prompt  bool // somebody types: show where; else repeat what is read
	Start   bool // say /start first
}

// Talk converses until in ends, ctx ends or the client types :quit. A line that is being
// waited for when ctx ends is left to the end of the process: reading a terminal cannot be
// broken off.
func Talk(ctx context.Context, in io.Reader, out io.Writer, o Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	conversation, err := o.Begin()
	if err != nil {
		return err
	}
	t := &terminal{o: o, out: out, bot: conversation}
	defer func() { t.bot.Close() }()
	if o.Start {
		t.ask(ctx, xmltest.Ask{Query: "/start"})
	}
	lines := make(chan string)
	ended := make(chan error, 1)
	go func() {
		scanner := bufio.NewScanner(in)
		scanner.Buffer(nil, maxLine)
		for scanner.Scan() {
			select {
			case lines <- scanner.Text():
			case <-ctx.Done():
				return
			}
		}
		ended <- scanner.Err()
	}()
	return t.loop(ctx, lines, ended)
}

// terminal is one conversation in a terminal.
type terminal struct {
	o       Options
	out     io.Writer
	bot     Conversation
	buttons []string // what the numbers say, of the last answer
	last    xmltest.Answer
}

// errQuit ends a conversation that is to end.
var errQuit = errors.New("quit")

func (t *terminal) loop(ctx context.Context, lines <-chan string, ended <-chan error) error {
	t.prompt()
	for {
		due, stop := t.due()
		select {
		case <-ctx.Done():
			stop()
			return nil
		case err := <-ended:
			stop()
			return err
		case <-t.o.Changed:
			t.reload()
		case <-due:
			t.fireDue(ctx)
		case line := <-lines:
			if !t.o.Prompt {
				fmt.Fprintf(t.out, "> %s\n", clean(line))
			}
			if err := t.line(ctx, strings.TrimSpace(line)); errors.Is(err, errQuit) {
				stop()
				return nil
			} else if err != nil {
				t.say(red, err.Error())
			}
		}
		stop()
		t.prompt()
	}
}

func (t *terminal) prompt() {
	if t.o.Prompt {
		fmt.Fprint(t.out, "> ")
	}
}

// due tells when the next timer's moment comes.
func (t *terminal) due() (c <-chan time.Time, stop func()) {
	pending := t.bot.Pending()
	if len(pending) == 0 {
		return nil, func() {}
	}
	timer := time.NewTimer(max(0, pending[0].At.Sub(t.bot.Time())))
	return timer.C, func() { timer.Stop() }
}

// fireDue has all timers come whose moment has come.
func (t *terminal) fireDue(ctx context.Context) {
	const most = 100 // a bot may set a new one each time
	for range most {
		pending := t.bot.Pending()
		if len(pending) == 0 || pending[0].At.After(t.bot.Time()) {
			return
		}
		t.fire(ctx, pending[0])
	}
}

func (t *terminal) fire(ctx context.Context, timer xmltest.Timer) {
	t.say(faint, "("+describe(timer)+")")
	t.show(t.bot.Fire(ctx, timer.ID))
}

// describe is a timer in words.
func describe(timer xmltest.Timer) string {
	text := timer.Kind
	if timer.Target != "" {
		text += " → " + timer.Target
	}
	return text
}

// reload reads the bot anew and goes on where the conversation was. A bot that cannot be read
// does not replace the one that can.
func (t *terminal) reload() {
	next, err := t.o.Begin()
	if err != nil {
		t.say(red, "the bot cannot be read, the old one goes on:\n"+err.Error())
		return
	}
	next.SetSession(t.bot.Session())
	next.SetClient(t.bot.Client())
	message := "(the bot was read again)"
	for path := t.bot.Context(); ; path = parent(path) {
		if next.SetContext(path) == nil {
			if path != t.bot.Context() {
				message = fmt.Sprintf("(the bot was read again; %s is no more, the dialogue is in %s)", t.bot.Context(), path)
			}
			break
		}
		if path == "/" {
			break
		}
	}
	t.bot.Close()
	t.bot = next
	t.say(faint, message)
}

// parent is the path of the state around.
func parent(path string) string {
	path = strings.TrimRight(path, "/")
	if i := strings.LastIndexByte(path, '/'); i > 0 {
		return path[:i]
	}
	return "/"
}

// line takes what was typed: a command, the number of a button, or words for the bot.
func (t *terminal) line(ctx context.Context, line string) error {
	name, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch {
	case line == "":
		return nil
	case name == "/event" || name == ":event":
		return t.event(ctx, rest)
	case strings.HasPrefix(name, ":"):
		return t.command(ctx, name, rest)
	}
	if n, err := strconv.Atoi(line); err == nil && n >= 1 && n <= len(t.buttons) {
		line = t.buttons[n-1]
		t.say(faint, "("+line+")")
	}
	t.ask(ctx, xmltest.Ask{Query: line})
	return nil
}

// event has an event happen: its name and, as JSON, its data.
func (t *terminal) event(ctx context.Context, rest string) error {
	name, data, _ := strings.Cut(rest, " ")
	if name == "" {
		return errors.New("which event? As in /event paid {\"sum\": 5}")
	}
	ask := xmltest.Ask{Event: name}
	if data = strings.TrimSpace(data); data != "" {
		if !json.Valid([]byte(data)) {
			return fmt.Errorf("the data of %s is no JSON: %s", name, data)
		}
		ask.Data = json.RawMessage(data)
	}
	t.ask(ctx, ask)
	return nil
}

func (t *terminal) ask(ctx context.Context, ask xmltest.Ask) {
	t.buttons = nil
	t.show(t.bot.React(ctx, ask))
}
