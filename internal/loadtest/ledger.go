package loadtest

import (
	"slices"
	"sync"
	"time"
)

// Faults are broken promises. Any of them fails a run.
type Faults struct {
	Lost       int64 `json:"lost"`       // acknowledged, and not on the socket or not in the history
	Duplicated int64 `json:"duplicated"` // twice in one stream or in the history
	Reordered  int64 `json:"reordered"`  // out of the client's order, or at another place than was acknowledged
	Unanswered int64 `json:"unanswered"` // acknowledged, and the bot never answered
}

func (f *Faults) add(other Faults) {
	f.Lost += other.Lost
	f.Duplicated += other.Duplicated
	f.Reordered += other.Reordered
	f.Unanswered += other.Unanswered
}

// event is what the generator looks at in an event of a session. counter is the session's own
// number of a client's message, carried in its body; 0 in what others wrote.
type event struct {
	sequence int64
	counter  int
}

// ledger is the account of one session: what was sent, acknowledged and delivered. A client sends
// its messages one after the other, so its own counters and the server's sequences must grow
// together, in each stream and in the history.
type ledger struct {
	mu      sync.Mutex // guards all below
	entries []entry    // by counter - 1
	streams [streamKinds]stream
	faults  Faults

	// With a bot a client waits for the answer to each message before it sends the next.
	reserved bool              // somebody is about to send, or waits
	awaiting int               // counter of the message whose answer is to come; 0 for none
	waits    [streamKinds]bool // where that answer is to come
	early    []answer          // what was heard before the place of that message was known

	// Over Socket.IO events have no sequences: those of other channels tell them, by the ids.
	numbers  map[string]int64 // of what others wrote; nil without a Socket.IO connection
	unplaced []named          // heard over Socket.IO, in order, from the first on whose sequence is not known
}

// answer is something a bot said.
type answer struct {
	kind     streamKind
	sequence int64
	at       time.Time
}

// named is a message that was heard without its sequence.
type named struct {
	id string
	at time.Time
}

// entry is one message of the client.
type entry struct {
	due       time.Time // when it was to be sent
	run       *recorder // the phase of the load in which it was sent
	sequence  int64     // as acknowledged; 0 when the server did not say
	delivered int64     // sequence on the socket; 0 until it was there
	acked     bool
}

// streamKind tells apart the ways in which a session is listened to.
type streamKind int

const (
	echoStream     streamKind = iota // session:<id>, everything the client may see (TWIN, section 3), or webhooks
	widgetStream                     // widget:<id>, what others wrote
	socketIOStream                   // Socket.IO, what others wrote (TWIN, section 4)
	streamKinds
)

// stream is what came through one channel.
type stream struct {
	heard   []int64 // sequences, as they came
	counter int     // the highest so far
}

// admit takes the next sequence of the stream and reports whether it is new.
func (s *stream) admit(ev event, faults *Faults) bool {
	last := event{counter: s.counter}
	if len(s.heard) > 0 {
		last.sequence = s.heard[len(s.heard)-1]
	}
	switch {
	case ev.sequence <= last.sequence && slices.Contains(s.heard, ev.sequence):
		faults.Duplicated++
		return false
	case ev.sequence < last.sequence, ev.counter != 0 && ev.counter < last.counter:
		faults.Reordered++
	}
	s.heard = append(s.heard, ev.sequence)
	s.counter = max(s.counter, ev.counter)
	return true
}

// set holds the sequences of the stream.
func (s *stream) set() map[int64]bool {
	set := make(map[int64]bool, len(s.heard))
	for _, sequence := range s.heard {
		set[sequence] = true
	}
	return set
}

// send notes a message that is about to be sent and returns its counter.
func (l *ledger) send(due time.Time, run *recorder) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, entry{due: due, run: run})
	if run.answers > 0 {
		l.awaiting = len(l.entries)
		l.waits[widgetStream], l.waits[socketIOStream] = true, run.answers > 1
	}
	return len(l.entries)
}

// acknowledge notes that the server accepted a message.
func (l *ledger) acknowledge(counter int, sequence int64, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := &l.entries[counter-1]
	e.acked, e.sequence = true, sequence
	e.run.acknowledged(now, now.Sub(e.due))
	if e.delivered != 0 {
		e.run.outstanding.Add(-1)
	}
	l.placed(counter)
}

// refuse notes that the server did not take a message, or that nobody knows whether it did: it may
// be delivered, once and in its place, but nobody waits for it.
func (l *ledger) refuse(counter int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	run := l.entries[counter-1].run
	run.outstanding.Add(-1)
	if l.awaiting == counter {
		for kind, waits := range l.waits {
			if waits {
				run.outstanding.Add(-1)
				l.waits[kind] = false
			}
		}
		l.awaiting, l.reserved, l.early = 0, false, l.early[:0]
	}
}

// deliver notes an event that came through a channel.
func (l *ledger) deliver(kind streamKind, ev event, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case ev.counter != 0:
		l.deliverOwn(kind, ev, now)
	case l.streams[kind].admit(ev, &l.faults) && kind == widgetStream:
		l.heardBot(answer{kind, ev.sequence, now})
	}
}

// listenOverSocketIO says that a Socket.IO connection will hear what others write. To be called
// before anything is heard.
func (l *ledger) listenOverSocketIO() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.numbers = make(map[string]int64)
}

// number notes the sequence of a message that somebody else wrote.
func (l *ledger) number(id []byte, sequence int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.numbers != nil {
		l.numbers[string(id)] = sequence
		l.place()
	}
}

// deliverNamed notes a message of somebody else that came over Socket.IO.
func (l *ledger) deliverNamed(id []byte, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unplaced = append(l.unplaced, named{string(id), now})
	l.place()
}

// place admits what was heard over Socket.IO, as far as its sequences are known.
func (l *ledger) place() {
	for len(l.unplaced) > 0 {
		heard := l.unplaced[0]
		sequence, known := l.numbers[heard.id]
		if !known {
			return
		}
		l.unplaced = l.unplaced[1:]
		if l.streams[socketIOStream].admit(event{sequence: sequence}, &l.faults) {
			l.heardBot(answer{socketIOStream, sequence, heard.at})
		}
	}
}

// deliverOwn notes a message of the client itself.
func (l *ledger) deliverOwn(kind streamKind, ev event, now time.Time) {
	if ev.counter > len(l.entries) || l.entries[ev.counter-1].delivered != 0 {
		l.faults.Duplicated++ // twice, or nobody sent it
		return
	}
	if !l.streams[kind].admit(ev, &l.faults) {
		return
	}
	e := &l.entries[ev.counter-1]
	e.delivered = ev.sequence
	e.run.deliveredAt(now, now.Sub(e.due))
	if e.acked {
		e.run.outstanding.Add(-1)
	}
	l.placed(ev.counter)
}

// heardBot takes what a bot said as the answer if it stands after the message that waits for one. A
// bot may say more than one thing: the first is the answer.
func (l *ledger) heardBot(a answer) {
	if l.awaiting == 0 || !l.waits[a.kind] {
		return
	}
	e := &l.entries[l.awaiting-1]
	place := max(e.sequence, e.delivered)
	if place == 0 {
		l.early = append(l.early, a)
		return
	}
	if a.sequence > place {
		e.run.answered(a.kind, a.at.Sub(e.due))
		if l.waits[a.kind] = false; l.waits == [streamKinds]bool{} {
			l.awaiting, l.reserved = 0, false
		}
	}
}

// placed looks through what was heard early, now that the place of a message may be known.
func (l *ledger) placed(counter int) {
	if counter != l.awaiting || len(l.early) == 0 {
		return
	}
	early := l.early
	l.early = nil
	for _, a := range early {
		l.heardBot(a)
	}
}

// reserve reports whether the client may send now, and not somebody else meanwhile: it does not wait
// for an answer.
func (l *ledger) reserve() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reserved {
		return false
	}
	l.reserved = true
	return true
}

// acknowledgedAny reports whether the server ever accepted a message.
func (l *ledger) acknowledgedAny() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.entries, func(e entry) bool { return e.acked })
}

// close sums up the session, given its whole history as the server lists it.
func (l *ledger) close(history []event) Faults {
	l.mu.Lock()
	defer l.mu.Unlock()
	listed := l.compare(history)
	for i, e := range l.entries {
		switch {
		case !e.acked:
		case e.delivered == 0 || listed[i] == 0:
			l.faults.Lost++
		case e.sequence != 0 && e.sequence != e.delivered, e.delivered != listed[i]:
			l.faults.Reordered++
		}
	}
	if l.awaiting != 0 && l.entries[l.awaiting-1].acked {
		l.faults.Unanswered++
	}
	l.faults.Duplicated += int64(len(l.unplaced)) // nobody wrote them
	return l.faults
}

// compare holds the history against itself and against the streams of what others wrote. It returns
// the sequence in the history by counter - 1.
func (l *ledger) compare(history []event) []int64 {
	listed := make([]int64, len(l.entries))
	heard, overSocketIO := l.streams[widgetStream].set(), l.streams[socketIOStream].set()
	var last event
	for _, ev := range history {
		own := ev.counter != 0
		switch {
		case ev.sequence == last.sequence || own && (ev.counter > len(listed) || listed[ev.counter-1] != 0):
			l.faults.Duplicated++
			continue
		case ev.sequence < last.sequence || own && ev.counter < last.counter:
			l.faults.Reordered++
		}
		last.sequence = max(last.sequence, ev.sequence)
		if own {
			last.counter = max(last.counter, ev.counter)
			listed[ev.counter-1] = ev.sequence
			continue
		}
		if !heard[ev.sequence] {
			l.faults.Lost++
		}
		// A greeting may have been given to the other connection before this one was there.
		if l.numbers != nil && last.counter > 0 && !overSocketIO[ev.sequence] {
			l.faults.Lost++
		}
	}
	return listed
}
