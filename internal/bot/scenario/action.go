package scenario

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/govorun/govorun/internal/bot/scenario/syntax"
)

// Action tags are steps that a person puts together without writing code (scenario language, 2).
// Each becomes reactions, and states below the one it is in that take the client's answer.

// Words with which people agree and disagree, in both languages.
const (
	agreePattern    = "* (да|ага|угу|конечно|хорошо|верно|правильно|согласен|согласна|давай|давайте|ок|окей|точно|подтверждаю|yes|yeah|yep|sure|ok|okay|right|correct|agree|confirm) *"
	disagreePattern = "* (нет|не|неа|неверно|неправильно|отмена|никогда|не согласен|не согласна|no|nope|not|never|wrong|incorrect|disagree|cancel) *"
)

// action compiles an action tag; ok is false when the tag is none.
func (c *compiler) action(in *state, t *syntax.Tag) (r reaction, ok bool) {
	switch t.Name {
	case "InputText":
		return c.input(in, t, "$parseTree.text", ""), true
	case "InputNumber":
		return c.input(in, t, "$$inputs.number($parseTree.text)", c.numberCheck(t)), true
	case "InputPhoneNumber":
		return c.input(in, t, "$$inputs.phone($parseTree.text)", ""), true
	case "Confirmation":
		return c.confirmation(in, t), true
	case "HttpRequest":
		return c.httpRequest(in, t), true
	case "TransferToOperator":
		return c.transfer(in, t), true
	case "EndSession":
		return c.expressionOf(t, "$jsapi.stopSession()"), true
	}
	return nil, false
}

// steps are reactions in a row.
type steps []reaction

func (s steps) run(t *turn) (bool, error) { return t.runAll(s) }

// expressionOf makes a reaction of a piece of code.
func (c *compiler) expressionOf(t *syntax.Tag, code string) reaction {
	return &runScript{c.code.expression(t.Pos, code)}
}

// say makes a reaction of a parameter that is a text.
func (c *compiler) say(t *syntax.Tag, name string) reaction {
	return &reply{kind: "text", fields: []replyField{{"text", c.paramTemplate(t, name), true}}}
}

// below makes a state that takes what the client says next.
func (c *compiler) below(in *state, t *syntax.Tag, name string) *state {
	for n := 1; in.kids[name] != nil; n++ {
		name = fmt.Sprintf("%s%d", strings.TrimRight(name, "0123456789"), n)
	}
	s := in.child(name)
	s.declared, s.reached, s.pos, s.line = true, true, t.Pos, t.Line
	return s
}

// take has a state below another take the phrases of a pattern of ours.
func (c *compiler) take(in, s *state, source string) {
	p, err := c.library.Compile(source)
	if err != nil {
		panic(err) // it is written above
	}
	in.queries = append(in.queries, &queryTrigger{trigger{target: s, only: true, place: s.pos}, p})
}

// input compiles a question whose answer is kept in $session: value is the expression that makes
// it of the answer, and its failure is undefined; check holds it to further conditions.
func (c *compiler) input(in *state, t *syntax.Tag, value, check string) reaction {
	name := t.Param("varName")
	if name == "" {
		c.failTag(t, t.Name+" without a varName", "varName = name")
		return nil
	}
	answer := c.below(in, t, "Catch"+strings.TrimPrefix(t.Name, "Input"))
	c.take(in, answer, "*")
	code := fmt.Sprintf("(function(){var value=%s;if(value===undefined%s)return false;$session[%s]=value;return true})()", value, check, strconv.Quote(name))
	good := arm{block: c.code.expression(t.Pos, code)}
	if then := c.param(t, "then"); then.Text != "" {
		good.reactions = []reaction{&jump{in, c.path(in, t, then), false}}
	}
	bad := arm{block: noBlock}
	if failures := c.texts(t, "failureMessage"); len(failures.choices) > 0 {
		bad.reactions = append(bad.reactions, failures)
	} else {
		bad.reactions = append(bad.reactions, c.say(t, "prompt"))
	}
	bad.reactions = append(bad.reactions, &jump{in, template{fixed: in.path}, true})
	answer.reactions = []reaction{&branch{[]arm{good, bad}}}
	return c.say(t, "prompt")
}

func (c *compiler) param(t *syntax.Tag, name string) syntax.Value {
	for _, p := range t.Params {
		if p.Name == name {
			return p.Value
		}
	}
	return syntax.Value{}
}

// numberCheck is the condition under which a number is refused.
func (c *compiler) numberCheck(t *syntax.Tag) string {
	check := ""
	for name, sign := range map[string]string{"minValue": "<", "maxValue": ">"} {
		text := t.Param(name)
		if text == "" {
			continue
		}
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			c.failTag(t, fmt.Sprintf("%s is %q", name, text), "a number")
			continue
		}
		check += "||value" + sign + text
	}
	return check
}

// texts makes a choice of the texts in a parameter: one, or a list of them.
func (c *compiler) texts(t *syntax.Tag, name string) *random {
	v := c.param(t, name)
	r := &random{draw: noBlock}
	if v.Text == "" {
		return r
	}
	list := []string{v.Text}
	if strings.HasPrefix(v.Text, "[") {
		data, err := syntax.ParseLax(v.Text)
		if err == nil {
			err = json.Unmarshal(data, &list)
		}
		if err != nil {
			c.failTag(t, name+" is no list of texts", `["one", "two"]`)
		}
	}
	pos, full := v.At(0)
	for _, text := range list {
		r.choices = append(r.choices, &reply{kind: "text", fields: []replyField{{"text", c.template(syntax.ValueAt(text, pos, full)), true}}})
	}
	return r
}

// confirmation compiles a question that is answered by yes or no.
func (c *compiler) confirmation(in *state, t *syntax.Tag) reaction {
	list := steps{c.say(t, "prompt")}
	buttons := &buttonsReply{kind: "buttons", in: in}
	for _, side := range []struct{ name, pattern, state, button string }{
		{"Disagree", disagreePattern, "disagreeState", "disagreeButton"}, {"Agree", agreePattern, "agreeState", "agreeButton"},
	} {
		path := c.param(t, side.state)
		if path.Text == "" {
			c.failTag(t, "Confirmation without "+side.state, side.state+" = /State")
			continue
		}
		answer := c.below(in, t, side.name)
		c.take(in, answer, side.pattern)
		answer.reactions = []reaction{&jump{in, c.path(in, t, path), false}}
		if text := c.param(t, side.button); text.Text != "" {
			buttons.buttons = append([]button{{text: c.template(text), path: c.path(in, t, path)}}, buttons.buttons...)
		}
	}
	if t.Flag("useButtons") && len(buttons.buttons) > 0 {
		list = append(list, buttons)
	}
	return list
}

// httpRequest compiles a call to the outside: vars are expressions over $httpResponse that are
// kept in $session.
func (c *compiler) httpRequest(in *state, t *syntax.Tag) reaction {
	if t.Param("url") == "" {
		c.failTag(t, "HttpRequest without a url", `url = "https://…"`)
		return nil
	}
	object := "{method:" + c.quoted(t, "method") + ",dataType:" + c.quoted(t, "dataType") + ",body:" + c.quoted(t, "body") +
		",timeout:" + c.number(t, "timeout") + ",headers:" + c.object(t, "headers") + ",vars:" + c.object(t, "vars") + "}"
	call := c.code.expression(t.Pos, fmt.Sprintf("$$inputs.request(%s,%s)", c.quoted(t, "url"), object))
	good, bad := arm{block: call}, arm{block: noBlock}
	if path := c.param(t, "okState"); path.Text != "" {
		good.reactions = []reaction{&jump{in, c.path(in, t, path), false}}
	}
	if path := c.param(t, "errorState"); path.Text != "" {
		bad.reactions = []reaction{&jump{in, c.path(in, t, path), false}}
	}
	return &branch{[]arm{good, bad}}
}

// quoted is a parameter as an expression: a text with its {{ }} filled in.
func (c *compiler) quoted(t *syntax.Tag, name string) string {
	v := c.param(t, name)
	if v.Text == "" {
		return "undefined"
	}
	return "$$.expand(" + string(encode(v.Text)) + ")"
}

func (c *compiler) number(t *syntax.Tag, name string) string {
	text := t.Param(name)
	if text == "" {
		return "undefined"
	}
	if _, err := strconv.ParseFloat(text, 64); err != nil {
		c.failTag(t, fmt.Sprintf("%s is %q", name, text), "a number")
		return "undefined"
	}
	return text
}

// object is a parameter that is JSON, as an expression.
func (c *compiler) object(t *syntax.Tag, name string) string {
	text := t.Param(name)
	if text == "" {
		return "undefined"
	}
	data, err := syntax.ParseLax(text)
	if err != nil {
		c.failTag(t, fmt.Sprintf("%s is no JSON: %v", name, err), "a list or an object")
		return "undefined"
	}
	return string(data)
}

// transfer compiles the hand-over to people: a switch reply (Chat API, 5), and the states that
// follow when there is nobody, or when the talk is over.
func (c *compiler) transfer(in *state, t *syntax.Tag) reaction {
	c.follow(in, t, "noOperatorsOnlineState", eventNoOperators, "NoOperators")
	c.follow(in, t, "dialogCompletedState", eventLivechatFinished, "DialogCompleted")
	object := replyObject{}.add("type", "switch")
	for _, p := range t.Params {
		name, ok := map[string]string{
			"titleOfCloseButton": "closeChatButtonText", "messageBeforeTransfer": "firstMessageToClient", "ignoreOffline": "ignoreOffline",
			"messageForWaitingOperator": "messageForWaitingOperator", "noOperatorsOnlineState": "noOperatorsOnlineState",
			"dialogCompletedState": "dialogCompletedState", "sendMessagesToOperator": "sendMessagesToOperator",
			"sendMessageHistoryAmount": "sendMessageHistoryAmount", "prechatAttributes": "attributes", "destination": "destination",
		}[p.Name]
		if !ok {
			continue
		}
		value, err := syntax.ParseLax(p.Value.Text)
		if err != nil {
			value = encode(p.Value.Unquote().Text)
		}
		object = object.addRaw(name, value)
	}
	if t.Param("titleOfCloseButton") != "" {
		object = object.addRaw("appendCloseChatButton", json.RawMessage("true"))
	}
	list := steps{&fixedReply{object}}
	if t.Param("messageBeforeTransfer") != "" {
		list = append(steps{c.say(t, "messageBeforeTransfer")}, list...)
	}
	return list
}

// follow has an event in the context of a state lead to the state that a parameter names.
func (c *compiler) follow(in *state, t *syntax.Tag, param, event, name string) {
	path := c.param(t, param)
	if path.Text == "" {
		return
	}
	s := c.below(in, t, name)
	s.reactions = []reaction{&jump{in, c.path(in, t, path), false}}
	in.events = append(in.events, &eventTrigger{trigger{target: s, place: s.pos}, event})
}

// fixedReply is a reply with nothing to fill in but the state.
type fixedReply struct{ object replyObject }

func (f *fixedReply) run(t *turn) (bool, error) {
	object := append(replyObject(nil), f.object...)
	return true, t.push(object.add("state", t.current.path).json())
}

// newSession compiles the newSession tag.
func (c *compiler) newSession(t *syntax.Tag) reaction {
	if t.Flag("deferred") { // the next request begins it
		return c.expressionOf(t, "$jsapi.stopSession()")
	}
	message := c.quoted(t, "message")
	if v := t.Value.Unquote(); v.Text != "" && !t.Has("message") {
		message = "$$.expand(" + string(encode(v.Text)) + ")"
	}
	return c.expressionOf(t, fmt.Sprintf("$reactions.newSession({message:%s,data:%s})", message, c.object(t, "data")))
}
