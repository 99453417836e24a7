package sqlstore

import (
	"context"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/sqlstore/sqlgen"
)

// FindChatByToken is TEMPORARY.
func (s *Store) FindChatByToken(ctx context.Context, token string) (*chat.Chat, error) {
	return read(ctx, s, "chat", func(ctx context.Context, q *sqlgen.Queries) (*chat.Chat, error) {
		return chatOf(q.FindChatByToken(ctx, token))
	})
}

// FindQuestion is TEMPORARY.
func (s *Store) FindQuestion(context.Context, int64, int64, string) (*chat.QuestionRecord, error) {
	return nil, chat.Errorf(chat.CodeNotFound, "no")
}

// FirstOfConnection is TEMPORARY.
func (s *Store) FirstOfConnection(context.Context, int64, int64, string) (*chat.QuestionRecord, error) {
	return nil, chat.Errorf(chat.CodeNotFound, "no")
}

// FindClientByAlias is TEMPORARY.
func (s *Store) FindClientByAlias(ctx context.Context, chatKey int64, a chat.Alias) (*chat.Client, error) {
	return read(ctx, s, "client", func(ctx context.Context, q *sqlgen.Queries) (*chat.Client, error) {
		r, err := q.FindClientByAlias(ctx, sqlgen.FindClientByAliasParams{ChatKey: chatKey, Kind: string(a.Kind), Value: a.Value})
		return &chat.Client{Key: r.Key, ID: r.ID}, err
	})
}
