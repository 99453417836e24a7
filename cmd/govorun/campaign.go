package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
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
}

// campaignSendCmd makes a campaign, fills and starts it, and shows how it goes.
type campaignSendCmd struct {
	access
	File     string `required:"" placeholder:"FILE" help:"CSV with a header: the column clientId, and others that become the event's data."`
	Chat     string `required:"" placeholder:"ID" help:"The chat whose clients these are."`
	Name     string `help:"How people call it; the name of the file unless given."`
	Event    string `help:"Event that their bot gets."`
	Text     string `help:"A message, instead."`
	Replies  string `placeholder:"FILE" help:"Messages as a JSON array of Chat API replies, instead."`
	Bot      string `placeholder:"ID" help:"Bot that answers in sessions that begin with it; the chat's unless given."`
	At       string `placeholder:"TIME" help:"When to send, as 2026-03-01T12:00:00+03:00; at once unless given."`
	Rate     int    `placeholder:"N" help:"Clients a second at most; no limit unless given."`
	Priority int    `help:"Of campaigns that are due, the higher go first."`
}

const (
	campaignPart  = 500 // recipients in a call
	campaignBytes = 512 << 10
	campaignEvery = 500 * time.Millisecond
)

// recipientRow is a client as the API takes it.
type recipientRow struct {
	ClientID string            `json:"clientId"`
	Data     map[string]string `json:"data,omitempty"`
}

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
	rows, err := readRecipients(c.File, c.Event != "")
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
	fmt.Fprintf(w.Stdout, "Campaign %s: %d clients.\n", made.ID, made.Total)
	return watchCampaign(ctx, w, api, made)
}

func (c *campaignSendCmd) body() (map[string]any, error) {
	body := map[string]any{"name": c.Name, "chatId": c.Chat, "priority": c.Priority, "ratePerSecond": c.Rate}
	if c.Name == "" {
		body["name"] = c.File
	}
	if c.At != "" {
		body["sendingTime"] = c.At
	}
	if c.Bot != "" {
		body["botId"] = c.Bot
	}
	given := 0
	if c.Event != "" {
		given, body["event"] = given+1, c.Event
	}
	if c.Text != "" {
		given, body["replies"] = given+1, []map[string]string{{"type": "text", "text": c.Text}}
	}
	if c.Replies != "" {
		data, err := os.ReadFile(c.Replies)
		if err != nil {
			return nil, fmt.Errorf("replies: %w", err)
		}
		if !json.Valid(data) {
			return nil, fmt.Errorf("replies: %s is not valid JSON", c.Replies)
		}
		given, body["replies"] = given+1, json.RawMessage(data)
	}
	if given != 1 {
		return nil, errors.New("say what to send: one of --event, --text and --replies")
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
	for len(rows) > 0 {
		n := part(rows)
		if _, err = api.call(ctx, http.MethodPost, path+"/recipients", map[string]any{"recipients": rows[:n]}, ""); err != nil {
			return nil, fmt.Errorf("campaign %s was made and not started: %w", made.ID, err)
		}
		rows = rows[n:]
	}
	if data, err = api.call(ctx, http.MethodPost, path+"/start", nil, ""); err != nil {
		return nil, fmt.Errorf("campaign %s was made and may not have been started: %w", made.ID, err)
	}
	return made, json.Unmarshal(data, made)
}

// part is how many rows fit a call.
func part(rows []recipientRow) (n int) {
	size := 0
	for n < len(rows) && n < campaignPart {
		for name, value := range rows[n].Data {
			size += 2*len(name) + 2*len(value)
		}
		if n > 0 && size > campaignBytes {
			break
		}
		n++
	}
	return n
}

// readRecipients reads a CSV with a header. A mistake names its line.
func readRecipients(name string, event bool) ([]recipientRow, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it is only read
	r := csv.NewReader(f)
	header, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("%s: expected a header with the column clientId: %w", name, err)
	}
	at := -1
	for i := range header {
		header[i] = strings.TrimSpace(strings.TrimPrefix(header[i], "\ufeff"))
		if header[i] == "clientId" {
			at = i
		}
	}
	if at < 0 {
		return nil, fmt.Errorf("%s: expected a column clientId, got %s", name, strings.Join(header, ", "))
	}
	var rows []recipientRow
	for {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		line, _ := r.FieldPos(at)
		row := recipientRow{ClientID: strings.TrimSpace(fields[at])}
		if row.ClientID == "" {
			return nil, fmt.Errorf("%s: line %d: expected the id of a client in the column clientId", name, line)
		}
		if event && len(header) > 1 {
			row.Data = map[string]string{}
			for i := range header {
				if i != at {
					row.Data[header[i]] = fields[i]
				}
			}
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s: expected at least one client below the header", name)
	}
	return rows, nil
}

// watchCampaign shows how a campaign goes until it is over. It goes on without being watched.
func watchCampaign(ctx context.Context, w *world, api *adminClient, c *campaignState) error {
	if c.State == "POSTPONED" {
		_, err := fmt.Fprintf(w.Stdout, "It is sent at %s; see govorun campaign show %s.\n", c.SendingTime, c.ID)
		return err
	}
	f, isFile := w.Stderr.(*os.File)
	bar := isFile && term.IsTerminal(int(f.Fd()))
	tick := time.NewTicker(campaignEvery)
	defer tick.Stop()
	for !c.over() {
		data, err := api.call(ctx, http.MethodGet, "/campaigns/"+c.ID, nil, "")
		if err == nil {
			err = json.Unmarshal(data, c)
		}
		if err == nil && bar {
			drawCampaign(f, c)
		}
		if err == nil && c.over() {
			break
		}
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("the campaign goes on, but cannot be watched: %w", err)
		}
		select {
		case <-ctx.Done():
			if bar {
				fmt.Fprintln(f)
			}
			_, err := fmt.Fprintf(w.Stdout, "The campaign goes on. Watch it with govorun campaign show %s, end it with govorun campaign cancel %s.\n", c.ID, c.ID)
			return err
		case <-tick.C:
		}
	}
	if bar {
		fmt.Fprintln(f)
	}
	_, err := fmt.Fprintf(w.Stdout, "%s: %d sent, %d failed, %d canceled.\n", c.State, c.Sent, c.Failed, c.Canceled)
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
