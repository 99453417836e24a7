package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/term"
)

// campaignCmd is about what a running server sends to many clients, over its API.
type campaignCmd struct {
	Send   campaignSendCmd   `cmd:"" help:"Send an event or messages to the clients in a file, and watch it."`
	List   campaignListCmd   `cmd:"" help:"List campaigns, the newest first."`
	Show   campaignShowCmd   `cmd:"" help:"Show a campaign and how far it is."`
	Cancel campaignCancelCmd `cmd:"" help:"Have those who have not got it not get it."`

	Recipients campaignRecipientsCmd `cmd:"" help:"List the clients of a campaign, and what became of each."`
}

// campaignSendCmd makes a campaign, fills and starts it, and shows how it goes.
type campaignSendCmd struct {
	access
	File     string `required:"" placeholder:"FILE" help:"CSV with a header: the column clientId, and others that become texts in the event's data; - reads the standard input."`
	Chat     string `required:"" placeholder:"ID" help:"The chat whose clients these are."`
	Name     string `help:"How people call it; the name of --file unless given."`
	Event    string `help:"Event that their bot gets."`
	Text     string `help:"A message, instead."`
	Replies  string `placeholder:"FILE" help:"Messages as a JSON array of Chat API replies, instead."`
	Bot      string `placeholder:"ID" help:"Bot that answers in sessions that begin with it; the chat's unless given."`
	At       string `placeholder:"TIME" help:"When to send, as 2026-03-01T12:00:00+03:00; at once unless given."`
	Rate     int    `placeholder:"N" help:"Clients a second at most; no limit unless given."`
	Priority int    `help:"Of campaigns that are due, the higher go first."`
}

// campaignEvery is how often a campaign that is watched is asked for.
const campaignEvery = 500 * time.Millisecond

// campaignState is what is shown of a campaign.
type campaignState struct {
	ID, State, SendingTime                 string
	Total, Sent, Failed, Canceled, Waiting int64
}

func (c *campaignState) over() bool {
	return c.State == "SENT" || c.State == "FAILED" || c.State == "CANCELED"
}

// Run reads the whole file before it says anything to the server.
func (c *campaignSendCmd) Run(ctx context.Context, w *world) error {
	body, err := c.body()
	if err != nil {
		return &usageError{err}
	}
	rows, err := c.rows(w)
	if err != nil {
		return &usageError{err}
	}
	api, err := c.client(w)
	if err != nil {
		return err
	}
	made, err := c.start(ctx, api, body, rows)
	if err != nil {
		return err
	}
	repeated := ""
	if n := int64(len(rows)) - made.Total; n > 0 {
		repeated = fmt.Sprintf(", repeated in the file: %d", n)
	}
	fmt.Fprintf(w.Stdout, "Campaign %s, clients: %d%s.\n", made.ID, made.Total, repeated)
	return watchCampaign(ctx, w, api, made)
}

// body is the campaign as the API takes it, without its clients.
func (c *campaignSendCmd) body() (map[string]any, error) {
	name := cmp.Or(c.Name, filepath.Base(c.File))
	body := map[string]any{"name": name, "chatId": c.Chat, "priority": c.Priority, "ratePerSecond": c.Rate}
	if c.At != "" {
		body["sendingTime"] = c.At
	}
	if c.Bot != "" {
		body["botId"] = c.Bot
	}
	given := 0
	for _, text := range []string{c.Event, c.Text, c.Replies} {
		if text != "" {
			given++
		}
	}
	if given != 1 {
		return nil, errors.New("say what to send: one of --event, --text and --replies")
	}
	switch {
	case c.Event != "":
		body["event"] = c.Event
	case c.Text != "":
		body["replies"] = []map[string]string{{"type": "text", "text": c.Text}}
	default:
		data, err := os.ReadFile(c.Replies)
		if err != nil {
			return nil, fmt.Errorf("replies: %w", err)
		}
		if !json.Valid(data) {
			return nil, fmt.Errorf("replies: %s is not valid JSON", c.Replies)
		}
		body["replies"] = json.RawMessage(data)
	}
	return body, nil
}

// start makes the campaign under a key of its own, so that it is made once, and fills it in parts.
func (c *campaignSendCmd) start(ctx context.Context, api *adminClient, body map[string]any, rows []recipientRow) (*campaignState, error) {
	data, err := api.call(ctx, http.MethodPost, "/campaigns", body, uuid.NewString())
	if err != nil {
		return nil, err
	}
	made := &campaignState{}
	if err := json.Unmarshal(data, made); err != nil {
		return nil, fmt.Errorf("the server's answer: %w", err)
	}
	path := "/campaigns/" + made.ID
	for from := 0; from < len(rows); {
		n, err := part(rows[from:])
		if err != nil {
			return nil, err
		}
		to := from + n
		if _, err = api.call(ctx, http.MethodPost, path+"/recipients", map[string]any{"recipients": rows[from:to]}, ""); err != nil {
			return nil, fmt.Errorf("campaign %s was made and not started, clients %d to %d of the file were not added: %w", made.ID, from+1, to, err)
		}
		from = to
	}
	if data, err = api.call(ctx, http.MethodPost, path+"/start", nil, ""); err != nil {
		return nil, fmt.Errorf("campaign %s was made and may not have been started: %w", made.ID, err)
	}
	return made, json.Unmarshal(data, made)
}

// watchCampaign shows how a campaign goes until it is over. It goes on without being watched.
func watchCampaign(ctx context.Context, w *world, api *adminClient, c *campaignState) error {
	if c.State == "POSTPONED" {
		_, err := fmt.Fprintf(w.Stdout, "It is sent at %s; see govorun campaign show %s.\n", c.SendingTime, c.ID)
		return err
	}
	bar, isFile := w.Stderr.(*os.File)
	if isFile && term.IsTerminal(int(bar.Fd())) {
		defer fmt.Fprintln(bar) //nolint:errcheck // nobody is there to see it
	} else {
		bar = nil
	}
	tick := time.NewTicker(campaignEvery)
	defer tick.Stop()
	for !c.over() {
		data, err := api.call(ctx, http.MethodGet, "/campaigns/"+c.ID, nil, "")
		if err == nil {
			err = json.Unmarshal(data, c)
		}
		switch {
		case ctx.Err() != nil:
			_, err := fmt.Fprintf(w.Stdout, "The campaign goes on. Watch it with govorun campaign show %s, end it with govorun campaign cancel %s.\n", c.ID, c.ID)
			return err
		case err != nil:
			return fmt.Errorf("the campaign %s goes on, but cannot be watched: %w", c.ID, err)
		}
		if bar != nil {
			drawCampaign(bar, c)
		}
		if !c.over() {
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	}
	return c.conclude(w)
}

// conclude says how a campaign ended. One that reached nobody is a failure.
func (c *campaignState) conclude(w *world) error {
	if _, err := fmt.Fprintf(w.Stdout, "%s: %d sent, %d failed, %d canceled.\n", c.State, c.Sent, c.Failed, c.Canceled); err != nil || c.Failed == 0 {
		return err
	}
	why := "govorun campaign recipients " + c.ID + " --state FAILED"
	if c.State == "FAILED" {
		return fmt.Errorf("nobody was reached; %s says why", why)
	}
	_, err := fmt.Fprintf(w.Stdout, "Why: %s\n", why)
	return err
}

func drawCampaign(to io.Writer, c *campaignState) {
	share := float64(c.Sent+c.Failed) / float64(max(1, c.Total))
	full := int(share * progressWidth)
	fmt.Fprintf(to, "\rSending [%s%s] %3.0f%% of %d, %d failed", strings.Repeat("#", full), strings.Repeat(" ", progressWidth-full), share*100, c.Total, c.Failed)
}

// campaignListCmd lists campaigns.
type campaignListCmd struct{ query }

// Run asks the server.
func (c *campaignListCmd) Run(ctx context.Context, w *world) error {
	return c.list(ctx, w, "/campaigns", url.Values{}, []string{"id", "name", "state", "total", "sent", "failed", "canceled", "waiting", "createdAt"})
}

// campaignShowCmd shows one campaign.
type campaignShowCmd struct {
	query
	ID string `arg:"" help:"Its id."`
}

// Run asks the server.
func (c *campaignShowCmd) Run(ctx context.Context, w *world) error {
	return c.show(ctx, w, http.MethodGet, "/campaigns/"+url.PathEscape(c.ID), nil, "")
}

// campaignCancelCmd cancels one.
type campaignCancelCmd struct {
	query
	ID string `arg:"" help:"Its id."`
}

// Run tells the server.
func (c *campaignCancelCmd) Run(ctx context.Context, w *world) error {
	return c.show(ctx, w, http.MethodPost, "/campaigns/"+url.PathEscape(c.ID)+"/cancel", nil, "")
}

// campaignRecipientsCmd lists the clients of a campaign.
type campaignRecipientsCmd struct {
	query
	ID     string `arg:"" help:"Id of the campaign."`
	State  string `placeholder:"STATE" help:"Only those: SENT, FAILED, or the state of the campaign for whoever waits."`
	Limit  int    `default:"100" help:"At most so many, up to 1000."`
	Offset int    `help:"Leave out so many of the first."`
}

// Run lists one page, since there may be very many.
func (c *campaignRecipientsCmd) Run(ctx context.Context, w *world) error {
	q := url.Values{"limit": {strconv.Itoa(c.Limit)}, "offset": {strconv.Itoa(c.Offset)}}
	if c.State != "" {
		q.Set("state", c.State)
	}
	return c.page(ctx, w, "/campaigns/"+url.PathEscape(c.ID)+"/recipients", q, []string{"clientId", "state", "reason", "questionId", "sentAt"})
}
