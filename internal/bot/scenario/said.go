package scenario

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"
)

// A text of a bot may have {{ }} in it again once its own are filled in: that of a dictionary, or
// of $session. Only expressions that stand in the bot's files run there, so a client has none run by
// saying it; and should a client say one of the bot's own, it is taken apart when it comes in, before
// a script may keep it anywhere.

// harmless is what a turn begins with, without what would run if a bot said it.
func (b *Bot) harmless(in input) input {
	in.query = b.disarmed(in.query)
	in.request = maps.Clone(in.request)
	if in.request == nil {
		in.request = make(map[string]json.RawMessage)
	}
	for name, v := range in.request {
		in.request[name] = b.disarmedJSON(v)
	}
	var copied bool
	for name, v := range in.variables {
		raw, err := json.Marshal(v)
		if err == nil && !mayHold(raw) {
			continue
		}
		if !copied {
			in.variables, copied = maps.Clone(in.variables), true
		}
		in.variables[name] = b.disarmedJSON(raw)
	}
	return in
}

// disarmed takes the expressions of the bot's own files in a text apart.
func (b *Bot) disarmed(text string) string {
	if !strings.Contains(text, "{{") {
		return text
	}
	for known := range b.expressions {
		if strings.Contains(text, known) {
			return strings.ReplaceAll(text, "{{", "{ {")
		}
	}
	return text
}

// mayHold reports whether JSON may have an expression in one of its texts.
func mayHold(raw []byte) bool {
	return bytes.Contains(raw, []byte("{{")) || bytes.Contains(bytes.ToLower(raw), []byte(`\u007b`))
}

// disarmedJSON does the same in all texts of a value. What is no JSON is null.
func (b *Bot) disarmedJSON(raw json.RawMessage) json.RawMessage {
	if !json.Valid(raw) {
		return json.RawMessage("null")
	}
	if !mayHold(raw) {
		return raw
	}
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return json.RawMessage("null")
	}
	plain := encode(v) // with each character written one way
	for known := range b.expressions {
		inner := encode(known)
		if bytes.Contains(plain, inner[1:len(inner)-1]) {
			return bytes.ReplaceAll(plain, []byte("{{"), []byte("{ {")) // braces stand side by side in texts only
		}
	}
	return raw
}
