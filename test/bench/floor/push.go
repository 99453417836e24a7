package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

// hands is how many posts are made at once: as many as Govorun makes to one receiver.
const hands = 16

// pusher posts messages to receivers. Those of one session go through one hand, so in order. A full
// queue makes the store wait.
type pusher struct {
	client http.Client
	queues [hands]chan post
	wg     sync.WaitGroup
}

type post struct {
	url  string
	body []byte
}

func newPusher() *pusher {
	p := &pusher{client: http.Client{
		Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: hands},
	}}
	for i := range p.queues {
		p.queues[i] = make(chan post, 64)
		p.wg.Go(func() {
			for m := range p.queues[i] {
				if err := p.post(m); err != nil {
					fmt.Fprintln(os.Stderr, "floor: push:", err)
				}
			}
		})
	}
	return p
}

func (p *pusher) push(m *message, body []byte) {
	p.queues[m.session%hands] <- post{m.receiver, body}
}

func (p *pusher) post(m post) error {
	resp, err := p.client.Post(m.url, "application/json", bytes.NewReader(m.body)) //nolint:noctx // the client has a time-out
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body) // so that the connection is used again
	if resp.StatusCode != http.StatusNoContent && err == nil {
		err = fmt.Errorf("status %d", resp.StatusCode)
	}
	_ = resp.Body.Close() // it was read
	return err
}

// close makes the posts that wait. Nothing may be pushed any more.
func (p *pusher) close() {
	for _, q := range p.queues {
		close(q)
	}
	p.wg.Wait()
	p.client.CloseIdleConnections()
}
