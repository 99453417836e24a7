package sqlstore

import "github.com/govorun/govorun/internal/sqlstore/sqlgen"

// cachedSessions bounds the sessions kept, at about 1 KiB each.
const cachedSessions = 8192

// sessionRow is a session as it is stored.
type sessionRow struct {
	session sqlgen.Session
	head    sqlgen.SessionHead
}

// sessionCache holds session rows as the present transaction sees them: it spares the read
// before a write, and tells what a write has to change. Only a store that is the one writer
// may keep it from transaction to transaction; what is rolled back must be forgotten.
type sessionCache struct {
	byKey map[int64]*sessionRow
	byID  map[string]*sessionRow
}

func newSessionCache() *sessionCache {
	return &sessionCache{byKey: map[int64]*sessionRow{}, byID: map[string]*sessionRow{}}
}

func (c *sessionCache) put(r sessionRow) *sessionRow {
	if _, ok := c.byKey[r.session.Key]; !ok && len(c.byKey) >= cachedSessions {
		for key := range c.byKey { // any: a session that is missed is read again
			c.forget(key)
			break
		}
	}
	c.byKey[r.session.Key] = &r
	c.byID[r.session.ID] = &r
	return &r
}

func (c *sessionCache) forget(key int64) {
	if r, ok := c.byKey[key]; ok {
		delete(c.byKey, key)
		delete(c.byID, r.session.ID)
	}
}

func (c *sessionCache) clear() {
	clear(c.byKey)
	clear(c.byID)
}
