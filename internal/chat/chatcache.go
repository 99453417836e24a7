package chat

import (
	"sync"
	"time"
)

const (
	// chatCacheTTL is how long a change of a chat's settings on another node may go unnoticed by
	// what only reads them: turns and origins. Writes read the chat in their transaction. This node
	// sees its own changes at once.
	chatCacheTTL = 2 * time.Second
	// maxCachedChats bounds the cache. A further chat is cached in place of all others.
	maxCachedChats = 1000
)

// chatCache spares reading a chat at every turn and every request of a browser.
type chatCache struct {
	now func() time.Time

	mu    sync.Mutex // guards what follows
	chats map[string]cachedChat
	state int64 // grows when what is being read may be old already
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

// begin precedes the reading of a chat; put is to be given what it returns.
func (c *chatCache) begin() (state int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// put keeps a chat that was read after state, unless one was changed meanwhile: it may be that one.
func (c *chatCache) put(chat *Chat, state int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != state {
		return
	}
	if len(c.chats) >= maxCachedChats {
		clear(c.chats)
	}
	c.chats[chat.ID] = cachedChat{chat, c.now()}
}

// forget drops a chat that was changed.
func (c *chatCache) forget(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state++
	delete(c.chats, id)
}
