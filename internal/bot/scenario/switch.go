package scenario

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/jsontext"
)

// switchOf reads a reply that gives the client to people (Chat API, 5, switch); false when it is
// another one. Values of the wrong type are taken as a script would take them, what is too large is
// cut: a client who is to get a person must not get a failure.
func switchOf(reply json.RawMessage) (chat.HandOver, bool) {
	v := fieldsOf(keepable(reply))
	if v.text("type") != "switch" {
		return chat.HandOver{}, false
	}
	h := chat.HandOver{
		GroupID:               cut(v.text("destination"), chat.MaxName),
		State:                 cut(v.text("state"), chat.MaxText),
		FirstMessage:          cut(v.text("firstMessage"), chat.MaxBodyRunes),
		LastMessage:           cut(v.text("lastMessage"), chat.MaxBodyRunes),
		AppendCloseChatButton: v.truth("appendCloseChatButton"),
		IgnoreOffline:         v.truth("ignoreOffline"),
		OneTimeMessage:        v.truth("oneTimeMessage"),
		Theme:                 cut(v.text("theme"), chat.MaxText),

		SendMessagesToOperator:   v.truth("sendMessagesToOperator"),
		SendMessageHistoryAmount: v.count("sendMessageHistoryAmount"),

		Attributes:       v.object("attributes"),
		HiddenAttributes: v.object("hiddenAttributes"),
		CustomData:       small(v["customData"]),
		Raw:              small(reply),
	}
	for _, phrase := range listOf(v["closeChatPhrases"]) {
		text := cut(textOf(phrase), chat.MaxText)
		if strings.TrimSpace(text) != "" && len(h.CloseChatPhrases) < chat.MaxClosePhrases {
			h.CloseChatPhrases = append(h.CloseChatPhrases, text)
		}
	}
	return h, true
}

// truth is whether a script would take a value for true.
func (v replyFields) truth(name string) bool {
	switch text := string(v[name]); text {
	case "", "null", "false", "0", `""`, `"false"`: // the last one is what people write who mean it
		return false
	}
	return true
}

// count is a number that is not negative, 0 when it is none.
func (v replyFields) count(name string) int {
	n, err := strconv.ParseFloat(strings.TrimSpace(v.text(name)), 64)
	if err != nil || !(n > 0) {
		return 0
	}
	return int(min(n, 1e9))
}

// object is a value that is an object, nil when it is none.
func (v replyFields) object(name string) json.RawMessage {
	if fieldsOf(v[name]) == nil {
		return nil
	}
	return small(v[name])
}

// small is a value that may be kept; nil when it is null, or too large.
func small(raw json.RawMessage) json.RawMessage {
	if string(raw) == "null" || len(raw) > chat.MaxHandOverBytes || jsontext.Depth(raw) > jsontext.MaxDepth || !json.Valid(raw) {
		return nil
	}
	return raw
}

// cut shortens a text to so many characters, of those that can be kept.
func cut(text string, most int) string {
	text = strings.ReplaceAll(text, "\x00", "")
	if len(text) <= most {
		return text
	}
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most])
	}
	return text
}
