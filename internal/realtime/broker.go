package realtime

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/centrifugal/centrifuge"

	"github.com/govorun/govorun/internal/chat"
)

// broker tells the library where streams stand. It publishes nothing: topics write to each
// connection at its own pace, which the library's fan-out cannot.
type broker struct {
	server *Server

	mu     sync.Mutex
	topics map[string]*topic // by channel, of those with subscribers
}

func newBroker(s *Server) *broker {
	return &broker{server: s, topics: make(map[string]*topic)}
}

var _ centrifuge.Broker = (*broker)(nil)

// topic returns a channel's topic, nil when nobody is subscribed.
func (b *broker) topic(channel string) *topic {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.topics[channel]
}

// clients lists the connections of this node that are subscribed to a channel.
func (b *broker) clients(channel string) []string {
	t := b.topic(channel)
	if t == nil {
		return nil
	}
	return t.clients()
}

// Subscribe begins to watch a channel for its first subscriber. The library never calls
// Subscribe or Unsubscribe of one channel at once, but it calls Subscribe again without an
// Unsubscribe when a first subscriber comes shortly after the last one left: the topic serves on.
func (b *broker) Subscribe(channel string) error {
	if b.topic(channel) != nil {
		return nil
	}
	stream, id, ok := parseChannel(channel)
	if !ok {
		return centrifuge.ErrorUnknownChannel
	}
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	session, err := b.server.Service.FindSession(ctx, id)
	if err != nil {
		return b.server.report("find session of a channel", err)
	}
	t := newTopic(b.server, channel, stream, session)
	if err := t.watch(ctx, session.Sequence); err != nil {
		return b.server.report("watch session", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.topics[channel] = t
	return nil
}

// Unsubscribe ends watching a channel some time after its last subscriber left.
func (b *broker) Unsubscribe(channel string) error {
	b.mu.Lock()
	t := b.topics[channel]
	delete(b.topics, channel)
	b.mu.Unlock()
	if t != nil {
		t.close()
	}
	return nil
}

// History is asked for positions only; what a client missed follows its reply as publications.
// Asked since a position, it answers with that position when the client can be given what came
// after it, which the library takes for a complete recovery, and else with the top. Asked for
// the top alone, it answers with the position at which a client without one begins; taps that
// have caught up stand there as well, so the library's position check agrees.
func (b *broker) History(channel string, o centrifuge.HistoryOptions) ([]*centrifuge.Publication, centrifuge.StreamPosition, error) {
	t := b.topic(channel)
	if t == nil {
		return nil, centrifuge.StreamPosition{}, centrifuge.ErrorUnknownChannel
	}
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	var no int64
	var err error
	if since := o.Filter.Since; since != nil {
		no, err = t.resume(ctx, *since)
	} else {
		no, err = t.begin(ctx)
	}
	if err != nil {
		return nil, centrifuge.StreamPosition{}, b.server.report("find position in a channel", err)
	}
	return nil, b.server.position(no), nil
}

// position is a place in a stream of this log.
func (s *Server) position(no int64) centrifuge.StreamPosition {
	return centrifuge.StreamPosition{Offset: uint64(max(no, 0)), Epoch: s.LogID}
}

// report logs an error the client is told nothing of, and returns what it is told.
func (s *Server) report(doing string, err error) error {
	e, known := protocolError(err)
	if !known {
		s.Log.Error("socket request failed", "doing", doing, "error", err)
	}
	return e
}

// closeTopics ends watching everything.
func (b *broker) closeTopics() {
	b.mu.Lock()
	topics := b.topics
	b.topics = make(map[string]*topic)
	b.mu.Unlock()
	for _, t := range topics {
		t.close()
	}
}

// markTopics marks how far every stream has been given.
func (b *broker) markTopics() {
	b.mu.Lock()
	topics := slices.Collect(maps.Values(b.topics))
	b.mu.Unlock()
	for _, t := range topics {
		t.mu.Lock()
		t.mark()
		t.mu.Unlock()
	}
}

// What follows is asked of a broker that publishes for the application; ours does not.

// RegisterBrokerEventHandler does nothing: publications do not go through the library's hub.
func (b *broker) RegisterBrokerEventHandler(centrifuge.BrokerEventHandler) error { return nil }

// Publish is refused: what is published comes from the log.
func (b *broker) Publish(string, []byte, centrifuge.PublishOptions) (centrifuge.StreamPosition, bool, error) {
	return centrifuge.StreamPosition{}, false, centrifuge.ErrorNotAvailable
}

// PublishJoin does nothing: channels do not tell who listens.
func (b *broker) PublishJoin(string, *centrifuge.ClientInfo) error { return nil }

// PublishLeave does nothing.
func (b *broker) PublishLeave(string, *centrifuge.ClientInfo) error { return nil }

// RemoveHistory is refused: the log is not the library's to cut.
func (b *broker) RemoveHistory(string) error { return centrifuge.ErrorNotAvailable }

// streamTop is the last number given in a stream of a session.
func streamTop(s *chat.Session, stream chat.Stream) int64 {
	if stream == chat.StreamWidget {
		return s.WidgetNo
	}
	return s.SessionNo
}
