package loadtest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// PollOptions say how long polls of the Chat API are measured.
type PollOptions struct {
	URL   string
	Chat  string // its identity is open
	Token string // of the chat
	PID   int    // of the server
	Polls int    // that wait at once
}

// PollReport is what long polls cost, and how fast they wake.
type PollReport struct {
	Polls        int   `json:"polls"`
	MemoryBefore int64 `json:"memoryBefore"` // of the server, bytes, with the clients' sessions
	Memory       int64 `json:"memory"`       // while all wait, the most of both
	One          Waked `json:"one"`          // all wait for one client, who says something once
	Each         Waked `json:"each"`         // each waits for its own, who all say something
}

// Waked is how fast polls were answered.
type Waked struct {
	Median, P99, Last time.Duration // since what it waits for was sent
	All               time.Duration // from the first that was sent to the last answer
}

const (
	// pollsPerSecond is how fast polls begin.
	pollsPerSecond = 1200
	// pollAgain is when a poll is tried again that the server refuses because it has too much to do,
	// and pollTries how often.
	pollAgain = 100 * time.Millisecond
	pollTries = 50
)

// Polls holds long polls and measures the memory of the server, and how fast they wake.
func Polls(ctx context.Context, o PollOptions) (*PollReport, error) {
	g := &generator{options: Options{URL: o.URL, PIDs: []int{o.PID}}}
	n, err := newNode(o.URL)
	if err != nil {
		return nil, err
	}
	p := &polls{options: o, node: n, generator: g, sessions: make([]string, o.Polls), conns: make([]*httpConn, o.Polls)}
	defer p.close()
	if err := p.startSessions(); err != nil {
		return nil, err
	}
	r := &PollReport{Polls: o.Polls}
	if r.MemoryBefore, err = g.settledMemory(ctx); err != nil {
		return nil, err
	}
	for _, phase := range []struct {
		result *Waked
		client func(i int) int
		say    int // clients that say something
	}{
		{&r.Each, func(i int) int { return i }, o.Polls},
		{&r.One, func(int) int { return 0 }, 1},
	} {
		memory, err := p.round(ctx, phase.client, phase.say, phase.result)
		if err != nil {
			return nil, err
		}
		r.Memory = max(r.Memory, memory)
	}
	return r, nil
}

type polls struct {
	options   PollOptions
	node      *node
	generator *generator
	sessions  []string    // by client
	conns     []*httpConn // by poll
}

func (p *polls) close() {
	for _, c := range p.conns {
		if c != nil {
			c.close()
		}
	}
	p.node.conns.close()
}

func pollClient(i int) string { return fmt.Sprintf("poll-%d", i) }

// startSessions gives every client a session in which nobody answers.
func (p *polls) startSessions() error {
	return each(len(p.sessions), setupAtOnce, func(i int) error {
		c := p.node.conns.take()
		defer p.node.conns.put(c)
		body, err := json.Marshal(map[string]string{"clientExternalId": pollClient(i), "botId": noBotID})
		if err != nil {
			return err
		}
		status, answer, err := c.do(http.MethodPost, "/api/v1/chats/"+p.options.Chat+"/sessions", body)
		if err != nil {
			return fmt.Errorf("start session: %w", err)
		}
		var started struct {
			ID string `json:"id"`
		}
		if status != http.StatusCreated || json.Unmarshal(answer, &started) != nil || started.ID == "" {
			return fmt.Errorf("start session: status %d: %.300s", status, answer)
		}
		p.sessions[i] = started.ID
		return nil
	})
}

// round has all polls wait, and some clients say something.
func (p *polls) round(ctx context.Context, client func(int) int, say int, result *Waked) (memory int64, err error) {
	var (
		waiting  sync.WaitGroup
		failed   = make(chan error, len(p.conns))
		answered = make([]time.Time, len(p.conns))
	)
	begin := time.Now()
	for i := range p.conns {
		if !pause(ctx, time.Until(begin.Add(time.Duration(i)*time.Second/pollsPerSecond))) {
			break
		}
		if p.conns[i] == nil {
			p.conns[i] = p.node.conns.make()
		}
		waiting.Go(func() {
			if err := p.poll(ctx, p.conns[i], client(i)); err != nil {
				failed <- err
			}
			answered[i] = time.Now()
		})
	}
	memory, err = p.generator.settledMemory(ctx)
	sent := make([]time.Time, say)
	if err == nil {
		err = each(say, setupAtOnce, func(i int) error {
			sent[i] = time.Now()
			return p.say(i)
		})
	}
	waiting.Wait() // at the latest when the polls have waited long enough
	select {
	case err = <-failed:
	default:
	}
	if err == nil {
		result.measure(sent, answered, client)
	}
	return memory, err
}

// poll waits for something of a client: it polls again when it was given nothing, or was refused.
func (p *polls) poll(ctx context.Context, c *httpConn, client int) error {
	path := "/chatapi/" + p.options.Token + "/events?all=true&clientId=" + pollClient(client)
	for try := 1; ; try++ {
		status, body, err := c.do(http.MethodGet, path, nil)
		if err != nil {
			return err
		}
		var objects []json.RawMessage
		switch {
		case try == pollTries:
		case status == http.StatusServiceUnavailable && pause(ctx, pollAgain):
			continue
		case status == http.StatusOK && json.Unmarshal(body, &objects) == nil && len(objects) == 0:
			continue
		}
		if len(objects) != 1 {
			return fmt.Errorf("a poll that was to be given one event: status %d: %.300s", status, body)
		}
		return nil
	}
}

// say has a client say something.
func (p *polls) say(client int) error {
	c := p.node.conns.take()
	defer p.node.conns.put(c)
	body, err := json.Marshal(map[string]string{"body": phrase})
	if err != nil {
		return err
	}
	status, answer, err := c.do(http.MethodPost, "/api/v1/sessions/"+p.sessions[client]+"/messages", body)
	if err == nil && status != http.StatusCreated {
		err = fmt.Errorf("send: status %d: %.300s", status, answer)
	}
	return err
}

func (w *Waked) measure(sent, answered []time.Time, client func(int) int) {
	took := make([]time.Duration, len(answered))
	first, last := sent[0], answered[0]
	for i, at := range answered {
		since := sent[client(i)]
		took[i] = at.Sub(since)
		if since.Before(first) {
			first = since
		}
		if at.After(last) {
			last = at
		}
	}
	slices.Sort(took)
	n := len(took)
	*w = Waked{Median: took[n/2], P99: took[n*99/100], Last: took[n-1], All: last.Sub(first)}
}
