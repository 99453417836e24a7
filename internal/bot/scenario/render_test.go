package scenario

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/govorun/govorun/internal/chat"
)

// rendered renders replies and checks what holds for all: the replies are with the messages, each once
// and in order, and a message that shows nothing is alone.
func rendered(t *testing.T, replies ...string) []chat.Message {
	t.Helper()
	var raws []json.RawMessage
	for _, r := range replies {
		raws = append(raws, json.RawMessage(r))
	}
	messages, err := render(raws)
	if err != nil {
		t.Fatal(err)
	}
	checkRendered(t, raws, messages)
	for i := range messages {
		messages[i].Replies, messages[i].AuthorType, messages[i].Type = nil, "", ""
	}
	return messages
}

func checkRendered(t *testing.T, raws []json.RawMessage, messages []chat.Message) {
	t.Helper()
	var back []string
	for _, m := range messages {
		if m.Silent() && len(messages) > 1 {
			t.Fatalf("a message that shows nothing beside others: %+v", messages)
		}
		if m.AuthorType != chat.AuthorBot || m.Type != chat.MessageRegular || len(m.Replies) == 0 {
			t.Fatalf("message %+v", m)
		}
		if !utf8.ValidString(m.Body) || len(m.Attachments) > chat.MaxAttachments {
			t.Fatalf("message %+v", m)
		}
		for _, r := range m.Replies {
			back = append(back, string(r))
		}
	}
	var want []string
	for _, r := range raws {
		want = append(want, string(keepable(r)))
	}
	if !slices.Equal(back, want) {
		t.Fatalf("the replies became\n%q, they were\n%q", back, want)
	}
	stored, err := json.Marshal(messages)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(stored, &messages); err != nil {
		t.Fatal(err)
	}
}

func TestRepliesAreShown(t *testing.T) {
	t.Parallel()
	file := func(name, kind, url string) []chat.Attachment {
		return []chat.Attachment{{Name: name, ContentType: kind, URL: url}}
	}
	buttons := func(inRow int, texts ...string) chat.Message {
		return chat.Message{Answers: texts, Keyboard: &chat.Keyboard{ButtonsInRow: inRow, Buttons: texts}}
	}
	with := func(m chat.Message, body string) chat.Message { m.Body = body; return m }
	for name, c := range map[string]struct {
		replies []string
		want    []chat.Message
	}{
		"none":  {nil, nil},
		"text":  {[]string{`{"type":"text","text":"Привет 👋","tts":"x","state":"/Start"}`}, []chat.Message{{Body: "Привет 👋", State: "/Start"}}},
		"texts": {[]string{`{"type":"text","text":"a"}`, `{"type":"text","text":"b"}`}, []chat.Message{{Body: "a"}, {Body: "b"}}},
		"text with markup": {
			[]string{`{"type":"text","markup":"html","text":"Это <b>важно</b>:<br>1 &lt; 2 <a href=\"https://a.example/?x=1&amp;y=2\">здесь</a><script>alert(1)</script>"}`},
			[]chat.Message{{Body: "Это важно:\n1 < 2 здесь (https://a.example/?x=1&y=2)"}},
		},
		"text with tags that are none": {[]string{`{"type":"text","text":"<b>2 &lt; 3</b>"}`}, []chat.Message{{Body: "<b>2 &lt; 3</b>"}}},
		"text in markdown":             {[]string{`{"type":"text","markup":"markdown","text":"*a* <b>"}`}, []chat.Message{{Body: "*a* <b>"}}},
		"buttons": {
			[]string{`{"type":"text","text":"Да?"}`, `{"type":"buttons","buttons":[{"text":"Да"},{"text":"Нет","transition":"/No"},{"text":"Номер","request_contact":true},"Да"]}`},
			[]chat.Message{with(buttons(2, "Да", "Нет", "Номер"), "Да?")},
		},
		"a button that is long": {
			[]string{`{"type":"text","text":"?"}`, `{"type":"buttons","buttons":[{"text":"Очень длинная кнопка"},{"text":"b"}]}`},
			[]chat.Message{with(buttons(1, "Очень длинная кнопка", "b"), "?")},
		},
		"a button that opens a page": {
			[]string{`{"type":"text","text":"?"}`, `{"type":"buttons","buttons":[{"text":"Сайт","url":"https://a.example"}]}`},
			[]chat.Message{{Body: "?", Actions: []chat.Action{{Type: "url", Label: "Сайт", Data: `{"url":"https://a.example"}`}}}},
		},
		"buttons hang on the last text": {
			[]string{`{"type":"text","text":"a"}`, `{"type":"buttons","buttons":["1"]}`, `{"type":"text","text":"b"}`, `{"type":"image","imageUrl":"https://a.example/i.png"}`, `{"type":"buttons","buttons":["2"]}`},
			[]chat.Message{{Body: "a"}, with(buttons(2, "1", "2"), "b"), {Attachments: file("i.png", "image/png", "https://a.example/i.png")}},
		},
		"buttons hang on a picture": {
			[]string{`{"type":"image","imageUrl":"https://a.example/i.png"}`, `{"type":"buttons","buttons":["1"]}`},
			[]chat.Message{{Attachments: file("i.png", "image/png", "https://a.example/i.png"), Answers: []string{"1"}, Keyboard: &chat.Keyboard{ButtonsInRow: 1, Buttons: []string{"1"}}}},
		},
		"buttons alone": {[]string{`{"type":"buttons","buttons":[{"text":"1"}],"state":"/S"}`}, []chat.Message{func() chat.Message { m := buttons(1, "1"); m.State = "/S"; return m }()}},
		"inlineButtons": {
			[]string{`{"type":"text","text":"?"}`, `{"type":"inlineButtons","buttons":[{"text":"Сайт","url":"https://a.example"},{"text":"Заказ","callback_data":"order"},{"text":"просто"}]}`},
			[]chat.Message{{
				Body: "?", Answers: []string{"просто"}, Keyboard: &chat.Keyboard{ButtonsInRow: 1, Buttons: []string{"просто"}},
				Actions: []chat.Action{
					{Type: "url", Label: "Сайт", Data: `{"url":"https://a.example"}`},
					{Type: "button", Event: "order", Label: "Заказ", Data: `{"callback_data":"order"}`},
				},
			}},
		},
		"inlineButtons before the text": {
			[]string{`{"type":"inlineButtons","buttons":[{"text":"x","callback_data":"y"}]}`, `{"type":"text","text":"?"}`},
			[]chat.Message{{Body: "?", Actions: []chat.Action{{Type: "button", Event: "y", Label: "x", Data: `{"callback_data":"y"}`}}}},
		},
		"inlineButtons alone": {
			[]string{`{"type":"inlineButtons","buttons":[{"callback_data":"y"}]}`},
			[]chat.Message{{Actions: []chat.Action{{Type: "button", Event: "y", Label: "y", Data: `{"callback_data":"y"}`}}}},
		},
		"image": {
			[]string{`{"type":"image","imageUrl":"https://a.example/p/кот.JPG?x=1","text":"Кот","state":"/S"}`},
			[]chat.Message{{Body: "Кот", State: "/S", Attachments: file("кот.JPG", "image/jpeg", "https://a.example/p/кот.JPG?x=1")}},
		},
		"audio": {
			[]string{`{"type":"audio","audioUrl":"https://a.example/a.mp3","audioName":"Песня"}`},
			[]chat.Message{{Attachments: file("Песня", "audio/mpeg", "https://a.example/a.mp3")}},
		},
		"video": {
			[]string{`{"type":"video","videoUrl":"http://a.example/","videoName":""}`},
			[]chat.Message{{Attachments: file("video", "", "http://a.example/")}},
		},
		"file": {
			[]string{`{"type":"file","fileUrl":"https://a.example/f","fileName":"Договор.pdf","mimeType":"application/pdf"}`},
			[]chat.Message{{Attachments: file("Договор.pdf", "application/pdf", "https://a.example/f")}},
		},
		"a file that must not be followed": {[]string{`{"type":"file","fileUrl":"javascript:alert(1)"}`}, []chat.Message{{Body: "javascript:alert(1)"}}},
		"a picture of many letters":        {[]string{`{"type":"image","imageUrl":"data:image/png;base64,AAAA"}`}, []chat.Message{{}}},
		"location": {
			[]string{`{"type":"location","lat":55.75,"lon":"37.61"}`},
			[]chat.Message{{Body: "55.75, 37.61\nhttps://www.openstreetmap.org/?mlat=55.75&mlon=37.61#map=16/55.75/37.61"}},
		},
		"no place": {[]string{`{"type":"location","lat":"NaN","lon":1}`}, []chat.Message{{}}},
		"carousel": {
			[]string{`{"type":"carousel","text":"Что выбрать?","content":[
				{"title":"Чай","description":"Зелёный","image":"https://a.example/t.png","url":"https://a.example/t","btnText":"Купить"},
				{"title":"Кофе","btnText":"Выбрать"}, {"url":"https://a.example/z"}, "ещё", null]}`},
			[]chat.Message{{
				Body:        "Что выбрать?\n\nЧай\nЗелёный\n\nКофе\n\nещё",
				Answers:     []string{"Выбрать"},
				Keyboard:    &chat.Keyboard{ButtonsInRow: 1, Buttons: []string{"Выбрать"}},
				Actions:     []chat.Action{{Type: "url", Label: "Купить", Data: `{"url":"https://a.example/t"}`}, {Type: "url", Label: "https://a.example/z", Data: `{"url":"https://a.example/z"}`}},
				Attachments: file("t.png", "image/png", "https://a.example/t.png"),
			}},
		},
		"timeout":        {[]string{`{"type":"text","text":"a"}`, `{"type":"timeout","interval":5,"targetState":"/T"}`}, []chat.Message{{Body: "a"}}},
		"switch":         {[]string{`{"type":"switch","firstMessage":"x"}`, `{"type":"text","text":"a"}`}, []chat.Message{{Body: "a"}}},
		"hangup":         {[]string{`{"type":"hangup","state":"/Bye"}`}, []chat.Message{{State: "/Bye"}}},
		"raw":            {[]string{`{"type":"raw","body":{"a":[1]},"method":"send"}`}, []chat.Message{{}}},
		"context-switch": {[]string{`{"type":"context-switch","targetBotId":"x"}`, `{"type":"hangup"}`}, []chat.Message{{}}},
		"unknown":        {[]string{`{"type":"card","text":"a"}`, `{"a":1}`}, []chat.Message{{}}},

		"no text":           {[]string{`{"type":"text"}`, `{"type":"text","text":null}`, `{"type":"text","text":""}`}, []chat.Message{{}}},
		"a number":          {[]string{`{"type":"text","text":42}`}, []chat.Message{{Body: "42"}}},
		"a truth":           {[]string{`{"type":"text","text":true}`}, []chat.Message{{Body: "true"}}},
		"a list":            {[]string{`{"type":"text","text":["a",1,null,["b"]]}`}, []chat.Message{{Body: "a,1,,b"}}},
		"an object":         {[]string{`{"type":"text","text":{"a":1}}`}, []chat.Message{{Body: "[object Object]"}}},
		"one button":        {[]string{`{"type":"text","text":"?"}`, `{"type":"buttons","buttons":{"text":5}}`}, []chat.Message{with(buttons(1, "5"), "?")}},
		"buttons of a kind": {[]string{`{"type":"text","text":"?"}`, `{"type":"buttons","buttons":"да"}`, `{"type":"buttons","buttons":[null,7,"",{"text":" "},[]]}`, `{"type":"buttons"}`}, []chat.Message{with(buttons(2, "да", "7"), "?")}},
		"null":              {[]string{`null`, `{"type":"text","text":"a"}`, `[]`, `"x"`, `5`}, []chat.Message{{Body: "a"}}},
		"no JSON":           {[]string{`{"type":"text"`, "\"\xff\"", ``}, []chat.Message{{}}},
		"a type of a kind":  {[]string{`{"type":7,"text":"a"}`}, []chat.Message{{}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := rendered(t, c.replies...)
			for i := range got {
				if len(got[i].Actions) == 0 {
					got[i].Actions = nil
				}
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Fatalf("got\n%+v, expected\n%+v", got, c.want)
			}
		})
	}
}

func TestCarouselsWithManyPictures(t *testing.T) {
	t.Parallel()
	card := `{"title":"t","image":"https://a.example/i.png"}`
	got := rendered(t, `{"type":"carousel","content":[`+strings.Repeat(card+",", 24)+card+`]}`)
	if len(got) != 1 || len(got[0].Attachments) != chat.MaxAttachments || strings.Count(got[0].Body, "https://a.example/i.png") != 25-chat.MaxAttachments {
		t.Fatalf("got %+v", got)
	}
}

func TestMoreThanAResponseMayHave(t *testing.T) {
	t.Parallel()
	text := json.RawMessage(`{"type":"text","text":"` + strings.Repeat("я", 501) + `"}`)
	deep := json.RawMessage(`{"type":"x","a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`)
	for name, c := range map[string]struct {
		reply json.RawMessage
		n     int
		fits  bool
	}{
		"replies that fit":    {json.RawMessage(`{"type":"hangup"}`), 100, true},
		"replies":             {json.RawMessage(`{"type":"hangup"}`), 101, false},
		"characters that fit": {text, 99, true},
		"characters":          {text, 100, false},
		"depth":               {deep, 1, false},
	} {
		if _, err := render(slices.Repeat([]json.RawMessage{c.reply}, c.n)); (err == nil) != c.fits {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPlainTexts(t *testing.T) {
	t.Parallel()
	for markup, want := range map[string]string{
		"":                               "",
		"a < b > c & d":                  "a < b > c & d",
		"<p>Один</p>\n<p>Два</p>":        "Один\n\nДва",
		"<ul><li>a</li><li>b</li></ul>":  "• a\n• b",
		"<br/><BR>a<br />b<br><br><br>c": "a\nb\n\nc",
		"<b>a":                           "a",
		"</b>a</a>":                      "a",
		"a<!-- b -->c<!-- d":             "ac",
		"<img src=x onerror=alert(1)>":   "",
		"<a href='https://a.example'>https://a.example</a>": "https://a.example",
		"<a data-href=x href=https://a.example >a</a>":      "a (https://a.example)",
		"<a href=\"javascript:alert(1)\">a</a>":             "a",
		"<a href>a</a> <a>b</a>":                            "a b",
		"<style>p{}</style>a<script>b":                      "a",
		"<b title=\"1 > 0\">a</b>":                          "a",
		"&lt;script&gt; &amp;amp; &nbsp;":                   "<script> &amp; \u00a0",
		"2 <3 <":                                            "2 <3 <",
		"<b":                                                "<b",
	} {
		if got := plainText(markup); got != want {
			t.Errorf("%q became %q, expected %q", markup, got, want)
		}
	}
}

func TestSwitchesAreRead(t *testing.T) {
	t.Parallel()
	full := json.RawMessage(`{"type":"switch","state":"/People","firstMessage":"Хочет кредит","closeChatPhrases":["всё","/close"],
		"appendCloseChatButton":true,"lastMessage":"Пока","ignoreOffline":"true","oneTimeMessage":1,"destination":"sales","theme":"/T",
		"sendMessagesToOperator":true,"sendMessageHistoryAmount":10,"attributes":{"Имя":"Анна"},"hiddenAttributes":{"n":1},"customData":[1]}`)
	want := chat.HandOver{
		GroupID: "sales", State: "/People", FirstMessage: "Хочет кредит", LastMessage: "Пока", CloseChatPhrases: []string{"всё", "/close"},
		AppendCloseChatButton: true, IgnoreOffline: true, OneTimeMessage: true, Theme: "/T", SendMessagesToOperator: true,
		SendMessageHistoryAmount: 10, Attributes: json.RawMessage(`{"Имя":"Анна"}`), HiddenAttributes: json.RawMessage(`{"n":1}`),
		CustomData: json.RawMessage(`[1]`), Raw: full,
	}
	if got, ok := switchOf(full); !ok || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v", got)
	}
	odd := json.RawMessage(`{"type":"switch","closeChatPhrases":"всё","ignoreOffline":"false","oneTimeMessage":null,"destination":7,
		"sendMessageHistoryAmount":"-3","attributes":[1],"hiddenAttributes":null,"firstMessage":null,"theme":"a\u0000b"}`)
	want = chat.HandOver{GroupID: "7", CloseChatPhrases: []string{"всё"}, Theme: "ab", Raw: odd}
	if got, ok := switchOf(odd); !ok || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v", got)
	}
	for _, other := range []string{`{"type":"text"}`, `null`, `[]`, `{`, ``} {
		if _, ok := switchOf(json.RawMessage(other)); ok {
			t.Errorf("%s was taken for a switch", other)
		}
	}
	large := json.RawMessage(`{"type":"switch","firstMessage":"` + strings.Repeat("я", chat.MaxBodyRunes+1) + `","destination":"` + strings.Repeat("д", 300) + `"}`)
	got, ok := switchOf(large)
	if !ok || utf8.RuneCountInString(got.FirstMessage) != chat.MaxBodyRunes || utf8.RuneCountInString(got.GroupID) != chat.MaxName || got.Raw != nil {
		t.Fatal("what is too large is not cut")
	}
}

func FuzzRender(f *testing.F) {
	for _, seed := range []string{
		`{"type":"text","text":"<a href=x>y","markup":"html"}`, `{"type":"buttons","buttons":[{"text":"a","url":"http://b"}]}`,
		`{"type":"carousel","content":[{"title":1,"image":"http://a/b","btnText":"c"}]}`, `{"type":"location","lat":1,"lon":2}`,
		`{"type":"inlineButtons","buttons":{"callback_data":"` + strings.Repeat("я", 300) + `"}}`, `{"type":"image","imageUrl":"x"}`,
		`{"type":"switch","closeChatPhrases":5,"attributes":{}}`, `null`, `{"type":`, "\xff", `{"type":"text","text":"\ud800"}`,
	} {
		f.Add([]byte(seed), []byte(`{"type":"text","text":"a"}`), seed)
	}
	f.Fuzz(func(t *testing.T, first, second []byte, markup string) {
		text, err := json.Marshal(map[string]string{"type": "text", "markup": "html", "text": markup})
		if err != nil {
			t.Fatal(err)
		}
		raws := []json.RawMessage{first, second, text}
		messages, err := render(raws)
		if err == nil {
			checkRendered(t, raws, messages)
		}
		if h, ok := switchOf(first); ok {
			if _, err := json.Marshal(h); err != nil {
				t.Fatal(err)
			}
		}
	})
}
