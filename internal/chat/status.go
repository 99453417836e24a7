package chat

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// MessageStatus says what has become of a message on its way to the client (Chat API, 2).
type MessageStatus string

// The statuses of messages.
const (
	MessageSent      MessageStatus = "SENT"
	MessageDelivered MessageStatus = "DELIVERED"
	MessageReadBy    MessageStatus = "READ"
	MessageNotSent   MessageStatus = "NOT_SENT"
)

// Valid reports whether it is one of the statuses.
func (m MessageStatus) Valid() bool {
	return m == MessageSent || m == MessageDelivered || m == MessageReadBy || m == MessageNotSent
}

// Bounds of what one call may do.
const (
	MaxStatuses = 250   // changes in one call
	MaxUnread   = 1_000 // messages that are looked at to count those that are not read
)

// MessageStatusRecord is a status that is kept: one that differs from SENT, or did.
type MessageStatusRecord struct {
	SessionKey int64
	Sequence   int64 // of the question, for all that answers it; or of a message that answers none
	Status     MessageStatus
	UpTo       int64 // sequence up to which answers have the status; what was said later is SENT
}

// QuestionStatus is the status of what was answered to a question, or of a message that answers none.
type QuestionStatus struct {
	QuestionID string
	Status     MessageStatus
}

// StatusChanged says that the status of a message has changed.
type StatusChanged struct {
	QuestionID string        `json:"questionId"`
	Status     MessageStatus `json:"status"`
	By         AuthorType    `json:"by"` // the client, or the system that has delivered the message
}

// Kind implements Payload.
func (*StatusChanged) Kind() Kind { return KindStatusChanged }

// In implements Payload. TWIN's widget knows no such event; who follows the whole session is told.
func (*StatusChanged) In(s Stream) bool { return s == StreamSession }

// addressed is what has one status.
type addressed struct {
	questionID string
	session    SessionRef
	sequence   int64
}

// addressOf is what an event is addressed by: what a bot says by what it answers, any other message by
// itself (Chat API, 2). ok is false for events that have no status.
func addressOf(e *Event) (a addressed, ok bool) {
	a = addressed{e.ID, e.Session, e.Sequence}
	switch p := e.Payload.(type) {
	case *Message:
		if p.QuestionID != "" {
			a.questionID, a.sequence = p.QuestionID, p.Cause
		}
	case *ActionPressed, *TimerFired, *OwnerChanged, *SessionStarted: // what bots answer
	default:
		return a, false
	}
	if q := question(e.Payload); q != nil {
		a.questionID = q.ID
	}
	return a, true
}

// FindStatus returns the status of a message of a client; CodeNotFound when the client or the message
// is unknown.
func (s *Service) FindStatus(ctx context.Context, in *Chat, clientID, questionID string) (*QuestionStatus, error) {
	client, err := s.findClientOfChat(ctx, in, clientID)
	if err != nil {
		return nil, err
	}
	if client == nil {
		return nil, unknownClient(clientID)
	}
	a, err := s.readAddressed(ctx, in, client, questionID)
	if err != nil {
		return nil, fmt.Errorf("find status: %w", err)
	}
	status, err := s.readStatus(ctx, a)
	if err != nil {
		return nil, fmt.Errorf("find status: %w", err)
	}
	return &QuestionStatus{a.questionID, status}, nil
}

// readAddressed is findAddressed of what is committed.
func (s *Service) readAddressed(ctx context.Context, in *Chat, client *Client, id string) (addressed, error) {
	return addressedBy(id, func() (*Event, error) {
		q, err := s.Store.FindQuestion(ctx, in.Key, client.Key, id)
		if CodeOf(err) == CodeNotFound {
			return s.Store.FindEventOfClient(ctx, ClientRef{in.Key, client.Key}, id)
		}
		if err != nil {
			return nil, err
		}
		session, err := s.Store.FindSessionByKey(ctx, q.SessionKey)
		if err != nil {
			return nil, err
		}
		events, err := s.Store.ListEvents(ctx, session.Ref(), q.Sequence-1, 1)
		if err != nil {
			return nil, err
		}
		if len(events) == 0 {
			return nil, Errorf(CodeInternal, "session %d has no event %d, which is a question", q.SessionKey, q.Sequence)
		}
		return &events[0], nil
	})
}

// readStatus is currentStatus of what is committed.
func (s *Service) readStatus(ctx context.Context, a addressed) (MessageStatus, error) {
	session, err := s.Store.FindSessionByKey(ctx, a.session.Key)
	if err != nil {
		return "", err
	}
	records, err := s.Store.ListMessageStatuses(ctx, a.session.Key, a.sequence, a.sequence)
	if err != nil {
		return "", err
	}
	var r MessageStatusRecord
	if len(records) > 0 {
		r = records[0]
	}
	return statusNow(session, a, r, func() ([]Event, error) {
		return s.Store.ListEvents(ctx, session.Ref(), a.sequence-1, MaxUnread)
	})
}

// SetStatuses changes statuses of messages of a client, all or none, and returns what they are then, in
// the order given: one that is READ stays so. Sessions that have ended take them too. CodeNotFound when
// the client or a message is unknown.
func (s *Service) SetStatuses(ctx context.Context, in *Chat, clientID string, changes []QuestionStatus) (now []QuestionStatus, err error) {
	if n := len(changes); n > MaxStatuses {
		return nil, Invalid("statuses", "expected at most %d, got %d", MaxStatuses, n)
	}
	for i := range changes {
		if !changes[i].Status.Valid() {
			return nil, Invalid("status", "expected SENT, DELIVERED, READ or NOT_SENT")
		}
	}
	err = s.Store.Update(ctx, func(tx Tx) error {
		client, err := s.clientOfChat(tx, in, clientID)
		if err != nil {
			return err
		}
		marks := make([]mark, len(changes))
		for i, c := range changes {
			a, err := findAddressed(tx, in, client, c.QuestionID)
			if err != nil {
				return err
			}
			marks[i] = mark{addressed: a, status: c.Status, place: i}
		}
		now = make([]QuestionStatus, len(changes))
		return s.applyMarks(tx, marks, AuthorClient, now)
	})
	if err != nil {
		return nil, fmt.Errorf("set statuses: %w", err)
	}
	return now, nil
}

// MarkDelivered notes that messages have been given to their client's program: in the answer of a long
// poll, or to a webhook that has taken them. Events of other kinds and of the client are passed over.
func (s *Service) MarkDelivered(ctx context.Context, events []Event) error {
	return s.markEvents(ctx, events, MessageDelivered)
}

// MarkNotSent notes that the delivery of messages has ended as a dead letter. One that has arrived in
// another way stays as it is. It locks sessions, so it must not be called by who holds a stream of
// deliveries: it is for after SettleDelivery, and may be repeated.
func (s *Service) MarkNotSent(ctx context.Context, events []Event) error {
	return s.markEvents(ctx, events, MessageNotSent)
}

func (s *Service) markEvents(ctx context.Context, events []Event, status MessageStatus) error {
	var marks []mark
	for i := range events {
		m := events[i].Message()
		if m == nil || m.AuthorType == AuthorClient {
			continue
		}
		if a, ok := addressOf(&events[i]); ok {
			marks = append(marks, mark{addressed: a, status: status, system: true, upTo: events[i].Sequence})
		}
	}
	if len(marks) == 0 {
		return nil
	}
	err := s.Store.Update(ctx, func(tx Tx) error { return s.applyMarks(tx, slices.Clone(marks), AuthorSystem, nil) })
	if err != nil {
		return fmt.Errorf("mark messages %s: %w", status, err)
	}
	return nil
}

// mark is a change of a status that is asked for.
type mark struct {
	addressed
	status MessageStatus
	place  int   // in the answer
	system bool  // not asked for by the client
	upTo   int64 // of the system: the message it knows of
}

// applyMarks locks the sessions in the order of their keys, so that two who lock several never wait for
// each other, and makes the changes; those of one session in the order given.
func (s *Service) applyMarks(tx Tx, marks []mark, by AuthorType, now []QuestionStatus) error {
	slices.SortStableFunc(marks, func(a, b mark) int { return cmp.Compare(a.session.Key, b.session.Key) })
	for len(marks) > 0 {
		n := slices.IndexFunc(marks, func(m mark) bool { return m.session.Key != marks[0].session.Key })
		if n < 0 {
			n = len(marks)
		}
		session, err := tx.LockSessionByKey(marks[0].session.Key)
		if err != nil {
			return err
		}
		c := s.change(session)
		read := false
		for _, m := range marks[:n] {
			status, err := c.mark(tx, m, by)
			if err != nil {
				return err
			}
			read = read || status == MessageReadBy
			if now != nil {
				now[m.place] = QuestionStatus{m.questionID, status}
			}
		}
		if read {
			if err := c.readOn(tx); err != nil {
				return err
			}
		}
		if len(c.events) > 0 {
			if err := c.commit(tx); err != nil {
				return err
			}
		}
		marks = marks[n:]
	}
	return nil
}

// mark makes one change, and returns the status that holds then. Nothing is told that does not change.
func (c *change) mark(tx Tx, m mark, by AuthorType) (MessageStatus, error) {
	old, record, err := currentStatus(tx, c.session, m.addressed)
	if err != nil {
		return "", err
	}
	upTo := c.session.Sequence
	if m.system {
		upTo = max(m.upTo, record.UpTo)
	}
	if old == MessageReadBy {
		if m.status != MessageReadBy || record.Status != MessageReadBy || record.UpTo >= upTo {
			return old, nil
		}
	} else if m.system && m.status == MessageNotSent && old != MessageSent {
		return old, nil
	}
	if old == m.status && record.UpTo >= upTo {
		return old, nil
	}
	r := MessageStatusRecord{SessionKey: c.session.Key, Sequence: m.sequence, Status: m.status, UpTo: upTo}
	if record.Status == "" && m.status == MessageSent {
		return old, nil
	}
	if err := tx.PutMessageStatus(&r); err != nil {
		return "", err
	}
	if old != m.status {
		c.add(c.service.NewID(), &StatusChanged{QuestionID: m.questionID, Status: m.status, By: by})
	}
	return m.status, nil
}

// readOn moves the client's read mark over messages that are READ one by one, so that TWIN's side sees
// what the Chat API's was told: up to the first one that is not read.
func (c *change) readOn(tx Tx) error {
	messages, err := tx.ListUnread(c.session.Ref(), c.session.ClientRead, MaxUnread)
	if err != nil {
		return err
	}
	var last *Event
	for i := range messages {
		a, _ := addressOf(&messages[i])
		r, err := findRecord(tx, a)
		if err != nil {
			return err
		}
		if r.Status != MessageReadBy || messages[i].Sequence > r.UpTo {
			break
		}
		last = &messages[i]
	}
	if last == nil {
		return nil
	}
	c.session.ClientRead = last.Sequence
	c.add(c.service.NewID(), &MessageRead{MessageID: last.ID, UpTo: last.Sequence, By: AuthorClient})
	return nil
}

// findRecord finds what is kept of a status, a record without a status when nothing is.
func findRecord(tx Tx, a addressed) (MessageStatusRecord, error) {
	r, err := tx.FindMessageStatus(a.session.Key, a.sequence)
	if CodeOf(err) == CodeNotFound {
		return MessageStatusRecord{}, nil
	}
	if err != nil {
		return MessageStatusRecord{}, err
	}
	return *r, nil
}

// currentStatus is the status that holds in a locked session, with what is kept of it.
func currentStatus(tx Tx, session *Session, a addressed) (MessageStatus, MessageStatusRecord, error) {
	r, err := findRecord(tx, a)
	if err != nil {
		return "", r, err
	}
	status, err := statusNow(session, a, r, func() ([]Event, error) { return tx.ListUnread(session.Ref(), a.sequence-1, MaxUnread) })
	return status, r, err
}

// statusNow is the status that holds in a session, of which r is kept. What TWIN's read mark has passed is
// READ: of a question, when all its answers are below the mark. said lists what was said from the address on.
func statusNow(session *Session, a addressed, r MessageStatusRecord, said func() ([]Event, error)) (MessageStatus, error) {
	if r.Status == MessageReadBy {
		return MessageReadBy, nil
	}
	if session.ClientRead >= a.sequence {
		events, err := said()
		if err != nil {
			return "", err
		}
		if last := lastOf(events, a); last > 0 && last <= session.ClientRead {
			return MessageReadBy, nil
		}
	}
	return cmp.Or(r.Status, MessageSent), nil
}

// lastOf is the sequence of the last message among events that has an address, of those that a client can
// read; 0 for none.
func lastOf(events []Event, a addressed) (last int64) {
	for i := range events {
		if m := events[i].Message(); m == nil || m.AuthorType == AuthorClient || m.Silent() {
			continue
		}
		if of, ok := addressOf(&events[i]); ok && of.session.Key == a.session.Key && of.sequence == a.sequence {
			last = events[i].Sequence
		}
	}
	return last
}

// findAddressed finds what a questionId names among the messages of a client in a chat.
func findAddressed(tx Tx, in *Chat, client *Client, id string) (addressed, error) {
	return addressedBy(id, func() (*Event, error) { return eventNamed(tx, in, client, id) })
}

// addressedBy is what an event is addressed by that find finds by a questionId.
func addressedBy(id string, find func() (*Event, error)) (addressed, error) {
	unknown := Errorf(CodeNotFound, "no such message of this client: questionId %q", id)
	if id == "" || !storable(id) {
		return addressed{}, unknown
	}
	e, err := find()
	if CodeOf(err) == CodeNotFound {
		return addressed{}, unknown
	}
	if err != nil {
		return addressed{}, err
	}
	a, ok := addressOf(e)
	if !ok {
		return addressed{}, unknown
	}
	return a, nil
}

// eventNamed finds an event by the caller's name of a question, or by its own id.
func eventNamed(tx Tx, in *Chat, client *Client, id string) (*Event, error) {
	q, err := tx.FindQuestion(in.Key, client.Key, id)
	if err == nil {
		return tx.FindEventAt(q.SessionKey, q.Sequence)
	}
	if CodeOf(err) != CodeNotFound {
		return nil, err
	}
	return tx.FindEventOfClient(ClientRef{in.Key, client.Key}, id)
}

// CountUnread counts what bots and operators have said to a client in a chat and the client has not
// read, silent messages left out. It looks at the newest MaxUnread messages above the read marks.
// An unknown client has none.
func (s *Service) CountUnread(ctx context.Context, in *Chat, clientID string) (int64, error) {
	client, err := s.findClientOfChat(ctx, in, clientID)
	if client == nil || err != nil {
		return 0, err
	}
	items, err := s.Store.ListUnreadOfClient(ctx, in.Key, client.Key, MaxUnread)
	if err != nil {
		return 0, fmt.Errorf("count unread: %w", err)
	}
	statuses, err := s.statusesOf(ctx, items)
	if err != nil {
		return 0, fmt.Errorf("count unread: %w", err)
	}
	var n int64
	for i := range items {
		if statuses.of(&items[i].Event) != MessageReadBy {
			n++
		}
	}
	return n, nil
}

// statusTable is what is kept of statuses, by session and sequence.
type statusTable map[[2]int64]MessageStatusRecord

// statusesOf reads what is kept of the statuses of events: one read for each session.
func (s *Service) statusesOf(ctx context.Context, items []DialogueItem) (statusTable, error) {
	type span struct{ first, last int64 }
	spans := map[int64]span{}
	for i := range items {
		a, _ := addressOf(&items[i].Event)
		was, ok := spans[a.session.Key]
		if !ok {
			was = span{a.sequence, a.sequence}
		}
		spans[a.session.Key] = span{min(was.first, a.sequence), max(was.last, a.sequence)}
	}
	table := statusTable{}
	for key, of := range spans {
		records, err := s.Store.ListMessageStatuses(ctx, key, of.first, of.last)
		if err != nil {
			return nil, err
		}
		for _, r := range records {
			table[[2]int64{key, r.Sequence}] = r
		}
	}
	return table, nil
}

// of is the status of one event, but for the read mark.
func (t statusTable) of(e *Event) MessageStatus {
	a, _ := addressOf(e)
	r, ok := t[[2]int64{a.session.Key, a.sequence}]
	if !ok || (a.sequence != e.Sequence && e.Sequence > r.UpTo) {
		return MessageSent
	}
	return r.Status
}
