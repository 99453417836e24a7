package storetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
)

// fileOf is a file that is not stored yet.
func fileOf(s *chat.Session, state chat.FileState, at time.Time) *chat.File {
	id := uuid.NewString()
	return &chat.File{
		ID: id, SessionKey: s.Key, ClientKey: s.ClientKey, Name: "Отчёт 📎.pdf", ContentType: "application/pdf", Size: 1 << 40,
		Blob: "ab/" + id, Private: true, State: state, CreatedAt: at,
	}
}

func (w *world) newFile(s *chat.Session, state chat.FileState, at time.Time) *chat.File {
	w.Helper()
	f := fileOf(s, state, at)
	w.update(func(tx chat.Tx) error { return tx.CreateFile(f) })
	return f
}

func (w *world) doomed(after int64, limit int) []int64 {
	w.Helper()
	files, err := w.ListDoomedFiles(context.Background(), after, limit)
	wantNoError(w.T, err)
	keys := make([]int64, len(files))
	for i := range files {
		keys[i] = files[i].Key
	}
	return keys
}

func fileIsKept(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	f := w.newFile(w.newSession(), chat.FilePending, epoch)
	wantFilled(t, *f)
	found, err := s.FindFile(context.Background(), f.ID)
	wantNoError(t, err)
	wantEqual(t, "file", found, f)
	w.update(func(tx chat.Tx) error {
		again, err := tx.FindFile(f.ID)
		wantNoError(t, err)
		wantEqual(t, "file in a transaction", again, f)
		return nil
	})
	w.refused(chat.CodeConflict, func(tx chat.Tx) error {
		twin := *f
		return tx.CreateFile(&twin)
	})
	_, err = s.FindFile(context.Background(), uuid.NewString())
	wantCode(t, err, chat.CodeNotFound)
}

func fileStatesGrow(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	f := w.newFile(w.newSession(), chat.FilePending, epoch)
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error { return tx.ChangeFile(f.Key, chat.FileReady, chat.FileUsed) })
	w.update(func(tx chat.Tx) error { return tx.ChangeFile(f.Key, chat.FilePending, chat.FileReady) })
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error { return tx.ChangeFile(f.Key, chat.FilePending, chat.FileReady) })
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error { return tx.ChangeFile(f.Key+1000, chat.FilePending, chat.FileReady) })
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error { return tx.DeleteFile(f.Key) })
	found, err := s.FindFile(context.Background(), f.ID)
	wantNoError(t, err)
	wantEqual(t, "state", found.State, chat.FileReady)
}

func filesOfASessionAreSummed(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session, other := w.newSession(), w.newSession()
	w.newFile(other, chat.FileReady, epoch)
	sum := func(s *chat.Session) (n [2]int64) {
		w.update(func(tx chat.Tx) (err error) {
			n[0], n[1], err = tx.SumFiles(s.Key)
			return err
		})
		return n
	}
	wantEqual(t, "files of a session without any", sum(session), [2]int64{})
	for _, state := range []chat.FileState{chat.FilePending, chat.FileReady, chat.FileUsed, chat.FileDoomed} {
		w.newFile(session, state, epoch)
	}
	wantEqual(t, "files of a session", sum(session), [2]int64{4, 4 << 40})
}

func unusedFilesAreDoomed(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session := w.newSession()
	used := w.newFile(session, chat.FileUsed, epoch)
	young := w.newFile(session, chat.FileReady, epoch.Add(time.Hour))
	var old []int64
	for i, state := range []chat.FileState{chat.FileReady, chat.FilePending, chat.FileReady} {
		old = append(old, w.newFile(session, state, epoch.Add(time.Duration(i)*time.Second)).Key)
	}
	doom := func(limit int) (n int64) {
		w.update(func(tx chat.Tx) (err error) {
			n, err = tx.DoomFiles(epoch.Add(time.Hour), limit)
			return err
		})
		return n
	}
	wantEqual(t, "doomed at first", doom(2), 2)
	wantEqual(t, "the doomed", w.doomed(0, 10), old[:2])
	wantEqual(t, "doomed then", doom(2), 1)
	wantEqual(t, "doomed at last", doom(2), 0)
	wantEqual(t, "a page of the doomed", w.doomed(0, 2), old[:2])
	wantEqual(t, "another page", w.doomed(old[1], 2), old[2:])
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error { return tx.ChangeFile(old[0], chat.FileReady, chat.FileUsed) })

	w.update(func(tx chat.Tx) error { return tx.DeleteFile(old[0]) })
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error { return tx.DeleteFile(old[0]) })
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error { return tx.DeleteFile(used.Key) })
	wantEqual(t, "the doomed that are left", w.doomed(0, 10), old[1:])
	for _, f := range []*chat.File{used, young} {
		found, err := s.FindFile(context.Background(), f.ID)
		wantNoError(t, err)
		wantEqual(t, "a file that stays", found, f)
	}
}

// usedFilesAreNeverDoomed has messages refer to files while they are doomed: of each file one of
// the two is refused.
func usedFilesAreNeverDoomed(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session := w.newSession()
	const files = 40
	keys, ids := make([]int64, files), make([]string, files)
	for i := range files {
		f := w.newFile(session, chat.FileReady, epoch)
		keys[i], ids[i] = f.Key, f.ID
	}
	used := make([]bool, files)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := g; i < files; i += 4 {
				err := s.Update(context.Background(), func(tx chat.Tx) error { return tx.ChangeFile(keys[i], chat.FileReady, chat.FileUsed) })
				if used[i] = err == nil; err != nil && chat.CodeOf(err) != chat.CodeNotFound {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for range files / 4 {
				err := s.Update(context.Background(), func(tx chat.Tx) error {
					_, err := tx.DoomFiles(epoch.Add(time.Second), 1)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for i := range files {
		f, err := s.FindFile(context.Background(), ids[i])
		wantNoError(t, err)
		if used[i] != (f.State == chat.FileUsed) {
			t.Errorf("a file is %s, a message refers to it: %v", f.State, used[i])
		}
	}
}
