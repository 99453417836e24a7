package scenario

import (
	"encoding/json"
	"path"
	"unicode/utf8"

	"github.com/govorun/govorun/internal/chat"
)

// render makes messages of the replies of a turn. The buttons of the whole turn hang on the
// last text.
func render(replies []json.RawMessage) ([]chat.Message, error) {
	var messages []chat.Message
	var texts []string
	var same []json.RawMessage
	last := -1
	for _, raw := range replies {
		var r struct {
			Type, Text, ImageURL, State string
			Buttons                     []struct{ Text string }
		}
		_ = json.Unmarshal(raw, &r) // a reply may be anything
		if r.Type == "buttons" {
			for _, b := range r.Buttons {
				texts = append(texts, b.Text)
			}
			same = append(same, raw)
			continue
		}
		m := chat.Message{AuthorType: chat.AuthorBot, Type: chat.MessageRegular, Body: r.Text, State: r.State, Replies: []json.RawMessage{raw}}
		if r.ImageURL != "" {
			m.Attachments = []chat.Attachment{{Name: path.Base(r.ImageURL), URL: r.ImageURL}}
		}
		messages = append(messages, m)
		if m.Body != "" {
			last = len(messages) - 1
		}
	}
	if len(texts) == 0 {
		return messages, nil
	}
	if last < 0 {
		messages = append(messages, chat.Message{AuthorType: chat.AuthorBot, Type: chat.MessageRegular})
		last = len(messages) - 1
	}
	m := &messages[last]
	m.Answers, m.Keyboard = texts, &chat.Keyboard{ButtonsInRow: inRow(texts), Buttons: texts}
	m.Replies = append(m.Replies, same...)
	return messages, nil
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
