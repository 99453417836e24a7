package twin

import (
	"fmt"

	"github.com/govorun/govorun/internal/chat"
)

// callback is what is posted to a callbackUrl (TWIN, section 8).
type callback struct {
	dialog
	CallbackData string `json:"callbackData"`
}

// Callback is the body of a delivery of what a bot has said in one turn. The dialog is described as
// it was then, whatever has become of it since.
func Callback(o *chat.Outgoing, links Links) ([]byte, error) {
	then := *o.Session
	then.Status = chat.StatusOpen
	var said []chat.Event
	for _, e := range o.Events {
		switch p := e.Payload.(type) {
		case *chat.Message:
			if p.AuthorType != chat.AuthorBot || p.Silent() {
				continue
			}
			then.Owner = chat.Owner{Kind: chat.OwnerBot, ID: p.AuthorID}
			said = append(said, e)
		case *chat.SessionClosed:
			then.Status = chat.StatusClosed
			said = append(said, e)
		}
	}
	body, err := encode(callback{*newDialog(&then, o.Chat, said, links), o.Data})
	if err != nil {
		return nil, fmt.Errorf("encode callback: %w", err)
	}
	return body, nil
}
