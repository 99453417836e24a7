package chat_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
)

var roomy = chat.FileLimits{Count: 100, Bytes: 1 << 30}

// upload announces and finishes a file.
func (w *world) upload(session, name string) chat.File {
	w.t.Helper()
	announced := w.announce(session, name)
	result, err := w.FinishFiles(context.Background(), announced, chat.Idempotency{})
	if err != nil {
		w.t.Fatal(err)
	}
	return result.Files[0]
}

func (w *world) announce(session, name string) *chat.FilesResult {
	w.t.Helper()
	p := chat.AnnounceParams{SessionID: session, Limits: roomy, Files: []chat.File{{Name: name, ContentType: "text/plain", Size: 4, Private: true}}}
	announced, err := w.AnnounceFiles(context.Background(), p)
	if err != nil {
		w.t.Fatal(err)
	}
	return announced
}

func (w *world) state(f chat.File) chat.FileState {
	w.t.Helper()
	found, err := w.store.FindFile(context.Background(), f.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return found.State
}

func (w *world) sendFiles(session string, ids ...string) (*chat.Event, error) {
	r, err := w.Send(context.Background(), chat.SendParams{SessionID: session, Message: chat.MessageParams{Attachments: ids}})
	if err != nil {
		return nil, err
	}
	return r.Event, nil
}

func TestFilesAreAttached(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.start().Session
	a, b := w.upload(first.ID, "a.txt"), w.upload(first.ID, "b.txt")
	event, err := w.sendFiles(first.ID, b.ID, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := []chat.Attachment{
		{ID: b.ID, Name: "b.txt", ContentType: "text/plain", Size: 4, Private: true},
		{ID: a.ID, Name: "a.txt", ContentType: "text/plain", Size: 4, Private: true},
	}
	if m := event.Message(); m.Body != "" || !reflect.DeepEqual(m.Attachments, want) {
		t.Errorf("%+v", m)
	}
	if w.state(a) != chat.FileUsed || w.state(b) != chat.FileUsed {
		t.Error("not kept for the message")
	}
	if _, err := w.sendFiles(first.ID, a.ID, a.ID); err != nil {
		t.Error("again:", err)
	}
	// The same client in another session.
	next := w.upload(first.ID, "c.txt")
	second, err := w.tryStart(func(p *chat.StartParams) {
		p.ClientID, p.Message = first.ClientID, &chat.MessageParams{Attachments: []string{next.ID, a.ID}}
	})
	if err != nil {
		t.Fatal(err)
	}
	if m := second.Message.Message(); len(m.Attachments) != 2 || second.Cause == 0 {
		t.Errorf("%+v, cause %d", m, second.Cause)
	}
}

func TestFilesThatMayNotBeAttached(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mine, stranger := w.start().Session, w.start().Session
	ok := w.upload(mine.ID, "a.txt")
	doomed := w.announce(mine.ID, "c.txt")
	if err := w.DropFiles(context.Background(), doomed.Files); err != nil {
		t.Fatal(err)
	}
	for name, id := range map[string]string{
		"unknown":          uuid.NewString(),
		"of somebody else": w.upload(stranger.ID, "b.txt").ID,
		"not there yet":    w.announce(mine.ID, "d.txt").Files[0].ID,
		"given up":         doomed.Files[0].ID,
	} {
		_, err := w.sendFiles(mine.ID, ok.ID, id)
		var e *chat.Error
		if !errors.As(err, &e) || e.Code != chat.CodeInvalid || e.Field != "attachments[1]" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if w.state(ok) != chat.FileReady {
		t.Error("a message that was refused keeps its files")
	}
	if _, err := w.tryStart(func(p *chat.StartParams) { p.Message = &chat.MessageParams{Attachments: []string{ok.ID}} }); chat.CodeOf(err) != chat.CodeInvalid {
		t.Errorf("a new client: %v", err)
	}
}

func TestWhoMayUpload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	session := w.start().Session
	ctx := context.Background()
	p := chat.AnnounceParams{SessionID: session.ID, Limits: chat.FileLimits{Count: 2, Bytes: 10}, Files: []chat.File{{Size: 5}}}
	for i, want := range []string{"", "", "at most 2 files"} {
		if _, err := w.AnnounceFiles(ctx, p); (err == nil) != (want == "") || (err != nil && !strings.Contains(err.Error(), want)) {
			t.Errorf("file %d: %v", i+1, err)
		}
	}
	p.Limits.Count = 3
	if _, err := w.AnnounceFiles(ctx, p); chat.CodeOf(err) != chat.CodeState || !strings.Contains(err.Error(), "at most 10 bytes") {
		t.Error(err)
	}
	if kept, err := w.MayUpload(ctx, session.ID, p.Limits, chat.Idempotency{}); chat.CodeOf(err) != chat.CodeState || kept != (chat.FileSum{Count: 2, Bytes: 10}) {
		t.Error(kept, err)
	}
	if kept, err := w.MayUpload(ctx, session.ID, roomy, chat.Idempotency{Key: "new"}); err != nil || kept != (chat.FileSum{Count: 2, Bytes: 10}) {
		t.Error(kept, err)
	}
	if _, err := w.MayUpload(ctx, uuid.NewString(), roomy, chat.Idempotency{}); chat.CodeOf(err) != chat.CodeNotFound {
		t.Error(err)
	}
	w.pass(2 * time.Hour) // its life time is over, whether or not that was noticed
	if _, err := w.MayUpload(ctx, session.ID, roomy, chat.Idempotency{}); chat.CodeOf(err) != chat.CodeState {
		t.Error(err)
	}
	p.Limits = roomy
	if _, err := w.AnnounceFiles(ctx, p); chat.CodeOf(err) != chat.CodeState {
		t.Error(err)
	}
}

// TestAttachingMeetsCleaning has messages refer to files at the moment at which they are removed:
// no message ever refers to a file that goes.
func TestAttachingMeetsCleaning(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	session := w.start().Session
	files := make([]chat.File, 40)
	for i := range files {
		files[i] = w.upload(session.ID, fmt.Sprint(i))
	}
	w.pass(time.Minute)
	var wg sync.WaitGroup
	attached := make([]bool, len(files))
	removed := map[string]bool{}
	wg.Go(func() {
		for i := range files {
			_, err := w.sendFiles(session.ID, files[i].ID)
			if attached[i] = err == nil; err != nil && chat.CodeOf(err) != chat.CodeInvalid {
				t.Error(err)
			}
		}
	})
	wg.Go(func() {
		// Now and again, beginning with what is there.
		for range 10 {
			if _, err := w.DoomFiles(context.Background(), w.clock()); err != nil {
				t.Error(err)
			}
			if _, err := w.ForgetFiles(context.Background(), func(_ context.Context, f *chat.File) error { removed[f.ID] = true; return nil }); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	for i := range files {
		if attached[i] == removed[files[i].ID] {
			t.Errorf("file %d: attached %v, removed %v", i, attached[i], removed[files[i].ID])
		}
	}
}

// What cleaning could not remove it removes the next time, and it keeps no other file.
func TestForgettingGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	session := w.start().Session
	bad, good := w.upload(session.ID, "bad"), w.upload(session.ID, "good")
	w.pass(time.Minute)
	if n, err := w.DoomFiles(context.Background(), w.clock()); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	failing := true
	remove := func(_ context.Context, f *chat.File) error {
		if failing && f.ID == bad.ID {
			return errors.New("away")
		}
		return nil
	}
	if n, err := w.ForgetFiles(context.Background(), remove); n != 1 || err == nil {
		t.Errorf("%d %v", n, err)
	}
	if _, err := w.FindFile(context.Background(), good.ID); chat.CodeOf(err) != chat.CodeNotFound || w.state(bad) != chat.FileDoomed {
		t.Error(err, w.state(bad))
	}
	failing = false
	if n, err := w.ForgetFiles(context.Background(), remove); n != 1 || err != nil {
		t.Errorf("%d %v", n, err)
	}
}

// A whole batch that cannot be removed keeps no other file, but a storage that is away is let be.
func TestForgettingPassesABatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	session := w.start().Session
	p := chat.AnnounceParams{SessionID: session.ID, Limits: chat.FileLimits{Count: 1000, Bytes: 1000}, Files: make([]chat.File, 101)}
	announced, err := w.AnnounceFiles(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.DropFiles(context.Background(), announced.Files); err != nil {
		t.Fatal(err)
	}
	last := announced.Files[100].ID
	for _, tt := range []struct {
		code      chat.Code
		forgotten int64
		tried     int
	}{{chat.CodeUnavailable, 0, 100}, {chat.CodeInternal, 1, 101}} {
		tried := 0
		n, err := w.ForgetFiles(context.Background(), func(_ context.Context, f *chat.File) error {
			if tried++; f.ID == last {
				return nil
			}
			return chat.Errorf(tt.code, "not this one")
		})
		if n != tt.forgotten || tried != tt.tried || chat.CodeOf(err) != tt.code {
			t.Errorf("%s: %d forgotten, %d tried, %v", tt.code, n, tried, err)
		}
	}
}

func TestUploadsUnderOneKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	session := w.start().Session
	ctx := context.Background()
	idem := chat.Idempotency{Key: "k", BodyHash: "h"}
	one, two := w.announce(session.ID, "a"), w.announce(session.ID, "a")
	first, err := w.FinishFiles(ctx, one, idem)
	if err != nil || first.Done {
		t.Fatal(first, err)
	}
	if kept, err := w.MayUpload(ctx, session.ID, chat.FileLimits{Count: 1, Bytes: 4}, idem); err != nil || kept != (chat.FileSum{}) {
		t.Fatal("a repeat where there is no room for more:", kept, err)
	}
	second, err := w.FinishFiles(ctx, two, idem)
	if err != nil || !second.Done || second.Files[0].ID != first.Files[0].ID || w.state(two.Files[0]) != chat.FileDoomed {
		t.Fatalf("%+v %v", second, err)
	}
	third, err := w.AnnounceFiles(ctx, chat.AnnounceParams{SessionID: session.ID, Files: []chat.File{{Name: "a"}}, Idempotency: idem})
	if err != nil || !third.Done || third.Files[0].ID != first.Files[0].ID {
		t.Fatalf("%+v %v", third, err)
	}
	w.pass(time.Minute)
	if _, err := w.DoomFiles(ctx, w.clock()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.AnnounceFiles(ctx, chat.AnnounceParams{SessionID: session.ID, Idempotency: idem}); chat.CodeOf(err) != chat.CodeState {
		t.Errorf("after its files were removed: %v", err)
	}
}
