package relay

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

// An envelope is a ring as it travels. Numbers are varints, texts have their length before
// them:
//
//	version (one byte)  node
//	session key, id     sequence     settled
//	count of events, and of each:
//	    kind  key  id  sequence  widget number  session number  time (µs)  payload as stored
//
// Another version is not read: while nodes of two versions run side by side, their events
// come to each other from the log. What is only of the committing node (TurnDue, Due) does
// not travel.
const envelopeVersion = 1

// maxEnvelope is the longest envelope, in bytes. A longer one travels without its events.
const maxEnvelope = 64 << 10

// typing is how typing travels: ephemeral payloads have no stored form.
type typing struct {
	By   chat.AuthorType `json:"by"`
	Body string          `json:"body,omitempty"`
}

func encode(node string, r chat.Ring) ([]byte, error) {
	b := appendHead(make([]byte, 0, 1024), node)
	b = binary.AppendVarint(b, r.Session.Key)
	b = appendText(b, r.Session.ID)
	b = binary.AppendVarint(b, r.Sequence)
	b = binary.AppendVarint(b, r.Settled)
	bare := len(b)
	b = binary.AppendVarint(b, int64(len(r.Events)))
	for i := range r.Events {
		var err error
		if b, err = appendEvent(b, &r.Events[i]); err != nil {
			return nil, err
		}
		if len(b) > maxEnvelope {
			return binary.AppendVarint(b[:bare], 0), nil
		}
	}
	return b, nil
}

// appendHead begins an envelope, the same way for all of a node.
func appendHead(b []byte, node string) []byte {
	return appendText(append(b, envelopeVersion), node)
}

func appendEvent(b []byte, e *chat.Event) ([]byte, error) {
	payload, err := encodePayload(e.Payload)
	if err != nil {
		return nil, err
	}
	b = appendText(b, string(e.Payload.Kind()))
	b = binary.AppendVarint(b, e.Key)
	b = appendText(b, e.ID)
	b = binary.AppendVarint(b, e.Sequence)
	b = binary.AppendVarint(b, e.WidgetNo)
	b = binary.AppendVarint(b, e.SessionNo)
	b = binary.AppendVarint(b, e.At.UnixMicro())
	return appendText(b, payload), nil
}

func appendText[T string | []byte](b []byte, text T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

func encodePayload(p chat.Payload) ([]byte, error) {
	switch p := p.(type) {
	case *chat.Typing:
		return json.Marshal(typing{By: p.By, Body: p.Body})
	case *chat.OperatorStatusChanged, *chat.OperatorLoggedOut:
		return json.Marshal(p)
	}
	return chat.EncodePayload(p)
}

func decodePayload(kind chat.Kind, data []byte) (p chat.Payload, err error) {
	switch kind {
	case chat.KindTyping:
		var t typing
		err = json.Unmarshal(data, &t)
		p = &chat.Typing{By: t.By, Body: t.Body}
	case chat.KindOperatorStatusChanged:
		p = &chat.OperatorStatusChanged{}
		err = json.Unmarshal(data, p)
	case chat.KindOperatorLoggedOut:
		p = &chat.OperatorLoggedOut{}
		err = json.Unmarshal(data, p)
	default:
		return chat.DecodePayload(kind, data)
	}
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", kind, err)
	}
	return p, nil
}

// errShort says that an envelope ends before its end, or is longer than that.
var errShort = errors.New("envelope: wrong length")

func decode(data []byte) (chat.Ring, error) {
	if len(data) == 0 || data[0] != envelopeVersion {
		return chat.Ring{}, errors.New("envelope: of another version")
	}
	in := reader{rest: data[1:]}
	in.text() // the node
	r := chat.Ring{Session: chat.SessionRef{Key: in.number(), ID: string(in.text())}}
	r.Sequence, r.Settled = in.number(), in.number()
	for n := in.number(); n > 0 && in.err == nil; n-- {
		r.Events = append(r.Events, in.event(r.Session))
	}
	if in.err == nil && len(in.rest) > 0 {
		in.err = errShort
	}
	if in.err != nil {
		return chat.Ring{}, in.err
	}
	return r, nil
}

// reader takes an envelope apart. After the first error it returns zero values.
type reader struct {
	rest []byte
	err  error
}

func (in *reader) event(session chat.SessionRef) chat.Event {
	kind := chat.Kind(in.text())
	e := chat.Event{
		Key:       in.number(),
		ID:        string(in.text()),
		Session:   session,
		Sequence:  in.number(),
		WidgetNo:  in.number(),
		SessionNo: in.number(),
		At:        time.UnixMicro(in.signed()).UTC(),
	}
	payload := in.text()
	if in.err != nil {
		return e
	}
	if e.Ephemeral() != kind.Ephemeral() {
		in.err = fmt.Errorf("envelope: %s with sequence %d", kind, e.Sequence)
		return e
	}
	e.Payload, in.err = decodePayload(kind, payload)
	return e
}

// number reads one that is not negative.
func (in *reader) number() int64 {
	n := in.signed()
	if n < 0 && in.err == nil {
		in.err = fmt.Errorf("envelope: number %d", n)
	}
	return n
}

func (in *reader) signed() int64 {
	n, size := binary.Varint(in.rest)
	if in.err != nil || size <= 0 {
		in.fail()
		return 0
	}
	in.rest = in.rest[size:]
	return n
}

func (in *reader) text() []byte {
	n, size := binary.Uvarint(in.rest)
	if in.err != nil || size <= 0 || n > math.MaxInt32 || int(n) > len(in.rest)-size {
		in.fail()
		return nil
	}
	text := in.rest[size : size+int(n)]
	in.rest = in.rest[size+int(n):]
	return text
}

func (in *reader) fail() {
	if in.err == nil {
		in.err = errShort
	}
}
