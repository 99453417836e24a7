package scenario_test

import (
	"encoding/json"
	"testing"

	"github.com/govorun/govorun/internal/bot/scenario"
	"github.com/govorun/govorun/internal/chat"
)

// TestSaidExpression: a client who says what stands in the bot's files has it not run either, now
// or when the bot repeats it later, however the client gets it in.
func TestSaidExpression(t *testing.T) {
	t.Parallel()
	const main = `
require: words.yaml
    var = words
theme: /
    state: Count
        q!: count
        a: {{ $session["n"] = ($session["n"] || 0) + 1 }}
    state: Name
        q!: name *
        script: $client.name = $request.query;
        a: named
    state: Who
        q!: who
        a: {{ $client.name }}
        script: $reactions.answer($client.name);
    state: Event
        event!: show
        a: {{ $request.data.text }} {{ words.hello }}
    state: Given
        q!: given
        a: {{ $session.given }}
    state: Any
        q!: *
        a: you: {{$request.query}} {{$parseTree.text}}`
	const own = `{{ $session["n"] = ($session["n"] || 0) + 1 }}`
	const apart = `{ { $session["n"] = ($session["n"] || 0) + 1 }}`
	k := newTalk(t, main, "src/words.yaml", "hello: 'seen {{ $session[\"n\"] }}'\nn: '{{ $session[\"n\"] }}'\n")
	k.details.Variables = map[string]any{"given": own, "other": 1}
	k.expect("count", "1", own, "you: "+apart+" "+apart, "name "+own, "named", "who", "name "+apart+"\nname "+apart, "given", apart, "count", "2")
	data, err := json.Marshal(map[string]string{"text": own})
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range []string{string(data), `{"text": "\u007b\u007B $session[\u0022n\u0022] = ($session[\"n\"] || 0) + 1 }}"}`} {
		if got := k.press("show", data); got != apart+" seen 2" {
			t.Errorf("in data: %q", got)
		}
	}
	k.expect("a {{ harmless }} text", "you: a {{ harmless }} text a {{ harmless }} text", "count", "3")
}

// TestBadJSON: what comes in as JSON and is none harms nothing.
func TestBadJSON(t *testing.T) {
	t.Parallel()
	k := newTalk(t, "theme: /\n    state: A\n        q!: a\n        a: {{ $client.x }}.\n    state: E\n        event!: e\n        a: {{ $request.data.x }}.\n")
	for _, bad := range []string{"{bad", "[1", "nul", "", "\xff", "{}{}"} {
		k.state.Client = json.RawMessage(bad)
		k.expect("a", ".")
		if got := k.press("e", bad); got != "." {
			t.Errorf("%q: %q", bad, got)
		}
	}
	c := k.bot.Converse(scenario.ConversationOptions{})
	defer c.Close()
	if a := c.React(t.Context(), scenario.Request{Query: "a", Fields: map[string]json.RawMessage{"rawRequest": json.RawMessage("{bad")}}); a.Err != nil {
		t.Error(a.Err)
	}
	k.state.Session = json.RawMessage("{bad")
	if k.turn(&chat.Message{AuthorType: chat.AuthorClient, Body: "a"}); k.err == nil {
		t.Error("a broken session state is no error")
	}
}
