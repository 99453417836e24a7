package twin_test

import (
	"testing"

	"github.com/govorun/govorun/internal/chat"
)

func TestHistoryQuery(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]chat.MessagesQuery{
		"":                                {Limit: 10},
		"?":                               {Limit: 10},
		"?limit=&offset=&after=":          {Limit: 10},
		"?x_widget=1&fields=id":           {Limit: 10},
		"?limit=1000":                     {Limit: 1000},
		"?limit=1001":                     {Limit: 1000},
		"?limit=0":                        {Limit: 0},
		"?limit=20&offset=40":             {Limit: 20, Offset: 40},
		"?limit=20&page=3":                {Limit: 20, Offset: 40},
		"?page=1":                         {Limit: 10},
		"?page=0":                         {Limit: 10},
		"?page=3&offset=5":                {Limit: 10, Offset: 5},
		"?after=17":                       {Limit: 10, After: 17},
		"?sort=createdAt":                 {Limit: 10},
		"?sort=%2BcreatedAt":              {Limit: 10},
		"?sort=+createdAt":                {Limit: 10},
		"?sort=-createdAt":                {Limit: 10, Newest: true},
		"?sort=-sequence,%2BcreatedAt":    {Limit: 10, Newest: true},
		"?limit=5&after=3&sort=-sequence": {Limit: 5, After: 3, Newest: true},
		"?withoutCount=1&withoutItems=0":  {Limit: 10},
	} {
		f := newFake()
		if w := serve(t, f, nil).do("GET", sessionPath+"/messages"+query, ""); w.Code != 200 || f.query != want {
			t.Errorf("%s: %d %s, asked %+v", query, w.Code, w.Body, f.query)
		}
	}
}

func TestHistoryRefusesBadQueries(t *testing.T) {
	t.Parallel()
	for query, field := range map[string]string{
		"?limit=-1": "limit", "?limit=ten": "limit", "?limit=1.5": "limit", "?limit=9223372036854775808": "limit", "?limit=1e3": "limit",
		"?offset=-1": "offset", "?offset=9223372036854775807": "offset", "?page=-2": "page", "?page=x": "page",
		"?after=-1": "after", "?after=%00": "after", "?after=%D1%8F": "after", "?after=%FF": "after",
		"?sort=name": "sort", "?sort=createdAt,body": "sort", "?sort=,": "sort", "?sort=-": "sort", "?sort=createdAt;drop": "",
		"?withoutCount=maybe": "withoutCount", "?withoutItems=2": "withoutItems",
	} {
		f := newFake()
		w := serve(t, f, nil).do("GET", sessionPath+"/messages"+query, "")
		if field == "" { // net/url drops what has a semicolon in it
			if w.Code != 200 {
				t.Errorf("%s: %d", query, w.Code)
			}
			continue
		}
		if w.Code != 400 || f.calls() != "" || detail(t, w, "field") != field {
			t.Errorf("%s: %d %s, called %q", query, w.Code, w.Body, f.calls())
		}
	}
}

func TestHistoryAnswer(t *testing.T) {
	t.Parallel()
	const rich = richJSON + `,"sessionId":"` + sessionID + `","authorName":"Bot","type":"REGULAR","replyId":"` + messageID + `",
		"replyToMessage":{"id":"` + messageID + `","authorType":"CLIENT","body":"hi"}}`
	const client = `{"id":"` + messageID + `","createdAt":"2018-10-31T11:56:07+00:00","sequence":3,"authorId":"` + clientID + `","authorType":"CLIENT",
		"body":"hi","answers":[],"keyboard":null,"actions":[],"attachments":[],"sessionId":"` + sessionID + `","authorName":"","type":"REGULAR"}`
	for _, tt := range []struct {
		method, query, want string
		events              []chat.Event
		given               int64
		calls               string
		marked              int64
	}{
		{"GET", "", `{"count":25,"items":[` + rich + `,` + client + `]}`, []chat.Event{richMessage(), *clientSays(3, "hi")}, 0, "history, mark", 1},
		{"GET", "?sort=-createdAt", `{"count":25,"items":[` + client + `,` + rich + `]}`, []chat.Event{richMessage(), *clientSays(3, "hi")}, 0, "history, mark", 1},
		{"GET", "?withoutCount", `{"items":[` + client + `]}`, []chat.Event{*clientSays(3, "hi")}, 0, "history", 0},
		{"GET", "?withoutItems=true", `{"count":25}`, []chat.Event{richMessage()}, 0, "history", 0},
		{"GET", "?withoutItems=1&withoutCount=1", `{}`, nil, 0, "history", 0},
		{"GET", "?fields=sequence,body,nothing", `{"count":25,"items":[{"sequence":3,"body":"hi"}]}`, []chat.Event{*clientSays(3, "hi")}, 0, "history", 0},
		{"GET", "?fields=nothing", `{"count":25,"items":[{}]}`, []chat.Event{*clientSays(3, "hi")}, 0, "history", 0},
		{"GET", "?fields=id", `{"count":25,"items":[]}`, nil, 0, "history", 0},
		{"GET", "", `{"count":25,"items":[]}`, nil, 0, "history", 0},
		{"GET", "", `{"count":25,"items":[` + rich + `]}`, []chat.Event{richMessage()}, 1, "history", 0},
		{"HEAD", "", `{"count":25,"items":[` + rich + `]}`, []chat.Event{richMessage()}, 0, "history", 0},
	} {
		f := newFake()
		f.events, f.total, f.result.Session.WidgetGiven = tt.events, 25, tt.given
		w := serve(t, f, nil).do(tt.method, sessionPath+"/messages"+tt.query, "")
		if w.Code != 200 || !sameJSON(t, w.Body.String(), tt.want) {
			t.Errorf("%q: %d %s\nwant %s", tt.query, w.Code, w.Body, tt.want)
		}
		if f.calls() != tt.calls || f.marked != tt.marked {
			t.Errorf("%q: called %q, marked %d", tt.query, f.calls(), f.marked)
		}
	}
}

// A page counts as given only as far as it leaves nothing out: a client that has looked at
// the newest messages alone must still get the others when it connects.
func TestHistoryMarksWhatLeavesNoGap(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		given   int64
		widget  []int64
		marked  int64
		because string
	}{
		{"from the start", 0, []int64{1, 0, 2, 0, 0, 3}, 3, "the client's own messages have no number"},
		{"the newest only", 0, []int64{4, 5}, 0, "1 to 3 are missing"},
		{"what follows", 3, []int64{4, 0, 5}, 5, ""},
		{"what overlaps", 4, []int64{2, 3, 4, 5, 6}, 6, ""},
		{"an event in between that is no message", 0, []int64{1, 2, 4, 5}, 2, "3 is for the socket to tell"},
		{"nothing new", 7, []int64{1, 2, 3}, 0, ""},
	} {
		f := newFake()
		f.result.Session.WidgetGiven = tt.given
		for i, n := range tt.widget {
			f.events = append(f.events, botSays(int64(i+1), n, "x"))
		}
		serve(t, f, nil).do("GET", sessionPath+"/messages", "")
		if f.marked != tt.marked {
			t.Errorf("%s: marked %d, want %d %s", tt.name, f.marked, tt.marked, tt.because)
		}
	}
}
