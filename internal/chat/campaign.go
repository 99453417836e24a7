package chat

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of campaigns.
const (
	MaxRecipients    = 1_000_000 // of one campaign
	MaxRecipientsAdd = 1000      // that are added at a time
	MaxRecipientData = 16 << 10  // bytes of what one recipient has of its own
	MaxCampaignRate  = 10_000    // clients a second
	MaxPriority      = 1000      // as a number and as its negative
	maxReplies       = 100       // (Chat API, 6)
)

// CampaignState is how far a campaign is with all its recipients, or with one of them (Chat API, 9).
type CampaignState string

// The states of campaigns and of their recipients (Chat API, 9).
const (
	CampaignInit      CampaignState = "INIT"      // not started: recipients may be added
	CampaignPostponed CampaignState = "POSTPONED" // started, its time has not come
	CampaignPending   CampaignState = "PENDING"   // being sent
	CampaignSent      CampaignState = "SENT"      // over
	CampaignFailed    CampaignState = "FAILED"    // over, and nobody was reached
	CampaignCanceled  CampaignState = "CANCELED"  // whoever has not got it does not get it
)

// Campaign is what is sent to many clients of a chat: an event, which their bot reacts to, or ready
// messages (Chat API, 9).
type Campaign struct {
	Key     int64
	ID      string // UUID
	ChatKey int64
	ChatID  string
	Name    string
	BotID   string // who is to answer in sessions that begin with it; "" for the chat's bot

	Event     string          // "" when it says Messages
	EventData json.RawMessage // an object; nil for none
	Messages  []Message       // of a bot, in their order, each with its Replies

	CallbackURL string    // where bots' answers are pushed from then on; "" leaves it as it is
	Priority    int       // of those that are due, the higher go first
	Rate        int       // clients a second; 0: as fast as it goes
	SendingAt   time.Time // zero: at once

	State CampaignState
	// DueAt is when the next recipients are to get it; zero when none is to.
	DueAt time.Time
	// Position is how far it has come: recipients up to there were tried. Positions have gaps.
	Position     int64
	LastPosition int64
	Total        int64
	Sent         int64
	Failed       int64
	CreatedAt    time.Time
	StartedAt    time.Time // zero: not yet
	EndedAt      time.Time // zero: not yet
}

// Waiting is how many recipients have not been tried; in a campaign that was canceled, how many are not.
func (c *Campaign) Waiting() int64 { return c.Total - c.Sent - c.Failed }

// Over reports whether nothing more comes of it.
func (c *Campaign) Over() bool {
	return c.State == CampaignSent || c.State == CampaignFailed || c.State == CampaignCanceled
}

// waitingState is the state of a recipient that was not tried.
func (c *Campaign) waitingState() CampaignState {
	if c.State == CampaignSent || c.State == CampaignFailed {
		return CampaignPending // there is none
	}
	return c.State
}

// Replies is what its messages say, as Chat API replies.
func (c *Campaign) Replies() (replies []json.RawMessage) {
	for i := range c.Messages {
		replies = append(replies, c.Messages[i].Replies...)
	}
	return replies
}

// Recipient is one client that a campaign is for.
type Recipient struct {
	Position int64
	ClientID string          // external id in the campaign's chat (Chat API, clientId)
	Data     json.RawMessage // an object, laid over the campaign's EventData; nil for none

	// State is stored as PENDING, SENT or FAILED; what waits shows the state of its campaign.
	State      CampaignState
	Reason     string // why it failed
	QuestionID string // of the event that was sent, or of the first message
	SessionID  string // in which it was sent
	SentAt     time.Time
}

// check judges what an administrator says of a campaign.
func (c *Campaign) check(now time.Time) error {
	if err := checkName("name", c.Name); err != nil {
		return err
	}
	switch {
	case c.Event == "" && len(c.Messages) == 0:
		return Invalid("event", "expected an event, or replies instead")
	case c.Event != "" && len(c.Messages) > 0:
		return Invalid("replies", "expected an event or replies, not both")
	case c.Event == "" && len(c.EventData) > 0:
		return Invalid("eventData", "replies have no data; expected it with an event")
	}
	if c.Event != "" {
		if err := checkEventName("event", c.Event); err != nil {
			return err
		}
		if err := checkText("event", c.Event, MaxEventName); err != nil {
			return err
		}
	}
	if err := checkData("eventData", c.EventData, MaxFreeForm); err != nil {
		return err
	}
	if n := len(c.Replies()); n > maxReplies {
		return Invalid("replies", "expected at most %d, got %d", maxReplies, n)
	}
	if err := checkURL("callbackUrl", c.CallbackURL); err != nil {
		return err
	}
	if c.Priority < -MaxPriority || c.Priority > MaxPriority {
		return Invalid("priority", "expected a number from %d to %d", -MaxPriority, MaxPriority)
	}
	if c.Rate < 0 || c.Rate > MaxCampaignRate {
		return Invalid("ratePerSecond", "expected clients a second, up to %d, or 0 for no limit", MaxCampaignRate)
	}
	if c.SendingAt.After(now.Add(MaxTimerAhead)) {
		return Invalid("sendingTime", "expected a time that is at most %d days ahead", int(MaxTimerAhead.Hours()/24))
	}
	return nil
}

// checkData judges an object of the caller's own making; nil is none.
func checkData(field string, data json.RawMessage, limit int) error {
	if len(data) == 0 {
		return nil
	}
	if len(data) > limit {
		return Invalid(field, "expected at most %d bytes, got %d", limit, len(data))
	}
	if !utf8.Valid(data) || data[0] != '{' || !json.Valid(data) {
		return Invalid(field, "expected an object")
	}
	return nil
}

// checkRecipients judges recipients that are to be added.
func (c *Campaign) checkRecipients(list []Recipient) error {
	if n := len(list); n > MaxRecipientsAdd {
		return Invalid("recipients", "expected at most %d at a time, got %d", MaxRecipientsAdd, n)
	}
	for i := range list {
		r, field := &list[i], element("recipients", i)
		if err := checkName(field+".clientId", r.ClientID); err != nil {
			return Invalid(field+".clientId", "expected the id of a client, of 1 to %d characters, none of them a control character", MaxName)
		}
		if len(r.Data) > 0 && c.Event == "" {
			return Invalid(field+".data", "replies have no data; expected it with an event")
		}
		if err := checkData(field+".data", r.Data, MaxRecipientData); err != nil {
			return err
		}
	}
	return nil
}

// dataFor is what a recipient's event says: the campaign's data, with the recipient's own above them.
func (c *Campaign) dataFor(r *Recipient) (json.RawMessage, error) {
	if len(r.Data) == 0 || len(c.EventData) == 0 {
		return append(c.EventData[:len(c.EventData):len(c.EventData)], r.Data...), nil // one of them is nothing
	}
	merged := map[string]json.RawMessage{}
	for _, data := range []json.RawMessage{c.EventData, r.Data} {
		if err := json.Unmarshal(data, &merged); err != nil {
			return nil, fmt.Errorf("data of recipient %d: %w", r.Position, err)
		}
	}
	return json.Marshal(merged)
}

// Batches: so many recipients get it in one transaction, which others must not wait for long.
const (
	campaignBatch = 50
	// campaignTicks is how often in a second a campaign with a rate sends.
	campaignTicks = 10
)

// batch is how many recipients get it next.
func (c *Campaign) batch() int {
	if c.Rate == 0 {
		return campaignBatch
	}
	return min(max(1, c.Rate/campaignTicks), campaignBatch)
}

// pace has the next recipients get it when the rate allows, after n of them. What was missed while
// nobody could send is not made up for, but for one batch.
func (c *Campaign) pace(now time.Time, n int) {
	if c.Rate == 0 {
		c.DueAt = now
		return
	}
	took := time.Duration(n) * time.Second / time.Duration(c.Rate)
	c.DueAt = latest(c.DueAt, now.Add(-took)).Add(took)
}

// end is for when every recipient was tried.
func (c *Campaign) end(now time.Time) {
	c.State, c.DueAt, c.EndedAt = CampaignSent, time.Time{}, now
	if c.Sent == 0 && c.Total > 0 {
		c.State = CampaignFailed
	}
}

// recipientState reads the state that a list of recipients is asked for; "" is any.
func recipientState(text string) (CampaignState, error) {
	states := []CampaignState{CampaignInit, CampaignPostponed, CampaignPending, CampaignSent, CampaignFailed, CampaignCanceled}
	names := make([]string, len(states))
	for i, s := range states {
		if names[i] = string(s); text == names[i] {
			return s, nil
		}
	}
	if text == "" {
		return "", nil
	}
	return "", Invalid("state", "expected %s", strings.Join(names, ", "))
}
