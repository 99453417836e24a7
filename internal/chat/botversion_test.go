package chat_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
)

// scenarioBot makes a bot that has no version yet.
func (w *world) scenarioBot() *chat.BotRecord {
	w.t.Helper()
	b, err := w.makeBot(func(b *chat.BotRecord) { b.Kind, b.Settings = chat.BotScenario, chat.BotSettings{} })
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

var deployer = &chat.APIKey{ID: "k", Name: "Ада"}

func (w *world) tryDeploy(bot, content string, edit ...func(*chat.NewVersionParams)) (*chat.AddedVersion, error) {
	p := chat.NewVersionParams{BotID: bot, Digest: content, Files: 1, Size: int64(len(content)), Archive: []byte(content)}
	for _, e := range edit {
		e(&p)
	}
	return w.AddBotVersion(context.Background(), deployer, p)
}

func (w *world) deploy(bot, content string, edit ...func(*chat.NewVersionParams)) *chat.AddedVersion {
	w.t.Helper()
	v, err := w.tryDeploy(bot, content, edit...)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

func (w *world) expectActive(bot string, number int64) {
	w.t.Helper()
	if b, err := w.FindBot(context.Background(), bot); err != nil || b.Version != number {
		w.t.Errorf("bot %+v, %v; want version %d", b, err, number)
	}
}

func standby(p *chat.NewVersionParams) { p.Standby = true }

func TestVersionsOfABot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.scenarioBot()
	w.expectActive(b.ID, 0)
	first := w.deploy(b.ID, "one", func(p *chat.NewVersionParams) { p.Note = "первая" })
	want := chat.BotVersion{BotID: b.ID, Number: 1, Digest: "one", Files: 1, Size: 3, Note: "первая", AuthorID: "k", Author: "Ада", CreatedAt: w.clock()}
	if !first.Made || !first.Active || first.BotVersion != want {
		t.Errorf("%+v", first)
	}
	w.expectActive(b.ID, 1)
	if same := w.deploy(b.ID, "one"); same.Made || !same.Active || same.BotVersion != want {
		t.Errorf("the same again is %+v", same)
	}
	if second := w.deploy(b.ID, "two", standby); !second.Made || second.Active || second.Number != 2 {
		t.Errorf("%+v", second)
	}
	w.expectActive(b.ID, 1)
	if again := w.deploy(b.ID, "two"); !again.Made || !again.Active || again.Number != 3 { // 2 has never answered
		t.Errorf("%+v", again)
	}
	back, err := w.ActivateBotVersion(t.Context(), b.ID, 1)
	if err != nil || *back != want {
		t.Errorf("%+v, %v", back, err)
	}
	w.expectActive(b.ID, 1)
	if next := w.deploy(b.ID, "two"); next.Number != 4 {
		t.Errorf("after a roll-back: %+v", next)
	}
	if archive, err := w.FindBotArchive(t.Context(), b.ID, 1); err != nil || string(archive) != "one" {
		t.Errorf("%q, %v", archive, err)
	}
	if found, err := w.FindBotVersion(t.Context(), b.ID, 1); err != nil || *found != want {
		t.Errorf("%+v, %v", found, err)
	}
	if _, err := w.ActivateBotVersion(t.Context(), b.ID, 5); chat.CodeOf(err) != chat.CodeNotFound {
		t.Errorf("%v", err)
	}
	w.expectActive(b.ID, 4)
	if _, err := w.UpdateBot(t.Context(), b.ID, func(b *chat.BotRecord) error { b.Name = "Новый"; return nil }); err != nil {
		t.Error(err)
	}
	w.expectActive(b.ID, 4)
	if err := w.DeleteBot(t.Context(), b.ID); err != nil {
		t.Fatal(err)
	}
	if versions, err := w.ListBotVersions(t.Context(), b.ID); err != nil || len(versions) != 0 {
		t.Errorf("a deleted bot has %v, %v", versions, err)
	}
}

func TestVersionsAreForDeployedBotsOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	remote, err := w.makeBot()
	if err != nil {
		t.Fatal(err)
	}
	for id, code := range map[string]chat.Code{remote.ID: chat.CodeState, w.bot.ID: chat.CodeState, uuid.NewString(): chat.CodeNotFound} {
		_, err := w.tryDeploy(id, "one")
		expectCode(t, err, code)
		_, err = w.ActivateBotVersion(t.Context(), id, 1)
		expectCode(t, err, code)
	}
	for _, note := range []string{"\x00", "\xff", strings.Repeat("я", chat.MaxNote+1)} {
		_, err := w.tryDeploy(w.scenarioBot().ID, "one", func(p *chat.NewVersionParams) { p.Note = note })
		expectField(t, err, "note")
	}
}

func TestOldVersionsAreDeletedButForTheActiveOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.scenarioBot()
	w.deploy(b.ID, "first")
	for i := range chat.KeptVersions + 10 {
		w.deploy(b.ID, fmt.Sprint(i), standby)
	}
	w.expectActive(b.ID, 1)
	versions, err := w.ListBotVersions(t.Context(), b.ID)
	if err != nil || len(versions) != chat.KeptVersions+1 || versions[0].Number != chat.KeptVersions+11 || versions[chat.KeptVersions].Number != 1 {
		t.Errorf("%d versions, %v: %+v", len(versions), err, versions)
	}
	w.deploy(b.ID, "last")
	versions, err = w.ListBotVersions(t.Context(), b.ID)
	if err != nil || len(versions) != chat.KeptVersions || versions[chat.KeptVersions-1].Number != 13 {
		t.Errorf("%d versions, %v: %+v", len(versions), err, versions)
	}
}

func TestARepeatedDeploymentMakesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.scenarioBot()
	key := func(k, hash string) func(*chat.NewVersionParams) {
		return func(p *chat.NewVersionParams) { p.Idempotency = chat.Idempotency{Key: k, BodyHash: hash} }
	}
	first := w.deploy(b.ID, "one", key("1", "a"))
	same := w.deploy(b.ID, "one", key("2", "a"))
	aside := w.deploy(b.ID, "two", key("3", "b"), standby)
	w.deploy(b.ID, "three")
	for k, was := range map[string]*chat.AddedVersion{"1": first, "2": same, "3": aside} {
		hash := map[string]string{"3": "b"}[k]
		if hash == "" {
			hash = "a"
		}
		if again := w.deploy(b.ID, "whatever", key(k, hash)); *again != *was {
			t.Errorf("%s: %+v, was %+v", k, again, was)
		}
		_, err := w.tryDeploy(b.ID, "whatever", key(k, "other"))
		expectCode(t, err, chat.CodeKeyReused)
	}
	w.expectActive(b.ID, 3)
	other := w.scenarioBot()
	if v := w.deploy(other.ID, "one", key("1", "c")); !v.Made || v.Number != 1 { // a key counts for one bot
		t.Errorf("%+v", v)
	}
}

func TestDeploymentsAtOnceGetNumbersOfTheirOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.scenarioBot()
	const n = 16
	numbers := make([]int64, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { numbers[i] = w.deploy(b.ID, fmt.Sprint(i)).Number })
	}
	wg.Wait()
	slices.Sort(numbers)
	for i, got := range numbers {
		if got != int64(i+1) {
			t.Fatalf("numbers %v", numbers)
		}
	}
}
