// Package adminapi speaks our own REST dialect for administrators: chats and their settings, bots,
// API keys, campaigns, and what is to leave by webhooks. It judges syntax, size, rate and permission; every
// rule is the domain's. It is not for clients or operators, and signs nobody in: who calls has an
// API key, or the one-time link by which the first key is made.
//
// It is stricter than the dialects of others: an unknown field of a body or of a query is an error
// that names it. Of a field that comes twice the last one counts. null stands for the default; in a
// change, what is not named stays as it is.
package adminapi

import (
	"context"
	"encoding/json"
	"io/fs"
	"log/slog"

	"github.com/govorun/govorun/internal/auth"
	"github.com/govorun/govorun/internal/chat"
)

// Service is what the API asks of the domain; *chat.Service is one.
type Service interface {
	Keys
	Chats
	Bots
	Webhooks
	Campaigns
}

// Keys are the use cases about API keys.
type Keys interface {
	Authenticate(ctx context.Context, key string) (*chat.APIKey, error)
	Setup(ctx context.Context, token, name string) (made *chat.APIKey, text string, err error)
	CreateAPIKey(ctx context.Context, by *chat.APIKey, p chat.NewKeyParams) (made *chat.APIKey, text string, err error)
	ListAPIKeys(ctx context.Context) ([]chat.APIKey, error)
	FindAPIKey(ctx context.Context, id string) (*chat.APIKey, error)
	DeleteAPIKey(ctx context.Context, by *chat.APIKey, id string) error
}

// Chats are the use cases about chats.
type Chats interface {
	CreateChat(ctx context.Context, by *chat.APIKey, c *chat.Chat, idem chat.Idempotency) (*chat.Chat, error)
	UpdateChat(ctx context.Context, id string, change func(*chat.Chat) error) (*chat.Chat, error)
	DeleteChat(ctx context.Context, id string) error
	FindAdminChat(ctx context.Context, id string) (*chat.Chat, error)
	ListChats(ctx context.Context, offset, limit int) ([]chat.Chat, int64, error)
}

// Bots are the use cases about bots.
type Bots interface {
	CreateBot(ctx context.Context, by *chat.APIKey, b *chat.BotRecord, idem chat.Idempotency) (*chat.BotRecord, error)
	UpdateBot(ctx context.Context, id string, change func(*chat.BotRecord) error) (*chat.BotRecord, error)
	DeleteBot(ctx context.Context, id string) error
	FindBot(ctx context.Context, id string) (*chat.BotRecord, error)
	ListBots(ctx context.Context) ([]chat.BotRecord, error)
	AddBotVersion(ctx context.Context, by *chat.APIKey, p chat.NewVersionParams) (*chat.AddedVersion, error)
	ActivateBotVersion(ctx context.Context, id string, number int64) (*chat.BotVersion, error)
	ListBotVersions(ctx context.Context, id string) ([]chat.BotVersion, error)
	FindBotVersion(ctx context.Context, id string, number int64) (*chat.BotVersion, error)
	FindBotArchive(ctx context.Context, id string, number int64) ([]byte, error)
}

// Webhooks are the use cases about what leaves by webhooks.
type Webhooks interface {
	ListDeliveries(ctx context.Context, q chat.DeliveriesQuery) ([]chat.Delivery, int64, error)
	FindDelivery(ctx context.Context, id string) (*chat.Delivery, error)
	ReplayDelivery(ctx context.Context, id string) (*chat.Delivery, error)
	ReplayDead(ctx context.Context, chatID string) (replayed int64, err error)
	DropDelivery(ctx context.Context, id string) error
}

// Campaigns are the use cases about what is sent to many clients.
type Campaigns interface {
	CreateCampaign(ctx context.Context, by *chat.APIKey, p chat.CampaignParams, idem chat.Idempotency) (*chat.Campaign, error)
	AddRecipients(ctx context.Context, id string, list []chat.Recipient) (c *chat.Campaign, added int64, err error)
	StartCampaign(ctx context.Context, id string) (*chat.Campaign, error)
	CancelCampaign(ctx context.Context, id string) (*chat.Campaign, error)
	FindCampaign(ctx context.Context, id string) (*chat.Campaign, error)
	ListCampaigns(ctx context.Context, offset, limit int) ([]chat.Campaign, int64, error)
	ListRecipients(ctx context.Context, id, state string, offset, limit int) ([]chat.Recipient, int64, error)
}

// Params is what an API works with.
type Params struct {
	Service     Service
	Key         auth.Key     // the installation's, from which signing secrets are derived
	Proxies     auth.Proxies // whose X-Forwarded-For is believed
	Limits      *auth.Limits // nil: no limits
	SetupLimits *auth.Limits // of attempts at the one-time link, beside Limits; nil: none
	Log         *slog.Logger

	// Check finds the mistakes of a bot in the scenario language. One that has any is refused.
	Check func(files fs.FS) []Mistake
	// Render makes messages of Chat API replies; an error blames the field replies.
	Render func(replies []json.RawMessage) ([]chat.Message, error)
	// Deployed is told that another version of a bot is active now; it returns when the bot answers with
	// it here.
	Deployed func(ctx context.Context, botID string)
}

// Mistake is one of a bot that somebody deploys.
type Mistake struct {
	File         string // path inside the bot
	Line, Column int    // from 1; 0 when the file as a whole is meant
	Message      string // what is wrong
	Expected     string // what would be right; "" when the message says it all
	Source       string // the line itself
}

// API answers requests. It keeps nothing between them.
type API struct {
	Params
	checks chan struct{} // who reads a bot has put one in
}

// maxChecks is how many bots are read at a time: one may take more than 100 MiB then.
const maxChecks = 2

// New returns an API; Register gives it its routes.
func New(p Params) *API { return &API{Params: p, checks: make(chan struct{}, maxChecks)} }
