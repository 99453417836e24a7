package chat

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// answersBeyond is how many events after a page are looked at for answers to its questions.
const answersBeyond = 50

// DialogueQuery selects what was said between a client and a chat.
type DialogueQuery struct {
	From   time.Time // not before; zero: from the beginning
	To     time.Time // before; zero: to the end
	Offset int
	Limit  int
}

// DialogueItem is a message, or an event of the client, in one of the client's sessions.
type DialogueItem struct {
	Event
	ClientRead int64 // sequence up to which the client has read in that session
	QuestionID string
	Status     MessageStatus
}

// Dialogue returns what a client, bots and operators have said in all sessions of the client in a chat,
// the oldest first, silent messages too, and how much there is in all. A client's message has the status
// of what was answered to it. An unknown client has said nothing.
func (s *Service) Dialogue(ctx context.Context, in *Chat, clientID string, q DialogueQuery) ([]DialogueItem, int64, error) {
	client, err := s.findClientOfChat(ctx, in, clientID)
	if client == nil || err != nil {
		return nil, 0, err
	}
	items, total, err := s.Store.ListDialogue(ctx, in.Key, client.Key, q)
	if err != nil || len(items) == 0 {
		return nil, total, err
	}
	statuses, err := s.statusesOf(ctx, items)
	if err != nil {
		return nil, 0, fmt.Errorf("dialogue: %w", err)
	}
	end := &items[len(items)-1]
	more, err := s.Store.ListEvents(ctx, end.Session, end.Sequence, answersBeyond)
	if err != nil {
		return nil, 0, fmt.Errorf("dialogue: %w", err)
	}
	said := make([]Event, 0, len(items)+len(more))
	for i := range items {
		said = append(said, items[i].Event)
	}
	last := lastAnswers(append(said, more...))
	for i := range items {
		item := &items[i]
		a, _ := addressOf(&item.Event)
		item.QuestionID, item.Status = a.questionID, statuses.of(&item.Event)
		at := item.Sequence
		if m := item.Message(); m == nil || m.AuthorType == AuthorClient {
			at = last[[2]int64{a.session.Key, a.sequence}]
		}
		if at > 0 && at <= item.ClientRead {
			item.Status = MessageReadBy
		}
	}
	return items, total, nil
}

// lastAnswers are the sequences of the last answers that a client can read, by session and the question's
// sequence.
func lastAnswers(events []Event) map[[2]int64]int64 {
	last := map[[2]int64]int64{}
	for i := range events {
		if m := events[i].Message(); m != nil && m.AuthorType != AuthorClient && m.QuestionID != "" && !m.Silent() {
			last[[2]int64{events[i].Session.Key, m.Cause}] = events[i].Sequence
		}
	}
	return last
}

// findClientOfChat finds a client by the id that programs give it, which is the external id of TWIN's
// side; nil when there is none.
func (s *Service) findClientOfChat(ctx context.Context, in *Chat, clientID string) (*Client, error) {
	if err := CheckClientID(clientID); err != nil {
		return nil, err
	}
	client, err := s.Store.FindClientByAlias(ctx, in.Key, Alias{AliasExternal, clientID})
	if CodeOf(err) == CodeNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find client: %w", err)
	}
	return client, nil
}

// clientOfChat is findClientOfChat within a transaction; CodeNotFound when there is none.
func (s *Service) clientOfChat(tx Tx, in *Chat, clientID string) (*Client, error) {
	if err := CheckClientID(clientID); err != nil {
		return nil, err
	}
	client, err := tx.FindClientByAlias(in.Key, Alias{AliasExternal, clientID})
	if CodeOf(err) == CodeNotFound {
		return nil, unknownClient(clientID)
	}
	return client, err
}

func unknownClient(id string) error {
	return Errorf(CodeNotFound, "no such client in this chat: clientId %q", id)
}

// storable reports whether both engines can compare a text with what they keep.
func storable(text string) bool { return utf8.ValidString(text) && !strings.Contains(text, "\x00") }
