package chatapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestHistory reads what was said by periods and by pages (Chat API, 2).
func TestHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var at []string // when each question was asked
	for i := range 6 {
		query := fmt.Sprint("q", i)
		if i == 2 {
			query = "bye" // what follows is another session
		}
		w.ask(query)
		all := w.get("/client/c/history?limit=1&offset=" + fmt.Sprint(2*i))
		if all.TotalCount != int64(2*i+2) || len(all.Messages) != 1 || all.Messages[0].TextMessage != query {
			t.Fatalf("%s", all.text)
		}
		at = append(at, all.Messages[0].Timestamp)
	}
	millis := func(stamp string) string {
		parsed, err := time.Parse("2006-01-02T15:04:05.000", stamp)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(parsed.UnixMilli())
	}
	inMoscow := func(stamp string) string {
		parsed, _ := time.Parse("2006-01-02T15:04:05.000", stamp)
		return url.QueryEscape(parsed.In(time.FixedZone("", 3*3600)).Format("2006-01-02T15:04:05.000-07:00"))
	}
	for query, want := range map[string]string{
		"": "q0 q1 bye q3 q4 q5", "limit=1000": "q0 q1 bye q3 q4 q5", "limit=2": "q0", "limit=4&offset=4": "bye q3", "offset=10": "q5", "offset=12": "", "offset=1000000": "",
		"limit=&offset=&from=&to=": "q0 q1 bye q3 q4 q5",
		"from=" + at[3]:            "q3 q4 q5", "to=" + at[3]: "q0 q1 bye", "from=" + at[1] + "&to=" + at[4]: "q1 bye q3",
		"from=" + millis(at[3]): "q3 q4 q5", "to=" + millis(at[3]): "q0 q1 bye", "from=" + inMoscow(at[3]): "q3 q4 q5",
		"from=" + at[3] + "Z": "q3 q4 q5", "from=" + at[3] + "%2B0000": "q3 q4 q5", "from=" + at[3] + "+00:00": "q3 q4 q5", "from=" + at[3] + "-03": "",
		"from=" + at[1] + "&to=" + at[4] + "&limit=2&offset=2": "bye",
		"from=2000-01-01&to=2000-01-02":                        "", "from=2000-01-01": "q0 q1 bye q3 q4 q5", "to=9999-12-31": "q0 q1 bye q3 q4 q5",
		"from=" + at[4] + "&to=" + at[1]: "", "from=0": "q0 q1 bye q3 q4 q5", "to=0": "",
	} {
		a := w.get("/client/c/history?" + query)
		var asked []string
		for _, m := range a.Messages {
			if m.Author == "CLIENT" {
				asked = append(asked, m.TextMessage)
			}
		}
		if got := strings.Join(asked, " "); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
		if pages := strings.Contains(query, "limit") || strings.Contains(query, "offset"); !pages && a.TotalCount != int64(2*len(asked)) {
			t.Errorf("%s: %s", query, a.text)
		}
	}
	if a := w.get("/client/c/history?from=" + at[1] + "&to=" + at[4] + "&limit=1"); a.TotalCount != 6 || len(a.Messages) != 1 {
		t.Errorf("the total is that of the period: %s", a.text)
	}
	if a := w.get("/client/nobody/history"); a.text != `{"totalCount":0,"messages":[]}` {
		t.Errorf("%s", a.text)
	}
}

// TestHistoryOfEvents: a client's event stands there with its name and data, an answer with its replies.
func TestHistoryOfEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post("", `{"clientId":"c","event":"fileEvent","data":{"big":12345678901234567890},"uuid":"u"}`)
	w.ask("strange")
	a := w.get("/client/c/history")
	for _, want := range []string{
		`{"questionId":"u","textMessage":"","author":"CLIENT","status":"SENT","eventData":{"data":{"big":12345678901234567890},"event":"fileEvent"},"replies":[],`,
		`"replies":[{"type":"alien","deep":{"ы":[null,1.50]}}]`,
	} {
		if !strings.Contains(a.text, want) {
			t.Errorf("%s lacks %s", a.text, want)
		}
	}
}

// TestHeads: HEAD says what GET would, without the body.
func TestHeads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ask("hi")
	for path, want := range map[string]int{
		"/client/c/history": 200, "/client/c/state": 200, "/client/c/message-not-read-count": 200, "/client/c/message/none/status": 404,
		"/events?clientId=c": 405, "/async": 405, "/client/c/message-statuses": 405, "/nothing": 404,
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodHead, w.url+"/chatapi/"+token+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = got.Body.Close()
		if got.StatusCode != want || got.ContentLength <= 0 || (want == 405) != (got.Header.Get("Allow") != "") {
			t.Errorf("HEAD %s: %d %v", path, got.StatusCode, got.Header)
		}
	}
	for _, method := range []string{"PUT", "PATCH", "DELETE", "TRACE", "ODD"} {
		for _, path := range []string{"", "/async", "/events", "/state", "/client/c/state", "/client/c/history", "/client/c/message/a/status"} {
			if a := w.do(method, "/chatapi/"+token+path, ""); a.status != 405 {
				t.Errorf("%s %s: %d %s", method, path, a.status, a.text)
			}
		}
	}
}
