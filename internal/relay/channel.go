package relay

import (
	"strconv"
	"strings"
)

// channel is where the rings of a session go.
func (r *Relay) channel(session int64) string {
	return r.sessions + strconv.FormatInt(session, 10)
}

// session is the session whose rings a channel carries.
func (r *Relay) session(channel string) (key int64, ok bool) {
	digits, ok := strings.CutPrefix(channel, r.sessions)
	if !ok {
		return 0, false
	}
	key, err := strconv.ParseInt(digits, 10, 64)
	return key, err == nil
}
