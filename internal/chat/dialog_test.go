package chat_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
)

// dialog starts a dialog, or goes on in one.
func (w *world) dialog(edit func(*chat.StartParams)) (*chat.StartResult, error) {
	p := chat.StartParams{BotID: w.bot.ID}
	if edit != nil {
		edit(&p)
	}
	return w.StartDialog(context.Background(), &chat.APIKey{ID: "a"}, p)
}

func (w *world) mustDialog(edit func(*chat.StartParams)) *chat.StartResult {
	w.t.Helper()
	r, err := w.dialog(edit)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// An administrator's chat takes no id that a bot's dialogs may need.
func TestChatsTakeNoIDsOfDialogs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.mustDialog(nil).Chat.ID
	for _, taken := range []string{id, strings.ToUpper(id), uuid.NewSHA1(uuid.NameSpaceDNS, []byte("a")).String()} {
		c := chat.NewChat()
		c.Name, c.ID = "thief", taken
		_, err := w.CreateChat(t.Context(), &chat.APIKey{ID: "a"}, c, chat.Idempotency{})
		expectField(t, err, "id")
	}
	for _, free := range []string{uuid.NewString(), uuid.Must(uuid.NewV7()).String()} {
		c := chat.NewChat()
		c.Name, c.ID = "shop", free
		if _, err := w.CreateChat(t.Context(), &chat.APIKey{ID: "a"}, c, chat.Idempotency{}); err != nil {
			t.Error(err)
		}
	}
}

// Dialogs never start in a chat that its administrator has made for clients.
func TestDialogsTakeNoChatOfClients(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.mustDialog(nil).Chat.ID
	other := newWorld(t)
	other.update(func(tx chat.Tx) error {
		other.bot.ID = w.bot.ID // so that its dialogs need the same id
		if err := tx.PutBot(&other.bot); err != nil {
			return err
		}
		return tx.CreateChat(&chat.Chat{ID: id, Identity: chat.IdentityOpen, Language: "en"})
	})
	_, err := other.dialog(nil)
	expectCode(t, err, chat.CodeState)
}

// A dialog that another bot has got by a reload goes on under the ids that its answers show.
func TestReloadedDialogGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.mustDialog(nil)
	id := first.Session.ID
	r, err := w.Reload(t.Context(), chat.ReloadParams{SessionID: id, BotID: otherBot})
	if err != nil || r.Session.Owner.ID != otherBot {
		t.Fatalf("%+v, %v", r, err)
	}
	goOn := func(bot string) (*chat.StartResult, error) {
		return w.dialog(func(p *chat.StartParams) {
			p.BotID, p.SessionID, p.Message = bot, id, &chat.MessageParams{Body: "x"}
		})
	}
	for _, bot := range []string{otherBot, w.bot.ID} {
		again, err := goOn(bot)
		if err != nil || again.Session.ID != id || again.Chat.ID != first.Chat.ID || again.Started || again.Session.Owner.ID != otherBot {
			t.Errorf("with %s: %+v, %v", bot, again, err)
		}
	}
	if _, err := w.FinishDialog(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	for _, bot := range []string{chat.NoBot, uuid.NewString()} {
		_, err := goOn(bot)
		expectField(t, err, "botId")
	}
	next, err := goOn(otherBot)
	if err != nil || !next.Started || next.Session.ID == id || next.Session.ClientID != first.Session.ClientID || next.Session.Owner.ID != otherBot {
		t.Errorf("after its end: %+v, %v", next, err)
	}
}

// Only a dialog is gone on in.
func TestDialogGoesOnInNoOtherSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, id := range []string{w.start().Session.ID, uuid.NewString()} {
		_, err := w.dialog(func(p *chat.StartParams) { p.SessionID = id })
		expectCode(t, err, chat.CodeNotFound)
	}
}
