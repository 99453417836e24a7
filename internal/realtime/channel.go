package realtime

import (
	"strings"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
)

// Prefixes of the channels' names (design, "Streams, and Centrifugo").
const (
	widgetPrefix  = "widget:"
	sessionPrefix = "session:"
)

// idLength is the length of a session's id, a UUID in its usual form.
const idLength = 36

// parseChannel reads the name of a channel: a stream of a session.
func parseChannel(name string) (stream chat.Stream, sessionID string, ok bool) {
	if id, found := strings.CutPrefix(name, widgetPrefix); found {
		return chat.StreamWidget, id, isSessionID(id)
	}
	if id, found := strings.CutPrefix(name, sessionPrefix); found {
		return chat.StreamSession, id, isSessionID(id)
	}
	return "", "", false
}

// isSessionID spares the storage a look for what cannot be there.
func isSessionID(s string) bool { return len(s) == idLength && uuid.Validate(s) == nil }
