package relay

import (
	"strconv"
	"strings"

	"github.com/govorun/govorun/internal/chat"
)

// topic is what a channel is about: a session, or a client in a chat.
type topic struct {
	session int64
	client  chat.ClientRef // zero for a session
}

func ofSession(key int64) topic            { return topic{session: key} }
func ofClient(client chat.ClientRef) topic { return topic{client: client} }

func (t topic) isClient() bool { return t.client != (chat.ClientRef{}) }

// channel is where the rings of a session go, or word that a client has a new one.
func (r *Relay) channel(t topic) string {
	if !t.isClient() {
		return r.sessions + strconv.FormatInt(t.session, 10)
	}
	return r.clients + strconv.FormatInt(t.client.Chat, 10) + ":" + strconv.FormatInt(t.client.Client, 10)
}

// topic is what a channel is about.
func (r *Relay) topic(channel string) (t topic, ok bool) {
	if digits, ok := strings.CutPrefix(channel, r.sessions); ok {
		key, err := strconv.ParseInt(digits, 10, 64)
		return ofSession(key), err == nil
	}
	digits, ok := strings.CutPrefix(channel, r.clients)
	if !ok {
		return topic{}, false
	}
	first, second, _ := strings.Cut(digits, ":")
	chatKey, err := strconv.ParseInt(first, 10, 64)
	client, err2 := strconv.ParseInt(second, 10, 64)
	return ofClient(chat.ClientRef{Chat: chatKey, Client: client}), err == nil && err2 == nil
}
