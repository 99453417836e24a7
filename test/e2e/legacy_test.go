//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// legacy is a client of the former widget, over Socket.IO on a WebSocket (Engine.IO 4). It comes back when
// its connection breaks, and drops what it knows.
type legacy struct {
	url, session string

	mu     sync.Mutex // guards what follows
	heard  []listed   // without sequences: the protocol has none
	faults []string
}

// listeningAsLegacy starts a client that ends with the test.
func listeningAsLegacy(t *testing.T, url, session string) *legacy {
	t.Helper()
	l := &legacy{url: url, session: session}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			_ = l.connection(ctx) // it comes back
			pause(ctx, reconnectEvery)
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return l
}

func (l *legacy) connection(ctx context.Context) error {
	dialer := &websocket.Dialer{HandshakeTimeout: 10 * time.Second}
	conn, _, err := dialer.DialContext(ctx, "ws"+l.url[len("http"):]+"/operator/socket.io/?EIO=4&transport=websocket&key="+l.session, nil)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	for {
		if err := conn.SetReadDeadline(time.Now().Add(silence)); err != nil {
			return err
		}
		_, data, err := conn.ReadMessage()
		if err != nil {
			return err
		}
		if err := l.handle(conn, string(data)); err != nil {
			return err
		}
	}
}

// handle takes a packet: of Engine.IO 0 is open, 2 a ping and 3 its answer, 4 a packet of Socket.IO, of
// which 0 is connect and 2 an event.
func (l *legacy) handle(conn *websocket.Conn, packet string) error {
	var answer string
	switch {
	case strings.HasPrefix(packet, "0"):
		answer = "40"
	case packet == "2":
		answer = "3"
	case strings.HasPrefix(packet, "42"):
		l.event([]byte(packet[2:]))
		return nil
	default:
		return nil
	}
	if err := conn.SetWriteDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	return conn.WriteMessage(websocket.TextMessage, []byte(answer))
}

func (l *legacy) event(data []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var name string
	var m listed
	if err := json.Unmarshal(data, &[]any{&name, &m}); err != nil {
		l.faults = append(l.faults, fmt.Sprintf("%v: %.300s", err, data))
		return
	}
	known := func(had listed) bool { return had.ID == m.ID }
	if name == "chatMessageCreatedEmit" && !slices.ContainsFunc(l.heard, known) {
		l.heard = append(l.heard, m)
	}
}

// check waits for all that others said in a session, and compares it with the log.
func (l *legacy) check(t *testing.T, wrong *complaints, p *page) {
	t.Helper()
	var want, got []listed
	for _, m := range p.messages() {
		if m.AuthorType != "CLIENT" {
			m.Sequence = 0
			want = append(want, m)
		}
	}
	eventually(t, settleWithin, "the legacy widget has heard all", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		got = slices.Clone(l.heard)
		return len(got) >= len(want)
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Equal(got, want) || len(l.faults) > 0 {
		wrong.add("over Socket.IO %v came %+v, the log has %+v", l.faults, got, want)
	}
}
