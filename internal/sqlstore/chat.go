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
		return findChat(ctx, q, id)
	})
}

// FindChat implements chat.Tx.
func (t *tx) FindChat(id string) (*chat.Chat, error) {
	c, err := findChat(context.Background(), t.q, id)
	if err != nil {
		return nil, t.fail("chat", err)
	}
	return c, nil
}

// CreateChat implements chat.Tx.
func (t *tx) CreateChat(c *chat.Chat) error {
	origins, err := json.Marshal(c.Origins)
	if err != nil {
		return err
	}
	settings, err := json.Marshal(c.Settings)
	if err != nil {
		return err
	}
	if err := t.begin(); err != nil {
		return err
	}
	key, err := t.q.CreateChat(context.Background(), sqlgen.CreateChatParams{
		ID: c.ID, Name: c.Name, BotID: c.BotID, Token: c.Token, Identity: string(c.Identity), Secret: c.Secret,
		Origins: string(origins), Language: c.Language, Demo: c.Demo, Settings: string(settings),
	})
	if err != nil {
		return t.fail("chat", err)
	}
	c.Key = key
	return nil
}

func findChat(ctx context.Context, q *sqlgen.Queries, id string) (*chat.Chat, error) {
	r, err := q.FindChat(ctx, id)
	if err != nil {
		return nil, err
	}
	c := &chat.Chat{
		Key: r.Key, ID: r.ID, Name: r.Name, BotID: r.BotID, Token: r.Token, Identity: chat.Identity(r.Identity),
		Secret: r.Secret, Language: r.Language, Demo: r.Demo,
	}
	if err := json.Unmarshal([]byte(r.Origins), &c.Origins); err != nil {
		return nil, fmt.Errorf("origins of chat %d: %w", r.Key, err)
	}
	if err := json.Unmarshal([]byte(r.Settings), &c.Settings); err != nil {
		return nil, fmt.Errorf("settings of chat %d: %w", r.Key, err)
	}
	return c, nil
}
