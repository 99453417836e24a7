package chat_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

// root is a key that may do everything, as Setup makes it.
func (w *world) root() (*chat.APIKey, string) {
	w.t.Helper()
	token, err := w.OfferSetup(context.Background(), chat.Node{ID: "here"}, true)
	if err != nil || token == "" {
		w.t.Fatalf("offer: %q, %v", token, err)
	}
	k, text, err := w.Setup(context.Background(), token, "первый")
	if err != nil {
		w.t.Fatal(err)
	}
	return k, text
}

func (w *world) key(by *chat.APIKey, permissions ...string) (*chat.APIKey, string) {
	w.t.Helper()
	k, text, err := w.CreateAPIKey(context.Background(), by, chat.NewKeyParams{Name: "k", Permissions: permissions})
	if err != nil {
		w.t.Fatal(err)
	}
	return k, text
}

func TestKeyIsShownOnceAndKeptAsADigest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k, text := w.root()
	if len(text) != 46 || !strings.HasPrefix(text, "gk_") || k.Hint != text[:7] {
		t.Errorf("key %q, hint %q", text, k.Hint)
	}
	keys, err := w.ListAPIKeys(t.Context())
	if err != nil || len(keys) != 1 || strings.Contains(keys[0].Digest, text[7:]) || len(keys[0].Digest) != 64 {
		t.Errorf("%+v, %v", keys, err)
	}
	found, err := w.Authenticate(t.Context(), text)
	if err != nil || found.ID != k.ID || !found.Allows("anything") {
		t.Errorf("%+v, %v", found, err)
	}
	for _, wrong := range []string{
		"", "gk_", text[:45], text + "A", "gK_" + text[3:], text[3:] + "gk_", " " + text[1:], text[:45] + "\n", "gk_" + strings.Repeat("я", 43), "gk_" + strings.Repeat("A", 43),
		strings.Repeat("gk_", 100_000), keys[0].Digest, "\xff" + text[1:],
	} {
		_, err := w.Authenticate(t.Context(), wrong)
		expectCode(t, err, chat.CodeUnauthenticated)
	}
}

func TestAllows(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		has, asked string
		want       bool
	}{
		{"admin", "chats", true}, {"admin", "webhooks:read", true}, {"admin", "admin", true},
		{"chats", "chats", true}, {"chats", "chats:read", true}, {"chats:read", "chats:read", true},
		{"chats:read", "chats", false}, {"chats", "bots:read", false}, {"chats", "admin", false}, {"dialogs", "chats:read", false},
		{"", "chats", false}, {"bots keys", "keys:read", true}, {"keys:read bots", "keys", false},
	} {
		k := &chat.APIKey{Permissions: strings.Fields(tt.has)}
		if got := k.Allows(tt.asked); got != tt.want {
			t.Errorf("%q allows %q: %v", tt.has, tt.asked, got)
		}
	}
}

func TestKeyGivesNoMoreThanItHas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root, _ := w.root()
	clerk, _ := w.key(root, "keys", "chats:read")
	for _, permission := range []string{"admin", "chats", "bots:read", "dialogs"} {
		_, _, err := w.CreateAPIKey(t.Context(), clerk, chat.NewKeyParams{Name: "k", Permissions: []string{"keys", permission}})
		expectCode(t, err, chat.CodeForbidden)
	}
	same, _ := w.key(clerk, "keys:read", "chats:read")
	expectCode(t, w.DeleteAPIKey(t.Context(), clerk, root.ID), chat.CodeForbidden)
	if err := w.DeleteAPIKey(t.Context(), clerk, same.ID); err != nil {
		t.Error(err)
	}
	expectCode(t, w.DeleteAPIKey(t.Context(), clerk, same.ID), chat.CodeNotFound)
	expectCode(t, w.DeleteAPIKey(t.Context(), clerk, "x"), chat.CodeNotFound)
}

func TestBadKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root, _ := w.root()
	for field, p := range map[string]chat.NewKeyParams{
		"name":           {Permissions: []string{"admin"}},
		"name ":          {Name: " \t", Permissions: []string{"admin"}},
		"name  ":         {Name: strings.Repeat("я", 256), Permissions: []string{"admin"}},
		"name   ":        {Name: "a\x1b[1m", Permissions: []string{"admin"}},
		"name    ":       {Name: "a\xff", Permissions: []string{"admin"}},
		"permissions":    {Name: "k"},
		"permissions[1]": {Name: "k", Permissions: []string{"chats", "root"}},
		"permissions[2]": {Name: "k", Permissions: []string{"chats", "bots", "chats"}},
		"expiresAt":      {Name: "k", Permissions: []string{"chats"}, ExpiresAt: w.clock()},
	} {
		_, _, err := w.CreateAPIKey(t.Context(), root, p)
		expectField(t, err, strings.TrimSpace(field))
	}
	if keys, err := w.ListAPIKeys(t.Context()); err != nil || len(keys) != 1 {
		t.Errorf("%v, %v", keys, err)
	}
}

func TestKeyExpires(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root, _ := w.root()
	_, text, err := w.CreateAPIKey(t.Context(), root, chat.NewKeyParams{Name: "k", Permissions: []string{"chats"}, ExpiresAt: w.clock().Add(time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Authenticate(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Second) // less than the cache keeps it
	_, err = w.Authenticate(t.Context(), text)
	expectCode(t, err, chat.CodeUnauthenticated)
}

func TestDeletedKeyIsRefusedAtOnceHereAndSoonElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.another()
	root, _ := w.root()
	k, text := w.key(root, "chats")
	for _, s := range []*chat.Service{w.Service, other} {
		if _, err := s.Authenticate(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.DeleteAPIKey(t.Context(), root, k.ID); err != nil {
		t.Fatal(err)
	}
	_, err := w.Authenticate(t.Context(), text)
	expectCode(t, err, chat.CodeUnauthenticated)
	w.pass(2 * time.Second)
	_, err = other.Authenticate(t.Context(), text)
	expectCode(t, err, chat.CodeUnauthenticated)
}

// A node that has not noticed yet that a key was deleted lets it change no keys.
func TestDeletedKeyLeavesNoSuccessor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.another()
	root, _ := w.root()
	revoked, text := w.key(root, "admin")
	by, err := other.Authenticate(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	p := chat.NewKeyParams{Name: "successor", Permissions: []string{"admin"}, Idempotency: chat.Idempotency{Key: "k", BodyHash: "h"}}
	earlier, _, err := other.CreateAPIKey(t.Context(), by, p)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.DeleteAPIKey(t.Context(), root, revoked.ID); err != nil {
		t.Fatal(err)
	}
	if by, err = other.Authenticate(t.Context(), text); err != nil {
		t.Fatal("the other node has noticed already")
	}
	for _, key := range []string{"", "k", "l"} { // neither a new one nor the answer to a repeat
		p.Idempotency.Key = key
		_, _, err = other.CreateAPIKey(t.Context(), by, p)
		expectCode(t, err, chat.CodeUnauthenticated)
	}
	for _, id := range []string{root.ID, earlier.ID, revoked.ID, "x", "0"} {
		expectCode(t, other.DeleteAPIKey(t.Context(), by, id), chat.CodeUnauthenticated)
	}
	if keys, err := w.ListAPIKeys(t.Context()); err != nil || len(keys) != 2 {
		t.Errorf("%v, %v", keys, err)
	}
}

// Of two keys that delete each other one is left.
func TestKeysDeleteEachOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root, _ := w.root()
	a, _ := w.key(root, "keys")
	b, _ := w.key(root, "keys")
	var wg sync.WaitGroup
	errs := make([]error, 2)
	wg.Go(func() { errs[0] = w.DeleteAPIKey(t.Context(), a, b.ID) })
	wg.Go(func() { errs[1] = w.DeleteAPIKey(t.Context(), b, a.ID) })
	wg.Wait()
	if errs[0] == nil {
		errs[0], errs[1] = errs[1], errs[0]
	}
	expectCode(t, errs[0], chat.CodeUnauthenticated)
	if errs[1] != nil {
		t.Error(errs[1])
	}
}

func TestKeyGivesNoLongerLifeThanItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root, _ := w.root()
	end := w.clock().Add(time.Hour)
	give := func(by *chat.APIKey, expiresAt time.Time) (*chat.APIKey, error) {
		k, _, err := w.CreateAPIKey(t.Context(), by, chat.NewKeyParams{Name: "k", Permissions: []string{"keys"}, ExpiresAt: expiresAt})
		return k, err
	}
	k, err := give(root, end)
	if err != nil {
		t.Fatal(err)
	}
	for _, longer := range []time.Time{{}, end.Add(time.Second), end.Add(1000 * time.Hour)} {
		_, err := give(k, longer)
		var e *chat.Error
		if !errors.As(err, &e) || e.Code != chat.CodeForbidden || e.Field != "expiresAt" || !strings.Contains(e.Message, "2026-03-01T13:00:00Z") {
			t.Errorf("until %v: %v", longer, err)
		}
	}
	for _, within := range []time.Time{end, end.In(time.FixedZone("", 3*3600)), end.Add(-time.Second)} {
		if _, err := give(k, within); err != nil {
			t.Errorf("until %v: %v", within, err)
		}
	}
}

// A key that expires while a call is under way changes no keys any more.
func TestExpiredKeyChangesNoKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root, _ := w.root()
	p := chat.NewKeyParams{Name: "k", Permissions: []string{"keys"}, ExpiresAt: w.clock().Add(time.Second)}
	k, _, err := w.CreateAPIKey(t.Context(), root, p)
	if err != nil {
		t.Fatal(err)
	}
	w.pass(time.Second)
	p.ExpiresAt = time.Time{}
	_, _, err = w.CreateAPIKey(t.Context(), k, p)
	expectCode(t, err, chat.CodeUnauthenticated)
	expectCode(t, w.DeleteAPIKey(t.Context(), k, k.ID), chat.CodeUnauthenticated)
}

// A key that is read while it is being deleted must not stay in the cache.
func TestKeyReadDuringItsDeletionIsNotCached(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root, _ := w.root()
	for range 20 {
		k, text := w.key(root, "chats")
		var callers sync.WaitGroup
		gone := make(chan struct{})
		for range 4 {
			callers.Go(func() {
				for {
					_, _ = w.Authenticate(t.Context(), text)
					select {
					case <-gone:
						return
					default:
					}
				}
			})
		}
		if err := w.DeleteAPIKey(t.Context(), root, k.ID); err != nil {
			t.Error(err)
		}
		_, err := w.Authenticate(t.Context(), text)
		close(gone)
		callers.Wait()
		expectCode(t, err, chat.CodeUnauthenticated)
	}
}

func TestLastUseIsKeptToTheMinute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, text := w.root()
	use := func() time.Time {
		t.Helper()
		if _, err := w.Authenticate(t.Context(), text); err != nil {
			t.Fatal(err)
		}
		if err := w.KeepKeyUses(t.Context()); err != nil {
			t.Fatal(err)
		}
		keys, err := w.ListAPIKeys(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return keys[0].LastUsedAt
	}
	began := w.clock().Truncate(time.Minute)
	if got := use(); !got.Equal(began) {
		t.Errorf("used at %v", got)
	}
	w.pass(30 * time.Second)
	if got := use(); !got.Equal(began) {
		t.Errorf("used at %v", got)
	}
	w.pass(30 * time.Second)
	if got := use(); !got.Equal(began.Add(time.Minute)) {
		t.Errorf("used at %v", got)
	}
	w.pass(time.Hour)
	if err := w.KeepKeyUses(t.Context()); err != nil {
		t.Error(err)
	}
	if got := use(); !got.Equal(began.Add(61 * time.Minute)) {
		t.Errorf("used at %v", got)
	}
}

func TestRepeatedCreationOfAKeyShowsNoKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root, _ := w.root()
	p := chat.NewKeyParams{Name: "k", Permissions: []string{"chats"}, Idempotency: chat.Idempotency{Key: "once", BodyHash: "a"}}
	const callers = 8
	var mu sync.Mutex
	ids, texts := map[string]bool{}, map[string]bool{}
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			k, text, err := w.CreateAPIKey(t.Context(), root, p)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			ids[k.ID] = true
			if text != "" {
				texts[text] = true
			}
		})
	}
	wg.Wait()
	if len(ids) != 1 || len(texts) != 1 {
		t.Errorf("%d keys, shown %d times", len(ids), len(texts))
	}
	p.Idempotency.BodyHash = "b"
	_, _, err := w.CreateAPIKey(t.Context(), root, p)
	expectCode(t, err, chat.CodeKeyReused)
	second, _ := w.key(root, "keys", "chats")
	p.Idempotency.BodyHash = "a"
	k, text, err := w.CreateAPIKey(t.Context(), second, p)
	if err != nil || ids[k.ID] || text == "" {
		t.Errorf("another caller's key of the same name: %v, %v", k, err)
	}
}

// unread is a store that cannot be read just now.
type unread struct{ chat.Store }

func (unread) ListAPIKeys(context.Context) ([]chat.APIKey, error) {
	return nil, chat.Errorf(chat.CodeUnavailable, "the disk is gone")
}

// The text of a key that is there is not lost by a failure of anything after it was made.
func TestMadeKeyIsShownWhateverFailsThen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root, _ := w.root()
	params := w.Params
	params.Store = unread{w.store}
	p := chat.NewKeyParams{
		Name: "k", Permissions: []string{"chats"}, Idempotency: chat.Idempotency{Key: "once", BodyHash: "a"},
		ExpiresAt: w.clock().Add(time.Hour).In(time.FixedZone("", 3*3600)),
	}
	k, text, err := chat.NewService(params).CreateAPIKey(t.Context(), root, p)
	if err != nil {
		t.Fatal(err)
	}
	if found, err := w.Authenticate(t.Context(), text); err != nil || found.ID != k.ID || !found.ExpiresAt.Equal(k.ExpiresAt) {
		t.Errorf("made %+v, found %+v, %v", k, found, err)
	}
	if again, text, err := w.CreateAPIKey(t.Context(), root, p); err != nil || again.ID != k.ID || text != "" {
		t.Errorf("repeated: %+v, %q, %v", again, text, err)
	}
}

func TestSetupWorksOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token, err := w.OfferSetup(t.Context(), chat.Node{ID: "a"}, false)
	if err != nil || len(token) != 43 {
		t.Fatalf("%q, %v", token, err)
	}
	for _, wrong := range []string{"", token[1:], token + "A", strings.Repeat("x", 43), "Привет"} {
		_, _, err := w.Setup(t.Context(), wrong, "k")
		expectCode(t, err, chat.CodeForbidden)
	}
	_, _, err = w.Setup(t.Context(), token, "")
	expectField(t, err, "name")
	const callers = 8
	var wg sync.WaitGroup
	made := make(chan string, callers)
	for range callers {
		wg.Go(func() {
			_, text, err := w.Setup(t.Context(), token, "k")
			if err == nil {
				made <- text
			} else if chat.CodeOf(err) != chat.CodeForbidden {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(made) != 1 {
		t.Fatalf("%d administrators", len(made))
	}
	if _, err := w.Authenticate(t.Context(), <-made); err != nil {
		t.Error(err)
	}
	if token, err := w.OfferSetup(t.Context(), chat.Node{ID: "b"}, false); err != nil || token != "" {
		t.Errorf("offered to a second one: %q, %v", token, err)
	}
}

func TestSetupIsOfferedAnewAtEveryStartWithoutAnAdministrator(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	offer := func(node string, anyway bool) string {
		t.Helper()
		token, err := w.OfferSetup(t.Context(), chat.Node{ID: node, Name: node}, anyway)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	first := offer("a", false)
	w.update(func(tx chat.Tx) error { // the first node lives
		_, err := tx.PutNode(&chat.Node{ID: "a", Name: "a", Beat: 1})
		return err
	})
	if token := offer("b", false); token != "" {
		t.Error("a second node offers another link")
	}
	second, err := w.OfferSetup(t.Context(), chat.Node{ID: "c", Name: "a"}, false) // it died a moment ago, and is back
	if err != nil || second == "" {
		t.Fatalf("a node that was started anew offers %q, %v", second, err)
	}
	_, _, err = w.Setup(t.Context(), first, "k")
	expectCode(t, err, chat.CodeForbidden)
	root, _, err := w.Setup(t.Context(), second, "k")
	if err != nil {
		t.Fatal(err)
	}
	w.key(root, "keys") // is no administrator
	third := offer("d", true)
	if third == "" || offer("e", false) != "" {
		t.Error("with an administrator a link is offered when it is asked for, and only then")
	}
	_, _, err = w.Setup(t.Context(), third, "k")
	expectCode(t, err, chat.CodeForbidden)
	if err := w.DeleteAPIKey(t.Context(), root, root.ID); err != nil {
		t.Fatal(err)
	}
	if offer("f", false) == "" {
		t.Error("nothing is offered where no administrator is left")
	}
}
