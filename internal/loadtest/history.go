package loadtest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
)

// historyPage is the largest page of a list (TWIN, section 1).
const historyPage = 1000

// verify reads the history of every session that was used and sums up the accounts.
func (g *generator) verify(ctx context.Context) (Faults, error) {
	var mu sync.Mutex
	var faults Faults
	err := each(len(g.sessions), 8, func(i int) error {
		s := g.sessions[i]
		if !s.ledger.acknowledgedAny() {
			return ctx.Err()
		}
		c := s.node.conns.take()
		defer s.node.conns.put(c)
		history, err := s.history(ctx, c)
		if err != nil {
			return fmt.Errorf("compare with the history: %w", err)
		}
		f := s.ledger.close(history)
		mu.Lock()
		defer mu.Unlock()
		faults.add(f)
		return nil
	})
	return faults, err
}

// historyItem is a message in GET /sessions/{id}/messages (TWIN, section 6).
type historyItem struct {
	ID         string `json:"id"`
	AuthorType string `json:"authorType"`
	Body       string `json:"body"`
	Sequence   int64  `json:"sequence"`
}

// history lists all messages of the session, page by page.
func (s *session) history(ctx context.Context, c *httpConn) ([]event, error) {
	var all []event
	after := int64(0)
	for ctx.Err() == nil {
		path := s.path + "/messages?limit=" + strconv.Itoa(historyPage) + "&after=" + strconv.FormatInt(after, 10)
		status, body, err := c.do(http.MethodGet, path, nil)
		if err != nil {
			return nil, err
		}
		var page struct {
			Items []historyItem `json:"items"`
		}
		if status != http.StatusOK {
			return nil, fmt.Errorf("list messages: status %d: %.300s", status, body)
		}
		if err := json.Unmarshal(body, &page); err != nil {
			return nil, fmt.Errorf("list messages: %w", err)
		}
		for _, item := range page.Items {
			ev := event{sequence: item.Sequence}
			if item.AuthorType == "CLIENT" {
				ev.counter = int(number([]byte(item.Body)))
			} else {
				s.ledger.number([]byte(item.ID), item.Sequence)
			}
			all = append(all, ev)
			after = max(after, ev.sequence)
		}
		if len(page.Items) < historyPage {
			return all, nil
		}
	}
	return nil, ctx.Err()
}
