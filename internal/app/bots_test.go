package app

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/govorun/govorun/internal/bot"
	"github.com/govorun/govorun/internal/chat"
)

func TestBotsAreFoundInTheStoreAndKnownForAWhile(t *testing.T) {
	t.Parallel()
	store := openStore(t)
	put := func(b chat.BotRecord) {
		if err := store.Update(t.Context(), func(tx chat.Tx) error { return tx.PutBot(&b) }); err != nil {
			t.Fatal(err)
		}
	}
	now, looked := time.Now(), 0
	var broken error
	var made chat.BotRecord
	nothing := bot.Func(func(context.Context, *chat.Turn) (*chat.TurnResult, error) { return &chat.TurnResult{}, nil })
	r := &registry{
		builtIn: bot.Bots{"demo": nothing},
		find: func(ctx context.Context, id string) (*chat.BotRecord, error) {
			if looked++; broken != nil {
				return nil, broken
			}
			return store.FindBot(ctx, id)
		},
		remote: func(b *chat.BotRecord) bot.Bot { made = *b; return nothing },
		inHand: prometheus.NewGauge(prometheus.GaugeOpts{Name: "x"}),
		now:    func() time.Time { return now },
		found:  make(map[string]foundBot),
	}
	expect := func(id string, there bool, looks int) {
		t.Helper()
		b, err := r.FindBot(t.Context(), id)
		if err != nil || (b != nil) != there || looked != looks {
			t.Errorf("%s: %v, %v, looked %d times", id, b != nil, err, looked)
		}
	}
	expect("demo", true, 0)
	expect("far", false, 1)
	put(chat.BotRecord{ID: "far", Kind: chat.BotRemote, Settings: chat.BotSettings{URL: "http://one"}})
	put(chat.BotRecord{ID: "told", Kind: chat.BotScenario})
	expect("told", false, 2)
	expect("far", false, 2)
	now = now.Add(botTTL)
	expect("far", true, 3)
	expect("far", true, 3)
	put(chat.BotRecord{ID: "far", Kind: chat.BotRemote, Settings: chat.BotSettings{URL: "http://two"}})
	now = now.Add(botTTL)
	expect("far", true, 4)
	if made.Settings.URL != "http://two" {
		t.Errorf("the bot is at %s", made.Settings.URL)
	}

	broken = chat.Errorf(chat.CodeUnavailable, "away")
	now = now.Add(botTTL)
	if _, err := r.FindBot(t.Context(), "far"); chat.CodeOf(err) != chat.CodeUnavailable {
		t.Errorf("got %v", err)
	}
	broken = nil
	if err := store.Update(t.Context(), func(tx chat.Tx) error { return tx.DeleteBot("far") }); err != nil {
		t.Fatal(err)
	}
	expect("far", false, 6)

	for i := range 3 * maxFoundBots {
		if _, err := r.FindBot(t.Context(), fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
		if len(r.found) > maxFoundBots {
			t.Fatalf("%d bots are kept", len(r.found))
		}
	}
}
