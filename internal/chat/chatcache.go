package chat

import (
	"sync"
	"time"
)

const (
	// chatCacheTTL is how long a change of a chat's settings may go unnoticed by what only
	// reads them: turns and origins. Writes read the chat in their transaction.
	chatCacheTTL = 2 * time.Second
	// maxCachedChats bounds the cache.
	maxCachedChats = 1000
)

// chatCache spares reading a chat at every turn and every request of a browser.
type chatCache struct {
	now func() time.Time

	mu    sync.Mutex // guards chats
	chats map[string]cachedChat
}

type cachedChat struct {
	chat *Chat
	read time.Time
}

func newChatCache(now func() time.Time) *chatCache {
	return &chatCache{now: now, chats: make(map[string]cachedChat)}
}

// find returns a chat read lately, nil if there is none. It must not be changed.
func (c *chatCache) find(id string) *Chat {
	c.mu.Lock()
	defer c.mu.Unlock()
	if found, ok := c.chats[id]; ok && c.now().Sub(found.read) < chatCacheTTL {
		return found.chat
	}
	return nil
}

func (c *chatCache) put(chat *Chat) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.chats) >= maxCachedChats {
		clear(c.chats)
	}
	c.chats[chat.ID] = cachedChat{chat, c.now()}
}
