package chat

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Limits of a question (Chat API, 3). The vendor names none for names; they stand in indices.
const (
	MaxClientID   = 255 // characters
	MaxQuestionID = 128 // characters
	MaxCID        = 255 // characters
)

// channelChatAPI is the channel of sessions that a question opens.
const channelChatAPI = "CHAT_API"

// Question is what a client's message or event is to the Chat API.
type Question struct {
	ID    string          `json:"id"`              // questionId: the caller's uuid, or the id of the event
	CID   string          `json:"cid,omitempty"`   // connection that asks; "" for none
	Data  json.RawMessage `json:"data,omitempty"`  // object, for the script's $request.data; nil for none
	Async bool            `json:"async,omitempty"` // the answer goes to the channel's webhook
}

// Answered ends the turn about a question: what was said in answer to it stands before it.
type Answered struct {
	Cause      int64     `json:"cause"` // sequence of the question
	QuestionID string    `json:"questionId"`
	CID        string    `json:"cid,omitempty"`
	Async      bool      `json:"async,omitempty"`
	Reply      *BotReply `json:"reply,omitempty"`
	NewSession bool      `json:"newSession,omitempty"` // the question, or the bot, began one
	EndSession bool      `json:"endSession,omitempty"`
	Failed     bool      `json:"failed,omitempty"` // the bot could not, and has no words of its own for that
}

// BotReply is what a bot tells of its answer beside the messages (Chat API, 4, data).
type BotReply struct {
	Class      string          `json:"class,omitempty"` // path of the activated state
	Confidence float64         `json:"confidence"`
	Fields     json.RawMessage `json:"fields,omitempty"` // object of what scripts have set in $response; nil for none
	NewSession bool            `json:"newSession,omitempty"`
	EndSession bool            `json:"endSession,omitempty"`
}

// Kind implements Payload.
func (*Answered) Kind() Kind { return KindQuestionAnswered }

// In implements Payload: it is for who has asked.
func (*Answered) In(Stream) bool { return false }

// QuestionRecord says where a question is in the log.
type QuestionRecord struct {
	ChatKey    int64
	ClientKey  int64
	ID         string
	SessionKey int64
	Sequence   int64
	CID        string
	At         time.Time
}

// AskParams is a client's query or event (Chat API, 3).
type AskParams struct {
	ClientID string // the caller's id of the client
	Query    string
	Event    string // in place of Query
	Question Question
	// Asked, if it is not nil, is told of the question between its commit and the ring that tells the bot:
	// whoever waits for the answer from then on misses nothing. It is not told of one that was asked before,
	// and must not block.
	Asked func(*AskResult)
}

// AskResult is where a question went.
type AskResult struct {
	Session  *Session
	Event    *Event
	Question Question
	Repeated bool // it was asked before: the answer may be in the log
	Awaited  bool // a bot owes the answer
}

// question is what the Chat API asked by an event; nil for events of other faces.
func question(p Payload) *Question {
	switch p := p.(type) {
	case *Message:
		return p.Question
	case *ActionPressed:
		return p.Question
	default:
		return nil
	}
}

// FindChannel finds the chat with an access token of the Chat API.
func (s *Service) FindChannel(ctx context.Context, token string) (*Chat, error) {
	if !storable(token) {
		return nil, Errorf(CodeNotFound, "no such channel")
	}
	id, err := s.Store.FindChatID(ctx, token)
	if err != nil {
		return nil, err
	}
	c, err := s.FindChat(ctx, id)
	if err == nil && c.Token != token { // it was changed on another node
		return nil, Errorf(CodeNotFound, "no such channel")
	}
	return c, err
}

// Ask writes a client's query or event, which a bot is to answer. The client is the one that is
// known by this id in the chat, or a new one; whoever has the token is trusted to name it. It is said
// in the client's open session, or in a new one. A question of an id that was asked is not asked again.
func (s *Service) Ask(ctx context.Context, in *Chat, p AskParams) (*AskResult, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	var result *AskResult
	err := s.Store.Update(ctx, func(tx Tx) error {
		c, err := s.findChat(tx, in.ID)
		if err != nil {
			return err
		}
		client, err := s.clientNamed(tx, c, p.ClientID)
		if err != nil {
			return err
		}
		if result, err = s.asked(tx, c, client, p.Question.ID); result != nil || err != nil {
			return err
		}
		result, err = s.ask(tx, c, client, &p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ask: %w", err)
	}
	return result, nil
}

// check judges what needs no storage (Chat API, 3 and 7).
func (p *AskParams) check() error {
	if err := CheckClientID(p.ClientID); err != nil {
		return err
	}
	asks, tells := !IsBlank(p.Query), !IsBlank(p.Event)
	switch {
	case !asks && !tells:
		return Invalid("query", "expected a query or an event")
	case p.Query != "" && p.Event != "":
		return Invalid("event", "expected a query or an event, not both")
	}
	if err := checkText("event", p.Event, MaxEventName); err != nil {
		return err
	}
	if err := checkText("query", p.Query, MaxBodyRunes); err != nil {
		return err
	}
	if err := checkText("uuid", p.Question.ID, MaxQuestionID); err != nil {
		return err
	}
	return checkText("cid", p.Question.CID, MaxCID)
}

// CheckClientID judges a caller's id of a client.
func CheckClientID(id string) error {
	if IsBlank(id) {
		return Invalid("clientId", "expected the id of a client")
	}
	return checkText("clientId", id, MaxClientID)
}

// NameClient finds the client of a caller's id in a chat, or makes it: a page may wait before its client
// has said anything.
func (s *Service) NameClient(ctx context.Context, in *Chat, id string) (ClientRef, error) {
	if err := CheckClientID(id); err != nil {
		return ClientRef{}, err
	}
	client, err := s.Store.FindClientByAlias(ctx, in.Key, Alias{AliasExternal, id})
	if CodeOf(err) == CodeNotFound {
		err = s.Store.Update(ctx, func(tx Tx) (err error) {
			client, err = s.clientNamed(tx, in, id)
			return err
		})
	}
	if err != nil {
		return ClientRef{}, fmt.Errorf("name client: %w", err)
	}
	return ClientRef{in.Key, client.Key}, nil
}

// clientNamed finds the client of a caller's id in a chat, or makes it.
func (s *Service) clientNamed(tx Tx, c *Chat, id string) (*Client, error) {
	client, err := tx.FindClientByAlias(c.Key, Alias{AliasExternal, id})
	if err == nil || CodeOf(err) != CodeNotFound {
		return client, err
	}
	return s.newClientNamed(tx, c, id)
}

// newClientNamed makes the client of a caller's id that is not there.
func (s *Service) newClientNamed(tx Tx, c *Chat, id string) (*Client, error) {
	return s.createClient(tx, c, &StartParams{}, []Alias{{AliasExternal, id}})
}

// asked finds a question that was asked before; nil when it was not.
func (s *Service) asked(tx Tx, c *Chat, client *Client, id string) (*AskResult, error) {
	if id == "" {
		return nil, nil
	}
	q, err := tx.FindQuestion(c.Key, client.Key, id)
	if CodeOf(err) == CodeNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	session, err := tx.LockSessionByKey(q.SessionKey)
	if err != nil {
		return nil, err
	}
	event, err := tx.FindEventAt(q.SessionKey, q.Sequence)
	if err != nil {
		return nil, err
	}
	asked := question(event.Payload)
	if asked == nil {
		return nil, Errorf(CodeInternal, "event %d of session %d is no question", q.Sequence, q.SessionKey)
	}
	return &AskResult{Session: session, Event: event, Question: *asked, Repeated: true, Awaited: session.Settled() < q.Sequence}, nil
}

func (s *Service) ask(tx Tx, c *Chat, client *Client, p *AskParams) (*AskResult, error) {
	ch, err := s.reach(tx, c, client)
	if err != nil {
		return nil, err
	}
	id := s.NewID()
	q := p.Question
	if q.ID == "" {
		q.ID = id
	}
	ch.act()
	var event Event
	if p.Event != "" {
		event = ch.add(id, &ActionPressed{Event: p.Event, Data: q.Data, Question: &q})
	} else {
		event = ch.add(id, &Message{
			ID: id, AuthorType: AuthorClient, AuthorID: client.ID, Type: MessageRegular, Body: p.Query, Question: &q,
		})
	}
	ch.awaitBot()
	record := &QuestionRecord{
		ChatKey: c.Key, ClientKey: client.Key, ID: q.ID, SessionKey: ch.session.Key, Sequence: event.Sequence, CID: q.CID, At: event.At,
	}
	if err := tx.CreateQuestion(record); err != nil {
		return nil, err
	}
	result := &AskResult{Session: ch.session, Event: &event, Question: q, Awaited: ch.session.Owner.Kind == OwnerBot}
	if p.Asked != nil {
		tx.OnCommit(func() { p.Asked(result) }) // before the ring of the commit
	}
	return result, ch.commit(tx)
}

// reach begins a change of a client's open session in a chat, or of a new one, in which the bot does
// not greet: it is to react to what is added.
func (s *Service) reach(tx Tx, c *Chat, client *Client) (*change, error) {
	open, after, err := s.openSession(tx, c, client.Key)
	if err != nil {
		return nil, err
	}
	if open != nil {
		return s.change(open), nil
	}
	if !c.DeletedAt.IsZero() {
		return nil, Errorf(CodeNotFound, "no such channel")
	}
	bot, err := botFor(tx, c, "")
	if err != nil {
		return nil, err
	}
	return s.beginFor(tx, c, client, bot, after)
}

// beginFor begins a session for a client of the Chat API, in which bot answers, nil for nobody. What
// happens in it is later than after.
func (s *Service) beginFor(tx Tx, c *Chat, client *Client, bot *BotRecord, after time.Time) (*change, error) {
	session := s.newSession(c, client, clampTTL(0, c), nil)
	session.beginAfter(after)
	session.assign(bot)
	return s.beginQuietly(tx, session, &SessionDetails{Channel: channelChatAPI})
}

// answered notes the end of the turn about a question, if it was one. A question that began its session
// stands right after the session's start.
func (c *change) answered(cause *Event, reply *BotReply, failed bool) {
	q := question(cause.Payload)
	if q == nil {
		return
	}
	a := &Answered{Cause: cause.Sequence, QuestionID: q.ID, CID: q.CID, Async: q.Async, Reply: reply, Failed: failed}
	a.NewSession = cause.Sequence == 2
	if reply != nil {
		a.NewSession = a.NewSession || reply.NewSession
		a.EndSession = reply.EndSession
	}
	a.EndSession = a.EndSession || c.session.Status == StatusClosed
	c.add(c.service.NewID(), a)
}
