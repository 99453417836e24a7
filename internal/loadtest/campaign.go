package loadtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// CampaignOptions say how campaigns are measured. All must be set but Key, which a server may not ask for.
type CampaignOptions struct {
	URL     string
	Chat    string // whose clients get it
	Token   string // of the chat
	Key     string // an administrator's
	PID     int    // of the server
	Clients int    // who get it
}

// CampaignReport is how fast campaigns went, from their start until everybody had got it.
type CampaignReport struct {
	New   Campaigned `json:"new"`   // whom nobody knows: each gets a session
	Known Campaigned `json:"known"` // the same once more, who have one
}

// Campaigned is how fast one went.
type Campaigned struct {
	PerSecond float64 `json:"perSecond"`
	ServerCPU float64 `json:"serverCPU"` // seconds per 1,000 messages
}

const (
	// campaignPart is how many recipients are added at a time.
	campaignPart = 1000
	// campaignLook is how often is looked whether a campaign is over, and campaignLongest how long.
	campaignLook    = 10 * time.Millisecond
	campaignLongest = 10 * time.Minute
)

// Campaigns sends a message to many clients, twice, and measures how long that takes. The report comes with
// an error too when somebody has not got it, or twice (*FaultError).
func Campaigns(ctx context.Context, o CampaignOptions) (*CampaignReport, error) {
	n, err := newNode(o.URL)
	if err != nil {
		return nil, err
	}
	if o.Clients < 1 {
		return nil, errors.New("clients must be at least 1")
	}
	if o.Key != "" {
		n.headers = "\r\nAuthorization: Bearer " + o.Key
	}
	defer n.conns.close()
	c := &campaigning{options: o, node: n, generator: &generator{options: Options{PIDs: []int{o.PID}}}}
	r := new(CampaignReport)
	for _, result := range []*Campaigned{&r.New, &r.Known} {
		if *result, err = c.send(ctx); err != nil {
			return nil, fmt.Errorf("campaign: %w", err)
		}
	}
	return r, c.verify(ctx, 2)
}

type campaigning struct {
	options   CampaignOptions
	node      *node
	generator *generator
}

func campaignClient(i int) string { return "campaign-" + strconv.Itoa(i) }

// send makes a campaign, starts it and waits until it is over.
func (c *campaigning) send(ctx context.Context) (result Campaigned, err error) {
	path, err := c.create()
	if err != nil {
		return result, err
	}
	before, err := c.generator.usage(ctx)
	if err != nil {
		return result, err
	}
	begin := time.Now()
	found, err := c.call(http.MethodPost, path+"/start", nil)
	for err == nil && found.State != "SENT" {
		switch {
		case found.State == "FAILED" || found.State == "CANCELED":
			return result, fmt.Errorf("it is %s", found.State)
		case time.Since(begin) > campaignLongest || !pause(ctx, campaignLook):
			return result, errors.Join(fmt.Errorf("%d of %d have got it", found.Sent, c.options.Clients), ctx.Err())
		}
		found, err = c.call(http.MethodGet, path, nil)
	}
	took := time.Since(begin)
	if err == nil && found.Sent != c.options.Clients {
		err = fmt.Errorf("%d of %d have got it", found.Sent, c.options.Clients)
	}
	if err != nil {
		return result, err
	}
	after, err := c.generator.usage(ctx)
	thousands := float64(c.options.Clients) / 1000
	return Campaigned{thousands * 1000 / took.Seconds(), (after.servers - before.servers).Seconds() / thousands}, err
}

// create makes a campaign and returns its path.
func (c *campaigning) create() (path string, err error) {
	made, err := c.call(http.MethodPost, "", map[string]any{
		"name": "bench", "chatId": c.options.Chat, "replies": []any{map[string]string{"type": "text", "text": "1" + phrase}},
	})
	if err != nil {
		return "", err
	}
	path = "/" + made.ID
	for from := 0; from < c.options.Clients; from += campaignPart {
		var part []string
		for i := from; i < min(from+campaignPart, c.options.Clients); i++ {
			part = append(part, campaignClient(i))
		}
		if _, err := c.call(http.MethodPost, path+"/recipients", map[string]any{"recipients": part}); err != nil {
			return "", err
		}
	}
	return path, nil
}

// campaignState is what is read of a campaign.
type campaignState struct {
	ID    string `json:"id"`
	State string `json:"state"`
	Sent  int    `json:"sent"`
}

// call is a call of the administrators' API.
func (c *campaigning) call(method, path string, body any) (found campaignState, err error) {
	conn := c.node.conns.take()
	defer c.node.conns.put(conn)
	var data []byte
	if body != nil {
		if data, err = json.Marshal(body); err != nil {
			return found, err
		}
	}
	status, answer, err := conn.do(method, "/api/admin/v1/campaigns"+path, data)
	if err != nil {
		return found, err
	}
	if status/100 != 2 || json.Unmarshal(answer, &found) != nil {
		return found, fmt.Errorf("%s %s: status %d: %.300s", method, path, status, answer)
	}
	return found, nil
}

// verify looks whether every client has got so many messages.
func (c *campaigning) verify(ctx context.Context, messages int) error {
	var mu sync.Mutex
	var faults Faults
	err := each(c.options.Clients, 8, func(i int) error {
		conn := c.node.conns.take()
		defer c.node.conns.put(conn)
		path := "/chatapi/" + c.options.Token + "/client/" + campaignClient(i) + "/history?limit=" + strconv.Itoa(historyPage) + "&offset=0"
		status, answer, err := conn.do(http.MethodGet, path, nil)
		if err != nil {
			return err
		}
		var page struct{ Messages []json.RawMessage }
		if status != http.StatusOK || json.Unmarshal(answer, &page) != nil {
			return fmt.Errorf("history: status %d: %.300s", status, answer)
		}
		mu.Lock()
		defer mu.Unlock()
		faults.add(Faults{Lost: int64(max(0, messages-len(page.Messages))), Duplicated: int64(max(0, len(page.Messages)-messages))})
		return ctx.Err()
	})
	if err != nil {
		return fmt.Errorf("compare with the histories: %w", err)
	}
	if faults != (Faults{}) {
		return &FaultError{faults}
	}
	return nil
}
