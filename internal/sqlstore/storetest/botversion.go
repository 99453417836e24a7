package storetest

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
)

func newVersion(bot string, number int64) *chat.BotVersion {
	return &chat.BotVersion{
		BotID: bot, Number: number, Digest: "digest", Files: 2, Size: 3, Note: "заметка 🤖", AuthorID: uuid.NewString(), Author: "Ада", CreatedAt: epoch,
	}
}

func botVersionIsKept(t *testing.T, s chat.Store) {
	w, ctx := newWorld(t, s), context.Background()
	v := newVersion(uuid.NewString(), 1)
	wantFilled(t, *v)
	archive := make([]byte, 3<<20) // bytes that are no text, and more than fits into one page of anything
	chance := rand.NewChaCha8([32]byte{1})
	_, _ = chance.Read(archive) // it never fails
	w.update(func(tx chat.Tx) error { return tx.CreateBotVersion(v, archive) })
	w.update(func(tx chat.Tx) error { return tx.CreateBotVersion(newVersion(v.BotID, 2), nil) })
	found, err := s.FindBotVersion(ctx, v.BotID, 1)
	wantNoError(t, err)
	wantEqual(t, "version", found, v)
	kept, err := s.FindBotArchive(ctx, v.BotID, 1)
	wantNoError(t, err)
	if !bytes.Equal(kept, archive) {
		t.Errorf("an archive of %d bytes is one of %d other bytes", len(archive), len(kept))
	}
	kept, err = s.FindBotArchive(ctx, v.BotID, 2)
	wantNoError(t, err)
	wantEqual(t, "bytes of an empty archive", len(kept), 0)
	w.update(func(tx chat.Tx) error {
		found, err := tx.FindBotVersion(v.BotID, 1)
		wantEqual(t, "version", found, v)
		return err
	})
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error {
		_, err := tx.FindBotVersion(v.BotID, 3)
		return err
	})
	_, err = s.FindBotVersion(ctx, v.BotID, 0)
	wantCode(t, err, chat.CodeNotFound)
	_, err = s.FindBotArchive(ctx, uuid.NewString(), 1)
	wantCode(t, err, chat.CodeNotFound)

	bot := &chat.BotRecord{ID: v.BotID, Kind: chat.BotScenario, Version: 2, CreatedAt: epoch}
	w.update(func(tx chat.Tx) error { return tx.CreateBot(bot) })
	bot.Version = 1
	w.update(func(tx chat.Tx) error { return tx.PutBot(bot) })
	active, err := s.FindBot(ctx, v.BotID)
	wantNoError(t, err)
	wantEqual(t, "bot", active, bot)
}

func botVersionIsMadeOnce(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	v := newVersion(uuid.NewString(), 1)
	const nodes = 8
	var made atomic.Int64
	var wg sync.WaitGroup
	for range nodes {
		wg.Go(func() {
			err := s.Update(context.Background(), func(tx chat.Tx) error { return tx.CreateBotVersion(v, nil) })
			if err == nil {
				made.Add(1)
			} else if chat.CodeOf(err) != chat.CodeConflict {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	wantEqual(t, "times it was made", made.Load(), int64(1))
	w.update(func(tx chat.Tx) error { return tx.CreateBotVersion(newVersion(uuid.NewString(), 1), nil) }) // another bot's
}

func botVersionsAreDeleted(t *testing.T, s chat.Store) {
	w, bot, other := newWorld(t, s), uuid.NewString(), uuid.NewString()
	last := func(want int64) {
		t.Helper()
		w.update(func(tx chat.Tx) error {
			got, err := tx.LastBotVersion(bot)
			wantEqual(t, "last number", got, want)
			return err
		})
	}
	numbers := func(bot string, want ...int64) {
		t.Helper()
		versions, err := s.ListBotVersions(context.Background(), bot)
		wantNoError(t, err)
		var got []int64
		for _, v := range versions {
			got = append(got, v.Number)
		}
		if !slices.Equal(got, want) {
			t.Errorf("versions %v, want %v", got, want)
		}
	}
	remove := func(upTo, kept, want int64) {
		t.Helper()
		w.update(func(tx chat.Tx) error {
			n, err := tx.DeleteBotVersions(bot, upTo, kept)
			wantEqual(t, "deleted", n, want)
			return err
		})
	}
	last(0)
	numbers(bot)
	for n := range int64(12) {
		w.update(func(tx chat.Tx) error { return tx.CreateBotVersion(newVersion(bot, n+1), []byte("a")) })
	}
	w.update(func(tx chat.Tx) error { return tx.CreateBotVersion(newVersion(other, 1), []byte("a")) })
	last(12)
	remove(-38, 0, 0)
	remove(8, 3, 7)
	numbers(bot, 12, 11, 10, 9, 3)
	remove(8, 12, 1)
	numbers(bot, 12, 11, 10, 9)
	remove(math.MaxInt64, 0, 4)
	numbers(bot)
	last(0)
	numbers(other, 1)
}
