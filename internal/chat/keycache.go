package chat

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	// keyCacheTTL is how long a key that another node has deleted may go on being valid here.
	keyCacheTTL = 2 * time.Second
	// maxCachedKeys bounds the cache, and the keys whose use waits to be noted. A further key is
	// cached in place of all others; its use is not noted.
	maxCachedKeys = 1000
	// keyUseEvery is how exactly the last use of a key is known, and how often it is written at most.
	keyUseEvery = time.Minute
)

// keyCache spares reading a key at every call, and collects when keys were used.
type keyCache struct {
	now func() time.Time

	mu    sync.Mutex // guards what follows
	keys  map[string]cachedKey
	state int64              // grows when what is being read may be gone already
	uses  map[string]*keyUse // by id
}

type cachedKey struct {
	key  *APIKey
	read time.Time
}

// keyUse is when a key was used last, in units of keyUseEvery, and what of that is stored.
type keyUse struct{ noted, kept time.Time }

func newKeyCache(now func() time.Time) *keyCache {
	return &keyCache{now: now, keys: make(map[string]cachedKey), uses: make(map[string]*keyUse)}
}

// find returns a key read lately. If there is none, it is nil, and state says when that was: put
// is to be given it.
func (c *keyCache) find(digest string) (key *APIKey, state int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if found, ok := c.keys[digest]; ok && c.now().Sub(found.read) < keyCacheTTL {
		return found.key, c.state
	}
	return nil, c.state
}

// put keeps a key that was read after state, unless one was deleted meanwhile: it may be that one.
func (c *keyCache) put(k *APIKey, state int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != state {
		return
	}
	if len(c.keys) >= maxCachedKeys {
		clear(c.keys)
	}
	c.keys[k.Digest] = cachedKey{k, c.now()}
}

// forget drops all: deletions are rare.
func (c *keyCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state++
	clear(c.keys)
}

// use notes that a key is used now.
func (c *keyCache) use(k *APIKey) {
	at := c.now().UTC().Truncate(keyUseEvery)
	c.mu.Lock()
	defer c.mu.Unlock()
	u := c.uses[k.ID]
	switch {
	case u != nil:
	case !k.LastUsedAt.Before(at) || len(c.uses) >= maxCachedKeys:
		return
	default:
		u = &keyUse{kept: k.LastUsedAt}
		c.uses[k.ID] = u
	}
	if at.After(u.noted) {
		u.noted = at
	}
}

// unkept returns the uses that are not stored, by id, and forgets those that are and are over.
func (c *keyCache) unkept() map[string]time.Time {
	over := c.now().Add(-2 * keyUseEvery)
	c.mu.Lock()
	defer c.mu.Unlock()
	uses := make(map[string]time.Time)
	for id, u := range c.uses {
		if u.noted.After(u.kept) {
			uses[id] = u.noted
		} else if u.noted.Before(over) {
			delete(c.uses, id)
		}
	}
	return uses
}

func (c *keyCache) kept(uses map[string]time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, at := range uses {
		if u := c.uses[id]; u != nil {
			u.kept = at
		}
	}
}

// KeepKeyUses stores when API keys were used last. It is to be called every few seconds: no call
// waits for it, and when it fails, the next one makes up for it.
func (s *Service) KeepKeyUses(ctx context.Context) error {
	uses := s.keys.unkept()
	if len(uses) == 0 {
		return nil
	}
	err := s.Store.Update(ctx, func(tx Tx) error {
		for _, id := range slices.Sorted(maps.Keys(uses)) { // in one order, so that nodes do not wait for each other
			if err := tx.TouchAPIKey(id, uses[id]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep uses of keys: %w", err)
	}
	s.keys.kept(uses)
	return nil
}
