package sqlstore

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
)

// observations is a metric that remembers.
type observations struct {
	mu     sync.Mutex
	values []float64
}

func (o *observations) Observe(v float64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.values = append(o.values, v)
}

func (o *observations) all() []float64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]float64(nil), o.values...)
}

// hold keeps the writer busy until release is called; what is queued meanwhile becomes the
// next group.
func hold(t *testing.T, s *Store) (release func()) {
	t.Helper()
	entered, leave, left := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		left <- s.Update(context.Background(), func(chat.Tx) error {
			entered <- struct{}{}
			<-leave
			return nil
		})
	}()
	<-entered
	return func() {
		t.Helper()
		close(leave)
		if err := <-left; err != nil {
			t.Fatal(err)
		}
	}
}

// queued runs functions as one group, in their order, and returns their errors.
func queued(t *testing.T, s *Store, fns ...func(chat.Tx) error) []error {
	t.Helper()
	release := hold(t, s)
	errs := make([]error, len(fns))
	var wg sync.WaitGroup
	for i, fn := range fns {
		wg.Go(func() { errs[i] = s.Update(context.Background(), fn) })
		awaitQueue(s, i+1)
	}
	release()
	wg.Wait()
	return errs
}

func awaitQueue(s *Store, n int) {
	for len(s.engine.(*file).queue) < n {
		runtime.Gosched()
	}
}

// newTestSession stores a chat, a client and an open session of theirs.
func newTestSession(t *testing.T, s *Store) *chat.Session {
	t.Helper()
	now := time.Now()
	c := &chat.Chat{ID: uuid.NewString(), Identity: chat.IdentityOpen}
	client := &chat.Client{ID: uuid.NewString()}
	session := &chat.Session{
		ID: uuid.NewString(), ChatID: c.ID, ClientID: client.ID, Status: chat.StatusOpen, Owner: chat.Owner{Kind: chat.OwnerNobody},
		TTL: time.Hour, StartedAt: now, ActiveAt: now, CheckAt: now.Add(time.Hour),
	}
	mustUpdate(t, s, func(t chat.Tx) error {
		if err := errors.Join(t.CreateChat(c), t.CreateClient(client)); err != nil {
			return err
		}
		session.ChatKey, session.ClientKey = c.Key, client.Key
		return t.CreateSession(session, &chat.SessionDetails{})
	})
	return session
}

func mustUpdate(t *testing.T, s *Store, fn func(chat.Tx) error) {
	t.Helper()
	if err := s.Update(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

// append1 is a function that writes the next message of a session.
func append1(id, eventID string) func(chat.Tx) error {
	return func(t chat.Tx) error {
		session, err := t.LockSession(id)
		if err != nil {
			return err
		}
		session.Sequence++
		session.SessionNo++
		if err := t.UpdateSession(session); err != nil {
			return err
		}
		return t.AppendEvents([]chat.Event{{
			ID: eventID, Session: session.Ref(), Sequence: session.Sequence, SessionNo: session.SessionNo, At: time.Now(),
			Payload: &chat.Message{ID: eventID, AuthorType: chat.AuthorClient, Type: chat.MessageRegular, Body: benchBody},
		}})
	}
}

func wantEvents(t *testing.T, s *Store, session *chat.Session, want ...string) {
	t.Helper()
	events, err := s.ListEvents(context.Background(), session.Ref(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	if len(events) != len(want) {
		t.Fatalf("%d events, want %d", len(events), len(want))
	}
	for i := range events {
		if events[i].ID != want[i] || events[i].Sequence != int64(i+1) {
			t.Fatalf("event %d is %s with sequence %d, want %s", i, events[i].ID, events[i].Sequence, want[i])
		}
	}
}

func wantUnavailable(t *testing.T, err error) {
	t.Helper()
	var e *chat.Error
	if !errors.As(err, &e) || e.Code != chat.CodeUnavailable || e.RetryAfter <= 0 {
		t.Fatalf("error %v, want %s with a time to retry", err, chat.CodeUnavailable)
	}
}

func TestGroupCommitsOnce(t *testing.T) {
	t.Parallel()
	sizes, seconds := &observations{}, &observations{}
	s := openStore(t, Options{MaxGroup: 16, Metrics: Metrics{BatchSize: sizes, CommitSeconds: seconds}})
	session := newTestSession(t, s)
	fns := make([]func(chat.Tx) error, 40)
	ids := make([]string, len(fns))
	for i := range fns {
		ids[i] = newID()
		fns[i] = append1(session.ID, ids[i])
	}
	before := len(sizes.all())
	if err := errors.Join(queued(t, s, fns...)...); err != nil {
		t.Fatal(err)
	}
	got := sizes.all()[before+1:] // the first is the one that held the writer
	if len(got) != 3 || got[0] != 16 || got[1] != 16 || got[2] != 8 {
		t.Errorf("groups of %v, want 16, 16 and 8", got)
	}
	if len(seconds.all()) != len(sizes.all()) {
		t.Errorf("%d times for %d commits", len(seconds.all()), len(sizes.all()))
	}
	wantEvents(t, s, session, ids...)
}

// TestCancelledInsideGroup: design 5, a cancelled statement would roll the whole group back
// and run the rest without a transaction.
func TestCancelledInsideGroup(t *testing.T) {
	t.Parallel()
	s := openStore(t, Options{})
	session := newTestSession(t, s)
	ids := []string{newID(), newID(), newID()}

	release := hold(t, s)
	results := make(chan error, 3)
	run := func(ctx context.Context, fn func(chat.Tx) error, n int) {
		go func() { results <- s.Update(ctx, fn) }()
		awaitQueue(s, n)
	}
	running, cancelRunning := context.WithCancel(context.Background())
	waiting, cancelWaiting := context.WithCancel(context.Background())
	run(context.Background(), append1(session.ID, ids[0]), 1)
	run(running, func(t chat.Tx) error {
		cancelRunning()
		return append1(session.ID, ids[1])(t)
	}, 2)
	left := make(chan error)
	go func() {
		left <- s.Update(waiting, func(chat.Tx) error {
			t.Error("a request that had ended was begun")
			return nil
		})
	}()
	awaitQueue(s, 3)
	run(context.Background(), append1(session.ID, ids[2]), 4)
	cancelWaiting()
	if err := <-left; !errors.Is(err, context.Canceled) { // while the writer is still busy
		t.Errorf("the waiting request got %v", err)
	}
	release()
	for range 3 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	wantEvents(t, s, session, ids...)
}

// breakEvents makes the engine fail, other than by a constraint, when an event with that id
// is stored.
func breakEvents(t *testing.T, s *Store) (id string) {
	t.Helper()
	mustUpdate(t, s, func(t chat.Tx) error {
		return writerConn(s, t).exec(`CREATE TRIGGER broken BEFORE INSERT ON events WHEN NEW.id = 'broken'
			BEGIN SELECT abs(-9223372036854775808); END`)
	})
	return "broken"
}

func TestEngineErrorAbortsGroup(t *testing.T) {
	t.Parallel()
	s := openStore(t, Options{})
	session, broken := newTestSession(t, s), breakEvents(t, s)
	ids := []string{newID(), newID(), newID()}
	var runs, hooks atomic.Int64
	counted := func(fn func(chat.Tx) error) func(chat.Tx) error {
		return func(t chat.Tx) error {
			runs.Add(1)
			t.OnCommit(func() { hooks.Add(1) })
			return fn(t)
		}
	}
	before := s.engine.(*file).conn
	errs := queued(t, s,
		counted(append1(session.ID, ids[0])),
		counted(append1(session.ID, ids[1])),
		counted(append1(session.ID, broken)),
		counted(func(t chat.Tx) error { _ = append1(session.ID, broken)(t); return nil }), // swallowed
		counted(func(chat.Tx) error { return errors.New("not the domain's") }),
		counted(append1(session.ID, ids[2])),
	)
	for i, failed := range []bool{false, false, true, true, true, false} {
		if (errs[i] != nil) != failed {
			t.Errorf("member %d: %v", i, errs[i])
		}
	}
	wantEvents(t, s, session, ids...)
	if hooks.Load() != 3 {
		t.Errorf("%d hooks ran, want those of the 3 that were stored", hooks.Load())
	}
	if runs.Load() <= 6 {
		t.Errorf("%d runs: the members were not run one by one", runs.Load())
	}
	mustUpdate(t, s, func(chat.Tx) error {
		if s.engine.(*file).conn == before {
			t.Error("the connection was not opened again")
		}
		return nil
	})
}

// TestFailedCommit: a commit that fails leaves everyone in doubt, so nobody is told of success
// and the process must end.
func TestFailedCommit(t *testing.T) {
	t.Parallel()
	fatal := make(chan error, 1)
	var arm atomic.Bool
	s := openStore(t, Options{
		Fatal: func(err error) { fatal <- err },
		onBegin: func(c *conn) {
			if !arm.Load() {
				return
			}
			err := errors.Join(
				c.exec(`CREATE TABLE child (parent BIGINT REFERENCES sessions (key) DEFERRABLE INITIALLY DEFERRED)`),
				c.exec(`INSERT INTO child VALUES (123456789)`)) // found at the commit only
			if err != nil {
				t.Error(err)
			}
		},
	})
	session := newTestSession(t, s)
	release := hold(t, s)
	errs := make(chan error, 2)
	for n := range 2 {
		go func() {
			errs <- s.Update(context.Background(), func(x chat.Tx) error {
				x.OnCommit(func() { t.Error("a hook ran after a failed commit") })
				return append1(session.ID, newID())(x)
			})
		}()
		awaitQueue(s, n+1)
	}
	arm.Store(true)
	release()
	for range 2 {
		if err := <-errs; err == nil {
			t.Error("a member was told of success")
		}
	}
	if err := <-fatal; err == nil {
		t.Error("no reason was given")
	}
	wantUnavailable(t, s.Update(context.Background(), append1(session.ID, newID())))
}

// TestFullDatabase: no room is a refusal, and passes.
func TestFullDatabase(t *testing.T) {
	t.Parallel()
	var full atomic.Bool
	s := openStore(t, Options{onBegin: func(c *conn) {
		limit := "PRAGMA max_page_count = 1073741823"
		if full.Load() {
			limit = "PRAGMA max_page_count = 1" // SQLite takes the present size
		}
		if _, err := c.raw.ExecContext(context.Background(), limit); err != nil {
			t.Error(err)
		}
	}})
	session := newTestSession(t, s)
	full.Store(true)
	var refused error
	stored := 0
	for refused == nil && stored < 1000 {
		if refused = s.Update(context.Background(), append1(session.ID, newID())); refused == nil {
			stored++
		}
	}
	wantUnavailable(t, refused)
	for _, err := range queued(t, s, bulk(session.ID), bulk(session.ID), bulk(session.ID)) {
		wantUnavailable(t, err)
	}
	full.Store(false)
	mustUpdate(t, s, append1(session.ID, newID()))
	found, err := s.FindSession(context.Background(), session.ID)
	if err != nil || found.Sequence != int64(stored+1) {
		t.Fatalf("sequence %d, %v: want %d", found.Sequence, err, stored+1)
	}
}

// bulk writes more than fits into a page.
func bulk(id string) func(chat.Tx) error {
	return func(t chat.Tx) error {
		for range 50 {
			if err := append1(id, newID())(t); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestFullQueueIsRefused(t *testing.T) {
	t.Parallel()
	s := openStore(t, Options{QueueSize: 2})
	session := newTestSession(t, s)
	release := hold(t, s)
	ids := []string{newID(), newID()}
	errs := make(chan error, 2)
	for i := range ids {
		go func() { errs <- s.Update(context.Background(), append1(session.ID, ids[i])) }()
		awaitQueue(s, i+1)
	}
	wantUnavailable(t, s.Update(context.Background(), func(chat.Tx) error {
		t.Error("a refused function ran")
		return nil
	}))
	release()
	for range ids {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	wantEvents(t, s, session, ids...)
}

func TestCloseFinishesWhatIsQueued(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openStore(t, Options{Dir: dir})
	session := newTestSession(t, s)
	release := hold(t, s)
	id := newID()
	queued, closed := make(chan error), make(chan error)
	go func() { queued <- s.Update(context.Background(), append1(session.ID, id)) }()
	awaitQueue(s, 1)
	go func() { closed <- s.Close() }()
	<-s.engine.(*file).closing
	release()
	if err := <-queued; err != nil {
		t.Error(err)
	}
	if err := errors.Join(<-closed, s.Close()); err != nil {
		t.Error(err)
	}
	wantUnavailable(t, s.Update(context.Background(), func(chat.Tx) error { return nil }))
	_, err := s.FindSession(context.Background(), session.ID)
	wantUnavailable(t, err)
	again := openStore(t, Options{Dir: dir})
	wantEvents(t, again, session, id)
}

func TestHookThatPanicsHarmsNobody(t *testing.T) {
	t.Parallel()
	s := openStore(t, Options{})
	session := newTestSession(t, s)
	ids := []string{newID(), newID()}
	ran := false
	errs := queued(t, s,
		func(t chat.Tx) error {
			t.OnCommit(func() { panic("boom") })
			return append1(session.ID, ids[0])(t)
		},
		func(t chat.Tx) error {
			t.OnCommit(func() { ran = true })
			return append1(session.ID, ids[1])(t)
		})
	if err := errors.Join(errs...); err != nil || !ran {
		t.Errorf("errors %v; the other hook ran: %v", err, ran)
	}
	wantEvents(t, s, session, ids...)
}

// TestForeignWriteIsSeen: a person may repair data by hand while the server runs.
func TestForeignWriteIsSeen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openStore(t, Options{Dir: dir})
	session := newTestSession(t, s)
	db, err := openSQLite(dir+"/"+databaseName, writerPragmas)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("UPDATE session_heads SET client_read = 42 WHERE session_key = $1", session.Key); err != nil {
		t.Fatal(err)
	}
	mustUpdate(t, s, func(x chat.Tx) error {
		locked, err := x.LockSession(session.ID)
		if err == nil && locked.ClientRead != 42 {
			t.Errorf("read up to %d, want 42", locked.ClientRead)
		}
		return err
	})
}

func TestSessionCacheIsBounded(t *testing.T) {
	t.Parallel()
	c := newSessionCache()
	for key := range int64(3 * cachedSessions) {
		r := sessionRow{}
		r.session.Key, r.session.ID = key, uuid.NewString()
		c.put(r)
		c.put(r) // the same again takes no other's place
	}
	if len(c.byKey) != cachedSessions || len(c.byID) != cachedSessions {
		t.Errorf("%d keys and %d ids, want %d", len(c.byKey), len(c.byID), cachedSessions)
	}
}

// TestGoexitHangsNobody: a function that ends its goroutine, as FailNow of a test does, is
// answered with an error, and the writer goes on.
func TestGoexitHangsNobody(t *testing.T) {
	t.Parallel()
	s := openStore(t, Options{})
	session := newTestSession(t, s)
	errs := queued(t, s, append1(session.ID, newID()), func(chat.Tx) error { runtime.Goexit(); return nil })
	if errs[0] == nil || errs[1] == nil {
		t.Errorf("errors %v", errs)
	}
	id := newID()
	mustUpdate(t, s, append1(session.ID, id))
	wantEvents(t, s, session, id)
}
