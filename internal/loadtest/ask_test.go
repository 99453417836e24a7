package loadtest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/loadtest"
)

// channel answers questions, and keeps its promises except for the one a test names.
type channel struct {
	fault string
	mu    sync.Mutex          // guards what follows
	said  map[string][]string // by client: author and question
}

func newChannel(t *testing.T, fault string) string {
	c := &channel{fault: fault, said: map[string][]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /chatapi/t", c.ask)
	mux.HandleFunc("GET /chatapi/t/client/{client}/history", c.history)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func (c *channel) ask(w http.ResponseWriter, r *http.Request) {
	var q struct{ ClientID, Query string }
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil || q.ClientID == "" {
		http.Error(w, "bad", http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	fault := ""
	if strings.HasPrefix(q.Query, "3 ") && q.ClientID == "ask-0" {
		fault = c.fault
	}
	id := q.Query
	said, answer := []string{"CLIENT " + id, "BOT " + id, "BOT " + id}, "hello"
	switch fault {
	case "lost":
		said = said[1:]
	case "unanswered":
		said = said[:1]
	case "twice":
		said = append(said, said[0])
	case "refused":
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case "broken":
		w.WriteHeader(http.StatusInternalServerError)
		return
	case "silent":
		answer = ""
	case "confused":
		q.ClientID = "ask-1"
	}
	c.said[q.ClientID] = append(c.said[q.ClientID], said...)
	fmt.Fprintf(w, `{"clientId":%q,"questionId":%q,"data":{"answer":%q}}`, q.ClientID, id, answer)
}

func (c *channel) history(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var offset int
	fmt.Sscan(r.FormValue("offset"), &offset)
	said := c.said[r.PathValue("client")]
	messages := []map[string]string{}
	for _, one := range said[min(offset, len(said)):min(offset+1000, len(said))] {
		author, question, _ := strings.Cut(one, " ")
		messages = append(messages, map[string]string{"author": author, "questionId": question})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"messages": messages})
}

func ask(t *testing.T, fault string, rate float64) (*loadtest.Load, error) {
	return loadtest.Ask(t.Context(), loadtest.AskOptions{
		URL: newChannel(t, fault), Token: "t", PID: os.Getpid(), Clients: 3, InFlight: 2, Rate: rate,
		WarmUp: 20 * time.Millisecond, Duration: 100 * time.Millisecond,
	})
}

func TestAsk(t *testing.T) {
	t.Parallel()
	for name, rate := range map[string]float64{"closed loop": 0, "open loop": 300} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := ask(t, "", rate)
			if err != nil {
				t.Fatal(err)
			}
			if l.Sent == 0 || l.Accepted != l.Sent || l.Refused+l.Failed+l.Unsent != 0 || l.Ack.Count != l.Sent || l.AcceptedPerSecond <= 0 {
				t.Errorf("%+v", l)
			}
			if rate > 0 && l.Sent != 30 {
				t.Errorf("%d were sent", l.Sent)
			}
		})
	}
}

func TestAskSeesFaults(t *testing.T) {
	t.Parallel()
	for fault, want := range map[string]loadtest.Faults{
		"lost": {Lost: 1}, "unanswered": {Unanswered: 1}, "twice": {Duplicated: 1},
		"refused": {}, "broken": {}, "silent": {}, "confused": {Duplicated: 1},
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			l, err := ask(t, fault, 0)
			if l == nil {
				t.Fatal(err)
			}
			var broken *loadtest.FaultError
			errors.As(err, &broken)
			if (want == loadtest.Faults{}) != (err == nil) || broken != nil && broken.Faults != want {
				t.Errorf("%v, expected %+v", err, want)
			}
		})
	}
	if _, err := ask(t, "", -1); err != nil {
		t.Error(err)
	}
}

func TestAskOfNobody(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	o := loadtest.AskOptions{URL: server.URL, Token: "t", PID: os.Getpid(), Clients: 1, InFlight: 1, Duration: time.Second}
	if _, err := loadtest.Ask(t.Context(), o); err == nil || !strings.Contains(err.Error(), "404") {
		t.Error(err)
	}
	o.Clients = 0
	if _, err := loadtest.Ask(t.Context(), o); err == nil {
		t.Error("nobody asks")
	}
}
