package sqlstore

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/test/servers"
)

// TestAdministratorsAtOnce is what several administrators do at the same time, on nodes of their own.
func TestAdministratorsAtOnce(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]Options{"sqlite": {}, "postgres": {PostgresURL: servers.NewPostgres(t).NewDatabase(t)}} {
		t.Run(name, func(t *testing.T) {
			s := openStore(t, o)
			first, _ := newService(t, s)
			second, _ := newService(t, s)
			nodes := []*chat.Service{first, second}
			admin := setUpOnce(t, nodes)
			chatsAreMadeOnce(t, nodes, admin)
			noChatIsLeftWithoutItsBot(t, nodes, admin)
		})
	}
}

// together runs n functions at once, each on one of the nodes.
func together(nodes []*chat.Service, n int, f func(i int, s *chat.Service)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i, nodes[i%len(nodes)]) })
	}
	wg.Wait()
}

// setUpOnce has two nodes start at once and many use what they offer.
func setUpOnce(t *testing.T, nodes []*chat.Service) *chat.APIKey {
	t.Helper()
	ctx := context.Background()
	tokens := make([]string, 4)
	together(nodes, len(tokens), func(i int, s *chat.Service) {
		var err error
		if tokens[i], err = s.OfferSetup(ctx, chat.Node{ID: fmt.Sprint("node ", i)}, false); err != nil {
			t.Error(err)
		}
	})
	var admin atomic.Pointer[chat.APIKey]
	var made atomic.Int32
	together(nodes, 4*len(tokens), func(i int, s *chat.Service) {
		k, text, err := s.Setup(ctx, tokens[i%len(tokens)], "admin")
		switch {
		case err == nil && text != "":
			made.Add(1)
			admin.Store(k)
		case chat.CodeOf(err) != chat.CodeForbidden:
			t.Error(err)
		}
	})
	if made.Load() != 1 {
		t.Fatalf("%d administrators were made of the tokens %q", made.Load(), tokens)
	}
	return admin.Load()
}

// chatsAreMadeOnce has many make the same chat, by a key and by a token.
func chatsAreMadeOnce(t *testing.T, nodes []*chat.Service, admin *chat.APIKey) {
	t.Helper()
	ctx := context.Background()
	for round := range 5 {
		var ids sync.Map
		together(nodes, 8, func(_ int, s *chat.Service) {
			c := chat.NewChat()
			c.Name = "once"
			made, err := s.CreateChat(ctx, admin, c, chat.Idempotency{Key: fmt.Sprint("key ", round)})
			if err != nil {
				t.Error(err)
				return
			}
			ids.Store(made.ID, true)
		})
		var taken, made atomic.Int32
		together(nodes, 8, func(_ int, s *chat.Service) {
			c := chat.NewChat()
			c.Name = "one of many"
			c.Token = fmt.Sprintf("token-of-the-round-%d", round)
			switch _, err := s.CreateChat(ctx, admin, c, chat.Idempotency{}); {
			case err == nil:
				made.Add(1)
			case chat.CodeOf(err) == chat.CodeConflict:
				taken.Add(1)
			default:
				t.Error(err)
			}
		})
		n := 0
		ids.Range(func(any, any) bool { n++; return true })
		if n != 1 || made.Load() != 1 || taken.Load() != 7 {
			t.Errorf("%d chats of one key, %d of one token, %d refused", n, made.Load(), taken.Load())
		}
	}
}

// noChatIsLeftWithoutItsBot deletes bots while chats are given them.
func noChatIsLeftWithoutItsBot(t *testing.T, nodes []*chat.Service, admin *chat.APIKey) {
	t.Helper()
	ctx := context.Background()
	for range 10 {
		b, err := nodes[0].CreateBot(ctx, admin, &chat.BotRecord{Name: "b", Kind: chat.BotRemote, Settings: chat.BotSettings{URL: "https://a.example"}}, chat.Idempotency{})
		if err != nil {
			t.Fatal(err)
		}
		var named, deleted atomic.Int32
		together(nodes, 4, func(i int, s *chat.Service) {
			if i == 3 {
				if err := s.DeleteBot(ctx, b.ID); err == nil {
					deleted.Add(1)
				} else if chat.CodeOf(err) != chat.CodeState {
					t.Error(err)
				}
				return
			}
			c := chat.NewChat()
			c.Name, c.BotID = "c", b.ID
			if _, err := s.CreateChat(ctx, admin, c, chat.Idempotency{}); err == nil {
				named.Add(1)
			} else if chat.CodeOf(err) != chat.CodeInvalid {
				t.Error(err)
			}
		})
		if (deleted.Load() == 1) == (named.Load() > 0) {
			t.Errorf("deleted: %d, named by %d chats", deleted.Load(), named.Load())
		}
	}
}
