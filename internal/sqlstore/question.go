package sqlstore

import (
	"context"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/sqlstore/sqlgen"
)

// FindQuestion implements chat.Reader.
func (s *Store) FindQuestion(ctx context.Context, chatKey, client int64, id string) (*chat.QuestionRecord, error) {
	return read(ctx, s, "question", func(ctx context.Context, q *sqlgen.Queries) (*chat.QuestionRecord, error) {
		return questionOf(q.FindQuestion(ctx, sqlgen.FindQuestionParams{ChatKey: chatKey, ClientKey: client, ID: id}))
	})
}

// FirstOfConnection implements chat.Reader.
func (s *Store) FirstOfConnection(ctx context.Context, chatKey, client int64, cid string) (*chat.QuestionRecord, error) {
	return read(ctx, s, "question", func(ctx context.Context, q *sqlgen.Queries) (*chat.QuestionRecord, error) {
		return questionOf(q.FindFirstOfConnection(ctx, sqlgen.FindFirstOfConnectionParams{ChatKey: chatKey, ClientKey: client, Cid: cid}))
	})
}

// FindQuestion implements chat.Tx.
func (t *tx) FindQuestion(chatKey, client int64, id string) (*chat.QuestionRecord, error) {
	q, err := questionOf(t.q.FindQuestion(context.Background(), sqlgen.FindQuestionParams{ChatKey: chatKey, ClientKey: client, ID: id}))
	return q, t.fail("question", err)
}

// CreateQuestion implements chat.Tx.
func (t *tx) CreateQuestion(q *chat.QuestionRecord) error {
	if err := t.begin(); err != nil {
		return err
	}
	return t.fail("question", t.q.CreateQuestion(context.Background(), sqlgen.CreateQuestionParams{
		ChatKey: q.ChatKey, ClientKey: q.ClientKey, ID: q.ID, SessionKey: q.SessionKey, Sequence: q.Sequence, Cid: q.CID, At: micros(q.At),
	}))
}

func questionOf(q sqlgen.Question, err error) (*chat.QuestionRecord, error) {
	if err != nil {
		return nil, err
	}
	return &chat.QuestionRecord{
		ChatKey: q.ChatKey, ClientKey: q.ClientKey, ID: q.ID, SessionKey: q.SessionKey, Sequence: q.Sequence, CID: q.Cid, At: timeOf(q.At),
	}, nil
}
