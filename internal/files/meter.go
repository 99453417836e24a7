package files

import (
	"io"

	"github.com/govorun/govorun/internal/chat"
)

// meter is a body of which what is between the contents of parts is bounded. It belongs to one
// goroutine.
type meter struct {
	io.ReadCloser
	bounded bool
	left    int // bytes, while bounded
}

// bound begins counting. What a reader in front of the meter has buffered counts no more, which is a
// few kilobytes.
func (m *meter) bound() { m.bounded, m.left = true, maxBetween }

// lift ends it: what follows is content, which has bounds of its own.
func (m *meter) lift() { m.bounded = false }

// Read implements io.Reader.
func (m *meter) Read(p []byte) (int, error) {
	if !m.bounded {
		return m.ReadCloser.Read(p)
	}
	if m.left == 0 {
		return 0, chat.Errorf(chat.CodeTooLarge, "expected at most %d bytes of headers of a part", maxBetween)
	}
	n, err := m.ReadCloser.Read(p[:min(len(p), m.left)])
	m.left -= n
	return n, err
}
