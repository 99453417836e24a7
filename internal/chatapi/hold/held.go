package hold

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"
)

const contentType = "application/json"

// past is a deadline that ends a reading.
var past = time.Unix(1, 0)

// held is a request that waits, and then its connection until the client asks for more.
type held struct {
	lot   *Lot
	wait  Wait
	until time.Time
	head  []byte // headers of the answer, but for those that depend on it
	keep  bool   // the client may ask for more on the connection
	early []byte // what came of the next request; owned by run

	mu    sync.Mutex // guards what follows
	conn  net.Conn
	woken bool // there may be an answer
	over  bool // the lot is closing: there must be one
	bell  chan struct{}
}

// ready has the goroutine ask for the answer. It does not block.
func (h *held) ready() { h.wake(false) }

// end has it answer, whatever there is, and no more.
func (h *held) end() { h.wake(true) }

func (h *held) wake(over bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.woken, h.over = true, h.over || over
	if h.conn != nil {
		_ = h.conn.SetReadDeadline(past) // it fails for a connection that is closed, which is noticed
	}
	if h.bell != nil {
		signal(h.bell)
	}
}

// run waits, answers and waits for more.
func (h *held) run() {
	defer h.lot.leave(h)
	defer func() {
		if p := recover(); p != nil {
			h.lot.params.Log.Error("an answer that was waited for panicked", "panic", p, "stack", string(debug.Stack()))
			_ = h.conn.Close() // nothing can be said any more
		}
	}()
	if h.answer() && h.keep && h.hasMore() {
		h.lot.giveBack(&resumed{h.conn, h.early})
		return
	}
	_ = h.conn.Close() // all is written
}

// answer waits until there is an answer and writes it. It reports whether it has.
func (h *held) answer() (written bool) {
	defer func() { h.wait.Done(written) }()
	for {
		final, gone := h.await()
		if gone {
			return false
		}
		if a, ok := h.wait.Answer(context.Background(), final); ok {
			return h.write(a)
		}
	}
}

// await returns when there may be an answer, when there must be one, or when the client has gone.
func (h *held) await() (final, gone bool) {
	if len(h.early) > 0 {
		return h.awaitBell(), false
	}
	h.mu.Lock()
	deadline := h.until
	if h.woken {
		deadline = past
	}
	_ = h.conn.SetReadDeadline(deadline) // as in wake
	h.mu.Unlock()
	var b [1]byte
	n, err := h.conn.Read(b[:])
	if n > 0 { // the client does not wait for this answer before it asks for more
		h.early = append(h.early, b[0])
		return h.awaitBell(), false
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return false, true
	}
	return h.takeWoken(), false
}

// awaitBell is await without reading: what comes is to stay where it is.
func (h *held) awaitBell() (final bool) {
	h.mu.Lock()
	if h.bell == nil {
		h.bell = make(chan struct{}, 1)
	}
	if h.woken {
		signal(h.bell)
	}
	h.mu.Unlock()
	timer := time.NewTimer(time.Until(h.until))
	defer timer.Stop()
	select {
	case <-h.bell:
	case <-timer.C:
	}
	return h.takeWoken()
}

// takeWoken reports whether there must be an answer.
func (h *held) takeWoken() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.woken = h.over
	return h.over || !time.Now().Before(h.until)
}

// hasMore waits for what the client asks next.
func (h *held) hasMore() bool {
	h.mu.Lock()
	if h.over || len(h.early) > 0 {
		h.mu.Unlock()
		return len(h.early) > 0
	}
	err := h.conn.SetReadDeadline(time.Now().Add(h.lot.params.IdleTimeout))
	h.mu.Unlock()
	var b [1]byte
	if err == nil {
		if n, _ := h.conn.Read(b[:]); n > 0 { // whatever the error is, it comes again
			h.early = append(h.early, b[0])
			return true
		}
	}
	return false
}

// write writes an answer. It reports whether it could.
func (h *held) write(a Answer) bool {
	h.mu.Lock()
	keep := h.keep && !h.over
	h.mu.Unlock()
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 " + strconv.Itoa(a.Status) + " " + http.StatusText(a.Status) + "\r\n")
	b.Write(h.head)
	b.WriteString("Content-Type: " + contentType + "\r\nContent-Length: " + strconv.Itoa(len(a.Body)))
	b.WriteString("\r\nDate: " + time.Now().UTC().Format(http.TimeFormat))
	if !keep {
		b.WriteString("\r\nConnection: close")
	}
	b.WriteString("\r\n\r\n")
	if err := h.conn.SetWriteDeadline(time.Now().Add(h.lot.params.WriteTimeout)); err != nil {
		return false
	}
	buffers := net.Buffers{b.Bytes(), a.Body}
	_, err := buffers.WriteTo(h.conn)
	h.keep = keep
	return err == nil
}

// headOf is the headers that a handler has set, as they are written.
func headOf(header http.Header) []byte {
	var b bytes.Buffer
	_ = header.WriteSubset(&b, map[string]bool{"Content-Type": true, "Content-Length": true, "Date": true, "Connection": true})
	return bytes.Clone(b.Bytes())
}

// keepsAlive reports whether a client may ask for more on its connection (RFC 9112, 9.3). One of
// HTTP/1.0 that wishes to is told that it may not, which is simpler.
func keepsAlive(r *http.Request) bool {
	if !r.ProtoAtLeast(1, 1) {
		return false
	}
	for _, line := range r.Header.Values("Connection") {
		for word := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(word), "close") {
				return false
			}
		}
	}
	return true
}
