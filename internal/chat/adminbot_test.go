package chat_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
)

func (w *world) makeBot(edit ...func(*chat.BotRecord)) (*chat.BotRecord, error) {
	b := &chat.BotRecord{Name: "Бот", Kind: chat.BotRemote, Settings: chat.BotSettings{URL: "https://bot.example/turn"}}
	for _, e := range edit {
		e(b)
	}
	return w.CreateBot(context.Background(), &chat.APIKey{ID: "a"}, b, chat.Idempotency{})
}

func TestBadBots(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good, err := w.makeBot()
	if err != nil || good.ID == "" || !good.CreatedAt.Equal(w.clock()) {
		t.Fatalf("%+v, %v", good, err)
	}
	for _, tt := range []struct {
		name, field string
		edit        func(*chat.BotRecord)
	}{
		{"no name", "name", func(b *chat.BotRecord) { b.Name = "" }},
		{"no URL", "url", func(b *chat.BotRecord) { b.Settings.URL = "" }},
		{"another scheme", "url", func(b *chat.BotRecord) { b.Settings.URL = "file:///etc/passwd" }},
		{"a URL without a host", "url", func(b *chat.BotRecord) { b.Settings.URL = "http://" }},
		{"a URL with a fragment", "url", func(b *chat.BotRecord) { b.Settings.URL = "http://a.example/#b" }},
		{"a long time", "timeout", func(b *chat.BotRecord) { b.Settings.Timeout = 61 }},
		{"a negative time", "timeout", func(b *chat.BotRecord) { b.Settings.Timeout = -1 }},
		{"many retries", "retries", func(b *chat.BotRecord) { b.Settings.Retries = 11 }},
		{"a long history", "history", func(b *chat.BotRecord) { b.Settings.History = 101 }},
		{"a long text", "failureMessage", func(b *chat.BotRecord) { b.Settings.FailureMessage = strings.Repeat("a", 4097) }},
	} {
		_, err := w.makeBot(tt.edit)
		expectField(t, err, tt.field)
		_, err = w.UpdateBot(t.Context(), good.ID, func(b *chat.BotRecord) error { tt.edit(b); return nil })
		expectField(t, err, tt.field)
	}
	_, err = w.makeBot(func(b *chat.BotRecord) { b.Kind = "parrot" })
	expectField(t, err, "kind")
	_, err = w.makeBot(func(b *chat.BotRecord) { b.Kind = chat.BotScenario })
	expectField(t, err, "url")
	_, err = w.makeBot(func(b *chat.BotRecord) { b.ID = chat.NoBot })
	expectField(t, err, "id")
	_, err = w.makeBot(func(b *chat.BotRecord) { b.ID = good.ID })
	expectCode(t, err, chat.CodeConflict)
	if bots, err := w.ListBots(t.Context()); err != nil || len(bots) != 3 { // with those of the world
		t.Errorf("%v, %v", bots, err)
	}
}

func TestBotThatChatsNameStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, err := w.makeBot()
	if err != nil {
		t.Fatal(err)
	}
	answers := w.mustMakeChat(func(c *chat.Chat) { c.BotID = b.ID })
	later := w.mustMakeChat(func(c *chat.Chat) { c.Settings.MessageUndeliveredBotID = b.ID })
	for _, c := range []*chat.Chat{answers, later} {
		expectCode(t, w.DeleteBot(t.Context(), b.ID), chat.CodeState)
		if err := w.DeleteChat(t.Context(), c.ID); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.DeleteBot(t.Context(), b.ID); err != nil {
		t.Error(err)
	}
	expectCode(t, w.DeleteBot(t.Context(), b.ID), chat.CodeNotFound)
	_, err = w.UpdateBot(t.Context(), uuid.NewString(), func(*chat.BotRecord) error { return nil })
	expectCode(t, err, chat.CodeNotFound)

	expectCode(t, w.DeleteBot(t.Context(), w.bot.ID), chat.CodeState) // as it comes with the program
	_, err = w.UpdateBot(t.Context(), w.bot.ID, func(*chat.BotRecord) error { return nil })
	expectCode(t, err, chat.CodeState)
}

func TestChangesOfABotAtOnceAddUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, err := w.makeBot()
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if _, err := w.UpdateBot(t.Context(), b.ID, func(b *chat.BotRecord) error { b.Settings.Timeout++; return nil }); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if found, err := w.FindBot(t.Context(), b.ID); err != nil || found.Settings.Timeout != 16 {
		t.Errorf("%+v, %v", found, err)
	}
}
