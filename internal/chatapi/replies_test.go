package chatapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/govorun/govorun/internal/bot/scenario"
	"github.com/govorun/govorun/internal/chat"
)

// newScriptWorld is a world whose bot is a scenario; config is more of its chatbot.yaml.
func newScriptWorld(t *testing.T, config, main string, change ...func(*chat.Chat)) *world {
	t.Helper()
	b, err := scenario.Load(fstest.MapFS{
		"chatbot.yaml": {Data: []byte("name: test\nlanguage: en\n" + config)}, "src/main.sc": {Data: []byte(main)},
	}, scenario.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorldWith(t, b, change...)
	t.Cleanup(func() { _ = b.Close() })
	return w
}

// TestScriptReplies says each type of reply (Chat API, 5) in a script and reads it off the wire.
func TestScriptReplies(t *testing.T) {
	t.Parallel()
	const s = `,"state":"/S"}`
	tests := []struct{ name, script, want string }{
		{"text", `$reactions.answer("Hi <b>& ы 🙂</b>")`, `{"type":"text","text":"Hi <b>& ы 🙂</b>"` + s},
		{"text with tts, delay", `$reactions.answer({value: "Hi", tts: "Hai", delay: 500})`, `{"type":"text","text":"Hi","tts":"Hai","delay":500` + s},
		{"text in html", `$reactions.answer({html: "<b>Hi</b>"})`, `{"type":"text","text":"<b>Hi</b>","html":"<b>Hi</b>","markup":"html"` + s},
		{"text in markdown", `$reactions.answer({markdown: "*Hi*"})`, `{"type":"text","text":"*Hi*","markdown":"*Hi*","markup":"markdown"` + s},
		{"text in plain", `$reactions.answer({value: "*Hi*", markup: "plain"})`, `{"type":"text","text":"*Hi*","markup":"plain"` + s},
		{"text beside html", `$reactions.answer({value: "1 < 2", html: "1 &lt; 2"})`, `{"type":"text","text":"1 < 2","html":"1 &lt; 2"` + s},
		{"buttons", `$reactions.buttons("A", {text: "B", transition: "/S"}, {text: "C", url: "https://a.example", deep: {x: [1, null]}})`,
			`{"type":"buttons","buttons":[{"text":"A"},{"text":"B","transition":"/S"},{"text":"C","url":"https://a.example","deep":{"x":[1,null]}}]` + s},
		{"inlineButtons", `$reactions.inlineButtons({text: "A", url: "https://a.example"}, {text: "B", callback_data: "b"})`,
			`{"type":"inlineButtons","buttons":[{"text":"A","url":"https://a.example"},{"text":"B","callback_data":"b"}]` + s},
		{"image", `$reactions.image({value: "https://a.example/i.png", text: "I"})`, `{"type":"image","imageUrl":"https://a.example/i.png","text":"I"` + s},
		{"audio", `$reactions.audio({value: "https://a.example/a.mp3", name: "A"})`, `{"type":"audio","audioUrl":"https://a.example/a.mp3","audioName":"A"` + s},
		{"video", `$reactions.video({url: "https://a.example/v.mp4", name: "V"})`, `{"type":"video","videoUrl":"https://a.example/v.mp4","videoName":"V"` + s},
		{"file", `$reactions.file({fileUrl: "https://a.example/f.pdf", fileName: "F", mimeType: "application/pdf"})`,
			`{"type":"file","fileUrl":"https://a.example/f.pdf","fileName":"F","mimeType":"application/pdf"` + s},
		{"location", `$reactions.location(55.7558, 37.6173)`, `{"type":"location","lat":55.7558,"lon":37.6173` + s},
		{"carousel", `$reactions.carousel({text: "C", content: [{title: "T", description: "D", image: "https://a.example/i.png", url: "https://a.example", btnText: "B"}]})`,
			`{"type":"carousel","text":"C","content":[{"title":"T","description":"D","image":"https://a.example/i.png","url":"https://a.example","btnText":"B"}]` + s},
		{"timeout", `$reactions.timeout({interval: "1 min", targetState: "/S"})`, `{"type":"timeout","interval":60,"targetState":"/S"` + s},
		{"raw", `$reactions.raw({a: 1})`, `{"type":"raw","body":{"a":1}` + s},
		{"raw of a method", `$response.replies = [{type: "raw", body: {chat_id: 12345678901}, method: "sendDice"}]`, `{"type":"raw","body":{"chat_id":12345678901},"method":"sendDice"}`},
		{"hangup", `$response.replies = [{type: "hangup", state: "/Other"}]`, `{"type":"hangup","state":"/Other"}`},
		{"context-switch", `$reactions.raw({type: "context-switch", targetState: "/S"})`, `{"type":"context-switch","targetState":"/S"` + s},
		{"unknown", `$response.replies = [{type: "alien", n: 1.5, no: null, "ы": ["🙂", {}], text: 7}]`, `{"type":"alien","n":1.5,"no":null,"ы":["🙂",{}],"text":7}`},
		{"without a type", `$response.replies = [{anything: true}, "text"]`, `{"anything":true}` + "\n" + `"text"`},
	}
	var main strings.Builder
	main.WriteString("theme: /\n    state: S\n        q!: nothing\n")
	for i, tt := range tests {
		fmt.Fprintf(&main, "    state: T%d\n        q!: say%d\n        script:\n            $context.currentState = '/S';\n            %s;\n", i, i, tt.script)
	}
	w := newScriptWorld(t, "", main.String())
	w.http = http.DefaultClient // the document has objects only
	for i, tt := range tests {
		a := w.ask(fmt.Sprint("say", i))
		var got []string
		for _, raw := range a.Data.Replies {
			got = append(got, string(raw))
		}
		if !strings.HasPrefix(a.Data.NLPClass, "/T") || !same(t, "["+strings.Join(got, ",")+"]", "["+strings.ReplaceAll(tt.want, "\n", ",")+"]") {
			t.Errorf("%s: %s, want %s", tt.name, a.text, tt.want)
		}
	}
	// the same once more, as history and long polls tell it
	unescaped := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace
	h, polled := unescaped(w.get("/client/c/history").text), unescaped(w.get("/events?clientId=c&all=true&after=0").text)
	for _, tt := range tests {
		for _, raw := range strings.Split(tt.want, "\n") {
			raw = strings.TrimSuffix(raw, s) // order of fields
			if !strings.Contains(h, raw) || !strings.Contains(polled, raw) {
				t.Errorf("%s: not in %s, or not in %s", tt.name, h, polled)
			}
		}
	}
}

// same compares JSON.
func same(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal([]byte(a), &x); err != nil {
		t.Fatalf("%s: %v", a, err)
	}
	if err := json.Unmarshal([]byte(b), &y); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	return fmt.Sprint(x) == fmt.Sprint(y)
}

// TestScriptSwitch: a script gives the client to people; the reply is there as it is, and from then on the
// bot is silent (Chat API, 5 and 8).
func TestScriptSwitch(t *testing.T) {
	t.Parallel()
	const reply = `{"type":"switch","firstMessage":"Help","closeChatPhrases":["/end"],"appendCloseChatButton":true,"destination":"7","attributes":{"a":1},"customData":[1.5,null]}`
	w := newScriptWorld(t, "", `theme: /
    state: People
        q!: people
        a: One moment.
        script:
            $response.replies.push(`+reply+`);
    state: Any
        q!: *
        a: Here I am.
`)
	a := w.ask("people")
	if len(a.Data.Replies) != 3 || string(a.Data.Replies[1]) != reply || !strings.HasPrefix(a.Data.Answer, "One moment.\n\n") || a.Data.EndSession {
		t.Errorf("%s", a.text)
	}
	if a := w.ask("are you there?"); len(a.Data.Replies) != 0 || a.Data.Answer != "" || a.Data.NLPClass != "" {
		t.Errorf("%s", a.text)
	}
	again := w.post("", `{"clientId":"c","query":"and now?","uuid":"u"}`)
	if repeated := w.post("", `{"clientId":"c","query":"and now?","uuid":"u"}`); repeated.text != again.text {
		t.Errorf("%s, at first %s", repeated.text, again.text)
	}
}
