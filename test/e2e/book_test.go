//go:build e2e

package e2e

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// book is what the database holds at one moment: sessions by their id.
type book map[string]*page

// page is a session in the book.
type page struct {
	id, status, owner               string
	sequence, widgetNo, sessionNo   int64
	cursor, pending, dueAt, startAt int64
	entries                         []entry
}

// entry is an event in the book.
type entry struct {
	sequence, widgetNo, sessionNo, at int64
	id, kind                          string

	// Of a message; cause is the sequence of the event a bot's message answers. Of the start
	// of a session: whether the bot is to speak first. Of what was pressed: the event's name.
	author, body string
	cause        int64
	greet        bool
	event        string
}

// readBook reads the whole log as it is at one moment, whether a server runs on it or not.
func readBook(t *testing.T, d data) book {
	t.Helper()
	db, err := d.open()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := snapshot(t.Context(), db, d)
	if err != nil {
		t.Fatalf("read database: %v", err)
	}
	defer tx.Rollback()
	b, err := readPages(t.Context(), tx)
	if err != nil {
		t.Fatalf("read database: %v", err)
	}
	return b
}

// readSound reads the whole database while no turn is due, and checks what must be true of any.
func readSound(t *testing.T, d data) book {
	t.Helper()
	b := readBook(t, d)
	b.checkNumbers(t)
	b.checkTurns(t, true)
	return b
}

func readPages(ctx context.Context, tx *sql.Tx) (book, error) {
	b, byKey := book{}, map[int64]*page{}
	rows, err := tx.QueryContext(ctx, `SELECT s.key, s.id, s.status, s.owner_kind, s.started_at,
		h.sequence, h.widget_no, h.session_no, h.cursor, h.pending, h.due_at
		FROM sessions s JOIN session_heads h ON h.session_key = s.key`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var key int64
		p := &page{}
		err := rows.Scan(&key, &p.id, &p.status, &p.owner, &p.startAt, &p.sequence, &p.widgetNo, &p.sessionNo, &p.cursor, &p.pending, &p.dueAt)
		if err != nil {
			return nil, err
		}
		b[p.id], byKey[key] = p, p
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return b, readEntries(ctx, tx, byKey)
}

func readEntries(ctx context.Context, tx *sql.Tx, pages map[int64]*page) error {
	rows, err := tx.QueryContext(ctx, `SELECT session_key, sequence, widget_no, session_no, at, id, kind, payload
		FROM events ORDER BY session_key, sequence`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key int64
		var e entry
		var payload string
		if err := rows.Scan(&key, &e.sequence, &e.widgetNo, &e.sessionNo, &e.at, &e.id, &e.kind, &payload); err != nil {
			return err
		}
		var stored struct {
			P struct {
				AuthorType, Body string
				Cause            int64
				Greet            bool
				Event            string
			}
		}
		if err := json.Unmarshal([]byte(payload), &stored); err != nil {
			return err
		}
		e.author, e.body, e.cause, e.greet, e.event = stored.P.AuthorType, stored.P.Body, stored.P.Cause, stored.P.Greet, stored.P.Event
		p := pages[key]
		if p == nil {
			return fmt.Errorf("event %s is of no session", e.id)
		}
		p.entries = append(p.entries, e)
	}
	return rows.Err()
}

// complaints collects what is wrong; a broken server has much of it, so it is cut short.
type complaints struct {
	t     *testing.T
	count int
}

func (c *complaints) add(format string, args ...any) {
	c.t.Helper()
	if c.count++; c.count <= 20 {
		c.t.Errorf(format, args...)
	}
}

// checkNumbers: sequences and audience numbers are dense, in order, and agree with the heads; times
// grow by a millisecond at least.
func (b book) checkNumbers(t *testing.T) {
	t.Helper()
	wrong := &complaints{t: t}
	for _, p := range b {
		var widget, session int64
		ids := map[string]bool{}
		for i := range p.entries {
			e := &p.entries[i]
			if e.sequence != int64(i+1) {
				wrong.add("session %s: event %d has sequence %d", p.id, i+1, e.sequence)
			}
			if i > 0 && e.at < nextMilli(p.entries[i-1].at) {
				wrong.add("session %s: event %d is of %d µs, the one before of %d", p.id, e.sequence, e.at, p.entries[i-1].at)
			}
			if e.widgetNo != 0 {
				if widget++; e.widgetNo != widget {
					wrong.add("session %s: event %d has widget number %d, expected %d", p.id, e.sequence, e.widgetNo, widget)
				}
			}
			if e.sessionNo != 0 {
				if session++; e.sessionNo != session {
					wrong.add("session %s: event %d has session number %d, expected %d", p.id, e.sequence, e.sessionNo, session)
				}
			}
			if ids[e.id] {
				wrong.add("session %s: id %s twice", p.id, e.id)
			}
			ids[e.id] = true
		}
		if n := int64(len(p.entries)); p.sequence != n || p.widgetNo != widget || p.sessionNo != session {
			wrong.add("session %s: head says %d, %d, %d, the log %d, %d, %d", p.id, p.sequence, p.widgetNo, p.sessionNo, n, widget, session)
		}
	}
}

// checkTurns: no event was answered twice, in pieces or out of order, and with settled every
// event that a bot must answer was. A turn is one transaction, so its messages follow each other,
// each in the next millisecond.
func (b book) checkTurns(t *testing.T, settled bool) {
	t.Helper()
	wrong := &complaints{t: t}
	for _, p := range b {
		last, answered := int64(0), map[int64]bool{}
		for i := range p.entries {
			e := &p.entries[i]
			if e.kind != "message.created" || e.author != "BOT" || e.cause == 0 {
				continue
			}
			goesOn := i > 0 && p.entries[i-1].cause == e.cause
			switch {
			case e.cause < last || e.cause > e.sequence: // its own, or that of one before, when it answers nothing
				wrong.add("session %s: message %d answers %d after %d was answered", p.id, e.sequence, e.cause, last)
			case e.cause == last && !goesOn:
				wrong.add("session %s: %d was answered twice, at last by %d", p.id, e.cause, e.sequence)
			case goesOn && e.at != nextMilli(p.entries[i-1].at):
				wrong.add("session %s: %d was answered by two turns, at last by %d", p.id, e.cause, e.sequence)
			}
			last = e.cause
			answered[e.cause] = true
		}
		if !settled || p.status != "open" || p.owner != "bot" {
			continue
		}
		if p.cursor < p.pending || p.dueAt != 0 {
			wrong.add("session %s: the bot has reacted up to %d of %d, due %d", p.id, p.cursor, p.pending, p.dueAt)
		}
		for i := range p.entries {
			e := &p.entries[i]
			if (e.author == "CLIENT" || e.greet) && !answered[e.sequence] {
				wrong.add("session %s: %s %d %q was never answered", p.id, e.kind, e.sequence, e.body)
			}
		}
	}
}

// nextMilli is the beginning of the next millisecond, all in microseconds.
func nextMilli(at int64) int64 { return (at/1000 + 1) * 1000 }

// checkPerson: all that was acknowledged to a person is there once, in the order of sending,
// where the answer said; what was not acknowledged is there at most once; nothing else is.
func (b book) checkPerson(t *testing.T, wrong *complaints, p *person, acked []said, unsure []string, final bool) {
	t.Helper()
	page := b[p.session]
	if page == nil {
		wrong.add("session %s is lost", p.session)
		return
	}
	if p.bot && (page.owner != "bot" || page.status != "open") {
		wrong.add("session %s: the words of the test made the bot leave: owner %s, %s", p.session, page.owner, page.status)
	}
	at := map[string]*entry{}
	for i := range page.entries {
		e := &page.entries[i]
		if e.author != "CLIENT" {
			continue
		}
		if at[e.body] != nil {
			wrong.add("session %s: %q is there twice: %d and %d", p.session, e.body, at[e.body].sequence, e.sequence)
		}
		at[e.body] = e
	}
	last := int64(0)
	for _, s := range acked {
		e := at[s.body]
		switch {
		case e == nil:
			wrong.add("session %s: %q (sequence %d, after %d repeats) was acknowledged and is lost", p.session, s.body, s.sequence, s.repeats)
			continue
		case e.id != s.id || e.sequence != s.sequence:
			wrong.add("session %s: %q is %s %d, acknowledged as %s %d", p.session, s.body, e.id, e.sequence, s.id, s.sequence)
		case e.sequence <= last:
			wrong.add("session %s: %q is out of order", p.session, s.body)
		}
		last = e.sequence
		delete(at, s.body)
	}
	for _, body := range unsure {
		delete(at, body)
	}
	if final && len(at) > 0 {
		wrong.add("session %s: %d messages that nobody sent, or sent without an end: %v", p.session, len(at), at)
	}
}

// checkListener: what was heard in a channel is what the log holds of it from where the
// listener began.
func (b book) checkListener(t *testing.T, wrong *complaints, l *listener) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, fault := range l.faults {
		wrong.add("listener: %s", fault)
	}
	for _, channel := range l.channels() {
		stream, id, _ := strings.Cut(channel, ":")
		p, place := b[id], l.places[channel]
		if p == nil || place == nil {
			wrong.add("%s: session in the log: %v, channel known: %v", channel, p != nil, place != nil)
			continue
		}
		want := p.stream(stream, place.start)
		got := l.heard[channel]
		if len(got) != len(want) {
			wrong.add("%s: heard %d from %d on, the log has %d", channel, len(got), place.start, len(want))
		}
		for i := range min(len(got), len(want)) {
			if got[i] != want[i] {
				wrong.add("%s: heard %+v, the log has %+v", channel, got[i], want[i])
				break
			}
		}
	}
}

var eventNames = map[string]string{
	"message.created": "chatMessageCreated",
	"message.read":    "chatMessageRead",
	"action.pressed":  "actionPressed",
	"owner.changed":   "operatorChanged",
	"session.closed":  "sessionClosed",
	"message.status":  "messageStatusChanged",
}

// stream is what a channel carries after an offset.
func (p *page) stream(stream string, after int64) []heard {
	var want []heard
	for i := range p.entries {
		e := &p.entries[i]
		no := e.widgetNo
		if stream == "session" {
			no = e.sessionNo
		}
		if no > after {
			want = append(want, heard{no, e.id, e.sequence, eventNames[e.kind], e.body})
		}
	}
	return want
}

// messages are what REST lists.
func (p *page) messages() []listed {
	var all []listed
	for i := range p.entries {
		if e := &p.entries[i]; e.kind == "message.created" {
			all = append(all, listed{e.id, e.sequence, e.author, e.body})
		}
	}
	return all
}

// checkHistory: a reader of the history ends with the same list.
func (b book) checkHistory(wrong *complaints, session string, got []listed) {
	wrong.t.Helper()
	page := b[session]
	if page == nil {
		wrong.add("session %s is lost", session)
		return
	}
	want := page.messages()
	if len(got) != len(want) {
		wrong.add("history of %s: %d messages, the log has %d", session, len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			wrong.add("history of %s: %+v, the log has %+v", session, got[i], want[i])
			break
		}
	}
}

// awaitSettled waits until no bot owes an answer.
func awaitSettled(t *testing.T, d data, within time.Duration) {
	t.Helper()
	db, err := d.open()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	due := -1
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	err = poll(ctx, 50*time.Millisecond, func() bool {
		err := db.QueryRowContext(ctx, `SELECT count(*) FROM session_heads WHERE due_at > 0`).Scan(&due)
		return err == nil && due == 0
	})
	if err != nil {
		t.Fatalf("after %s, %d sessions still wait for their bot", within, due)
	}
}
