package loadtest

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestReceiver(t *testing.T) {
	t.Parallel()
	r, err := startReceiver(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := &session{id: "s"}
	run := newRecorder(0, time.Minute)
	for range 3 {
		run.sending(0)
		s.ledger.send(time.Now(), run)
	}
	r.expect([]*session{s})
	const first = `{"event":"chatMessageCreated","sequence":1,"data":{"id":"m","authorType":"CLIENT","body":"1 hello"},"sessionId":"s"}`
	second := strings.NewReplacer(`"sequence":1`, `"sequence":2`, "1 hello", "2 hello").Replace(first)
	for _, c := range []struct {
		id, body   string
		want       int
		delivered  int64
		duplicated int64
	}{
		{"a", first, 204, 1, 0},
		{"a", first, 204, 1, 0}, // a repeat
		{"b", second, 204, 2, 0},
		{"c", `{"sessionId":`, 400, 2, 0},
		{"d", `"` + strings.Repeat("x", largestWebhook) + `"`, 400, 2, 0},
		{"e", strings.Replace(second, `"s"`, `"other"`, 1), 204, 2, 0},
		{"f", second, 204, 2, 1}, // once more, as another delivery
	} {
		if got := post(t, r.url, c.id, c.body); got != c.want {
			t.Errorf("%s: status %d, want %d", c.id, got, c.want)
		}
		if got := run.delivered.Load(); got != c.delivered || s.ledger.faults.Duplicated != c.duplicated {
			t.Errorf("%s: %d delivered, %+v", c.id, got, s.ledger.faults)
		}
	}
	http.DefaultClient.CloseIdleConnections()
	r.close()
}

func post(t *testing.T, url, id, body string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("webhook-id", id)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}
