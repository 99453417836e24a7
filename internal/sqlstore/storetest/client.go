package storetest

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
)

func logID(t *testing.T, s chat.Store) {
	if id := s.LogID(); id == "" || id != s.LogID() {
		t.Fatalf("log id %q, then %q", id, s.LogID())
	}
}

func chatIsKept(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	c := chat.Chat{
		ID: uuid.NewString(), Name: "Чат 💬", BotID: uuid.NewString(), Token: "token:1", Identity: chat.IdentitySigned, Secret: "secret",
		Origins: []string{"https://a.example", "https://b.example"}, Language: "ru", Demo: true,
		Settings: chat.Settings{
			SessionTTL: 60, AnswerOnFirstClientMessage: true, BotFailureMessage: "упс",
			SessionRatingRequired: true, SessionRatingTriggerTime: 1, SessionRatingScale: 5,
			OperatorsBusyMessage: "заняты", AllowableOperatorIdleTime: 2, TimerFirstAnswer: 3, TimerNextAnswers: 4,
			QueueMaxTime: 5, QueueNoticeInterval: 6, QueueNotice: "ждите",
			SessionReloadBotID: "a", OperatorsOfflineBotID: "b", ClosedByClientBotID: "c", ClosedByOperatorBotID: "d",
			ClosedByLifetimeBotID: "e", MessageUndeliveredBotID: "f",
			DisableTextInput: true, WebhookURL: "https://e.example",
			EventCallbackURL: "https://c.example", EventCallbackData: "данные", NotifyOnEvents: []string{"sessionClosed"},
			Results: []string{"решено"}, FCMServerKey: "key", FCMServiceURL: "https://d.example",
			PushData: json.RawMessage(`{"a":1}`), KnowledgeBase: json.RawMessage(`[]`), Form: json.RawMessage(`{"b":"ы"}`),
			References: json.RawMessage(`"r"`), Appearance: json.RawMessage(`{"c":[1,2]}`),
		},
		Kind: chat.ChatDialogs, CreatedAt: epoch, DeletedAt: epoch.Add(time.Hour),
	}
	wantFilled(t, c, "Key")
	wantFilled(t, c.Settings)
	w.update(func(tx chat.Tx) error { return tx.CreateChat(&c) })
	if c.Key == 0 || c.Key == w.chat.Key {
		t.Fatalf("key %d", c.Key)
	}
	found, err := s.FindChat(context.Background(), c.ID)
	wantNoError(t, err)
	wantEqual(t, "chat", *found, c)
	w.update(func(tx chat.Tx) error {
		found, err := tx.FindChat(c.ID)
		wantEqual(t, "chat in a transaction", *found, c)
		return err
	})
	_, err = s.FindChat(context.Background(), uuid.NewString())
	wantCode(t, err, chat.CodeNotFound)
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error {
		_, err := tx.FindChat(uuid.NewString())
		return err
	})
}

func chatIsUnique(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	w.update(func(tx chat.Tx) error { return tx.CreateChat(&chat.Chat{ID: uuid.NewString(), Token: "taken"}) })
	w.refused(chat.CodeConflict, func(tx chat.Tx) error { return tx.CreateChat(&chat.Chat{ID: w.chat.ID}) })
	w.refused(chat.CodeConflict, func(tx chat.Tx) error { return tx.CreateChat(&chat.Chat{ID: uuid.NewString(), Token: "taken"}) })
	w.update(func(tx chat.Tx) error { return tx.CreateChat(&chat.Chat{ID: uuid.NewString()}) }) // no token is not a token
}

func botIsKept(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	b := chat.BotRecord{
		ID: uuid.NewString(), Name: "Бот", Kind: chat.BotRemote, Version: 7, CreatedAt: epoch,
		Settings: chat.BotSettings{URL: "https://a.example", Timeout: 1, Retries: 2, History: 3, FailureMessage: "упс"},
	}
	wantFilled(t, b)
	wantFilled(t, b.Settings)
	for _, name := range []string{"Бот", "Другой"} {
		b.Name = name
		b.Version++
		w.update(func(tx chat.Tx) error { return tx.PutBot(&b) })
		w.update(func(tx chat.Tx) error {
			found, err := tx.FindBot(b.ID)
			wantEqual(t, "bot", *found, b)
			return err
		})
		found, err := s.FindBot(context.Background(), b.ID)
		wantNoError(t, err)
		wantEqual(t, "bot", *found, b)
	}
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error {
		_, err := tx.FindBot(uuid.NewString())
		return err
	})
}

func clientIsKept(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	zone := -330
	c := chat.Client{
		ID: uuid.NewString(), ExternalID: "ext", Name: "Анна 🙂", FirstName: "Анна", MiddleName: "Ивановна", LastName: "Ким",
		NameForOperator: "VIP", Phone: "+7900", Email: "a@example.org", DeviceID: "device", Timezone: &zone,
		Metadata: map[string]string{"город": "Томск"}, CreatedAt: epoch,
	}
	wantFilled(t, c, "Key")
	w.update(func(tx chat.Tx) error { return tx.CreateClient(&c) })
	w.wantClient(c)

	other := 0
	c.ExternalID, c.Name, c.FirstName, c.MiddleName, c.LastName = "2", "3", "4", "5", "6"
	c.NameForOperator, c.Phone, c.Email, c.DeviceID, c.Timezone = "7", "8", "9", "10", &other
	c.Metadata = map[string]string{"a": "b"}
	w.update(func(tx chat.Tx) error { return tx.UpdateClient(&c) })
	w.wantClient(c)
	c.Timezone, c.Metadata = nil, nil
	w.update(func(tx chat.Tx) error { return tx.UpdateClient(&c) })
	w.wantClient(c)

	w.refused(chat.CodeConflict, func(tx chat.Tx) error { return tx.CreateClient(&chat.Client{ID: c.ID}) })
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error { return tx.UpdateClient(&chat.Client{Key: 1 << 40}) })
	_, err := s.FindClientByKey(context.Background(), 1<<40)
	wantCode(t, err, chat.CodeNotFound)
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error {
		_, err := tx.FindClient(uuid.NewString())
		return err
	})
}

func (w *world) wantClient(c chat.Client) {
	w.Helper()
	found, err := w.FindClientByKey(context.Background(), c.Key)
	wantNoError(w.T, err)
	wantEqual(w.T, "client", *found, c)
	w.update(func(tx chat.Tx) error {
		found, err := tx.FindClient(c.ID)
		wantEqual(w.T, "client in a transaction", *found, c)
		return err
	})
}

// clientByAlias is the key of the client found, 0 for none.
func (w *world) clientByAlias(chatKey int64, a chat.Alias) (key int64) {
	w.Helper()
	w.update(func(tx chat.Tx) error {
		c, err := tx.FindClientByAlias(chatKey, a)
		if chat.CodeOf(err) == chat.CodeNotFound {
			return nil
		}
		key = c.Key
		return err
	})
	return key
}

func aliasStays(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	a := chat.Alias{Kind: chat.AliasPhone, Value: "+7 (900) Ж"}
	second := w.newClient()
	for _, c := range []*chat.Client{w.client, second, w.client} {
		w.update(func(tx chat.Tx) error { return tx.AddAlias(w.chat.Key, c.Key, a) })
		wantEqual(t, "owner", w.clientByAlias(w.chat.Key, a), w.client.Key)
	}
	wantEqual(t, "unknown alias", w.clientByAlias(w.chat.Key, chat.Alias{Kind: chat.AliasPhone, Value: "none"}), 0)
}

func aliasIsTakenOnce(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	a := chat.Alias{Kind: chat.AliasExternal, Value: "ж"}
	second := w.newClient()
	w.update(func(tx chat.Tx) error { return tx.CreateAlias(w.chat.Key, w.client.Key, a) })
	w.refused(chat.CodeConflict, func(tx chat.Tx) error { return tx.CreateAlias(w.chat.Key, second.Key, a) })
	wantEqual(t, "owner", w.clientByAlias(w.chat.Key, a), w.client.Key)
}

// changesOfAClientAdd has many change a client at once, each what it has read under the lock.
func changesOfAClientAdd(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			err := w.Update(context.Background(), func(tx chat.Tx) error {
				c, err := tx.LockClient(w.client.Key)
				if err != nil {
					return err
				}
				if c.Metadata == nil {
					c.Metadata = map[string]string{}
				}
				c.Metadata[fmt.Sprint(i)] = "x"
				return tx.UpdateClient(c)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	c, err := w.FindClientByKey(context.Background(), w.client.Key)
	wantNoError(t, err)
	wantEqual(t, "changes", len(c.Metadata), 20)
}

func aliasIsScoped(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	other := &chat.Chat{ID: uuid.NewString()}
	second, third := w.newClient(), w.newClient()
	w.update(func(tx chat.Tx) error { return tx.CreateChat(other) })
	w.update(func(tx chat.Tx) error {
		if err := tx.AddAlias(w.chat.Key, w.client.Key, chat.Alias{Kind: chat.AliasPhone, Value: "1"}); err != nil {
			return err
		}
		if err := tx.AddAlias(w.chat.Key, second.Key, chat.Alias{Kind: chat.AliasExternal, Value: "1"}); err != nil {
			return err
		}
		return tx.AddAlias(other.Key, third.Key, chat.Alias{Kind: chat.AliasPhone, Value: "1"})
	})
	wantEqual(t, "phone", w.clientByAlias(w.chat.Key, chat.Alias{Kind: chat.AliasPhone, Value: "1"}), w.client.Key)
	wantEqual(t, "external id", w.clientByAlias(w.chat.Key, chat.Alias{Kind: chat.AliasExternal, Value: "1"}), second.Key)
	wantEqual(t, "other chat", w.clientByAlias(other.Key, chat.Alias{Kind: chat.AliasPhone, Value: "1"}), third.Key)
}
