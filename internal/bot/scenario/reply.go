package scenario

import (
	"encoding/json"
	"errors"
	"path"
	"unicode/utf8"

	"github.com/govorun/govorun/internal/chat"
)

// Replies as the Chat API has them (Chat API, 5).
type (
	textReply struct {
		Type  string `json:"type"`
		Text  string `json:"text"`
		State string `json:"state,omitempty"`
	}
	imageReply struct {
		Type     string `json:"type"`
		ImageURL string `json:"imageUrl"`
		State    string `json:"state,omitempty"`
	}
	buttonsReply struct {
		Type    string        `json:"type"`
		Buttons []buttonReply `json:"buttons"`
		State   string        `json:"state,omitempty"`
	}
	buttonReply struct {
		Text       string `json:"text"`
		Transition string `json:"transition,omitempty"`
	}
)

func (a *answer) run(d *dialogue) error {
	if text := a.text.expand(d.look); text != "" {
		d.say(text)
	}
	return d.checkReplies()
}

func (i *image) run(d *dialogue) error {
	url := i.url.expand(d.look)
	if url == "" {
		return nil
	}
	d.reply(chat.Message{Attachments: []chat.Attachment{{Name: path.Base(url), URL: url}}},
		imageReply{"image", url, d.current.path})
	return d.checkReplies()
}

func (b *buttons) run(d *dialogue) error {
	for i := range b.buttons {
		if text := b.buttons[i].text.expand(d.look); text != "" {
			d.buttons = append(d.buttons, shown{text, b.buttons[i].target})
		}
	}
	return d.checkReplies()
}

// say adds a text to the replies.
func (d *dialogue) say(text string) {
	d.runes += utf8.RuneCountInString(text)
	d.reply(chat.Message{Body: text}, textReply{"text", text, d.current.path})
}

// reply adds a message, with its form for the Chat API.
func (d *dialogue) reply(m chat.Message, same any) {
	m.AuthorType, m.Type, m.State = chat.AuthorBot, chat.MessageRegular, d.current.path
	m.Replies = []json.RawMessage{encode(same)}
	d.replies = append(d.replies, m)
	d.jumps = 0
}

func (d *dialogue) checkReplies() error {
	if len(d.replies) > maxReplies || len(d.buttons) > maxReplies || d.runes > maxRunes {
		return errors.New("the replies are more than a turn may have")
	}
	return nil
}

// outputs are the replies, the buttons of the whole turn with the last text.
func (d *dialogue) outputs() []chat.Output {
	if len(d.buttons) > 0 {
		d.attachButtons()
	}
	outputs := make([]chat.Output, len(d.replies))
	for i := range d.replies {
		outputs[i] = chat.Say{Message: d.replies[i]}
	}
	return outputs
}

func (d *dialogue) attachButtons() {
	last := -1
	for i := range d.replies {
		if d.replies[i].Body != "" {
			last = i
		}
	}
	if last < 0 {
		d.replies = append(d.replies, chat.Message{AuthorType: chat.AuthorBot, Type: chat.MessageRegular, State: d.current.path})
		last = len(d.replies) - 1
	}
	texts := make([]string, len(d.buttons))
	same := buttonsReply{Type: "buttons", State: d.current.path, Buttons: make([]buttonReply, len(d.buttons))}
	for i, b := range d.buttons {
		texts[i] = b.text
		same.Buttons[i].Text = b.text
		if b.target != nil {
			same.Buttons[i].Transition = b.target.path
		}
	}
	m := &d.replies[last]
	m.Answers = texts
	m.Keyboard = &chat.Keyboard{ButtonsInRow: inRow(texts), Buttons: texts}
	m.Replies = append(m.Replies, encode(same))
}

// shortButton is how long, in characters, a button may be to share its row with another.
const shortButton = 16

func inRow(texts []string) int {
	for _, text := range texts {
		if utf8.RuneCountInString(text) > shortButton {
			return 1
		}
	}
	return min(2, len(texts))
}

// encode writes a reply. Structs of strings always can be.
func encode(reply any) json.RawMessage {
	data, err := json.Marshal(reply)
	if err != nil {
		panic(err)
	}
	return data
}
