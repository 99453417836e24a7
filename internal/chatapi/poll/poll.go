// Package poll is the long poll of the Chat API, without its bytes: what a client's poll waits for, where
// it begins, what of that it is given, and up to where it was given it (Chat API, 2).
//
//	Begin ── watch the client, then find where to begin ──▶ Wait
//	feed ──▶ Wait.hear: events that come right after where it stands are kept, for others
//	         the log is read; what it does not ask for is passed over
//	Wait.Answer ──▶ at most MaxObjects objects ──▶ Wait.Done(written) ──▶ keeper ──▶ the cursor
//
// A poll costs no goroutine and no query while it waits. Delivery is at least once: the cursor advances
// when an answer was written, which is not to say that it was read.
package poll

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/feed"
)

const (
	// MaxObjects is how many objects one answer has at most (Chat API, 2).
	MaxObjects = 250
	// Limit is how long a poll waits (Chat API, 2).
	Limit = 25 * time.Second

	// readTimeout bounds one reading of the log.
	readTimeout = 10 * time.Second
	// page is how many events are read from the log at a time, and may wait in memory for one poll.
	page = 500
	// passedBeforeKept is how many events a poll passes over before its cursor is advanced for them.
	passedBeforeKept = 100
)

// Store is what polls read; *sqlstore.Store is one.
type Store interface {
	ListEvents(ctx context.Context, s chat.SessionRef, after int64, limit int) ([]chat.Event, error)
	ListStream(ctx context.Context, s chat.SessionRef, stream chat.Stream, after int64, limit int, reverse bool) ([]chat.Event, error)
	ListClientSessions(ctx context.Context, chat, client int64, limit int) ([]chat.Session, error)
	FindEventOfClient(ctx context.Context, client chat.ClientRef, id string) (*chat.Event, error)
	FindPollCursor(ctx context.Context, client chat.ClientRef, cid string) (*chat.PollCursor, error)
	Questions
}

// Feed tells what happens to clients; *feed.Feed is one.
type Feed interface {
	WatchClient(ctx context.Context, ref chat.ClientRef, fn func(feed.News)) (head feed.News, stop func(), err error)
}

// Service keeps cursors, and what has arrived; *chat.Service is one.
type Service interface {
	MarkDelivered(ctx context.Context, events []chat.Event) error
	AdvancePollCursors(ctx context.Context, cursors []chat.PollCursor) error
}

// Render returns an object as it goes over the wire.
type Render func(ctx context.Context, r *Request, o *Object) (json.RawMessage, error)

// Params is what a Hub works with. All is required.
type Params struct {
	Store   Store
	Feed    Feed
	Service Service
	Render  Render
	Now     func() time.Time
	Log     *slog.Logger
}

// Hub is where polls wait.
type Hub struct {
	params Params
	keeper *keeper
}

// New returns a hub that is to be closed.
func New(p Params) *Hub { return &Hub{params: p, keeper: newKeeper(p.Service, p.Log)} }

// Close writes the cursors that are not written yet, or ends with ctx. No poll may be under way. It is
// safe twice.
func (h *Hub) Close(ctx context.Context) error { return h.keeper.close(ctx) }

// Request is what a poll asks for.
type Request struct {
	Chat     *chat.Chat
	Client   chat.ClientRef
	ClientID string // the caller's
	CID      string // the caller's connection; "" for none
	All      bool   // not operators alone
	// Where to begin, if not after what the connection was given last: at most one of them is set.
	TS    time.Time // after that millisecond
	After string    // after this number in the client's latest session, or the event of this id
}

// Begin begins a poll. Its Done is to be called in the end.
func (h *Hub) Begin(ctx context.Context, r Request) (*Wait, error) {
	w := &Wait{hub: h, request: r}
	head, stop, err := h.params.Feed.WatchClient(ctx, r.Client, w.hear)
	if err != nil {
		return nil, err
	}
	w.stop = stop
	at, err := h.begin(ctx, &r, head, w)
	if err != nil {
		stop()
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at, w.reach, w.standing = at, at, true
	w.gap = w.gap || at.Compare(chat.Position{Session: head.Session.Key, Sequence: head.Sequence}) < 0
	return w, nil
}
