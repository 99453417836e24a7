package loadtest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// act is something a client does.
type act string

const (
	actSend    act = "send"    // sends a message
	actStart   act = "start"   // starts a session, and leaves it alone
	actHistory act = "history" // reads the last messages
	actTyping  act = "typing"
)

// Mix is in what proportion clients do what. The zero Mix only sends messages.
type Mix struct{ order []act }

// ParseMix reads shares like "send=90,start=5,history=4,typing=1"; their sum is at
// most 1,000, and some messages must be sent.
func ParseMix(s string) (Mix, error) {
	var m Mix
	if s == "" {
		return m, nil
	}
	for part := range strings.SplitSeq(s, ",") {
		name, share, _ := strings.Cut(part, "=")
		n, err := strconv.Atoi(share)
		if err != nil || n < 0 || n > 1000 {
			return Mix{}, fmt.Errorf("mix %q: want name=share", part)
		}
		switch a := act(name); a {
		case actSend, actStart, actHistory, actTyping:
			for range n {
				m.order = append(m.order, a)
			}
		default:
			return Mix{}, fmt.Errorf("mix %q: want send, start, history or typing", name)
		}
	}
	if len(m.order) > 1000 || !slices.Contains(m.order, actSend) {
		return Mix{}, fmt.Errorf("mix %q: want some of send, and a sum of at most 1000", s)
	}
	shuffle := rand.New(rand.NewPCG(1, 2)) // the same order in every run
	shuffle.Shuffle(len(m.order), func(i, j int) { m.order[i], m.order[j] = m.order[j], m.order[i] })
	return m, nil
}

// UnmarshalText reads what ParseMix reads.
func (m *Mix) UnmarshalText(text []byte) (err error) {
	*m, err = ParseMix(string(text))
	return err
}

// at is what is done at a turn.
func (m Mix) at(turn int64) act {
	if len(m.order) == 0 {
		return actSend
	}
	return m.order[turn%int64(len(m.order))]
}
