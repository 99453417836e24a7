package storetest

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
)

func chatIsChanged(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	w.update(func(tx chat.Tx) error { return tx.CreateChat(&chat.Chat{ID: uuid.NewString(), Token: "taken"}) })
	change := func(tx chat.Tx) error {
		c, err := tx.LockChat(w.chat.ID)
		if err != nil {
			return err
		}
		c.Name, c.BotID, c.Token, c.Identity, c.Secret = "новое имя", uuid.NewString(), "token", chat.IdentitySigned, "s"
		c.Origins, c.Language, c.Settings.SessionTTL, c.DeletedAt = []string{"https://a.example"}, "en", 600, epoch
		w.chat = c
		return tx.UpdateChat(c)
	}
	w.update(change)
	found, err := s.FindChat(context.Background(), w.chat.ID)
	wantNoError(t, err)
	wantEqual(t, "chat", found, w.chat)
	w.refused(chat.CodeConflict, func(tx chat.Tx) error {
		c := *found
		c.Token = "taken"
		return tx.UpdateChat(&c)
	})
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error { return tx.UpdateChat(&chat.Chat{Key: 1 << 40}) })
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error {
		_, err := tx.LockChat(uuid.NewString())
		return err
	})
}

func changesOfAChatAdd(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	const changes = 8
	var wg sync.WaitGroup
	for i := range changes {
		wg.Go(func() {
			err := s.Update(context.Background(), func(tx chat.Tx) error {
				c, err := tx.LockChat(w.chat.ID)
				if err != nil {
					return err
				}
				c.Origins = append(c.Origins, strconv.Itoa(i))
				return tx.UpdateChat(c)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	found, err := s.FindChat(context.Background(), w.chat.ID)
	wantNoError(t, err)
	if len(found.Origins) != changes {
		t.Errorf("of %d changes these are left: %v", changes, found.Origins)
	}
}

func chatsAreListed(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	bot := uuid.NewString()
	var made []chat.Chat
	for i := range 5 {
		c := chat.Chat{ID: uuid.NewString(), Name: strconv.Itoa(i), BotID: bot, CreatedAt: epoch}
		w.update(func(tx chat.Tx) error { return tx.CreateChat(&c) })
		made = append(made, c)
	}
	w.update(func(tx chat.Tx) error { // neither of these is listed
		return tx.CreateChat(&chat.Chat{ID: uuid.NewString(), BotID: bot, Kind: chat.ChatDialogs})
	})
	w.update(func(tx chat.Tx) error {
		return tx.CreateChat(&chat.Chat{ID: uuid.NewString(), BotID: bot, DeletedAt: epoch})
	})
	all, total, err := s.ListChats(context.Background(), 1, 100) // w.chat is the first
	wantNoError(t, err)
	wantEqual(t, "chats", all, made)
	wantEqual(t, "number of chats", total, int64(6))
	page, total, err := s.ListChats(context.Background(), 2, 2)
	wantNoError(t, err)
	wantEqual(t, "page of chats", page, made[1:3])
	wantEqual(t, "number of chats", total, int64(6))
	w.update(func(tx chat.Tx) error {
		n, err := tx.CountChatsOfBot(bot)
		wantEqual(t, "chats of a bot", n, int64(5))
		return err
	})
	other := uuid.NewString()
	w.update(func(tx chat.Tx) error {
		return tx.CreateChat(&chat.Chat{ID: uuid.NewString(), Settings: chat.Settings{ClosedByClientBotID: other}})
	})
	w.update(func(tx chat.Tx) error {
		n, err := tx.CountChatsOfBot(other)
		wantEqual(t, "chats of a bot that only settings name", n, int64(1))
		return err
	})
}

func botIsMadeOnce(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	first := chat.BotRecord{ID: uuid.NewString(), Name: "b", Kind: chat.BotScenario, CreatedAt: epoch}
	second := chat.BotRecord{ID: uuid.NewString(), Name: "a", Kind: chat.BotRemote, CreatedAt: epoch.Add(time.Second)}
	for _, b := range []*chat.BotRecord{&first, &second} {
		w.update(func(tx chat.Tx) error { return tx.CreateBot(b) })
		w.refused(chat.CodeConflict, func(tx chat.Tx) error { return tx.CreateBot(b) })
	}
	const changes = 8
	var wg sync.WaitGroup
	for range changes {
		wg.Go(func() {
			err := s.Update(context.Background(), func(tx chat.Tx) error {
				b, err := tx.LockBot(second.ID)
				if err != nil {
					return err
				}
				b.Settings.Timeout++
				return tx.PutBot(b)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	second.Settings.Timeout = changes
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error {
		_, err := tx.LockBot(uuid.NewString())
		return err
	})
	bots, err := s.ListBots(context.Background())
	wantNoError(t, err)
	wantEqual(t, "bots", bots, []chat.BotRecord{first, second})
	w.update(func(tx chat.Tx) error { return tx.DeleteBot(first.ID) })
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error { return tx.DeleteBot(first.ID) })
	_, err = s.FindBot(context.Background(), first.ID)
	wantCode(t, err, chat.CodeNotFound)
}

func apiKeyIsKept(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	k := chat.APIKey{
		ID: uuid.NewString(), Name: "программа", Digest: "digest", Hint: "gk_ab", Permissions: []string{"a", "b"},
		CreatedAt: epoch, ExpiresAt: epoch.Add(time.Hour), LastUsedAt: epoch.Add(time.Minute),
	}
	wantFilled(t, k)
	w.update(func(tx chat.Tx) error { return tx.CreateAPIKey(&k) })
	w.refused(chat.CodeConflict, func(tx chat.Tx) error { return tx.CreateAPIKey(&k) })
	w.update(func(tx chat.Tx) error { return tx.TouchAPIKey(k.ID, k.LastUsedAt) })
	w.update(func(tx chat.Tx) error { // neither goes back nor makes a key
		return errors.Join(tx.TouchAPIKey(k.ID, k.LastUsedAt.Add(-time.Second)), tx.TouchAPIKey(uuid.NewString(), epoch))
	})
	other := chat.APIKey{ID: uuid.NewString(), Digest: "other", CreatedAt: epoch}
	w.update(func(tx chat.Tx) error { return tx.CreateAPIKey(&other) })
	found, err := s.FindAPIKey(context.Background(), k.Digest)
	wantNoError(t, err)
	wantEqual(t, "key", *found, k)
	keys, err := s.ListAPIKeys(context.Background())
	wantNoError(t, err)
	if len(keys) != 2 || keys[0].ID != k.ID || keys[1].ID != other.ID {
		t.Errorf("keys: %+v", keys)
	}
	w.update(func(tx chat.Tx) error {
		locked, err := tx.LockAPIKey(k.ID)
		if err == nil {
			wantEqual(t, "locked key", *locked, k)
		}
		return err
	})
	w.update(func(tx chat.Tx) error { return tx.DeleteAPIKey(k.ID) })
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error {
		_, err := tx.LockAPIKey(k.ID)
		return err
	})
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error { return tx.DeleteAPIKey(k.ID) })
	_, err = s.FindAPIKey(context.Background(), k.Digest)
	wantCode(t, err, chat.CodeNotFound)
}

func lockedAPIKeyStays(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	k := chat.APIKey{ID: uuid.NewString(), Digest: "digest", CreatedAt: epoch}
	w.update(func(tx chat.Tx) error { return tx.CreateAPIKey(&k) })
	locked := make(chan struct{})
	var once sync.Once
	var deleter sync.WaitGroup
	deleter.Go(func() {
		<-locked
		if err := s.Update(context.Background(), func(tx chat.Tx) error { return tx.DeleteAPIKey(k.ID) }); err != nil {
			t.Error(err)
		}
	})
	w.update(func(tx chat.Tx) error {
		for range 200 { // long enough for a deletion that does not wait
			if _, err := tx.LockAPIKey(k.ID); err != nil {
				return err
			}
			once.Do(func() { close(locked) })
		}
		return nil
	})
	deleter.Wait()
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error {
		_, err := tx.LockAPIKey(k.ID)
		return err
	})
}

func secretIsKeptOnce(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error {
		_, err := tx.FindSecret("a")
		return err
	})
	const nodes = 8
	kept := make([]string, nodes)
	var wg sync.WaitGroup
	for i := range nodes {
		wg.Go(func() {
			err := s.Update(context.Background(), func(tx chat.Tx) (err error) {
				kept[i], err = tx.KeepSecret("a", strconv.Itoa(i))
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if slices.Sort(kept); kept[0] == "" || kept[0] != kept[nodes-1] {
		t.Errorf("kept: %v", kept)
	}
	w.update(func(tx chat.Tx) error { return tx.DeleteSecret("a") })
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error { return tx.DeleteSecret("a") })
}
