package terminal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/govorun/govorun/internal/bot/scenario/xmltest"
)

// Help says what can be typed.
const Help = `Type what the client says, or the number of a button. Besides:
  /event NAME {JSON}    an event happens
  :state [PATH]         show where the dialogue is, or put it there
  :session [{JSON}]     show $session, or replace it
  :client [{JSON}]      show $client, or replace it
  :log                  what the scripts logged in the last turn
  :raw                  the last replies as they are, in JSON
  :time [+5min|TIME]    show the bot's clock, let time pass, or set it; what is due comes
  :timers               timeouts and events that wait
  :fire [N]             the next of them, or the Nth, comes now
  :new                  a new session; what is known of the client stays
  :reset                a new client
  :quit                 the end, as is the end of the input
`

// command takes a line that begins with a colon.
func (t *terminal) command(ctx context.Context, name, rest string) error {
	switch name {
	case ":help", ":h", ":?":
		fmt.Fprint(t.out, Help)
	case ":quit", ":q", ":exit":
		return errQuit
	case ":state":
		return t.state(rest)
	case ":session":
		return t.memory("$session", rest, t.bot.Session, t.bot.SetSession)
	case ":client":
		return t.memory("$client", rest, t.bot.Client, t.bot.SetClient)
	case ":log":
		if len(t.last.Log) == 0 {
			t.say(faint, "(nothing was logged)")
		}
		for _, entry := range t.last.Log {
			t.say("", entry)
		}
	case ":raw":
		for _, r := range t.last.Replies {
			t.say("", string(r.Raw))
		}
	case ":time":
		return t.time(ctx, rest)
	case ":timers":
		t.timers()
	case ":fire":
		return t.fireOne(ctx, rest)
	case ":new":
		t.bot.NewSession()
		t.buttons = nil
		t.say(faint, "(a new session)")
	case ":reset":
		return t.reset()
	default:
		return fmt.Errorf("there is no command %s; :help shows those there are", name)
	}
	return nil
}

func (t *terminal) state(path string) error {
	if path != "" {
		if err := t.bot.SetContext("/" + strings.Trim(path, "/")); err != nil {
			return err
		}
	}
	t.say("", t.bot.Context())
	return nil
}

// memory shows or replaces what the bot remembers.
func (t *terminal) memory(name, text string, read func() json.RawMessage, write func(json.RawMessage)) error {
	if text != "" {
		var object map[string]any
		if err := json.Unmarshal([]byte(text), &object); err != nil || object == nil {
			return fmt.Errorf("%s is to be a JSON object, as in {\"name\": \"Ann\"}, not %s", name, text)
		}
		write(json.RawMessage(text))
	}
	var b bytes.Buffer
	if err := json.Indent(&b, read(), "", "  "); err != nil || b.Len() == 0 {
		b.Reset()
		b.WriteString("{}")
	}
	t.say("", b.String())
	return nil
}

// units are those of a time that passes.
var units = map[string]time.Duration{
	"s": time.Second, "sec": time.Second, "m": time.Minute, "min": time.Minute, "h": time.Hour, "hour": time.Hour, "d": 24 * time.Hour, "day": 24 * time.Hour,
}

// parseSpan reads how long passes, as in 5min, 1h30m or 2 days; a bare number is seconds.
func parseSpan(text string) (time.Duration, error) {
	text = strings.ToLower(strings.ReplaceAll(text, " ", ""))
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return d, nil
	}
	number := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyz")
	unit, known := units[strings.TrimSuffix(text[len(number):], "s")]
	if text[len(number):] == "" || text[len(number):] == "s" {
		unit, known = time.Second, true
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !known || n < 0 || n*float64(unit) > float64(100*365*24*time.Hour) {
		return 0, fmt.Errorf("%q is no time that can pass, as are 30s, 5min, 2h or 1day", text)
	}
	return time.Duration(n * float64(unit)), nil
}

// time shows or changes the bot's clock; what is due then comes.
func (t *terminal) time(ctx context.Context, text string) error {
	switch {
	case text == "":
	case strings.HasPrefix(text, "+"):
		d, err := parseSpan(text[1:])
		if err != nil {
			return err
		}
		t.bot.Advance(d)
	default:
		at, err := parseTime(text)
		if err != nil {
			return err
		}
		t.bot.SetTime(at)
	}
	t.say("", t.bot.Time().UTC().Format("2006-01-02 15:04:05 MST"))
	t.fireDue(ctx)
	return nil
}

// parseTime reads a moment, in UTC.
func parseTime(text string) (time.Time, error) {
	for _, layout := range []string{time.DateTime, "2006-01-02 15:04", time.DateOnly, time.RFC3339, "2006-01-02T15:04:05"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time, as are 2026-01-31 12:00:00 and +5min", text)
}

func (t *terminal) timers() {
	pending := t.bot.Pending()
	if len(pending) == 0 {
		t.say(faint, "(nothing waits)")
	}
	for i, timer := range pending {
		t.say("", fmt.Sprintf("%d: %s in %v", i+1, describe(timer), max(0, timer.At.Sub(t.bot.Time())).Round(time.Second)))
	}
}

// fireOne has a timer come before its time.
func (t *terminal) fireOne(ctx context.Context, text string) error {
	n := 1
	if text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			return fmt.Errorf("%q is no number of a timer; :timers shows them", text)
		}
	}
	pending := t.bot.Pending()
	if n < 1 || n > len(pending) {
		return errors.New("no such timer waits; :timers shows them")
	}
	t.fire(ctx, pending[n-1])
	return nil
}

// reset begins as another client.
func (t *terminal) reset() error {
	next, err := t.o.Begin()
	if err != nil {
		return err
	}
	t.bot.Close()
	t.bot, t.buttons, t.last = next, nil, xmltest.Answer{}
	t.say(faint, "(a new client)")
	return nil
}
