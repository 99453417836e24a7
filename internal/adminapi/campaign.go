package adminapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/jsontext"
)

// newCampaign is a campaign that is to be made, as a body says it.
type newCampaign struct {
	chat.CampaignParams
	replies, recipients json.RawMessage
}

// campaignFields are what can be set of a campaign (Chat API, 9), in the order of docs/campaigns.md.
var campaignFields = []field[newCampaign]{
	{name: "name", at: func(c *newCampaign) any { return &c.Campaign.Name }},
	{name: "chatId", at: func(c *newCampaign) any { return (*named)(&c.Campaign.ChatID) }},
	{name: "botId", at: func(c *newCampaign) any { return (*named)(&c.Campaign.BotID) }},
	{name: "event", at: func(c *newCampaign) any { return &c.Campaign.Event }},
	{name: "eventData", at: func(c *newCampaign) any { return &c.Campaign.EventData }},
	{name: "replies", at: func(c *newCampaign) any { return &c.replies }},
	{name: "callbackUrl", at: func(c *newCampaign) any { return &c.Campaign.CallbackURL }},
	{name: "priority", at: func(c *newCampaign) any { return &c.Campaign.Priority }},
	{name: "ratePerSecond", at: func(c *newCampaign) any { return &c.Campaign.Rate }},
	{name: "sendingTime", at: func(c *newCampaign) any { return (*moment)(&c.Campaign.SendingAt) }},
	{name: "recipients", at: func(c *newCampaign) any { return &c.recipients }},
	{name: "start", at: func(c *newCampaign) any { return &c.Start }},
}

// recipientsQuery names the parameters of the list of recipients.
var recipientsQuery = append(slices.Clone(pageQuery), "state")

// named is the UUID of something that is there.
type named string

// UnmarshalJSON implements json.Unmarshaler.
func (n *named) UnmarshalJSON(raw []byte) error {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return err
	}
	parsed, ok := parseID(text)
	if !ok {
		return chat.Invalid("", "expected a UUID")
	}
	*n = named(parsed)
	return nil
}

// moment is a time in ISO 8601; without a zone it is UTC.
type moment time.Time

// UnmarshalJSON implements json.Unmarshaler.
func (m *moment) UnmarshalJSON(raw []byte) error {
	wrong := chat.Invalid("", "expected a time such as 2026-03-01T12:00:00+03:00")
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return wrong
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} {
		if at, err := time.Parse(layout, text); err == nil && at.Year() >= 1970 {
			*m = moment(at.UTC())
			return nil
		}
	}
	return wrong
}

func writeCampaign(c *chat.Campaign) members {
	replies, canceled, waiting := c.Replies(), int64(0), c.Waiting()
	if c.State == chat.CampaignCanceled {
		canceled, waiting = waiting, 0
	}
	if replies == nil {
		replies = []json.RawMessage{}
	}
	return members{
		{"id", c.ID}, {"name", c.Name}, {"state", c.State}, {"chatId", c.ChatID}, {"botId", orNullText(c.BotID)},
		{"event", c.Event}, {"eventData", c.EventData}, {"replies", replies}, {"callbackUrl", c.CallbackURL},
		{"priority", c.Priority}, {"ratePerSecond", c.Rate}, {"sendingTime", stamp(c.SendingAt)},
		{"total", c.Total}, {"sent", c.Sent}, {"failed", c.Failed}, {"canceled", canceled}, {"waiting", waiting},
		{"createdAt", stamp(c.CreatedAt)}, {"startedAt", stamp(c.StartedAt)}, {"endedAt", stamp(c.EndedAt)},
	}
}

// orNullText is a text of which "" says that there is none.
func orNullText(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func writeRecipient(r *chat.Recipient) members {
	return members{
		{"clientId", r.ClientID}, {"data", r.Data}, {"state", r.State}, {"reason", r.Reason},
		{"questionId", orNullText(r.QuestionID)}, {"sessionId", orNullText(r.SessionID)}, {"sentAt", stamp(r.SentAt)},
	}
}

// listCampaigns is GET /campaigns.
func (a *API) listCampaigns(c *call) (reply, error) {
	p, err := c.page()
	if err != nil {
		return reply{}, err
	}
	campaigns, total, err := a.Service.ListCampaigns(c.Context(), p.offset, p.limit)
	if err != nil {
		return reply{}, err
	}
	return listed(campaigns, total, writeCampaign), nil
}

// createCampaign is POST /campaigns.
func (a *API) createCampaign(c *call) (reply, error) {
	body, raw, err := readObject(c.Request)
	if err != nil {
		return reply{}, err
	}
	idem, err := idempotency(c.Request, raw)
	if err != nil {
		return reply{}, err
	}
	p := newCampaign{}
	if err := set(campaignFields, body, &p, &newCampaign{}); err != nil {
		return reply{}, err
	}
	if p.Campaign.ChatID == "" {
		return reply{}, chat.Invalid("chatId", "expected the chat whose clients are to get it")
	}
	if p.Campaign.Messages, err = a.readReplies(p.replies); err != nil {
		return reply{}, err
	}
	if p.Recipients, err = readRecipients(p.recipients); err != nil {
		return reply{}, err
	}
	made, err := a.Service.CreateCampaign(c.work(), c.key, p.CampaignParams, idem)
	if err != nil {
		return reply{}, err
	}
	return reply{http.StatusCreated, writeCampaign(made), base + "/campaigns/" + made.ID}, nil
}

// readReplies makes messages of Chat API replies.
func (a *API) readReplies(raw json.RawMessage) ([]chat.Message, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var replies []json.RawMessage
	if json.Unmarshal(raw, &replies) != nil {
		return nil, chat.Invalid("replies", "expected an array of objects, got %s", jsontext.Kind(raw))
	}
	for i, one := range replies {
		if one[0] != '{' {
			return nil, chat.Invalid(fmt.Sprintf("replies[%d]", i), "expected an object, got %s", jsontext.Kind(one))
		}
	}
	return a.Render(replies)
}

// readRecipients reads clients' ids, or objects with an id and data.
func readRecipients(raw json.RawMessage) ([]chat.Recipient, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		return nil, chat.Invalid("recipients", "expected an array, got %s", jsontext.Kind(raw))
	}
	list := make([]chat.Recipient, len(items))
	for i, item := range items {
		if err := readRecipient(fmt.Sprintf("recipients[%d]", i), item, &list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func readRecipient(field string, raw json.RawMessage, r *chat.Recipient) error {
	if raw[0] != '{' {
		return readClientID(field, raw, &r.ClientID)
	}
	var o object
	if err := json.Unmarshal(raw, &o); err != nil {
		return chat.Invalid(field, "expected a client's id, or an object with clientId and data")
	}
	for _, name := range sortedNames(o) {
		switch value := o[name]; {
		case name == "clientId":
			if err := readClientID(field+".clientId", value, &r.ClientID); err != nil {
				return err
			}
		case name != "data":
			return chat.Invalid(field+"."+name, "unknown; expected clientId and data")
		case value[0] == '{':
			r.Data = value
		case value[0] != 'n':
			return chat.Invalid(field+".data", "expected an object, got %s", jsontext.Kind(value))
		}
	}
	if r.ClientID == "" {
		return chat.Invalid(field+".clientId", "expected the id of a client")
	}
	return nil
}

// readClientID reads an id, which may be a number (Chat API, 3, clientId).
func readClientID(field string, raw json.RawMessage, to *string) error {
	switch raw[0] {
	case '"':
		return json.Unmarshal(raw, to)
	case '{', '[', 't', 'f', 'n':
		return chat.Invalid(field, "expected a string or a number, got %s", jsontext.Kind(raw))
	default:
		*to = string(bytes.TrimSpace(raw))
		return nil
	}
}

// showCampaign is GET /campaigns/{id}.
func (a *API) showCampaign(c *call) (reply, error) {
	found, err := a.Service.FindCampaign(c.Context(), c.PathValue("id"))
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: writeCampaign(found)}, nil
}

// listRecipients is GET /campaigns/{id}/recipients.
func (a *API) listRecipients(c *call) (reply, error) {
	p, err := c.page()
	if err != nil {
		return reply{}, err
	}
	list, total, err := a.Service.ListRecipients(c.Context(), c.PathValue("id"), c.query.Get("state"), p.offset, p.limit)
	if err != nil {
		return reply{}, err
	}
	return listed(list, total, writeRecipient), nil
}

// addedFields are those of a call that adds recipients.
var addedFields = []field[newCampaign]{{name: "recipients", at: func(c *newCampaign) any { return &c.recipients }}}

// addRecipients is POST /campaigns/{id}/recipients.
func (a *API) addRecipients(c *call) (reply, error) {
	body, _, err := readObject(c.Request)
	if err != nil {
		return reply{}, err
	}
	p := newCampaign{}
	if err := set(addedFields, body, &p, &newCampaign{}); err != nil {
		return reply{}, err
	}
	list, err := readRecipients(p.recipients)
	if err != nil {
		return reply{}, err
	}
	if len(list) == 0 {
		return reply{}, chat.Invalid("recipients", "expected clients to add")
	}
	changed, added, err := a.Service.AddRecipients(c.work(), c.PathValue("id"), list)
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: members{{"added", added}, {"total", changed.Total}}}, nil
}

// startCampaign is POST /campaigns/{id}/start.
func (a *API) startCampaign(c *call) (reply, error) {
	if err := readNothing(c.Request); err != nil {
		return reply{}, err
	}
	started, err := a.Service.StartCampaign(c.work(), c.PathValue("id"))
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: writeCampaign(started)}, nil
}

// cancelCampaign is POST /campaigns/{id}/cancel.
func (a *API) cancelCampaign(c *call) (reply, error) {
	if err := readNothing(c.Request); err != nil {
		return reply{}, err
	}
	canceled, err := a.Service.CancelCampaign(c.work(), c.PathValue("id"))
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: writeCampaign(canceled)}, nil
}
