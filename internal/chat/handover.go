package chat

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// HandOver gives the session to the queue of an operator group. What a bot wishes beyond that is kept
// in the event of the change, for those who answer (Chat API, 5, switch).
type HandOver struct {
	GroupID string `json:"groupId,omitempty"` // "destination"; "": the chat's
	State   string `json:"state,omitempty"`   // path of the scenario state that hands over

	FirstMessage          string   `json:"firstMessage,omitempty"` // to the operator; "": the client's last phrase
	LastMessage           string   `json:"lastMessage,omitempty"`  // to the client, when people are done
	CloseChatPhrases      []string `json:"closeChatPhrases,omitempty"`
	AppendCloseChatButton bool     `json:"appendCloseChatButton,omitempty"`
	IgnoreOffline         bool     `json:"ignoreOffline,omitempty"`  // queue, though nobody is online
	OneTimeMessage        bool     `json:"oneTimeMessage,omitempty"` // one message goes to people, the next is the bot's again
	Theme                 string   `json:"theme,omitempty"`

	SendMessagesToOperator   bool `json:"sendMessagesToOperator,omitempty"`
	SendMessageHistoryAmount int  `json:"sendMessageHistoryAmount,omitempty"`

	Attributes       json.RawMessage `json:"attributes,omitempty"`       // object that operators see
	HiddenAttributes json.RawMessage `json:"hiddenAttributes,omitempty"` // object that only programs see
	CustomData       json.RawMessage `json:"customData,omitempty"`

	Raw json.RawMessage `json:"raw,omitempty"` // all of it, as the bot said it; nil when it did not say so
}

// Limits of a HandOver.
const (
	MaxClosePhrases  = MaxListed
	MaxHandOverBytes = MaxFreeForm // of each of its values
)

// wishes reports whether there is more to a hand-over than the group.
func (h *HandOver) wishes() bool {
	return h.State != "" || h.FirstMessage != "" || h.LastMessage != "" || len(h.CloseChatPhrases) > 0 || h.AppendCloseChatButton ||
		h.IgnoreOffline || h.OneTimeMessage || h.Theme != "" || h.SendMessagesToOperator || h.SendMessageHistoryAmount != 0 ||
		len(h.Attributes)+len(h.HiddenAttributes)+len(h.CustomData)+len(h.Raw) > 0
}

// check judges what a bot wishes.
func (h *HandOver) check() error {
	for _, text := range []struct {
		field, value string
		limit        int
	}{
		{"destination", h.GroupID, MaxName}, {"state", h.State, MaxText}, {"theme", h.Theme, MaxText},
		{"firstMessage", h.FirstMessage, MaxBodyRunes}, {"lastMessage", h.LastMessage, MaxBodyRunes},
	} {
		if err := checkText("switch."+text.field, text.value, text.limit); err != nil {
			return err
		}
	}
	if n := len(h.CloseChatPhrases); n > MaxClosePhrases {
		return Invalid("switch.closeChatPhrases", "expected at most %d, got %d", MaxClosePhrases, n)
	}
	for i, phrase := range h.CloseChatPhrases {
		if err := checkText(element("switch.closeChatPhrases", i), phrase, MaxText); err != nil {
			return err
		}
	}
	if h.SendMessageHistoryAmount < 0 {
		return Invalid("switch.sendMessageHistoryAmount", "expected a number that is not negative")
	}
	for field, value := range map[string]json.RawMessage{
		"attributes": h.Attributes, "hiddenAttributes": h.HiddenAttributes, "customData": h.CustomData, "raw": h.Raw,
	} {
		if len(value) > MaxHandOverBytes {
			return Invalid(strings.TrimSuffix("switch."+field, ".raw"), "expected at most %d bytes, got %d", MaxHandOverBytes, len(value))
		}
		if len(value) > 0 && (!json.Valid(value) || !utf8.Valid(value)) {
			return Invalid(strings.TrimSuffix("switch."+field, ".raw"), "expected JSON")
		}
	}
	return nil
}
