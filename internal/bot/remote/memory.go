package remote

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/jsontext"
)

// maxMemory bounds what a bot remembers of a session, and of a client, in bytes of JSON.
const maxMemory = 256 << 10

// variables are JSON values by name.
type variables map[string]json.RawMessage

// memory is what a bot remembers.
type memory struct {
	Session variables
	Client  variables
}

// kept is the stored form of what a bot remembers of a session. Other kinds of bot keep theirs in the
// same place: what is not this bot's own is left out.
type kept struct {
	Bot       string    `json:"bot"`
	Variables variables `json:"variables"`
}

// readMemory reads what a bot has remembered. What is not variables of this bot is left out; missing
// parts are empty, not nil.
func readMemory(botID string, s chat.BotState) memory {
	var own kept
	if json.Unmarshal(s.Session, &own) != nil || own.Bot != botID || own.Variables == nil {
		own.Variables = variables{}
	}
	var client variables
	if json.Unmarshal(s.Client, &client) != nil || client == nil {
		client = variables{}
	}
	return memory{Session: own.Variables, Client: client}
}

// change is what an answer says about the bot's memory.
type change struct {
	replace memory // nil leaves a part as it is
	set     memory // null forgets a variable
}

func (c *change) empty() bool {
	return c.replace.Session == nil && c.replace.Client == nil && len(c.set.Session) == 0 && len(c.set.Client) == 0
}

// amend returns chat.TurnResult.Amend for a change.
func (c *change) amend(botID string) func(chat.BotState) (chat.BotState, error) {
	if c.empty() {
		return nil
	}
	return func(s chat.BotState) (changed chat.BotState, err error) {
		m := readMemory(botID, s)
		if vars, ok := apply(m.Session, c.replace.Session, c.set.Session); ok {
			if changed.Session, err = encodeMemory("session", kept{botID, vars}); err != nil {
				return changed, err
			}
		}
		if vars, ok := apply(m.Client, c.replace.Client, c.set.Client); ok {
			changed.Client, err = encodeMemory("client", vars)
		}
		return changed, err
	}
}

// apply returns the variables after a change, and whether there is one.
func apply(old, replace, set variables) (variables, bool) {
	if replace == nil && len(set) == 0 {
		return nil, false
	}
	result := maps.Clone(old)
	if replace != nil {
		result = maps.Clone(replace)
	}
	for name, value := range set {
		if jsontext.IsNull(value) {
			delete(result, name)
		} else {
			result[name] = value
		}
	}
	return result, true
}

func encodeMemory(part string, v any) (json.RawMessage, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode what the bot remembers: %w", err)
	}
	if len(data) > maxMemory {
		return nil, chat.Invalid("variables."+part, "expected at most %d bytes in all, would be %d", maxMemory, len(data))
	}
	return data, nil
}
