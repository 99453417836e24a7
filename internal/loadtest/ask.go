package loadtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// AskOptions say how synchronous questions of the Chat API are measured. All must be set but Rate and WarmUp.
type AskOptions struct {
	URL      string
	Token    string // of a chat whose bot answers
	PID      int    // of the server
	Clients  int    // who ask, each one question after the other
	InFlight int    // questions at a time in the closed loop
	Rate     float64
	WarmUp   time.Duration
	Duration time.Duration
}

// Ask has clients ask, and measures how long the bot's answers take. Ack is until the answer: then the
// question and the answer are on the disk. A Load comes with an error too when promises were broken: what
// was answered must be in the histories, once, with its answer (*FaultError).
func Ask(ctx context.Context, o AskOptions) (*Load, error) {
	n, err := newNode(o.URL)
	if err != nil {
		return nil, err
	}
	if o.Clients < 1 || o.InFlight < 1 {
		return nil, errors.New("clients and in-flight must be at least 1")
	}
	a := &asking{options: o, node: n, clients: make([]asker, o.Clients)}
	defer n.conns.close()
	for i := range a.clients {
		a.clients[i].name = "ask-" + strconv.Itoa(i)
	}
	opened := newRecorder(0, 0)
	err = each(o.Clients, setupAtOnce, func(i int) error {
		a.ask(&a.clients[i], opened, time.Now())
		return ctx.Err()
	})
	if err := errors.Join(err, opened.err()); err != nil {
		return nil, err
	}
	if o.WarmUp > 0 {
		a.load(ctx, o.WarmUp)
	}
	g := &generator{options: Options{PIDs: []int{o.PID}}}
	before, err := g.usage(ctx)
	if err != nil {
		return nil, err
	}
	rec := a.load(ctx, o.Duration)
	if err := errors.Join(ctx.Err(), rec.err()); err != nil {
		return nil, err
	}
	after, err := g.usage(ctx)
	if err != nil {
		return nil, err
	}
	return rec.report(o.Rate, before, after), a.verify(ctx)
}

// asking is a run of questions.
type asking struct {
	options AskOptions
	node    *node
	clients []asker
	next    atomic.Int64 // turn of the client that asks next
}

// asker is a client. It waits for its answer before it asks again.
type asker struct {
	name   string
	asking sync.Mutex // guards what follows
	sent   int
	taken  int // that were answered
	body   []byte
}

// load has the clients ask in turn for a while.
func (a *asking) load(ctx context.Context, d time.Duration) *recorder {
	rec := newRecorder(0, d+lateGrace)
	ask := func(due time.Time) {
		a.ask(&a.clients[(a.next.Add(1)-1)%int64(len(a.clients))], rec, due)
	}
	if a.options.Rate > 0 {
		openLoop(ctx, rec, a.options.Rate, d, ask)
	} else {
		closedLoop(ctx, rec, a.options.InFlight, d, ask)
	}
	return rec
}

// ask is POST /chatapi/{token} (Chat API, 2).
func (a *asking) ask(by *asker, rec *recorder, due time.Time) {
	by.asking.Lock()
	defer by.asking.Unlock()
	c := a.node.conns.take()
	defer a.node.conns.put(c)
	rec.sending(time.Since(due))
	by.sent++
	by.body = append(append(append(by.body[:0], `{"clientId":"`...), by.name...), `","query":"`...)
	by.body = append(append(strconv.AppendInt(by.body, int64(by.sent), 10), phrase...), `"}`...)
	status, answer, err := c.do(http.MethodPost, "/chatapi/"+a.options.Token, by.body)
	switch {
	case err != nil:
		rec.failedWith(err)
	case status == http.StatusOK:
		if err := by.check(answer); err != nil {
			rec.failedWith(err)
			return
		}
		by.taken++
		now := time.Now()
		rec.acknowledged(now, now.Sub(due))
	case overloaded(status):
		rec.refused.Add(1)
	default:
		rec.failedWith(fmt.Errorf("ask: status %d: %.300s", status, answer))
	}
}

// check judges an answer (Chat API, 4).
func (a *asker) check(answer []byte) error {
	var got struct {
		ClientID, QuestionID string
		Data                 struct{ Answer string }
	}
	if err := json.Unmarshal(answer, &got); err != nil || got.ClientID != a.name || got.QuestionID == "" || got.Data.Answer == "" {
		return fmt.Errorf("ask: %s is answered %.300s", a.name, answer)
	}
	return nil
}

// verify compares what was answered with the histories. What failed may be in them or not.
func (a *asking) verify(ctx context.Context) error {
	var mu sync.Mutex
	var faults Faults
	err := each(len(a.clients), 8, func(i int) error {
		by := &a.clients[i]
		questions, answered, err := a.history(ctx, by)
		if err != nil {
			return fmt.Errorf("compare with the history: %w", err)
		}
		mu.Lock()
		defer mu.Unlock()
		faults.add(Faults{
			Lost:       int64(max(0, by.taken-questions)),
			Duplicated: int64(max(0, questions-by.sent)),
			Unanswered: int64(max(0, by.taken-answered)),
		})
		return nil
	})
	if err == nil && faults != (Faults{}) {
		err = &FaultError{faults}
	}
	return err
}

// history counts what a client has asked, and how much of that a bot has answered, page by page.
func (a *asking) history(ctx context.Context, by *asker) (questions, answered int, err error) {
	c := a.node.conns.take()
	defer a.node.conns.put(c)
	replied := map[string]bool{} // by question
	for offset := 0; ctx.Err() == nil; offset += historyPage {
		path := fmt.Sprintf("/chatapi/%s/client/%s/history?limit=%d&offset=%d", a.options.Token, by.name, historyPage, offset)
		status, body, err := c.do(http.MethodGet, path, nil)
		if err != nil {
			return 0, 0, err
		}
		var page struct {
			Messages []struct{ Author, QuestionID string }
		}
		if status != http.StatusOK || json.Unmarshal(body, &page) != nil {
			return 0, 0, fmt.Errorf("history: status %d: %.300s", status, body)
		}
		for _, m := range page.Messages {
			if m.Author == "CLIENT" {
				questions++
			} else if m.QuestionID != "" {
				replied[m.QuestionID] = true // by several messages, maybe
			}
		}
		if len(page.Messages) < historyPage {
			return questions, len(replied), nil
		}
	}
	return 0, 0, ctx.Err()
}
