package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/jsontext"
)

// Limits of what is rendered.
const (
	maxRenderedReplies = 100               // (Chat API, 6)
	maxRenderedRunes   = chat.MaxBodyRunes // of all texts (Chat API, 6)
	maxReplyURL        = 2048              // bytes
)

// Render is render for those who have replies without a scenario.
func Render(replies []json.RawMessage) ([]chat.Message, error) { return render(replies) }

// render turns replies (Chat API, 5) into messages. What people are to see becomes text, quick
// answers, actions and attachments, as TWIN's side has them; the replies themselves stay with the
// messages as they are, each with one of them and all in their order, for the Chat API. Replies that
// show nothing go along with the message before them, or after, and have a message of their own,
// which is Silent, only when nothing is shown at all.
//
// Values of the wrong type are taken as a script would take them. It fails only when there is more
// than a response may have.
func render(replies []json.RawMessage) ([]chat.Message, error) {
	if n := len(replies); n > maxRenderedReplies {
		return nil, fmt.Errorf("%d replies, a response may have %d", n, maxRenderedReplies)
	}
	r := &rendering{}
	for i, raw := range replies {
		raw = keepable(raw)
		if jsontext.Depth(raw) > jsontext.MaxDepth {
			return nil, fmt.Errorf("replies[%d]: values nested more than %d deep", i, jsontext.MaxDepth)
		}
		r.add(raw)
	}
	if r.runes > maxRenderedRunes {
		return nil, fmt.Errorf("%d characters, a response may have %d", r.runes, maxRenderedRunes)
	}
	return r.finish(), nil
}

// rendering is what a list of replies has become so far.
type rendering struct {
	messages []chat.Message
	early    []json.RawMessage // replies before the first message that show nothing
	state    string            // of the first of these
	loose    []chat.Action     // actions that came before any message
	buttons  []string          // quick answers of all replies
	runes    int
}

// add renders one reply.
func (r *rendering) add(raw json.RawMessage) {
	v := fieldsOf(raw)
	var m chat.Message
	switch v.text("type") {
	case "text":
		m.Body = v.text("text")
		if strings.EqualFold(v.text("markup"), "html") {
			m.Body = plainText(m.Body)
		}
	case "image":
		m = v.file("imageUrl", "", "image")
		m.Body = joined(v.text("text"), m.Body)
	case "audio":
		m = v.file("audioUrl", "audioName", "audio")
	case "video":
		m = v.file("videoUrl", "videoName", "video")
	case "file":
		m = v.file("fileUrl", "fileName", "file")
	case "location":
		m.Body = v.location()
	case "carousel":
		m = r.carousel(v)
	case "buttons":
		r.act(r.choices(v["buttons"]))
	case "inlineButtons":
		r.act(r.choices(v["buttons"]))
	}
	r.runes += utf8.RuneCountInString(m.Body)
	r.keep(m, raw, v.text("state"))
}

// keep adds a message with its reply, or leaves the reply to the message before.
func (r *rendering) keep(m chat.Message, raw json.RawMessage, state string) {
	m.Replies = []json.RawMessage{raw}
	switch {
	case !m.Silent():
		m.State = state
		m.Replies = slices.Concat(r.early, []json.RawMessage{raw})
		m.Actions = slices.Concat(r.loose, m.Actions)
		r.early, r.loose = nil, nil
		r.messages = append(r.messages, m)
	case len(r.messages) > 0:
		last := &r.messages[len(r.messages)-1]
		last.Replies = append(last.Replies, raw)
	default:
		if len(r.early) == 0 {
			r.state = state
		}
		r.early = append(r.early, raw)
	}
}

// act hangs actions on the last message.
func (r *rendering) act(actions []chat.Action) {
	if n := len(r.messages); n > 0 {
		r.messages[n-1].Actions = append(r.messages[n-1].Actions, actions...)
	} else {
		r.loose = append(r.loose, actions...)
	}
}

// finish hangs the quick answers on the last text: widgets offer those of the last message that has
// any.
func (r *rendering) finish() []chat.Message {
	if len(r.early) > 0 { // there is no message that they could go along with
		r.messages = append(r.messages, chat.Message{State: r.state, Replies: r.early, Actions: r.loose})
	}
	if len(r.buttons) > 0 {
		at := len(r.messages) - 1
		for i := range r.messages {
			if r.messages[i].Body != "" {
				at = i
			}
		}
		r.messages[at].Answers = r.buttons
		r.messages[at].Keyboard = &chat.Keyboard{ButtonsInRow: buttonsInRow(r.buttons), Buttons: r.buttons}
	}
	for i := range r.messages {
		r.messages[i].AuthorType, r.messages[i].Type = chat.AuthorBot, chat.MessageRegular
	}
	return r.messages
}

// shortText is how long, in characters, a button may be to share its row with another.
const shortText = 16

func buttonsInRow(texts []string) int {
	for _, text := range texts {
		if utf8.RuneCountInString(text) > shortText {
			return 1
		}
	}
	return min(2, len(texts))
}

// offer adds a quick answer, once.
func (r *rendering) offer(text string) {
	for _, there := range r.buttons {
		if there == text {
			return
		}
	}
	r.buttons = append(r.buttons, text)
	r.runes += utf8.RuneCountInString(text)
}

// choices reads buttons. Those that are sent as a text become quick answers; one that opens a page, or
// that the bot wants to be told of, is an action.
func (r *rendering) choices(raw json.RawMessage) (actions []chat.Action) {
	for _, item := range listOf(raw) {
		v := fieldsOf(item)
		if v == nil {
			if text := textOf(item); strings.TrimSpace(text) != "" {
				r.offer(text)
			}
			continue
		}
		text, link, data := v.text("text"), v.text("url"), v.text("callback_data")
		switch {
		case webURL(link) != nil:
			actions = append(actions, openAction(text, link))
		case data != "":
			actions = append(actions, callbackAction(text, data))
		case strings.TrimSpace(text) != "":
			r.offer(text)
		}
	}
	return actions
}

// openAction opens a page.
func openAction(label, link string) chat.Action {
	if strings.TrimSpace(label) == "" {
		label = link
	}
	return chat.Action{Type: "url", Label: label, Data: jsonText(map[string]string{"url": link})}
}

// callbackAction comes back to the bot as an event of the name that the bot has chosen, if it can be
// one, with the whole as data.
func callbackAction(label, data string) chat.Action {
	name := data
	if utf8.RuneCountInString(name) > chat.MaxEventName {
		name = string([]rune(name)[:chat.MaxEventName])
	}
	if strings.TrimSpace(label) == "" {
		label = name
	}
	return chat.Action{Type: "button", Event: name, Label: label, Data: jsonText(map[string]string{"callback_data": data})}
}

// carousel is one message: a text with all cards, their pictures, and their buttons.
func (r *rendering) carousel(v replyFields) (m chat.Message) {
	m.Body = v.text("text")
	for _, item := range listOf(v["content"]) {
		card := fieldsOf(item)
		if card == nil {
			m.Body = joined(m.Body, textOf(item))
			continue
		}
		title, link, label := card.text("title"), card.text("url"), card.text("btnText")
		about := title
		if text := card.text("description"); text != "" {
			about = strings.TrimPrefix(about+"\n"+text, "\n")
		}
		picture := card.file("image", "", "image")
		if about = strings.TrimPrefix(strings.TrimSuffix(about+"\n"+picture.Body, "\n"), "\n"); about != "" {
			m.Body = joined(m.Body, about)
		}
		m.Attachments = append(m.Attachments, picture.Attachments...)
		switch {
		case webURL(link) != nil:
			if label == "" {
				label = title
			}
			m.Actions = append(m.Actions, openAction(label, link))
		case strings.TrimSpace(label) != "":
			r.offer(label)
		}
	}
	for _, a := range m.Attachments[min(len(m.Attachments), chat.MaxAttachments):] { // as links, those that are too many
		m.Body = joined(m.Body, a.URL)
	}
	m.Attachments = m.Attachments[:min(len(m.Attachments), chat.MaxAttachments)]
	return m
}

// joined puts a blank line between texts, as the Chat API does.
func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "\n\n" + b
}

// replyFields are the fields of a reply, or of a part of one.
type replyFields map[string]json.RawMessage

// fieldsOf reads an object; nil when it is none.
func fieldsOf(raw json.RawMessage) replyFields {
	var v replyFields
	if json.Unmarshal(raw, &v) != nil {
		return nil
	}
	return v
}

func (v replyFields) text(name string) string { return textOf(v[name]) }

// file is a message with a file. An address that is none of the web is shown as it is: it may be of use to
// people, but must not be followed.
func (v replyFields) file(address, name, kind string) chat.Message {
	link := strings.TrimSpace(v.text(address))
	u := webURL(link)
	switch {
	case u != nil:
	case link == "" || len(link) > maxReplyURL || strings.HasPrefix(strings.ToLower(link), "data:"):
		return chat.Message{}
	default:
		return chat.Message{Body: link}
	}
	a := chat.Attachment{Name: v.text(name), ContentType: v.text("mimeType"), URL: link}
	if base := path.Base(u.Path); a.Name == "" && base != "/" && base != "." && utf8.ValidString(base) {
		a.Name = base
	}
	if a.Name == "" {
		a.Name = kind
	}
	if a.ContentType == "" {
		a.ContentType = contentTypes[strings.ToLower(path.Ext(u.Path))]
	}
	return chat.Message{Attachments: []chat.Attachment{a}}
}

// contentTypes are those by which widgets show a file in its place.
var contentTypes = map[string]string{
	".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".gif": "image/gif", ".webp": "image/webp", ".svg": "image/svg+xml",
	".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".wav": "audio/wav", ".m4a": "audio/mp4",
	".mp4": "video/mp4", ".webm": "video/webm", ".mov": "video/quicktime", ".pdf": "application/pdf",
}

// location is a place as text: its coordinates, and where to see it on a map.
func (v replyFields) location() string {
	lat, err1 := strconv.ParseFloat(strings.TrimSpace(v.text("lat")), 64)
	lon, err2 := strconv.ParseFloat(strings.TrimSpace(v.text("lon")), 64)
	if err1 != nil || err2 != nil || !(lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180) {
		return ""
	}
	y, x := strconv.FormatFloat(lat, 'f', -1, 64), strconv.FormatFloat(lon, 'f', -1, 64)
	return fmt.Sprintf("%s, %s\nhttps://www.openstreetmap.org/?mlat=%s&mlon=%s#map=16/%s/%s", y, x, y, x, y, x)
}

// webURL reads an address that may be followed; nil when it is none.
func webURL(link string) *url.URL {
	u, err := url.Parse(link)
	if err != nil || len(link) > maxReplyURL || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return nil
	}
	return u
}

// textOf is a value as a script makes text of it; "" for null and nothing.
func textOf(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || string(raw) == "null" {
		return ""
	}
	switch raw[0] {
	case '"':
		var text string
		_ = json.Unmarshal(raw, &text) // what is no JSON has been made JSON before
		return text
	case '[':
		var parts []string
		for _, item := range listOf(raw) {
			parts = append(parts, textOf(item))
		}
		return strings.Join(parts, ",")
	case '{':
		return "[object Object]"
	default:
		return string(raw)
	}
}

// listOf is a list, or one value as a list of it; nothing for null.
func listOf(raw json.RawMessage) (list []json.RawMessage) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	if raw[0] != '[' {
		return []json.RawMessage{raw}
	}
	_ = json.Unmarshal(raw, &list) // as in textOf
	return list
}

// keepable is a reply as it can be stored: what is no JSON becomes a text.
func keepable(raw json.RawMessage) json.RawMessage {
	if json.Valid(raw) && utf8.Valid(raw) {
		return raw
	}
	return json.RawMessage(jsonText(strings.ToValidUTF8(string(raw), "\ufffd")))
}

// jsonText writes a value that always can be: texts, and maps of them.
func jsonText(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
