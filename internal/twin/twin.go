// Package twin speaks the REST dialect of TWIN's chat platform: what a client's application
// calls to start a session, send messages and read the history (protocol notes, TWIN,
// sections 1, 2 and the client's part of 6), and what a program calls to talk to a bot by question
// and answer (section 8). It judges syntax, size and rate; every rule is
// the domain's. It is not the sockets of that platform, which realtime and socketio speak.
//
// What the vendor's documents leave open is answered so:
//   - a create answers 201 with what was made; the other acts, /read, /typing and /close,
//     answer 200 {"success":true};
//   - unknown query parameters (?x_widget=1) and unknown fields of a body are ignored, and so
//     are fields that are null; of a field that comes twice the last one counts;
//   - half a surrogate pair in a text ("\ud83d") becomes U+FFFD, U+0000 is refused;
//   - an answer marks as given only what leaves no gap in the widget stream: what the client
//     has not seen yet comes with its first connection, some of it perhaps again, by id.
package twin

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/govorun/govorun/internal/auth"
	"github.com/govorun/govorun/internal/chat"
)

// AnswerWait is how long a start waits for the bot's answer unless told not to wait
// (TWIN, section 2, returnAnswerAsync).
const AnswerWait = 5 * time.Second

// Service is what the API asks of the domain; *chat.Service is one.
type Service interface {
	Start(ctx context.Context, p chat.StartParams) (*chat.StartResult, error)
	Send(ctx context.Context, p chat.SendParams) (*chat.SendResult, error)
	Read(ctx context.Context, sessionID, messageID string) error
	Type(ctx context.Context, sessionID, body string) error
	PressAction(ctx context.Context, p chat.PressParams) (*chat.Event, error)
	Close(ctx context.Context, sessionID string, by chat.ClosedBy, result string) error
	FindChat(ctx context.Context, id string) (*chat.Chat, error)
	FindSession(ctx context.Context, id string) (*chat.Session, error)
	History(ctx context.Context, sessionID string, q chat.MessagesQuery) (*chat.Session, []chat.Event, int64, error)
	MarkGiven(ctx context.Context, session chat.SessionRef, widgetNo int64) error

	// Of the question-answer API.
	Authenticate(ctx context.Context, key string) (*chat.APIKey, error)
	StartDialog(ctx context.Context, by *chat.APIKey, p chat.StartParams) (*chat.StartResult, error)
	FindDialog(ctx context.Context, id string) (*chat.Session, *chat.Chat, error)
	Reload(ctx context.Context, p chat.ReloadParams) (*chat.SendResult, error)
	FinishDialog(ctx context.Context, id string) (*chat.Session, error)
	Variables(ctx context.Context, session *chat.Session) (system, context map[string]any, err error)
	ListBots(ctx context.Context) ([]chat.BotRecord, error)
}

// Feed says when a bot has reacted; *feed.Feed is one.
type Feed interface {
	// AwaitSettled returns when no reaction of a bot to an event up to sequence is
	// outstanding, or an error when ctx ends before.
	AwaitSettled(ctx context.Context, s chat.SessionRef, sequence int64) error
}

// Events reads a session's log; every chat.Store is one.
type Events interface {
	ListEvents(ctx context.Context, s chat.SessionRef, after int64, limit int) ([]chat.Event, error)
}

// Files receives files and makes links to them; *files.Service is one.
type Files interface {
	Upload(r *http.Request, sessionID string, idem chat.Idempotency) (*chat.FilesResult, error)
	Links(a chat.Attachment) (inline, download string)
}

// Params is what an API works with.
type Params struct {
	Service Service
	Files   Files
	Feed    Feed
	Events  Events
	Proxies auth.Proxies // whose X-Forwarded-For is believed
	Limits  *auth.Limits // nil: no limits
	Log     *slog.Logger
	// MaxWaiting is how many starts may wait for a bot's answer at a time, so that a slow bot
	// does not hold up the other requests. One more is answered at once, without messages:
	// they come through the sockets. 0: 256.
	MaxWaiting int
}

// API answers requests. It keeps nothing between them.
type API struct {
	Params
	waiting chan struct{}
}

// New returns an API; Register gives it its routes.
func New(p Params) *API {
	if p.MaxWaiting == 0 {
		p.MaxWaiting = 256
	}
	return &API{Params: p, waiting: make(chan struct{}, p.MaxWaiting)}
}
