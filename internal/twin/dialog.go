package twin

import "github.com/govorun/govorun/internal/chat"

// The states of a dialog. The vendor documents no values (D).
const (
	dialogActive   = "ACTIVE"
	dialogFinished = "FINISHED"
)

// dialog is a dialog and what its bot has said last: the answer of the question-answer API, and
// with the callback's data what is posted to a callbackUrl (TWIN, section 8).
type dialog struct {
	DialogID string          `json:"dialogId"`
	BotID    string          `json:"botId"`
	Status   string          `json:"status"`
	Language string          `json:"language"`
	Result   string          `json:"result"` // the outcome with which the bot has closed it, "" if none
	Messages []dialogMessage `json:"messages"`
}

type dialogMessage struct {
	Body          string            `json:"body"`
	Actions       []action          `json:"actions"`
	Answers       []string          `json:"answers"`
	Substitutions map[string]string `json:"substitutions"` // always empty: texts are sent with their values
	Attachments   []attachment      `json:"attachments"`
	Meta          dialogMeta        `json:"meta"`
}

// dialogMeta is what we say of a message beyond the vendor's fields (D).
type dialogMeta struct {
	ID        string    `json:"id"`
	CreatedAt string    `json:"createdAt"`
	Sequence  int64     `json:"sequence"`
	Keyboard  *keyboard `json:"keyboard"`
	State     string    `json:"state,omitempty"` // path of the scenario state that said it
}

// newDialog describes a dialog with events of its log, of which the bot's messages and the end
// count.
func newDialog(s *chat.Session, c *chat.Chat, events []chat.Event, links Links) *dialog {
	d := &dialog{DialogID: s.ID, BotID: s.BotID, Status: dialogActive, Language: c.Language, Messages: []dialogMessage{}}
	if s.Owner.Kind == chat.OwnerBot {
		d.BotID = s.Owner.ID
	}
	if s.Status != chat.StatusOpen {
		d.Status = dialogFinished
	}
	for i := range events {
		switch p := events[i].Payload.(type) {
		case *chat.Message:
			d.Messages = append(d.Messages, newDialogMessage(&events[i], p, links))
		case *chat.SessionClosed:
			d.Status, d.Result = dialogFinished, p.Result
		}
	}
	return d
}

func newDialogMessage(e *chat.Event, m *chat.Message, links Links) dialogMessage {
	said := newMessage(e, m, links)
	return dialogMessage{
		Body: said.Body, Actions: said.Actions, Answers: said.Answers, Substitutions: map[string]string{}, Attachments: said.Attachments,
		Meta: dialogMeta{ID: said.ID, CreatedAt: said.CreatedAt, Sequence: said.Sequence, Keyboard: said.Keyboard, State: m.State},
	}
}
