package remote

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/jsontext"
)

// Limits of one answer. Texts are counted in characters.
const (
	maxAnswer   = 1 << 20 // bytes
	maxMessages = 100
	maxRunes    = chat.MaxBodyRunes // of all messages together
	maxButtons  = 100               // and answers, actions, replies of a message
	maxLabel    = 1000
	maxName     = 255
	maxData     = 16_384 // of an action
	maxURL      = 2048
)

// answer is what a bot says, as it is sent (docs/remote-bots.md, "What your bot answers"). Unknown
// fields are left to the bot.
type answer struct {
	Messages  []json.RawMessage          `json:"messages"`
	Variables map[string]json.RawMessage `json:"variables"` // session and client: set, or with null forgotten
	State     map[string]json.RawMessage `json:"state"`     // session and client: replaced
	Typing    bool                       `json:"typing"`
	HandOver  json.RawMessage            `json:"handOver"` // true or {group}
	SwitchBot string                     `json:"switchBot"`
	Close     json.RawMessage            `json:"close"` // true or {result}
	Final     bool                       `json:"final"`
}

type messageAnswer struct {
	Body        string             `json:"body"`
	Answers     []string           `json:"answers"`
	Keyboard    *keyboardAnswer    `json:"keyboard"`
	Buttons     []json.RawMessage  `json:"buttons"` // short for a keyboard of one button in a row
	Actions     []actionAnswer     `json:"actions"`
	Attachments []attachmentAnswer `json:"attachments"`
	Replies     []json.RawMessage  `json:"replies"`
}

type keyboardAnswer struct {
	ButtonsInRow *int              `json:"buttonsInRow"`
	Buttons      []json.RawMessage `json:"buttons"` // texts, or {text}
}

type actionAnswer struct {
	Type  string          `json:"type"`
	Event string          `json:"event"`
	Label string          `json:"label"`
	Data  json.RawMessage `json:"data"` // a string as it is, another value as its JSON text
}

type attachmentAnswer struct {
	URL         string `json:"url"`
	Name        string `json:"name"`
	ContentType string `json:"contentType"`
}

// reaction is an answer that has been read.
type reaction struct {
	outputs []chat.Output
	change  change
	typing  bool
	final   bool
}

// readAnswer reads a bot's answer; what is wrong with it is CodeInvalid and names the field.
func readAnswer(data []byte) (*reaction, error) {
	if len(data) > maxAnswer {
		return nil, chat.Errorf(chat.CodeTooLarge, "an answer may have at most %d bytes", maxAnswer)
	}
	if !utf8.Valid(data) {
		return nil, chat.Invalid("", "the answer is not valid UTF-8")
	}
	if jsontext.EscapedNUL(data) >= 0 {
		return nil, chat.Invalid("", "U+0000 is not allowed in a text")
	}
	if trimmed := bytes.TrimSpace(data); len(trimmed) == 0 {
		return nil, chat.Invalid("", "the answer is empty: answer 204 to say nothing")
	} else if trimmed[0] != '{' {
		return nil, chat.Invalid("", "expected a JSON object")
	}
	var a answer
	if err := decode("", data, &a); err != nil {
		return nil, err
	}
	r := &reaction{typing: a.Typing, final: a.Final}
	var err error
	if r.outputs, err = a.messages(); err != nil {
		return nil, err
	}
	next, err := a.next()
	if err != nil {
		return nil, err
	}
	r.outputs = append(r.outputs, next...)
	if r.change.replace, err = readVariables("state", a.State); err != nil {
		return nil, err
	}
	if r.change.set, err = readVariables("variables", a.Variables); err != nil {
		return nil, err
	}
	return r, nil
}

// next reads who answers after this: of three fields at most one.
func (a *answer) next() ([]chat.Output, error) {
	var next []chat.Output
	if group, ok, err := wish("handOver", "group", a.HandOver); err != nil {
		return nil, err
	} else if ok {
		next = append(next, chat.HandOver{GroupID: group})
	}
	if a.SwitchBot != "" {
		id, err := uuid.Parse(a.SwitchBot)
		if err != nil {
			return nil, chat.Invalid("switchBot", "expected the id of a bot")
		}
		next = append(next, chat.SwitchBot{BotID: id.String()})
	}
	if result, ok, err := wish("close", "result", a.Close); err != nil {
		return nil, err
	} else if ok {
		next = append(next, chat.End{Result: result})
	}
	if len(next) > 1 {
		return nil, chat.Invalid("", "expected at most one of handOver, switchBot and close")
	}
	return next, nil
}

// wish reads true, or an object with one text that may be left out.
func wish(field, part string, raw json.RawMessage) (text string, ok bool, err error) {
	switch {
	case jsontext.IsNull(raw), string(raw) == "false":
		return "", false, nil
	case string(raw) == "true":
		return "", true, nil
	case raw[0] != '{':
		return "", false, chat.Invalid(field, "expected true or an object")
	}
	var object map[string]json.RawMessage
	if err := decode(field, raw, &object); err != nil {
		return "", false, err
	}
	if !jsontext.IsNull(object[part]) {
		if err := decode(field+"."+part, object[part], &text); err != nil {
			return "", false, err
		}
	}
	return text, true, atMost(field+"."+part, text, maxName)
}

func (a *answer) messages() ([]chat.Output, error) {
	if err := atMostMany("messages", len(a.Messages), maxMessages); err != nil {
		return nil, err
	}
	var outputs []chat.Output
	runes := 0
	for i, raw := range a.Messages {
		field := fmt.Sprintf("messages[%d]", i)
		var m messageAnswer
		if raw[0] != '{' {
			return nil, chat.Invalid(field, "expected an object")
		}
		if err := decode(field, raw, &m); err != nil {
			return nil, err
		}
		said, err := m.message(field)
		if err != nil {
			return nil, err
		}
		if runes += utf8.RuneCountInString(m.Body); runes > maxRunes {
			return nil, chat.Invalid(field+".body", "expected at most %d characters in all messages", maxRunes)
		}
		outputs = append(outputs, chat.Say{Message: *said})
	}
	return outputs, nil
}

func (m *messageAnswer) message(field string) (*chat.Message, error) {
	said := &chat.Message{Body: m.Body, Answers: m.Answers}
	if err := texts(field+".answers", m.Answers); err != nil {
		return nil, err
	}
	var err error
	if said.Keyboard, err = m.keyboard(field); err != nil {
		return nil, err
	}
	if said.Actions, err = readActions(field+".actions", m.Actions); err != nil {
		return nil, err
	}
	if said.Attachments, err = readAttachments(field+".attachments", m.Attachments); err != nil {
		return nil, err
	}
	if said.Replies, err = readReplies(field+".replies", m.Replies); err != nil {
		return nil, err
	}
	if strings.TrimSpace(m.Body) == "" && said.Keyboard == nil && len(said.Attachments)+len(said.Actions)+len(said.Answers) == 0 {
		return nil, chat.Invalid(field, "expected a body, attachments, or something to choose from")
	}
	return said, nil
}

func (m *messageAnswer) keyboard(field string) (*chat.Keyboard, error) {
	raws, inRow, place := m.Buttons, 1, field+".buttons"
	if k := m.Keyboard; k != nil {
		if len(m.Buttons) > 0 {
			return nil, chat.Invalid(place, "expected either buttons or a keyboard")
		}
		raws, place = k.Buttons, field+".keyboard.buttons"
		if len(raws) == 0 {
			return nil, chat.Invalid(place, "expected at least one button")
		}
		if n := k.ButtonsInRow; n != nil {
			if inRow = *n; inRow < 1 || inRow > maxButtons {
				return nil, chat.Invalid(field+".keyboard.buttonsInRow", "expected a number from 1 to %d", maxButtons)
			}
		}
	}
	if len(raws) == 0 {
		return nil, nil
	}
	if err := atMostMany(place, len(raws), maxButtons); err != nil {
		return nil, err
	}
	buttons := make([]string, len(raws))
	for i, raw := range raws {
		at := fmt.Sprintf("%s[%d]", place, i)
		var err error
		if raw[0] == '{' {
			var object struct {
				Text string `json:"text"`
			}
			err = decode(at, raw, &object)
			buttons[i] = object.Text
		} else {
			err = decode(at, raw, &buttons[i])
		}
		if err != nil {
			return nil, err
		}
	}
	return &chat.Keyboard{ButtonsInRow: inRow, Buttons: buttons}, texts(place, buttons)
}

func readActions(field string, list []actionAnswer) ([]chat.Action, error) {
	if err := atMostMany(field, len(list), maxButtons); err != nil {
		return nil, err
	}
	var actions []chat.Action
	for i, a := range list {
		at := fmt.Sprintf("%s[%d]", field, i)
		if a.Type == "" {
			return nil, chat.Invalid(at+".type", "expected the kind of action")
		}
		data := ""
		if !jsontext.IsNull(a.Data) {
			if a.Data[0] != '"' {
				data = string(a.Data)
			} else if err := decode(at+".data", a.Data, &data); err != nil {
				return nil, err
			}
		}
		if err := errors.Join(atMost(at+".type", a.Type, maxName), atMost(at+".event", a.Event, chat.MaxEventName),
			atMost(at+".label", a.Label, maxLabel), atMost(at+".data", data, maxData)); err != nil {
			return nil, err
		}
		actions = append(actions, chat.Action{Type: a.Type, Event: a.Event, Label: a.Label, Data: data})
	}
	return actions, nil
}

func readAttachments(field string, list []attachmentAnswer) ([]chat.Attachment, error) {
	if err := atMostMany(field, len(list), chat.MaxAttachments); err != nil {
		return nil, err
	}
	var attachments []chat.Attachment
	for i, a := range list {
		at := fmt.Sprintf("%s[%d]", field, i)
		u, err := url.Parse(a.URL)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.User != nil || len(a.URL) > maxURL {
			return nil, chat.Invalid(at+".url", "expected an http or https URL of at most %d bytes", maxURL)
		}
		if err := errors.Join(atMost(at+".name", a.Name, maxName), atMost(at+".contentType", a.ContentType, maxName)); err != nil {
			return nil, err
		}
		name := a.Name
		if base := path.Base(u.Path); name == "" && base != "/" && base != "." && utf8.ValidString(base) && utf8.RuneCountInString(base) <= maxName {
			name = strings.ReplaceAll(base, "\x00", "")
		}
		attachments = append(attachments, chat.Attachment{Name: name, ContentType: a.ContentType, URL: a.URL})
	}
	return attachments, nil
}

// readReplies takes replies of the Chat API as they are: objects with a type.
func readReplies(field string, list []json.RawMessage) ([]json.RawMessage, error) {
	if err := atMostMany(field, len(list), maxButtons); err != nil {
		return nil, err
	}
	for i, raw := range list {
		at := fmt.Sprintf("%s[%d]", field, i)
		var reply struct {
			Type string `json:"type"`
		}
		if err := decode(at, raw, &reply); err != nil {
			return nil, err
		}
		if reply.Type == "" {
			return nil, chat.Invalid(at+".type", "expected the kind of reply")
		}
		if jsontext.Depth(raw) > jsontext.MaxDepth {
			return nil, chat.Invalid(at, "expected values nested at most %d deep", jsontext.MaxDepth)
		}
	}
	return list, nil
}

// readVariables reads the two parts of a bot's memory; a part that is not named is nil.
func readVariables(field string, parts map[string]json.RawMessage) (m memory, err error) {
	for name, part := range map[string]*variables{"session": &m.Session, "client": &m.Client} {
		raw := parts[name]
		if jsontext.IsNull(raw) {
			continue
		}
		at := field + "." + name
		if raw[0] != '{' {
			return m, chat.Invalid(at, "expected an object")
		}
		if err := decode(at, raw, part); err != nil {
			return m, err
		}
		if jsontext.Depth(raw) > jsontext.MaxDepth {
			return m, chat.Invalid(at, "expected values nested at most %d deep", jsontext.MaxDepth)
		}
	}
	return m, nil
}

// decode reads JSON and says of what is wrong with it which field it is.
func decode(field string, data []byte, v any) error {
	err := json.Unmarshal(data, v)
	var syntax *json.SyntaxError
	var mistyped *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &mistyped):
		return chat.Invalid(join(field, mistyped.Field), "expected %s, got %s", nameType(mistyped.Type), strings.Fields(mistyped.Value)[0])
	case errors.As(err, &syntax):
		return chat.Invalid(field, "not valid JSON: %s at byte %d", syntax, syntax.Offset)
	default:
		return chat.Invalid(field, "not what was expected: %s", err)
	}
}

func join(field, rest string) string {
	if field == "" || rest == "" {
		return field + rest
	}
	return field + "." + rest
}

// nameType says in the words of JSON what Go's decoder says in those of Go.
func nameType(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "a boolean"
	case reflect.Int:
		return "a whole number"
	case reflect.Slice:
		return "an array"
	default:
		return "an object"
	}
}

func texts(field string, list []string) error {
	if err := atMostMany(field, len(list), maxButtons); err != nil {
		return err
	}
	for i, text := range list {
		at := fmt.Sprintf("%s[%d]", field, i)
		if strings.TrimSpace(text) == "" {
			return chat.Invalid(at, "expected a text")
		}
		if err := atMost(at, text, maxLabel); err != nil {
			return err
		}
	}
	return nil
}

func atMost(field, text string, runes int) error {
	if n := utf8.RuneCountInString(text); n > runes {
		return chat.Invalid(field, "expected at most %d characters, got %d", runes, n)
	}
	return nil
}

func atMostMany(field string, n, most int) error {
	if n > most {
		return chat.Invalid(field, "expected at most %d, got %d", most, n)
	}
	return nil
}
