package realtime

import (
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/centrifugal/centrifuge"
	"github.com/redis/rueidis"
)

// remote is the presence of all nodes in Redis, over one time of being connected to it.
type remote struct {
	manager centrifuge.PresenceManager
	end     func()        // closes the connections
	broken  chan struct{} // closed when it is to be given up
	calls   sync.RWMutex  // held for reading by each
}

// close waits for the calls: one that is just connecting, which it may do anew, would leave its
// connection open. Later calls fail.
func (r *remote) close() {
	r.calls.Lock()
	defer r.calls.Unlock()
	r.end()
}

func (r *remote) members(channel string) (map[string]*centrifuge.ClientInfo, error) {
	r.calls.RLock()
	defer r.calls.RUnlock()
	return r.manager.Presence(presenceName(channel))
}

func (r *remote) tell(s stay) error {
	r.calls.RLock()
	defer r.calls.RUnlock()
	name := presenceName(s.channel)
	if s.info == nil {
		return r.manager.RemovePresence(name, s.client, "")
	}
	return r.manager.AddPresence(name, s.client, s.info)
}

// newRemote returns what connects to Redis. An error says that the URL is wrong. Installations
// that share a Redis have prefixes of their own.
func newRemote(node *centrifuge.Node, redis, prefix string, ttl time.Duration) (func() (*remote, error), error) {
	shardConfig, err := newShardConfig(redis)
	if err != nil {
		return nil, err
	}
	return func() (*remote, error) {
		shard, err := centrifuge.NewRedisShard(node, shardConfig)
		if err != nil {
			return nil, err
		}
		manager, err := centrifuge.NewRedisPresenceManager(node, centrifuge.RedisPresenceManagerConfig{
			Prefix: prefix, PresenceTTL: ttl, Shards: []*centrifuge.RedisShard{shard},
		})
		if err != nil {
			shard.Close()
			return nil, err
		}
		return &remote{manager: manager, end: shard.Close, broken: make(chan struct{})}, nil
	}, nil
}

// newShardConfig has the library connect as others do by the same URL.
func newShardConfig(address string) (centrifuge.RedisShardConfig, error) {
	o, err := rueidis.ParseURL(address)
	if err != nil {
		if parsing, ok := errors.AsType[*url.Error](err); ok {
			err = parsing.Err // without the URL: there may be a password in it
		}
		return centrifuge.RedisShardConfig{}, fmt.Errorf("presence: the URL of Redis: %w", err)
	}
	c := centrifuge.RedisShardConfig{
		DB:             o.SelectDB,
		User:           o.Username,
		Password:       o.Password,
		ClientName:     o.ClientName,
		TLSConfig:      o.TLSConfig,
		ForceRESP2:     o.AlwaysRESP2,
		ConnectTimeout: o.Dialer.Timeout,
		IOTimeout:      o.ConnWriteTimeout,
	}
	setDefault(&c.ConnectTimeout, presenceTimeout)
	setDefault(&c.IOTimeout, presenceTimeout)
	switch {
	case o.Sentinel.MasterSet != "":
		c.SentinelAddresses, c.SentinelMasterName, c.SentinelTLSConfig = o.InitAddress, o.Sentinel.MasterSet, o.TLSConfig
	case o.DialCtxFn != nil: // a socket of the file system
		c.Address = "unix://" + o.InitAddress[0]
	default:
		c.Address = o.InitAddress[0]
	}
	return c, nil
}
