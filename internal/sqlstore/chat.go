package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/sqlstore/sqlgen"
)

// FindChat implements chat.Reader.
func (s *Store) FindChat(ctx context.Context, id string) (*chat.Chat, error) {
	return read(ctx, s, "chat", func(ctx context.Context, q *sqlgen.Queries) (*chat.Chat, error) {
		return chatOf(q.FindChat(ctx, id))
	})
}

// FindChatID implements chat.Reader.
func (s *Store) FindChatID(ctx context.Context, token string) (string, error) {
	return read(ctx, s, "chat", func(ctx context.Context, q *sqlgen.Queries) (string, error) {
		return q.FindChatID(ctx, token)
	})
}

// ListChats implements chat.Reader.
func (s *Store) ListChats(ctx context.Context, offset, limit int) (chats []chat.Chat, total int64, err error) {
	chats, err = read(ctx, s, "chat", func(ctx context.Context, q *sqlgen.Queries) ([]chat.Chat, error) {
		if total, err = q.CountChats(ctx); err != nil {
			return nil, err
		}
		rows, err := q.ListChats(ctx, sqlgen.ListChatsParams{MaxRows: maxRows(limit), Skip: maxRows(offset)})
		return each(rows, err, chatOf)
	})
	return chats, total, err
}

// FindChat implements chat.Tx.
func (t *tx) FindChat(id string) (*chat.Chat, error) {
	c, err := chatOf(t.q.FindChat(context.Background(), id))
	if err != nil {
		return nil, t.fail("chat", err)
	}
	return c, nil
}

// LockChat implements chat.Tx.
func (t *tx) LockChat(id string) (*chat.Chat, error) {
	c, err := chatOf(t.q.LockChat(context.Background(), id))
	if err != nil {
		return nil, t.fail("chat", err)
	}
	return c, nil
}

// CountChatsOfBot implements chat.Tx.
func (t *tx) CountChatsOfBot(botID string) (int64, error) {
	n, err := t.q.CountChatsOfBot(context.Background(), botID)
	return n, t.fail("chat", err)
}

// CreateChat implements chat.Tx.
func (t *tx) CreateChat(c *chat.Chat) error {
	r, err := rowOfChat(c)
	if err != nil {
		return err
	}
	if err := t.begin(); err != nil {
		return err
	}
	key, err := t.q.CreateChat(context.Background(), sqlgen.CreateChatParams{
		ID: r.ID, Name: r.Name, BotID: r.BotID, Token: r.Token, Identity: r.Identity, Secret: r.Secret, Origins: r.Origins,
		Language: r.Language, Demo: r.Demo, Settings: r.Settings, Kind: r.Kind, CreatedAt: r.CreatedAt, DeletedAt: r.DeletedAt,
	})
	if err != nil {
		return t.fail("chat", err)
	}
	c.Key = key
	return nil
}

// UpdateChat implements chat.Tx.
func (t *tx) UpdateChat(c *chat.Chat) error {
	r, err := rowOfChat(c)
	if err != nil {
		return err
	}
	if err := t.begin(); err != nil {
		return err
	}
	return t.fail("chat", oneRow(t.q.UpdateChat(context.Background(), sqlgen.UpdateChatParams{
		Key: r.Key, Name: r.Name, BotID: r.BotID, Token: r.Token, Identity: r.Identity, Secret: r.Secret, Origins: r.Origins,
		Language: r.Language, Settings: r.Settings, DeletedAt: r.DeletedAt,
	})))
}

func rowOfChat(c *chat.Chat) (r sqlgen.Chat, err error) {
	origins, err := json.Marshal(c.Origins)
	if err != nil {
		return r, err
	}
	settings, err := json.Marshal(c.Settings)
	return sqlgen.Chat{
		Key: c.Key, ID: c.ID, Name: c.Name, BotID: c.BotID, Token: c.Token, Identity: string(c.Identity), Secret: c.Secret,
		Origins: string(origins), Language: c.Language, Demo: c.Demo, Settings: string(settings),
		Kind: string(c.Kind), CreatedAt: micros(c.CreatedAt), DeletedAt: micros(c.DeletedAt),
	}, err
}

func chatOf(r sqlgen.Chat, err error) (*chat.Chat, error) {
	if err != nil {
		return nil, err
	}
	c := &chat.Chat{
		Key: r.Key, ID: r.ID, Name: r.Name, BotID: r.BotID, Token: r.Token, Identity: chat.Identity(r.Identity),
		Secret: r.Secret, Language: r.Language, Demo: r.Demo,
		Kind: chat.ChatKind(r.Kind), CreatedAt: timeOf(r.CreatedAt), DeletedAt: timeOf(r.DeletedAt),
	}
	if err := json.Unmarshal([]byte(r.Origins), &c.Origins); err != nil {
		return nil, fmt.Errorf("origins of chat %d: %w", r.Key, err)
	}
	if err := json.Unmarshal([]byte(r.Settings), &c.Settings); err != nil {
		return nil, fmt.Errorf("settings of chat %d: %w", r.Key, err)
	}
	return c, nil
}

// each turns the rows of a list into what they stand for.
func each[R, T any](rows []R, err error, of func(R, error) (*T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	list := make([]T, len(rows))
	for i := range rows {
		v, err := of(rows[i], nil)
		if err != nil {
			return nil, err
		}
		list[i] = *v
	}
	return list, nil
}
