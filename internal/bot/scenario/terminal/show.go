package terminal

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/govorun/govorun/internal/bot/scenario/xmltest"
)

// The colours of the terminal.
const (
	red   = "\x1b[31m"
	cyan  = "\x1b[36m"
	faint = "\x1b[2m"
	reset = "\x1b[0m"
)

// say writes lines, in a colour if there are colours.
func (t *terminal) say(color, text string) {
	for line := range strings.Lines(text) {
		line = clean(strings.TrimRight(line, "\r\n"))
		if t.o.Color && color != "" {
			line = color + line + reset
		}
		fmt.Fprintln(t.out, line)
	}
}

// clean takes control characters out of a text, which could command the terminal.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return ' '
		}
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '�'
		}
		return r
	}, text)
}

// show writes what the bot did: its replies, then where it went.
func (t *terminal) show(a xmltest.Answer) {
	t.last = a
	for _, r := range a.Replies {
		t.reply(r)
	}
	for _, entry := range a.Log {
		t.say(faint, "  log: "+entry)
	}
	if a.Err != nil {
		t.say(red, "  error: "+a.Err.Error())
	}
	states := strings.Join(a.States, " → ")
	if states == "" {
		states = "no state"
	}
	if len(a.States) == 0 || a.Context != a.States[len(a.States)-1] {
		states += "; then in " + a.Context
	}
	t.say(faint, "  "+states)
}

// fields are those of replies that are shown (Chat API, 5).
type fields struct {
	Text        string      `json:"text"`
	ImageURL    string      `json:"imageUrl"`
	AudioURL    string      `json:"audioUrl"`
	VideoURL    string      `json:"videoUrl"`
	FileURL     string      `json:"fileUrl"`
	Interval    json.Number `json:"interval"`
	TargetState string      `json:"targetState"`
	Lat         json.Number `json:"lat"`
	Lng         json.Number `json:"lng"`
	Buttons     []struct {
		Text         string `json:"text"`
		URL          string `json:"url"`
		Transition   string `json:"transition"`
		CallbackData string `json:"callback_data"`
	} `json:"buttons"`
	Content []struct {
		Title       string `json:"title"`
		Description string `json:"description"`
		Image       string `json:"image"`
		URL         string `json:"url"`
		Button      string `json:"btnText"`
	} `json:"content"`
}

func (t *terminal) reply(r xmltest.Said) {
	var f fields
	if r.Type == "text" {
		t.say(cyan, r.Text)
		return
	}
	if json.Unmarshal(r.Raw, &f) != nil {
		t.say(cyan, fmt.Sprintf("[%s] %s", r.Type, r.Raw))
		return
	}
	switch r.Type {
	case "buttons", "inlineButtons":
		t.showButtons(&f)
	case "image":
		t.say(cyan, strings.TrimSpace("[image] "+f.ImageURL+" "+f.Text))
	case "audio":
		t.say(cyan, "[audio] "+f.AudioURL)
	case "video":
		t.say(cyan, "[video] "+f.VideoURL)
	case "file":
		t.say(cyan, "[file] "+f.FileURL)
	case "location":
		t.say(cyan, fmt.Sprintf("[location] %s, %s", f.Lat, f.Lng))
	case "timeout":
		t.say(faint, fmt.Sprintf("  timeout in %s s → %s", f.Interval, f.TargetState))
	case "carousel":
		t.carousel(&f)
	default:
		t.say(cyan, fmt.Sprintf("[%s] %s", r.Type, r.Raw))
	}
}

// showButtons numbers the buttons on, those of an answer together.
func (t *terminal) showButtons(f *fields) {
	for _, b := range f.Buttons {
		if b.URL != "" {
			t.say(cyan, fmt.Sprintf("  [-] %s <%s>", b.Text, b.URL))
			continue
		}
		said := b.Text
		if b.CallbackData != "" {
			said = b.CallbackData
		}
		t.buttons = append(t.buttons, said)
		line := fmt.Sprintf("  [%d] %s", len(t.buttons), b.Text)
		if b.Transition != "" {
			line += " → " + b.Transition
		}
		t.say(cyan, line)
	}
}

func (t *terminal) carousel(f *fields) {
	t.say(cyan, strings.TrimSpace("[carousel] "+f.Text))
	for _, c := range f.Content {
		line := "  " + c.Title
		if c.Description != "" {
			line += " – " + c.Description
		}
		for _, link := range []string{c.Image, c.URL} {
			if link != "" {
				line += " <" + link + ">"
			}
		}
		if c.Button != "" && c.URL == "" {
			t.buttons = append(t.buttons, c.Button)
			line += fmt.Sprintf(" [%d] %s", len(t.buttons), c.Button)
		}
		t.say(cyan, line)
	}
}
