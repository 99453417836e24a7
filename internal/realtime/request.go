package realtime

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/govorun/govorun/internal/chat"
)

// applicationWidget is the application of a client (TWIN, "Live события").
const applicationWidget = "widget"

// connectRequest is the data of a connect command.
type connectRequest struct {
	sessions []string // each once; not necessarily ids of anything
	echo     bool     // the whole session's stream is wanted as well
}

// decodeConnect reads the data of a connect command (TWIN, section 3). Fields it does not
// know are ignored, settings.userId among them. maxSessions bounds the list.
func decodeConnect(data []byte, maxSessions int) (*connectRequest, error) {
	var wire struct {
		Application *string `json:"application"`
		Settings    struct {
			Sessions []string `json:"sessions"`
			Echo     bool     `json:"echo"`
		} `json:"settings"`
	}
	if err := decode(data, &wire); err != nil {
		return nil, err
	}
	switch {
	case wire.Application == nil:
		return nil, chat.Invalid("application", `missing, expected %q`, applicationWidget)
	case *wire.Application != applicationWidget:
		return nil, chat.Invalid("application", `unknown, expected %q`, applicationWidget)
	}
	r := &connectRequest{echo: wire.Settings.Echo}
	for _, id := range wire.Settings.Sessions {
		id = strings.ToLower(id) // some make their UUIDs of capitals
		if slices.Contains(r.sessions, id) {
			continue
		}
		if len(r.sessions) == maxSessions {
			return nil, chat.Invalid("settings.sessions", "expected at most %d sessions", maxSessions)
		}
		r.sessions = append(r.sessions, id)
	}
	return r, nil
}

// addSessionsOf adds the sessions of the channels a client that comes back had: one it has
// joined since it first connected is not in its data, and an SDK does not join again.
func (r *connectRequest) addSessionsOf(channels []string, maxSessions int) {
	slices.Sort(channels)
	for _, channel := range channels {
		_, id, ok := parseChannel(channel)
		if ok && !slices.Contains(r.sessions, id) && len(r.sessions) < maxSessions {
			r.sessions = append(r.sessions, id)
		}
	}
}

// decodeJoin reads the data of the RPC joinSession: a session's id (TWIN, section 3).
func decodeJoin(data []byte) (sessionID string, err error) {
	var wire struct {
		ID string `json:"id"`
	}
	if err := decode(data, &wire); err != nil {
		return "", err
	}
	return strings.ToLower(wire.ID), checkID("id", wire.ID)
}

// typingRequest is the data of the RPC typing, an extension of ours.
type typingRequest struct {
	sessionID string
	body      string // what is written so far
}

// decodeTyping reads the data of the RPC typing; "id" is another name of "sessionId".
func decodeTyping(data []byte) (*typingRequest, error) {
	var wire struct {
		SessionID string `json:"sessionId"`
		ID        string `json:"id"`
		Body      string `json:"body"`
	}
	if err := decode(data, &wire); err != nil {
		return nil, err
	}
	if wire.SessionID == "" {
		wire.SessionID = wire.ID
	}
	return &typingRequest{sessionID: strings.ToLower(wire.SessionID), body: wire.Body}, checkID("sessionId", wire.SessionID)
}

func checkID(field, id string) error {
	if id == "" {
		return chat.Invalid(field, "missing, expected a session's UUID")
	}
	if !isSessionID(id) {
		return chat.Invalid(field, "expected a session's UUID")
	}
	return nil
}

// decode reads a JSON object and blames the field that is wrong.
func decode(data []byte, into any) error {
	if len(data) == 0 || string(data) == "null" {
		return chat.Invalid("data", "missing, expected a JSON object")
	}
	err := json.Unmarshal(data, into)
	if err == nil {
		return nil
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		return chat.Invalid(wrong.Field, "expected %s, got a JSON %s", expected(wrong), wrong.Value)
	}
	return chat.Invalid("data", "expected a JSON object")
}

func expected(wrong *json.UnmarshalTypeError) string {
	switch kind := wrong.Type.Kind().String(); kind {
	case "bool":
		return "true or false"
	case "slice":
		return "an array of strings"
	case "struct":
		return "an object"
	default:
		return "a " + kind
	}
}
