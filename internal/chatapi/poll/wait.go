package poll

import (
	"bytes"
	"context"
	"sync"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/feed"
)

// Wait is a poll that waits. Its methods but for hear are called by one goroutine at a time.
type Wait struct {
	hub     *Hub
	request Request
	stop    func()
	kept    chat.Position // the cursor as it was when the poll began

	mu       sync.Mutex // guards what follows
	standing bool       // at is known
	at       chat.Position
	brought  []chat.Event // what came right after at
	reach    chat.Position
	gap      bool         // there is more in the log than was brought
	passed   int          // events that were passed over since the cursor
	given    bool         // the answer has something in it
	arrives  []chat.Event // messages to the client in the answer
	ready    func()
}

// hear takes what happens to the client.
func (w *Wait) hear(n feed.News) {
	w.mu.Lock()
	defer w.mu.Unlock()
	to := chat.Position{Session: n.Session.Key, Sequence: n.Sequence}
	switch events := w.joins(n); {
	case !w.standing:
		w.gap = true
		return
	case to.Compare(w.reach) <= 0:
		return // it has that already
	case events == nil || len(w.brought)+len(events) > page:
		w.gap, w.brought, w.reach = true, nil, w.at
	case len(w.brought) == 0 && !w.request.mayWant(events):
		w.passed += len(events)
		w.at, w.reach = to, to
		return
	default:
		w.brought = append(w.brought, events...)
		w.reach = to
	}
	if w.ready != nil {
		w.ready()
	}
}

// joins returns the events that come right after what the poll has, nil when others are missing.
func (w *Wait) joins(n feed.News) []chat.Event {
	if len(n.Events) == 0 || n.Session.Key != w.reach.Session || w.gap {
		return nil
	}
	skip := w.reach.Sequence + 1 - n.Events[0].Sequence
	if skip < 0 || skip >= int64(len(n.Events)) {
		return nil
	}
	return n.Events[skip:]
}

// Notify has ready called whenever Answer may have something to say, soon if it has already.
func (w *Wait) Notify(ready func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ready = ready
	if w.gap || len(w.brought) > 0 {
		ready()
	}
}

// Answer returns what is to be answered, a JSON array. When there is nothing yet, it returns nil, but
// with final, which is for a poll that has waited long enough, an empty array.
func (w *Wait) Answer(ctx context.Context, final bool) ([]byte, error) {
	for {
		events, more, err := w.take(ctx)
		if err != nil {
			return nil, err
		}
		if len(events) == 0 && !more {
			break
		}
		objects, used, err := w.hub.objects(ctx, &w.request, events, more)
		if err != nil {
			w.putBack()
			return nil, err
		}
		w.advance(events, used)
		if len(objects) > 0 {
			return w.render(ctx, objects)
		}
	}
	if final {
		return []byte("[]"), nil
	}
	return nil, nil
}

// take returns what comes after where the poll stands, and whether there may be more in the log.
func (w *Wait) take(ctx context.Context) (events []chat.Event, more bool, err error) {
	w.mu.Lock()
	at := w.at
	if !w.gap {
		events, w.brought = w.brought, nil
		w.mu.Unlock()
		return events, false, nil
	}
	w.gap, w.brought, w.reach = false, nil, at
	w.mu.Unlock()
	reading, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	events, more, err = w.hub.read(reading, w.request.Client, at)
	if err != nil || more {
		w.mu.Lock()
		w.gap = true
		w.mu.Unlock()
	}
	return events, more, err
}

// putBack has events that were taken read from the log.
func (w *Wait) putBack() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gap, w.brought, w.reach = true, nil, w.at
}

// advance notes that the poll is past the first of events.
func (w *Wait) advance(events []chat.Event, used int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if used > 0 {
		last := &events[used-1]
		w.at = chat.Position{Session: last.Session.Key, Sequence: last.Sequence}
		w.passed += used
	}
	// What was not used is the next poll's. What was brought meanwhile may be among the events, or come
	// right after them, or not.
	for len(w.brought) > 0 && placeOf(&w.brought[0]).Compare(w.at) <= 0 {
		w.brought = w.brought[1:]
	}
	next := chat.Position{Session: w.at.Session, Sequence: w.at.Sequence + 1}
	if w.gap || len(w.brought) > 0 && placeOf(&w.brought[0]) != next {
		w.gap, w.brought = true, nil
	}
	w.reach = w.at
	if n := len(w.brought); n > 0 {
		w.reach = placeOf(&w.brought[n-1])
	}
}

func placeOf(e *chat.Event) chat.Position {
	return chat.Position{Session: e.Session.Key, Sequence: e.Sequence}
}

// render returns the array of objects.
func (w *Wait) render(ctx context.Context, objects []Object) ([]byte, error) {
	var b bytes.Buffer
	for i := range objects {
		raw, err := w.hub.params.Render(ctx, &w.request, &objects[i])
		if err != nil {
			return nil, err
		}
		b.WriteByte([]byte("[,")[min(i, 1)])
		b.Write(raw)
	}
	b.WriteByte(']')
	w.mu.Lock()
	defer w.mu.Unlock()
	w.given, w.arrives = true, nil
	for i := range objects {
		if t := objects[i].Type; t == TypeBot || t == TypeOperator {
			w.arrives = append(w.arrives, objects[i].Events...)
		}
	}
	return b.Bytes(), nil
}

// Done ends the poll. When its answer was written, the next one goes on after that, and the messages in
// it become DELIVERED (Chat API, 2).
func (w *Wait) Done(written bool) {
	w.stop()
	w.mu.Lock()
	at, worth, arrived := w.at, w.given || w.passed >= passedBeforeKept, w.arrives
	w.ready = nil
	w.mu.Unlock()
	if written {
		w.hub.keeper.arrived(arrived)
	}
	if written && worth && at.Compare(w.kept) > 0 {
		w.hub.keeper.add(cursorKey{w.request.Client, w.request.CID}, at)
	}
}
