package scenario

import (
	"encoding/json"

	"github.com/govorun/govorun/internal/bot/scenario/pattern"
)

// look gives an expression its value.
func (d *dialogue) look(path []string) any {
	switch path[0] {
	case "$session":
		return d.session(path[1:])
	case "$client":
		if d.client == nil && len(d.turn.State.Client) > 0 {
			// What another version of a bot left there may be anything; then it has no fields.
			_ = json.Unmarshal(d.turn.State.Client, &d.client)
		}
		return field(d.client, path[1:])
	case "$request":
		return d.request(path[1:])
	case "$parseTree":
		if d.tree == nil && d.match != nil {
			d.tree = treeValue(d.match.Tree())
		}
		return field(d.tree, path[1:])
	}
	return nil
}

// session is a field of $session: the bot's own, or a variable that the session was started
// with (TWIN, variables and clientMetadata).
func (d *dialogue) session(path []string) any {
	if v := field(d.memory.Session, path); v != nil {
		return v
	}
	if details := d.turn.Details; details != nil {
		if v := field(details.Variables, path); v != nil {
			return v
		}
	}
	if client := d.turn.Client; client != nil && len(path) == 1 {
		if v, ok := client.Metadata[path[0]]; ok {
			return v
		}
	}
	return nil
}

// request is a field of $request.
func (d *dialogue) request(path []string) any {
	switch path[0] {
	case "query":
		return d.query
	case "event":
		return d.event
	case "questionId":
		return d.turn.Cause.ID
	case "channelType":
		if d.turn.Details != nil {
			return d.turn.Details.Channel
		}
	case "channelUserId":
		if d.turn.Client != nil {
			return d.turn.Client.ID
		}
	case "data":
		var data any
		if json.Unmarshal(d.data, &data) == nil {
			return field(data, path[1:])
		}
	case "userFrom":
		if c := d.turn.Client; c != nil {
			return field(map[string]any{"id": c.ID, "firstName": c.FirstName, "lastName": c.LastName}, path[1:])
		}
	}
	return nil
}

// treeValue is a node of the parse tree as scripts see it: every name with a list of its
// nodes, and with an underscore the value or text of the first (scenario language, 3).
func treeValue(n *pattern.Node) map[string]any {
	words := make([]any, len(n.Words))
	for i, w := range n.Words {
		words[i] = w
	}
	v := map[string]any{"tag": n.Tag, "pattern": n.Pattern, "text": n.Text, "words": words}
	if n.Value != nil {
		v["value"] = n.Value
	}
	for _, kid := range n.Kids {
		list, _ := v[kid.Tag].([]any)
		if list == nil {
			v["_"+kid.Tag] = kid.Said()
		}
		v[kid.Tag] = append(list, treeValue(kid))
	}
	return v
}
