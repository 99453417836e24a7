package sqlstore

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/test/servers"
)

// TestWebhooksOfOneClientAtOnce: sessions of a client in two chats begin, supersede each other and
// talk, all with webhooks, while a worker settles and a person replays what is dead. None
// waits for each other in a circle, and every stream has the order of its sessions.
func TestWebhooksOfOneClientAtOnce(t *testing.T) {
	t.Parallel()
	url := servers.NewPostgres(t).NewDatabase(t)
	s := openStore(t, Options{PostgresURL: url})
	service, first := newService(t, s)
	second := &chat.Chat{ID: uuid.NewString(), Settings: chat.Settings{EventCallbackURL: "https://c.example"}}
	mustUpdate(t, s, func(tx chat.Tx) error { return tx.CreateChat(second) })
	known, err := service.Start(t.Context(), chat.StartParams{ChatID: first.ID})
	if err != nil {
		t.Fatal(err)
	}
	var acting, working sync.WaitGroup
	done := make(chan struct{})
	working.Go(func() { settleAll(t, service, done) })
	for i := range 8 {
		acting.Go(func() {
			for j := range 15 {
				p := chat.StartParams{
					ChatID: []string{first.ID, second.ID}[i%2], ClientID: known.Session.ClientID, Continue: j%3 > 0,
					Details: chat.SessionDetails{CallbackURL: "https://a.example", EventCallbackURL: []string{"https://b.example", "https://a.example"}[j%2]},
					Message: &chat.MessageParams{Body: "x"},
				}
				if _, err := service.Start(context.Background(), p); err != nil {
					t.Error(err)
				}
				if _, err := service.ReplayDead(context.Background(), p.ChatID); err != nil {
					t.Error(err)
				}
			}
		})
	}
	acting.Wait()
	close(done)
	working.Wait()
	if n := query(t, url, "SELECT CAST(deadlocks AS TEXT) FROM pg_stat_database WHERE datname = current_database()"); n != "0" {
		t.Errorf("%s deadlocks", n)
	}
	if n := query(t, url, `SELECT CAST(COUNT(*) AS TEXT) FROM deliveries a JOIN deliveries b
		ON a.stream_key = b.stream_key AND a.session_key = b.session_key AND a.key < b.key AND a.kind = b.kind AND a.first_sequence >= b.first_sequence`); n != "0" {
		t.Errorf("%s pairs of deliveries are not in the order of their events", n)
	}
}

// settleAll has every delivery die until it is told to stop.
func settleAll(t *testing.T, service *chat.Service, done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		case <-time.After(time.Millisecond):
		}
		names, err := service.ListDueReceivers(context.Background())
		if err != nil {
			t.Error(err)
		}
		for _, name := range names {
			leases, err := service.ClaimStreams(context.Background(), []chat.StreamClaim{{Receiver: name, Limit: 4}}, time.Minute)
			if err != nil {
				t.Error(err)
				continue
			}
			for _, l := range leases[0] {
				err = errors.Join(err, killPending(service, l))
			}
			if err != nil {
				t.Error(err)
			}
		}
	}
}

func killPending(service *chat.Service, l chat.StreamLease) error {
	list, err := service.ListPending(context.Background(), l, 10)
	for i := range list {
		st := chat.Settlement{Lease: l}
		if i+1 < len(list) {
			st.Next = list[i+1].Key
		}
		kept, _, e := service.SettleDelivery(context.Background(), &list[i], chat.Outcome{Permanent: true}, st)
		if err = errors.Join(err, e); !kept {
			break
		}
	}
	return errors.Join(err, service.GiveBackStream(context.Background(), l, 0))
}
