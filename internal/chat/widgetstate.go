package chat

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// MaxWidgetState is the largest state that a widget may keep, in bytes (Chat API, 2).
const MaxWidgetState = 1 << 20

// maxStateConflicts is how often a state is saved again that met the creation of its client.
const maxStateConflicts = 3

// WidgetStateChanged says that the widget's state was changed on another page (Chat API, 2).
type WidgetStateChanged struct {
	State json.RawMessage `json:"state"`
	CID   string          `json:"cid,omitempty"` // connection that has saved it; "" for none
}

// Kind implements Payload.
func (*WidgetStateChanged) Kind() Kind { return KindWidgetStateChanged }

// In implements Payload. TWIN's clients know no such event.
func (*WidgetStateChanged) In(Stream) bool { return false }

// SaveWidgetState keeps a JSON object of a client's widget in place of the one before. It is told to the
// client's other pages, than that of the connection cid, in the latest session, if there is one. An unknown
// client is created.
func (s *Service) SaveWidgetState(ctx context.Context, in *Chat, clientID, cid string, state json.RawMessage) error {
	if err := CheckClientID(clientID); err != nil {
		return err
	}
	if err := checkText("cid", cid, MaxCID); err != nil {
		return err
	}
	state, err := checkWidgetState(state)
	if err != nil {
		return err
	}
	for range maxStateConflicts {
		err = s.Store.Update(ctx, func(tx Tx) error { return s.saveWidgetState(tx, in, clientID, cid, state) })
		if err == nil || CodeOf(err) != CodeConflict {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("save widget state: %w", err)
	}
	return nil
}

func (s *Service) saveWidgetState(tx Tx, in *Chat, clientID, cid string, state json.RawMessage) error {
	client, err := s.clientOfChat(tx, in, clientID)
	if CodeOf(err) == CodeNotFound {
		client, err = s.createClient(tx, in, &StartParams{}, []Alias{{AliasExternal, clientID}})
	}
	if err != nil {
		return err
	}
	session, err := tx.LockLatestSession(in.Key, client.Key)
	if err != nil && CodeOf(err) != CodeNotFound {
		return err
	}
	if err := tx.PutWidgetState(in.Key, client.Key, state); err != nil || session == nil {
		return err
	}
	c := s.change(session)
	c.add(s.NewID(), &WidgetStateChanged{State: state, CID: cid})
	return c.commit(tx)
}

// FindWidgetState returns what a client's widget has saved, an empty object when it is nothing.
func (s *Service) FindWidgetState(ctx context.Context, in *Chat, clientID string) (json.RawMessage, error) {
	client, err := s.findClientOfChat(ctx, in, clientID)
	if err != nil {
		return nil, err
	}
	if client == nil {
		return json.RawMessage(`{}`), nil
	}
	state, err := s.Store.FindWidgetState(ctx, in.Key, client.Key)
	if CodeOf(err) == CodeNotFound {
		return json.RawMessage(`{}`), nil
	}
	if err != nil {
		return nil, fmt.Errorf("find widget state: %w", err)
	}
	return state, nil
}

// checkWidgetState judges the form of a state; what is in it is the widget's own.
func checkWidgetState(state json.RawMessage) (json.RawMessage, error) {
	if len(state) > MaxWidgetState {
		return nil, &Error{Code: CodeTooLarge, Field: "state", Message: fmt.Sprintf("expected at most %d bytes", MaxWidgetState)}
	}
	if !json.Valid(state) {
		return nil, Invalid("state", "expected a JSON object, this is no JSON")
	}
	if text := bytes.TrimLeft(state, " \t\r\n"); text[0] != '{' {
		return nil, Invalid("state", "expected a JSON object")
	}
	return json.RawMessage(strings.ToValidUTF8(string(state), "\uFFFD")), nil
}
