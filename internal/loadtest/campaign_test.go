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

	"github.com/govorun/govorun/internal/loadtest"
)

// sender sends campaigns, but to one client not as often as it should.
type sender struct {
	t       *testing.T
	faulty  string
	sends   int                 // to the faulty client, of each campaign
	mu      sync.Mutex          // guards what follows
	clients map[string][]string // by campaign
	looked  map[string]bool     // campaigns whose state was asked for
	got     map[string]int      // by client
}

func (s *sender) serve() string {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/admin/v1/campaigns", s.create)
	mux.HandleFunc("POST /api/admin/v1/campaigns/{id}/recipients", s.add)
	mux.HandleFunc("POST /api/admin/v1/campaigns/{id}/start", s.state)
	mux.HandleFunc("GET /api/admin/v1/campaigns/{id}", s.state)
	mux.HandleFunc("GET /chatapi/t/client/{client}/history", s.history)
	server := httptest.NewServer(mux)
	s.t.Cleanup(server.Close)
	return server.URL
}

func (s *sender) create(w http.ResponseWriter, r *http.Request) {
	if key := r.Header.Get("Authorization"); key != "Bearer k" {
		s.t.Errorf("the key is %q", key)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := fmt.Sprint(len(s.clients))
	s.clients[id] = nil
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, `{"id":%q,"state":"INIT"}`, id)
}

func (s *sender) add(w http.ResponseWriter, r *http.Request) {
	var body struct{ Recipients []string }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || len(body.Recipients) > 1000 {
		s.t.Errorf("%d recipients, %v", len(body.Recipients), err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients[r.PathValue("id")] = append(s.clients[r.PathValue("id")], body.Recipients...)
	fmt.Fprint(w, `{}`)
}

// state has the campaign sent when it is asked for the second time.
func (s *sender) state(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := r.PathValue("id")
	if !s.looked[id] {
		s.looked[id] = true
		fmt.Fprint(w, `{"state":"PENDING","sent":0}`)
		return
	}
	for _, client := range s.clients[id] {
		if client == s.faulty {
			s.got[client] += s.sends
		} else {
			s.got[client]++
		}
	}
	fmt.Fprintf(w, `{"state":"SENT","sent":%d}`, len(s.clients[id]))
}

func (s *sender) history(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(w, `{"messages":[%s]}`, strings.TrimSuffix(strings.Repeat("{},", s.got[r.PathValue("client")]), ","))
}

func TestCampaigns(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		faulty string
		sends  int
		want   loadtest.Faults
	}{
		"everybody gets it": {},
		"one is skipped":    {"campaign-7", 0, loadtest.Faults{Lost: 2}},
		"one gets it twice": {"campaign-1200", 2, loadtest.Faults{Duplicated: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &sender{t: t, faulty: c.faulty, sends: c.sends, clients: map[string][]string{}, looked: map[string]bool{}, got: map[string]int{}}
			r, err := loadtest.Campaigns(t.Context(), loadtest.CampaignOptions{URL: s.serve(), Chat: "c", Token: "t", Key: "k", PID: os.Getpid(), Clients: 1500})
			if r == nil || r.New.PerSecond <= 0 || r.Known.PerSecond <= 0 {
				t.Fatalf("%+v, %v", r, err)
			}
			var broken *loadtest.FaultError
			errors.As(err, &broken)
			if (c.want == loadtest.Faults{}) != (err == nil) || broken != nil && broken.Faults != c.want {
				t.Errorf("%v, expected %+v", err, c.want)
			}
		})
	}
}

func TestCampaignsOfNobody(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	o := loadtest.CampaignOptions{URL: server.URL, Token: "t", PID: os.Getpid(), Clients: 1}
	if _, err := loadtest.Campaigns(t.Context(), o); err == nil || !strings.Contains(err.Error(), "404") {
		t.Error(err)
	}
	o.Clients = 0
	if _, err := loadtest.Campaigns(t.Context(), o); err == nil {
		t.Error("nobody gets it")
	}
}
