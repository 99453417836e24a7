package contract

import (
	"strings"
	"testing"
)

func TestEventSeesWhatIsNotDocumented(t *testing.T) {
	t.Parallel()
	const (
		envelope = `{"event":"NAME","action":"NAME","id":"` + session + `","sequence":3,"data":`
		said     = `{"id":"` + session + `","authorType":"BOT","body":"","answers":[],"createdAt":"2018-10-31T11:56:07+00:00","sessionId":"` + session + `","attachments":[],"actions":[]}`
		changed  = `{"operatorId":"1","operatorName":"Anna","avatar":null,"previousOperatorId":null,"previousOperatorName":null,"previousOperatorAvatar":null}`
	)
	for _, tt := range []struct{ about, channel, event, data, complaint string }{
		{"as documented", "widget:", "chatMessageCreated", said, ""},
		{"nulls", "widget:", "operatorChanged", changed, ""},
		{"own message", "session:", "chatMessageCreated", strings.Replace(said, "BOT", "CLIENT", 1), ""},
		{"own message on the wrong channel", "widget:", "chatMessageCreated", strings.Replace(said, "BOT", "CLIENT", 1), "authorType"},
		{"undocumented field", "widget:", "chatMessageCreated", strings.Replace(said, "{", `{"secret":1,`, 1), "secret"},
		{"missing field", "widget:", "operatorChanged", strings.Replace(changed, `"avatar":null,`, "", 1), "avatar"},
		{"no null", "widget:", "sessionClosed", `{"sessionId":null,"chatId":"` + session + `","sessionRatingRequired":false}`, "sessionId"},
		{"event of the other channel", "widget:", "actionPressed", `{"event":"buy"}`, "not documented"},
		{"unknown event", "session:", "somethingElse", `{}`, "not documented"},
		{"unknown channel", "secrets:", "chatMessageCreated", said, "not documented"},
		{"no JSON", "widget:", "chatMessageCreated", `{`, "unexpected end"},
	} {
		c := &complaints{TB: t}
		Event(c, tt.channel+session, tt.event, []byte(strings.ReplaceAll(envelope, "NAME", tt.event)+tt.data+"}"))
		if (tt.complaint == "") != (len(c.told) == 0) || !strings.Contains(strings.Join(c.told, ""), tt.complaint) {
			t.Errorf("%s: complaints %q, want %q", tt.about, c.told, tt.complaint)
		}
	}
}

// Nulls where an object may be, and channels without an address of their own.
func TestEventOfOtherTransports(t *testing.T) {
	t.Parallel()
	const (
		gone   = `{"operatorId":null,"operatorName":null,"avatar":null,"previousOperatorId":"1","previousOperatorName":"Anna","previousOperatorAvatar":null}`
		meta   = `{"id":"` + session + `","createdAt":"2018-10-31T11:56:07+00:00","sequence":3,"keyboard":null}`
		said   = `{"body":"","actions":[],"answers":[],"substitutions":{},"attachments":[],"meta":` + meta + `}`
		dialog = `{"dialogId":"` + session + `","botId":"` + session + `","status":"ACTIVE","language":"ru","result":"","messages":[` + said + `],"callbackData":"x"}`
		told   = `{"event":"chatMessageRead","action":"chatMessageRead","data":{"messageId":"` + session + `","authorType":"CLIENT"},"id":"` + session + `","sequence":3,"sessionId":"` + session + `","chatId":"` + session + `","eventCallbackData":""}`
	)
	for _, tt := range []struct{ channel, event, payload, complaint string }{
		{"/socket.io/?key=" + session, "operatorChangedEmit", gone, ""},
		{"/socket.io/?key=" + session, "operatorChangedEmit", strings.Replace(gone, `"avatar":null`, `"avatar":"https://x"`, 1), "avatar"},
		{"callback", "dialogCallback", dialog, ""},
		{"callback", "dialogCallback", strings.Replace(dialog, `"keyboard":null`, `"keyboard":{}`, 1), "keyboard"},
		{"webhook", "chatMessageRead", told, ""},
		{"webhook", "chatMessageRead", strings.Replace(told, `,"eventCallbackData":""`, "", 1), "eventCallbackData"},
	} {
		c := &complaints{TB: t}
		Event(c, tt.channel, tt.event, []byte(tt.payload))
		if (tt.complaint == "") != (len(c.told) == 0) || !strings.Contains(strings.Join(c.told, ""), tt.complaint) {
			t.Errorf("%s on %s: complaints %q, want %q", tt.event, tt.channel, c.told, tt.complaint)
		}
	}
}

func TestParseEvents(t *testing.T) {
	t.Parallel()
	for name, document := range map[string]string{
		"no YAML":          "a: [",
		"no such message":  "channels:\n  a:\n    address: 'a:{b}'\n    messages:\n      m: {$ref: '#/components/messages/none'}\n",
		"no such schema":   "components:\n  schemas:\n    A: {$ref: '#/components/schemas/None'}\n",
		"no schema at all": "components:\n  schemas:\n    A: {type: 7}\n",
	} {
		if _, err := parseEvents([]byte(document)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
