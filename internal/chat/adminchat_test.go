package chat_test

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
)

// make makes a chat as an administrator does.
func (w *world) makeChat(edit ...func(*chat.Chat)) (*chat.Chat, error) {
	c := chat.NewChat()
	c.Name = "магазин"
	for _, e := range edit {
		e(c)
	}
	return w.CreateChat(context.Background(), &chat.APIKey{ID: "a"}, c, chat.Idempotency{})
}

func (w *world) mustMakeChat(edit ...func(*chat.Chat)) *chat.Chat {
	w.t.Helper()
	c, err := w.makeChat(edit...)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func TestNewChatIsSigned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.mustMakeChat()
	if c.Identity != chat.IdentitySigned || len(c.Secret) < 40 || c.Key == 0 || c.ID == "" || !c.CreatedAt.Equal(w.clock()) {
		t.Errorf("%+v", c)
	}
	if !regexp.MustCompile(`^[A-Za-z]{8}:[0-9a-f]{40}$`).MatchString(c.Token) {
		t.Errorf("token %q", c.Token)
	}
	other := w.mustMakeChat()
	if other.Token == c.Token || other.Secret == c.Secret || other.ID == c.ID {
		t.Error("two chats share what is random")
	}
	list, total, err := w.ListChats(t.Context(), 1, 10) // after that of the world
	if err != nil || total != 3 || len(list) != 2 || list[0].ID != c.ID || list[1].ID != other.ID {
		t.Errorf("%v, %d, %v", list, total, err)
	}
}

func TestBadChats(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	long := strings.Repeat("я", 5000)
	listed := func(n int, text string) (list []string) {
		for range n {
			list = append(list, text)
		}
		return list
	}
	for _, tt := range []struct {
		name, field string
		edit        func(*chat.Chat)
	}{
		{"no name", "name", func(c *chat.Chat) { c.Name = "" }},
		{"a blank name", "name", func(c *chat.Chat) { c.Name = " \u2003" }},
		{"a long name", "name", func(c *chat.Chat) { c.Name = strings.Repeat("👋", 256) }},
		{"a name with an escape", "name", func(c *chat.Chat) { c.Name = "a\x1b]0;b" }},
		{"a name that is no text", "name", func(c *chat.Chat) { c.Name = "\xd0" }},
		{"identity", "identity", func(c *chat.Chat) { c.Identity = "Open" }},
		{"language", "language", func(c *chat.Chat) { c.Language = "de" }},
		{"no secret", "secret", func(c *chat.Chat) { c.Secret = "" }},
		{"a short secret", "secret", func(c *chat.Chat) { c.Secret = "123456789012345" }},
		{"a long secret", "secret", func(c *chat.Chat) { c.Secret = strings.Repeat("a", 256) }},
		{"a secret with a line end", "secret", func(c *chat.Chat) { c.Secret = "1234567890123456\n" }},
		{"a short token", "token", func(c *chat.Chat) { c.Token = "123456789012345" }},
		{"a token with a slash", "token", func(c *chat.Chat) { c.Token = "1234567890123456/" }},
		{"a token in Cyrillic", "token", func(c *chat.Chat) { c.Token = "токентокентокентокен" }},
		{"an origin with a path", "origins[1]", func(c *chat.Chat) { c.Origins = []string{"https://a.example", "https://a.example/b"} }},
		{"an origin without a scheme", "origins[0]", func(c *chat.Chat) { c.Origins = []string{"a.example"} }},
		{"an origin with stars", "origins[0]", func(c *chat.Chat) { c.Origins = []string{"https://*.*.example"} }},
		{"an origin that ends in a star", "origins[0]", func(c *chat.Chat) { c.Origins = []string{"https://a.*"} }},
		{"an origin with a user", "origins[0]", func(c *chat.Chat) { c.Origins = []string{"https://u@a.example"} }},
		{"an origin with a query", "origins[0]", func(c *chat.Chat) { c.Origins = []string{"https://a.example?b"} }},
		{"an origin in Cyrillic", "origins[0]", func(c *chat.Chat) { c.Origins = []string{"https://пример.рф"} }},
		{"an empty origin", "origins[0]", func(c *chat.Chat) { c.Origins = []string{""} }},
		{"many origins", "origins", func(c *chat.Chat) { c.Origins = listed(101, "*") }},
		{"an unknown bot", "botId", func(c *chat.Chat) { c.BotID = uuid.NewString() }},
		{"no bot id", "botId", func(c *chat.Chat) { c.BotID = "робот" }},
		{"an unknown bot for later", "closedByClientBotId", func(c *chat.Chat) { c.Settings.ClosedByClientBotID = uuid.NewString() }},
		{"a short life", "sessionTtl", func(c *chat.Chat) { c.Settings.SessionTTL = 299 }},
		{"a long life", "sessionTtl", func(c *chat.Chat) { c.Settings.SessionTTL = 604_801 }},
		{"a negative life", "sessionTtl", func(c *chat.Chat) { c.Settings.SessionTTL = -1 }},
		{"a scale", "sessionRatingScale", func(c *chat.Chat) { c.Settings.SessionRatingScale = 3 }},
		{"a rating's time", "sessionRatingTriggerTime", func(c *chat.Chat) { c.Settings.SessionRatingTriggerTime = -1 }},
		{"an idle time", "allowableOperatorIdleTime", func(c *chat.Chat) { c.Settings.AllowableOperatorIdleTime = 86_401 }},
		{"a first answer", "timerFirstAnswer", func(c *chat.Chat) { c.Settings.TimerFirstAnswer = 1 << 40 }},
		{"next answers", "timerNextAnswers", func(c *chat.Chat) { c.Settings.TimerNextAnswers = -5 }},
		{"a queue's time", "queueMaxTime", func(c *chat.Chat) { c.Settings.QueueMaxTime = 86_401 }},
		{"a queue's notices", "queueNoticeInterval", func(c *chat.Chat) { c.Settings.QueueNoticeInterval = 9 }},
		{"a long text", "operatorsBusyMessage", func(c *chat.Chat) { c.Settings.OperatorsBusyMessage = long }},
		{"a text with NUL", "botFailureMessage", func(c *chat.Chat) { c.Settings.BotFailureMessage = "a\x00" }},
		{"a notice that is no text", "queueNotice", func(c *chat.Chat) { c.Settings.QueueNotice = "\xff" }},
		{"long data", "eventCallbackData", func(c *chat.Chat) { c.Settings.EventCallbackData = long }},
		{"a long key", "fcmServerKey", func(c *chat.Chat) { c.Settings.FCMServerKey = long }},
		{"an empty result", "results[1]", func(c *chat.Chat) { c.Settings.Results = []string{"да", ""} }},
		{"many results", "results", func(c *chat.Chat) { c.Settings.Results = listed(101, "да") }},
		{"an event without a name", "notifyOnEvents[0]", func(c *chat.Chat) { c.Settings.NotifyOnEvents = []string{""} }},
		{"no URL", "eventCallbackUrl", func(c *chat.Chat) { c.Settings.EventCallbackURL = "shop.example" }},
		{"no URL of a webhook", "webhookUrl", func(c *chat.Chat) { c.Settings.WebhookURL = "shop.example" }},
		{"another scheme", "eventCallbackUrl", func(c *chat.Chat) { c.Settings.EventCallbackURL = "ftp://shop.example" }},
		{"a URL without a host", "fcmServiceUrl", func(c *chat.Chat) { c.Settings.FCMServiceURL = "https:///path" }},
		{"a URL of a port", "fcmServiceUrl", func(c *chat.Chat) { c.Settings.FCMServiceURL = "https://:443" }},
		{"a long URL", "fcmServiceUrl", func(c *chat.Chat) { c.Settings.FCMServiceURL = "https://a.example/" + long }},
		{"much free form", "appearance", func(c *chat.Chat) { c.Settings.Appearance = json.RawMessage(`"` + strings.Repeat("a", 64<<10) + `"`) }},
		{"free form that is no JSON", "form", func(c *chat.Chat) { c.Settings.Form = json.RawMessage("{") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := w.makeChat(tt.edit)
			expectField(t, err, tt.field)
			_, err = w.UpdateChat(t.Context(), w.chat.ID, func(c *chat.Chat) error {
				c.Secret = "a secret that is long enough"
				tt.edit(c)
				return nil
			})
			expectField(t, err, tt.field)
		})
	}
}

func TestGoodChats(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.mustMakeChat(func(c *chat.Chat) {
		c.ID = uuid.NewString()
		c.Name = strings.Repeat("👋", 255)
		c.Token, c.Secret, c.Identity, c.Language = "", "1234567890123456", chat.IdentityOpen, "en"
		c.BotID = strings.ToUpper(w.bot.ID)
		c.Origins = []string{"*", "https://a.example", "http://a.example:8080/", "https://*.a.example", "capacitor://localhost", "http://[::1]:3000", "https://xn--e1afmkfd.xn--p1ai"}
		c.Settings = chat.Settings{
			SessionTTL: 300, SessionRatingScale: 10, QueueNoticeInterval: 10, SessionReloadBotID: otherBot, ClosedByLifetimeBotID: w.bot.ID,
			OperatorsOfflineBotID: chat.NoBot, OperatorsBusyMessage: strings.Repeat("я", 4096), EventCallbackURL: "http://127.0.0.1:9/a?b=c",
			Results: []string{"да", "нет 😀"}, Form: json.RawMessage(`[1]`),
		}
	})
	if c.BotID != w.bot.ID || c.Settings.OperatorsOfflineBotID != "" {
		t.Errorf("%+v", c)
	}
	found, err := w.FindAdminChat(t.Context(), c.ID)
	if err != nil || found.Settings.Results[1] != "нет 😀" {
		t.Errorf("%+v, %v", found, err)
	}
	w.mustMakeChat(func(c *chat.Chat) { c.Token = "" }) // as many as there like
}

func TestTakenIDsAndTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.mustMakeChat()
	expectTaken := func(err error, field string) {
		t.Helper()
		var e *chat.Error
		if !errors.As(err, &e) || e.Code != chat.CodeConflict || e.Field != field {
			t.Errorf("got %v, expected a conflict of %s", err, field)
		}
	}
	_, err := w.makeChat(func(c *chat.Chat) { c.ID = first.ID })
	expectTaken(err, "id")
	_, err = w.makeChat(func(c *chat.Chat) { c.Token = first.Token })
	expectTaken(err, "token")
	second := w.mustMakeChat()
	take := func(c *chat.Chat) error { c.Token = first.Token; return nil }
	_, err = w.UpdateChat(t.Context(), second.ID, take)
	expectTaken(err, "token")
	if err := w.DeleteChat(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	if _, err = w.UpdateChat(t.Context(), second.ID, take); err != nil {
		t.Errorf("the token of a deleted chat: %v", err)
	}
	_, err = w.makeChat(func(c *chat.Chat) { c.ID = first.ID })
	expectTaken(err, "id")
}

func TestChatIsMadeOncePerKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	by := &chat.APIKey{ID: "a"}
	var ids sync.Map
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			c := chat.NewChat() // each with a token and a secret of its own
			c.Name = "a"
			made, err := w.CreateChat(t.Context(), by, c, chat.Idempotency{Key: "k", BodyHash: "h"})
			if err != nil {
				t.Error(err)
				return
			}
			ids.Store(made.ID+made.Token+made.Secret, true)
		})
	}
	wg.Wait()
	n := 0
	ids.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("%d chats", n)
	}
	_, err := w.CreateChat(t.Context(), by, chat.NewChat(), chat.Idempotency{Key: "k", BodyHash: "other"})
	expectCode(t, err, chat.CodeKeyReused)
}

func TestChangesOfAChatAtOnceAddUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.mustMakeChat()
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			if _, err := w.UpdateChat(t.Context(), c.ID, func(c *chat.Chat) error {
				c.Settings.Results = append(c.Settings.Results, strconv.Itoa(i))
				return nil
			}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if found, err := w.FindAdminChat(t.Context(), c.ID); err != nil || len(found.Settings.Results) != 16 {
		t.Errorf("%+v, %v", found, err)
	}
}

func TestChangeOfAChatIsSeenAtOnceHereAndSoonElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.another()
	c := w.mustMakeChat()
	origins := func(s *chat.Service) int {
		t.Helper()
		found, err := s.FindChat(t.Context(), c.ID)
		if err != nil {
			t.Fatal(err)
		}
		return len(found.Origins)
	}
	if origins(w.Service) != 0 || origins(other) != 0 {
		t.Fatal("origins from the start")
	}
	if _, err := w.UpdateChat(t.Context(), c.ID, func(c *chat.Chat) error { c.Origins = []string{"https://a.example"}; return nil }); err != nil {
		t.Fatal(err)
	}
	if origins(w.Service) != 1 {
		t.Error("this node does not see its own change")
	}
	w.pass(2 * time.Second)
	if origins(other) != 1 {
		t.Error("another node does not see the change")
	}
	failed := errors.New("changed my mind")
	if _, err := w.UpdateChat(t.Context(), c.ID, func(c *chat.Chat) error { c.Origins = nil; return failed }); !errors.Is(err, failed) {
		t.Error(err)
	}
	if origins(w.Service) != 1 {
		t.Error("a refused change is seen")
	}
}

func TestDeletedChatStartsNothingAndGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.mustMakeChat(func(c *chat.Chat) { c.Identity = chat.IdentityOpen })
	in := func(p *chat.StartParams) { p.ChatID, p.ExternalID = c.ID, "u" }
	open := w.start(in).Session
	if err := w.DeleteChat(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	expectCode(t, w.DeleteChat(t.Context(), c.ID), chat.CodeNotFound)
	_, err := w.UpdateChat(t.Context(), c.ID, func(*chat.Chat) error { return nil })
	expectCode(t, err, chat.CodeNotFound)
	_, err = w.FindAdminChat(t.Context(), c.ID)
	expectCode(t, err, chat.CodeNotFound)

	_, err = w.tryStart(in)
	expectCode(t, err, chat.CodeNotFound)
	_, err = w.tryStart(func(p *chat.StartParams) { p.ChatID = c.ID })
	expectCode(t, err, chat.CodeNotFound)
	if s := w.session(open.ID); s.Status != chat.StatusOpen {
		t.Error("a refused start has closed the open session")
	}
	w.send(open.ID, "ещё здесь")
	goOn := w.start(in, func(p *chat.StartParams) { p.Continue = true })
	if goOn.Session.ID != open.ID {
		t.Error("the open session does not go on")
	}
	if _, err := w.FindChat(t.Context(), c.ID); err != nil {
		t.Errorf("the origins of its sessions cannot be judged: %v", err)
	}
	if err := w.Close(t.Context(), open.ID, chat.ClosedByClient, ""); err != nil {
		t.Error(err)
	}
	_, err = w.tryStart(in, func(p *chat.StartParams) { p.Continue = true })
	expectCode(t, err, chat.CodeNotFound)
}

func TestOtherChatsAreNotForAdministrators(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dialogs := &chat.Chat{ID: uuid.NewString(), Kind: chat.ChatDialogs}
	demo := &chat.Chat{ID: uuid.NewString(), Name: "d", Demo: true}
	w.update(func(tx chat.Tx) error { return errors.Join(tx.CreateChat(dialogs), tx.CreateChat(demo)) })
	for id, code := range map[string]chat.Code{dialogs.ID: chat.CodeNotFound, demo.ID: chat.CodeState, uuid.NewString(): chat.CodeNotFound} {
		expectCode(t, w.DeleteChat(t.Context(), id), code)
		_, err := w.UpdateChat(t.Context(), id, func(*chat.Chat) error { t.Error("it is changed"); return nil })
		expectCode(t, err, code)
	}
}
