package chatapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/jsontext"
)

// timeLayout has milliseconds and no zone (Chat API, 4). The time is in UTC.
const timeLayout = "2006-01-02T15:04:05.000"

func stamp(t time.Time) string { return t.UTC().Format(timeLayout) }

// answerObject is the answer to a question, and what a webhook is given (Chat API, 4).
type answerObject struct {
	ID         string         `json:"id"`
	Token      string         `json:"token"`
	ClientID   string         `json:"clientId"`
	QuestionID string         `json:"questionId"`
	CID        string         `json:"cid,omitempty"`
	Data       map[string]any `json:"data"`
	Timestamp  string         `json:"timestamp"`
	BlockForm  bool           `json:"blockForm"`
}

// simpleObject is the answer to GET. What was not asked is null.
type simpleObject struct {
	answerObject
	Query *string `json:"query"`
	Event *string `json:"event"`
}

// object collects what becomes one object.
type object struct {
	channel  *chat.Chat
	clientID string
	question chat.Question
	id       string
	at       time.Time
	messages []*chat.Message
	answered *chat.Answered
}

// take adds an event if it answers the event numbered cause. It reports whether it was the last.
func (o *object) take(e *chat.Event, cause int64) bool {
	switch p := e.Payload.(type) {
	case *chat.Message:
		if p.Cause == cause && p.AuthorType == chat.AuthorBot {
			o.messages = append(o.messages, p)
			o.at = e.At
		}
	case *chat.Answered:
		if p.Cause == cause {
			o.answered = p
			return true
		}
	}
	return false
}

// takeAll takes events up to the last of the answer. It reports whether that was among them.
func (o *object) takeAll(events []chat.Event, cause int64) bool {
	for i := range events {
		if o.take(&events[i], cause) {
			return true
		}
	}
	return false
}

// own are the names in data that scripts cannot set (Chat API, 4).
var own = [...]string{"nlpClass", "confidence", "replies", "answer", "newSessionStarted", "debugData", "endSession"}

func (o *object) render(links Links) *answerObject {
	replies := []json.RawMessage{}
	for _, m := range o.messages {
		replies = append(replies, repliesOf(m, links)...)
	}
	data := map[string]any{}
	class, confidence, begins, ends := "", 0.0, false, false
	if a := o.answered; a != nil {
		begins, ends = a.NewSession, a.EndSession
		if r := a.Reply; r != nil {
			var fields map[string]json.RawMessage
			_ = json.Unmarshal(r.Fields, &fields) // an object, or nothing
			for name, value := range fields {
				data[name] = value // unread: numbers keep all their digits
			}
			class, confidence = r.Class, r.Confidence
		}
	}
	for i := 0; class == "" && i < len(o.messages); i++ {
		class = o.messages[i].State
	}
	for i, v := range [...]any{class, confidence, replies, answerText(replies), begins, []any{}, ends} {
		data[own[i]] = v
	}
	return &answerObject{
		ID: o.id, Token: o.channel.Token, ClientID: o.clientID, QuestionID: o.question.ID, CID: o.question.CID,
		Data: data, Timestamp: stamp(o.at), BlockForm: o.channel.Settings.DisableTextInput && endsWithButtons(replies),
	}
}

// replyHead is what is read of any reply.
type replyHead struct {
	Type string `json:"type"`
	Text any    `json:"text"`
}

// answerText joins the texts by a blank line (Chat API, 4).
func answerText(replies []json.RawMessage) string {
	var texts []string
	for _, raw := range replies {
		var r replyHead
		if json.Unmarshal(raw, &r) != nil || r.Type != "text" {
			continue
		}
		if text, ok := r.Text.(string); ok {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, "\n\n")
}

func endsWithButtons(replies []json.RawMessage) bool {
	if len(replies) == 0 {
		return false
	}
	var last replyHead
	return json.Unmarshal(replies[len(replies)-1], &last) == nil && last.Type == "buttons"
}

// repliesOf is what a message is as replies (Chat API, 5): those that a bot gave, or what they would be
// on the other faces.
func repliesOf(m *chat.Message, links Links) []json.RawMessage {
	if len(m.Replies) > 0 {
		return m.Replies
	}
	replies := []json.RawMessage{}
	add := func(reply map[string]any) {
		if m.State != "" {
			reply["state"] = m.State
		}
		replies = append(replies, encode(reply))
	}
	if m.Body != "" {
		add(map[string]any{"type": "text", "text": m.Body})
	}
	for _, f := range m.Attachments {
		add(fileReply(f, links))
	}
	if texts := quickAnswers(m); len(texts) > 0 {
		buttons := make([]map[string]string, len(texts))
		for i, text := range texts {
			buttons[i] = map[string]string{"text": text}
		}
		add(map[string]any{"type": "buttons", "buttons": buttons})
	}
	if len(m.Actions) > 0 {
		buttons := make([]map[string]string, len(m.Actions))
		for i := range m.Actions {
			buttons[i] = inlineButton(&m.Actions[i])
		}
		add(map[string]any{"type": "inlineButtons", "buttons": buttons})
	}
	return replies
}

// inlineButton is an action as a button: one that opens a page, or that comes back as an event.
func inlineButton(a *chat.Action) map[string]string {
	var data struct {
		URL string `json:"url"`
	}
	_ = json.Unmarshal([]byte(a.Data), &data) // a bot's own, which may be anything
	b := map[string]string{"text": a.Label}
	if data.URL != "" {
		b["url"] = data.URL
	}
	if a.Event != "" {
		b["callback_data"] = a.Event
	}
	return b
}

func quickAnswers(m *chat.Message) []string {
	if m.Keyboard != nil {
		return m.Keyboard.Buttons
	}
	return m.Answers
}

func fileReply(f chat.Attachment, links Links) map[string]any {
	inline, _ := links(f)
	kind, _, _ := strings.Cut(f.ContentType, "/")
	switch kind {
	case "image":
		return map[string]any{"type": "image", "imageUrl": inline}
	case "audio":
		return map[string]any{"type": "audio", "audioUrl": inline, "audioName": f.Name}
	case "video":
		return map[string]any{"type": "video", "videoUrl": inline, "videoName": f.Name}
	default:
		return map[string]any{"type": "file", "fileUrl": inline, "fileName": f.Name, "mimeType": f.ContentType}
	}
}

// readAll reads a request's body.
func readAll(r *http.Request) ([]byte, error) {
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return nil, &chat.Error{Code: codeEncoding, Field: "Content-Encoding", Message: "expected a body without an encoding"}
	}
	data, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, chat.Errorf(chat.CodeTooLarge, "the body may have at most %d bytes", tooLarge.Limit)
	case err != nil:
		return nil, &chat.Error{Code: chat.CodeInvalid, Message: "the body could not be read", Err: err}
	}
	return data, nil
}

func errUTF8() error { return chat.Invalid("", "the body is not valid UTF-8") }

// fields are those of a JSON object, by their names to the letter: encoding/json would take Query for query,
// which is an unknown field. Of several of one name the last counts.
type fields map[string]json.RawMessage

// readBody reads the JSON object of a request's body.
func readBody(r *http.Request) (fields, error) {
	data, err := readAll(r)
	switch {
	case err != nil:
		return nil, err
	case !utf8.Valid(data):
		return nil, errUTF8()
	}
	if first := bytes.TrimLeft(data, " \t\r\n"); len(first) == 0 || first[0] != '{' {
		return nil, chat.Invalid("", "expected a JSON object")
	}
	var f fields
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, chat.Invalid("", "the body is not JSON: %v", err)
	}
	return f, nil
}

// text reads a text; null is "", as if it was not there.
func (f fields) text(name string) (text string, err error) {
	raw := f[name]
	if jsontext.IsNull(raw) {
		return "", nil
	}
	if raw[0] != '"' {
		return "", chat.Invalid(name, "expected a string, got %s", jsontext.Kind(raw))
	}
	return text, json.Unmarshal(raw, &text) // which it is
}

// readObject reads an object and keeps it as it is written; null is none.
func readObject(field string, raw json.RawMessage) (json.RawMessage, error) {
	switch {
	case jsontext.IsNull(raw):
		return nil, nil
	case raw[0] != '{':
		return nil, chat.Invalid(field, "expected an object")
	case jsontext.Depth(raw) > jsontext.MaxDepth:
		return nil, chat.Invalid(field, "expected at most %d levels of nesting", jsontext.MaxDepth)
	default:
		return raw, nil
	}
}

// encode returns a value of ours as JSON, with texts as they are.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // it is made of what JSON was, and of texts
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func write(w http.ResponseWriter, r *http.Request, status int, body any) {
	data := encode(body)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(data) // the client is gone
}
