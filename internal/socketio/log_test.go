package socketio_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

// testLog is a small event log in memory with the feed over it: what the package asks of the
// domain, the storage and the feed.
type testLog struct {
	mu       sync.Mutex
	sessions map[string]*testSession
	chats    map[string]*chat.Chat
	typed    chan string // sessions and bodies of Type
	read     chan string // sessions and messages of Read
	marked   chan chat.SessionRef
	keys     int64
	failing  error         // of FindSession
	slow     chan struct{} // what Type waits for; nil for nothing
}

type testSession struct {
	chat.Session
	log      *testLog
	events   []chat.Event
	watchers map[int]func(*chat.Event)
	nextID   int
}

func newTestLog() *testLog {
	return &testLog{
		sessions: make(map[string]*testSession),
		chats:    map[string]*chat.Chat{testChat: {ID: testChat}},
		marked:   make(chan chat.SessionRef, 10_000),
		typed:    make(chan string, 10_000),
		read:     make(chan string, 10_000),
	}
}

const testChat = "11111111-1111-4111-8111-111111111111"

// testTime is when everything happens.
var testTime = time.Date(2026, 1, 28, 12, 0, 0, 0, time.UTC)

func (l *testLog) open(id string) *testSession {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.keys++
	s := &testSession{
		Session:  chat.Session{Key: l.keys, ID: id, ChatID: testChat, Status: chat.StatusOpen},
		log:      l,
		watchers: make(map[int]func(*chat.Event)),
	}
	l.sessions[id] = s
	return s
}

// add commits an event and tells the watchers; lost commits it without telling them.
func (s *testSession) add(p chat.Payload)  { s.append(p, true) }
func (s *testSession) lost(p chat.Payload) { s.append(p, false) }

func (s *testSession) append(p chat.Payload, ring bool) {
	e, watchers := s.commit(p)
	if !ring {
		return
	}
	for _, fn := range watchers { // they may end watching meanwhile
		fn(&e)
	}
}

func (s *testSession) commit(p chat.Payload) (chat.Event, []func(*chat.Event)) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	e := chat.Event{Session: s.Ref(), At: testTime, Payload: p}
	if !p.Kind().Ephemeral() {
		s.Sequence++
		e.Sequence = s.Sequence
		e.ID = fmt.Sprintf("00000000-0000-7000-8000-%012d", s.Sequence)
		if p.In(chat.StreamWidget) {
			s.WidgetNo++
			e.WidgetNo = s.WidgetNo
		}
		if p.In(chat.StreamSession) {
			s.SessionNo++
			e.SessionNo = s.SessionNo
		}
		if m := e.Message(); m != nil {
			m.ID = e.ID
		}
		s.events = append(s.events, e)
	}
	return e, slices.Collect(maps.Values(s.watchers))
}

func (s *testSession) say(body string) { s.add(botSays(body)) }

func botSays(body string) *chat.Message {
	return &chat.Message{AuthorType: chat.AuthorBot, Type: chat.MessageRegular, Body: body}
}

func clientSays(body string) *chat.Message {
	return &chat.Message{AuthorType: chat.AuthorClient, Type: chat.MessageRegular, Body: body}
}

func (s *testSession) given() int64 {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return s.WidgetGiven
}

func (s *testSession) watched() int {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return len(s.watchers)
}

func (l *testLog) Watch(_ context.Context, ref chat.SessionRef, fn func(*chat.Event)) (chat.Head, func(), error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.sessions[ref.ID]
	id := s.nextID
	s.nextID++
	s.watchers[id] = fn
	stop := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(s.watchers, id)
	}
	return chat.Head{Session: ref, Sequence: s.Sequence}, stop, nil
}

func (l *testLog) ListStream(_ context.Context, ref chat.SessionRef, stream chat.Stream, after int64, limit int, _ bool) ([]chat.Event, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []chat.Event
	for _, e := range l.sessions[ref.ID].events {
		if e.No(stream) > after && len(found) < limit {
			found = append(found, e)
		}
	}
	return found, nil
}

func (l *testLog) FindSession(_ context.Context, id string) (*chat.Session, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failing != nil {
		return nil, l.failing
	}
	s := l.sessions[id]
	if s == nil {
		return nil, chat.Errorf(chat.CodeNotFound, "no such session")
	}
	found := s.Session
	return &found, nil
}

// fail has FindSession fail from now on.
func (l *testLog) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failing = err
}

func (l *testLog) FindChat(_ context.Context, id string) (*chat.Chat, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	found := *l.chats[id]
	found.Origins = slices.Clone(found.Origins)
	return &found, nil
}

func (l *testLog) Type(_ context.Context, id, body string) error {
	if l.slow != nil {
		<-l.slow
	}
	l.typed <- id + " " + body
	return nil
}

func (l *testLog) Read(_ context.Context, id, message string) error {
	if message == unknownMessage {
		return chat.Errorf(chat.CodeNotFound, "no such message in this session")
	}
	l.read <- id + " " + message
	return nil
}

// unknownMessage is not in any session.
const unknownMessage = "99999999-9999-4999-8999-999999999999"

func (l *testLog) MarkGiven(_ context.Context, ref chat.SessionRef, no int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.sessions[ref.ID]
	s.WidgetGiven = max(s.WidgetGiven, no)
	l.marked <- ref
	return nil
}

// awaitMark waits until a session is marked as given.
func (l *testLog) awaitMark(t *testing.T) {
	t.Helper()
	select {
	case <-l.marked:
	case <-time.After(patience):
		t.Fatal("not marked")
	}
}
