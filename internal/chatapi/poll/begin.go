package poll

import (
	"context"
	"slices"
	"sort"
	"strconv"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/feed"
)

// Questions are what clients asked; a part of Store.
type Questions interface {
	FindQuestion(ctx context.Context, chat, client int64, id string) (*chat.QuestionRecord, error)
	FirstOfConnection(ctx context.Context, chat, client int64, cid string) (*chat.QuestionRecord, error)
}

const (
	// sessionsAtATime is how many of a client's sessions are listed at first, and twice as many when
	// that was not enough.
	sessionsAtATime = 8
	// requestsAtATime is how many events are looked at for the client's last request at a time.
	requestsAtATime = 50
	// usedAnew is how old the day may be that a cursor was used last.
	usedAnew = 36 * time.Hour
)

// begin finds after which event a poll begins. With a connection, never before it appeared.
func (h *Hub) begin(ctx context.Context, r *Request, head feed.News, w *Wait) (at chat.Position, err error) {
	var window chat.Position
	if r.CID != "" {
		first, err := h.params.Store.FirstOfConnection(ctx, r.Client.Chat, r.Client.Client, r.CID)
		switch {
		case err == nil:
			window = chat.Position{Session: first.SessionKey, Sequence: first.Sequence}
		case chat.CodeOf(err) != chat.CodeNotFound:
			return at, err
		}
	}
	switch {
	case r.After != "":
		at, err = h.afterEvent(ctx, r, head)
	case !r.TS.IsZero():
		at, err = h.afterTime(ctx, r.Client, r.TS)
	default:
		at, err = h.goOn(ctx, r, head, window, w)
	}
	if err == nil && at.Compare(window) < 0 {
		at = window
	}
	return at, err
}

// goOn finds where a connection was when it was given something last, and from then on it is remembered.
func (h *Hub) goOn(ctx context.Context, r *Request, head feed.News, window chat.Position, w *Wait) (chat.Position, error) {
	key := cursorKey{r.Client, r.CID}
	at, unwritten := h.keeper.find(key) // before the storage is read: it may be written meanwhile
	kept, err := h.params.Store.FindPollCursor(ctx, r.Client, r.CID)
	switch {
	case err == nil && kept.Compare(at) > 0:
		at = kept.Position
	case chat.CodeOf(err) == chat.CodeNotFound && !unwritten:
		at, err = h.first(ctx, r, head, window)
	case chat.CodeOf(err) == chat.CodeNotFound:
		err = nil
	}
	if err != nil {
		return at, err
	}
	if !unwritten && (kept == nil || h.params.Now().Sub(kept.UsedAt) > usedAnew) {
		h.keeper.add(key, at)
	}
	w.kept = at
	return at, nil
}

// first finds where a connection begins that is new: where it appeared, and a client without one at its
// last request (Chat API, 2).
func (h *Hub) first(ctx context.Context, r *Request, head feed.News, window chat.Position) (chat.Position, error) {
	switch {
	case r.CID == "":
		return h.lastRequest(ctx, head)
	case window != chat.Position{}:
		return window, nil
	default: // it appears now
		return chat.Position{Session: head.Session.Key, Sequence: head.Sequence}, nil
	}
}

// lastRequest finds what a client did last in its newest session.
func (h *Hub) lastRequest(ctx context.Context, head feed.News) (chat.Position, error) {
	at := chat.Position{Session: head.Session.Key}
	if at.Session == 0 {
		return at, nil
	}
	for before := int64(0); ; {
		events, err := h.params.Store.ListStream(ctx, head.Session, chat.StreamSession, before, requestsAtATime, true)
		if err != nil || len(events) == 0 {
			return at, err
		}
		for i := range events {
			if byClient(&events[i]) {
				at.Sequence = events[i].Sequence
				return at, nil
			}
		}
		before = events[len(events)-1].SessionNo
	}
}

func byClient(e *chat.Event) bool {
	switch p := e.Payload.(type) {
	case *chat.Message:
		return p.AuthorType == chat.AuthorClient
	case *chat.ActionPressed:
		return true
	}
	return false
}

// afterEvent finds the event that a caller has named. A number counts in the latest session: one that it
// does not have is of an earlier one, so the poll begins with the session.
func (h *Hub) afterEvent(ctx context.Context, r *Request, head feed.News) (chat.Position, error) {
	if n, err := strconv.ParseInt(r.After, 10, 64); err == nil {
		if n < 0 {
			return chat.Position{}, errAfter()
		}
		if n > head.Sequence {
			n = 0
		}
		return chat.Position{Session: head.Session.Key, Sequence: n}, nil
	}
	e, err := h.params.Store.FindEventOfClient(ctx, r.Client, r.After)
	if chat.CodeOf(err) == chat.CodeNotFound {
		return chat.Position{}, errAfter()
	}
	if err != nil {
		return chat.Position{}, err
	}
	return placeOf(e), nil
}

func errAfter() error {
	return chat.Invalid("after", "expected the sequence of an event in the client's latest session, or the id of one of its events")
}

// afterTime finds the last event of a client up to a millisecond. Times of events grow, so it halves.
func (h *Hub) afterTime(ctx context.Context, client chat.ClientRef, ts time.Time) (at chat.Position, err error) {
	limit := ts.UnixMilli()
	sessions, err := h.sessions(ctx, client, func(s *chat.Session) bool { return s.StartedAt.UnixMilli() <= limit })
	if err != nil || len(sessions) == 0 {
		return at, err
	}
	s := &sessions[0]
	at.Session = s.Key
	if s.StartedAt.UnixMilli() > limit {
		return at, nil
	}
	later := sort.Search(int(s.Sequence), func(n int) bool { // the first event that is later, counted from 0
		events, e := h.params.Store.ListEvents(ctx, s.Ref(), int64(n), 1)
		if e != nil {
			err = e
		}
		return len(events) == 0 || events[0].At.UnixMilli() > limit
	})
	at.Sequence = int64(later)
	return at, err
}

// sessions returns the sessions of a client from the newest on that is enough on, in their order; all
// when none is.
func (h *Hub) sessions(ctx context.Context, client chat.ClientRef, enough func(*chat.Session) bool) ([]chat.Session, error) {
	for limit := sessionsAtATime; ; limit *= 2 {
		list, err := h.params.Store.ListClientSessions(ctx, client.Chat, client.Client, limit)
		if err != nil {
			return nil, err
		}
		for i := range list {
			if enough(&list[i]) {
				list = list[:i+1]
				slices.Reverse(list)
				return list, nil
			}
		}
		if len(list) < limit {
			slices.Reverse(list)
			return list, nil
		}
	}
}

// read reads the events of a client after a position, a page at most, and says whether there may be more.
func (h *Hub) read(ctx context.Context, client chat.ClientRef, at chat.Position) (events []chat.Event, more bool, err error) {
	sessions, err := h.sessions(ctx, client, func(s *chat.Session) bool { return s.Key <= at.Session })
	if err != nil {
		return nil, false, err
	}
	for i := range sessions {
		s := &sessions[i]
		if s.Key < at.Session {
			continue // the position is of no session of the client: what comes after it counts
		}
		after := int64(0)
		if s.Key == at.Session {
			after = at.Sequence
		}
		part, err := h.params.Store.ListEvents(ctx, s.Ref(), after, page-len(events))
		if err != nil {
			return nil, false, err
		}
		if events = append(events, part...); len(events) == page {
			return events, true, nil
		}
	}
	return events, false, nil
}
