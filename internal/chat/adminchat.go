package chat

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// The use cases of administrators about chats. Who may call them is judged before.

// Limits of a chat's settings, in seconds.
const (
	maxWait          = 24 * 60 * 60
	minQueueNotice   = 10
	maxRatingTrigger = 7 * 24 * 60 * 60
)

// NewChat returns a chat as it is when nothing is said of it: signed, with a secret and a token of
// its own, and without a bot.
func NewChat() *Chat {
	return &Chat{Identity: IdentitySigned, Language: "ru", Secret: randomText(keyBytes), Token: newToken()}
}

// newToken makes an access token of the Chat API as JAICP's look: 8 letters, a colon, 40 hex digits.
func newToken() string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	b := make([]byte, 28)
	_, _ = rand.Read(b) // it never fails
	for i := range 8 {
		b[i] = letters[int(b[i])%len(letters)] // the other digits are random enough
	}
	return string(b[:8]) + ":" + hex.EncodeToString(b[8:])
}

// CreateChat stores a chat that NewChat has returned and the caller has changed. Its id may be
// chosen, for clients that know it already, but for those that chats of dialogs may have (CodeInvalid);
// one that is taken is CodeConflict, and so is a token.
func (s *Service) CreateChat(ctx context.Context, by *APIKey, c *Chat, idem Idempotency) (*Chat, error) {
	var made *Chat
	err := s.Store.Update(ctx, func(tx Tx) error {
		return s.once(tx, adminScope(by, "create chat"), idem, func(r *IdempotencyRecord) error {
			fresh := *c
			fresh.CreatedAt = s.Now()
			if fresh.ID == "" {
				fresh.ID = s.NewID()
			}
			made, r.EventID = &fresh, fresh.ID
			if err := checkChat(tx, &fresh); err != nil {
				return err
			}
			return s.storeNewChat(tx, &fresh)
		}, func(r *IdempotencyRecord) (err error) {
			made, err = findAdminChat(tx.FindChat(r.EventID))
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("create chat: %w", err)
	}
	return made, nil
}

func (s *Service) storeNewChat(tx Tx, c *Chat) error {
	if id, err := uuid.Parse(c.ID); err == nil && id.Version() == dialogIDs { // a bot's dialogs may need it
		return Invalid("id", "expected a random UUID")
	}
	_, err := tx.FindChat(c.ID)
	if err == nil {
		return &Error{Code: CodeConflict, Field: "id", Message: "a chat has this id, or had it before it was deleted"}
	}
	if CodeOf(err) != CodeNotFound {
		return err
	}
	return tokenTaken(tx.CreateChat(c))
}

// tokenTaken says of a conflict what it is about: an id has been looked for before.
func tokenTaken(err error) error {
	if CodeOf(err) == CodeConflict {
		return &Error{Code: CodeConflict, Field: "token", Message: "another chat has this token", Err: err}
	}
	return err
}

// UpdateChat changes a chat. change is given the chat as it is now and may be called more than
// once; nobody else changes the chat meanwhile, so what it leaves alone stays as others have set
// it. This node obeys at once, others within chatCacheTTL. The demo chat is CodeState.
func (s *Service) UpdateChat(ctx context.Context, id string, change func(*Chat) error) (*Chat, error) {
	var changed *Chat
	err := s.changeChat(ctx, id, func(tx Tx, c *Chat) error {
		if err := change(c); err != nil {
			return err
		}
		changed = c
		return checkChat(tx, c)
	})
	if err != nil {
		return nil, fmt.Errorf("update chat: %w", err)
	}
	return changed, nil
}

// DeleteChat has no session start in a chat any more; those that are open go on. Its token is free
// for another chat, its id is not.
func (s *Service) DeleteChat(ctx context.Context, id string) error {
	err := s.changeChat(ctx, id, func(_ Tx, c *Chat) error {
		c.DeletedAt, c.Token = s.Now(), ""
		return nil
	})
	if err != nil {
		return fmt.Errorf("delete chat: %w", err)
	}
	return nil
}

func (s *Service) changeChat(ctx context.Context, id string, change func(Tx, *Chat) error) error {
	return s.Store.Update(ctx, func(tx Tx) error {
		c, err := findAdminChat(tx.LockChat(id))
		if err != nil {
			return err
		}
		if c.Demo {
			return Errorf(CodeState, "the demo chat cannot be changed; demo: false switches it off")
		}
		if err := change(tx, c); err != nil {
			return err
		}
		tx.OnCommit(func() { s.chats.forget(id) })
		return tokenTaken(tx.UpdateChat(c))
	})
}

// FindAdminChat finds a chat as administrators see it, read from the store.
func (s *Service) FindAdminChat(ctx context.Context, id string) (*Chat, error) {
	return findAdminChat(s.Store.FindChat(ctx, id))
}

// findAdminChat hides the chats that administrators have not made, or have deleted.
func findAdminChat(c *Chat, err error) (*Chat, error) {
	if err == nil && (c.Kind != ChatOrdinary || !c.DeletedAt.IsZero()) {
		return nil, Errorf(CodeNotFound, "no such chat")
	}
	return c, err
}

// ListChats returns chats in the order in which they were made, and how many there are in all.
func (s *Service) ListChats(ctx context.Context, offset, limit int) ([]Chat, int64, error) {
	return s.Store.ListChats(ctx, offset, limit)
}

// checkChat judges every setting (TWIN, section 6, "Chat settings"). The bots that it names are
// there until the transaction ends.
func checkChat(tx Tx, c *Chat) error {
	for _, check := range []func(*Chat) error{checkAccess, checkTimes, checkTexts, checkHooks, checkFreeForm} {
		if err := check(c); err != nil {
			return err
		}
	}
	return checkBots(tx, c)
}

// chosenToken is what an access token may look like: it stands in a path.
var chosenToken = regexp.MustCompile(`^[A-Za-z0-9_.:~-]{16,128}$`)

// checkAccess judges who a chat is for.
func checkAccess(c *Chat) error {
	if err := checkName("name", c.Name); err != nil {
		return err
	}
	if c.Identity != IdentityOpen && c.Identity != IdentitySigned {
		return Invalid("identity", "expected signed or open")
	}
	if c.Language != "ru" && c.Language != "en" {
		return Invalid("language", "expected ru or en")
	}
	if n := len(c.Secret); n < 16 || n > MaxName || hasControl(c.Secret) {
		return Invalid("secret", "expected 16 to %d bytes, none of them a control character", MaxName)
	}
	if c.Token != "" && !chosenToken.MatchString(c.Token) {
		return Invalid("token", "expected 16 to 128 letters, digits and - _ . : ~, or nothing for no access by token")
	}
	if len(c.Origins) > MaxListed {
		return Invalid("origins", "expected at most %d, got %d", MaxListed, len(c.Origins))
	}
	for i, origin := range c.Origins {
		if !isOrigin(origin) {
			return Invalid(element("origins", i), "expected an origin such as https://shop.example, https://*.shop.example for all below it, or *")
		}
	}
	return nil
}

// isOrigin reports whether a text is an entry of a chat's Origins.
func isOrigin(s string) bool {
	if s == "*" {
		return true
	}
	host := strings.Replace(s, "://*.", "://", 1)
	u, err := url.Parse(host)
	return err == nil && len(s) <= MaxName && u.Scheme != "" && u.Hostname() != "" && u.User == nil &&
		!strings.ContainsAny(host, "*?#@ ,") && (u.Path == "" || u.Path == "/") && isPlain(s)
}

// isPlain reports whether a text is printable ASCII: a browser writes a host in another script so.
func isPlain(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// checkTimes judges the numbers of a chat.
func checkTimes(c *Chat) error {
	const seconds = "seconds"
	for _, n := range [...]struct {
		field       string
		value       int
		least, most int
	}{
		{"sessionTtl", c.Settings.SessionTTL, int(MinSessionTTL / time.Second), int(MaxSessionTTL / time.Second)},
		{"sessionRatingTriggerTime", c.Settings.SessionRatingTriggerTime, 1, maxRatingTrigger},
		{"allowableOperatorIdleTime", c.Settings.AllowableOperatorIdleTime, 1, maxWait},
		{"timerFirstAnswer", c.Settings.TimerFirstAnswer, 1, maxWait},
		{"timerNextAnswers", c.Settings.TimerNextAnswers, 1, maxWait},
		{"queueMaxTime", c.Settings.QueueMaxTime, 1, maxWait},
		{"queueNoticeInterval", c.Settings.QueueNoticeInterval, minQueueNotice, maxWait},
	} {
		if err := checkNumber(n.field, n.value, n.least, n.most, seconds); err != nil {
			return err
		}
	}
	if !slices.Contains([]int{0, 2, 5, 10}, c.Settings.SessionRatingScale) {
		return Invalid("sessionRatingScale", "expected 2, 5 or 10, or 0 for the default")
	}
	return nil
}

func checkTexts(c *Chat) error {
	for _, t := range [...]struct{ field, text string }{
		{"operatorsBusyMessage", c.Settings.OperatorsBusyMessage},
		{"botFailureMessage", c.Settings.BotFailureMessage},
		{"queueNotice", c.Settings.QueueNotice},
		{"eventCallbackData", c.Settings.EventCallbackData},
		{"fcmServerKey", c.Settings.FCMServerKey},
	} {
		if err := checkText(t.field, t.text, MaxText); err != nil {
			return err
		}
	}
	return checkList("results", c.Settings.Results)
}

func checkHooks(c *Chat) error {
	if err := checkURL("eventCallbackUrl", c.Settings.EventCallbackURL); err != nil {
		return err
	}
	if err := checkURL("webhookUrl", c.Settings.WebhookURL); err != nil {
		return err
	}
	if err := checkURL("fcmServiceUrl", c.Settings.FCMServiceURL); err != nil {
		return err
	}
	return checkList("notifyOnEvents", c.Settings.NotifyOnEvents)
}

func checkFreeForm(c *Chat) error {
	for _, v := range [...]struct {
		field string
		value json.RawMessage
	}{
		{"pushData", c.Settings.PushData},
		{"knowledgeBase", c.Settings.KnowledgeBase},
		{"form", c.Settings.Form},
		{"references", c.Settings.References},
		{"appearance", c.Settings.Appearance},
	} {
		if n := len(v.value); n > MaxFreeForm {
			return Invalid(v.field, "expected at most %d bytes, got %d", MaxFreeForm, n)
		}
		if v.value != nil && !json.Valid(v.value) {
			return Invalid(v.field, "expected JSON")
		}
	}
	return nil
}

// checkBots looks for the bots that a chat names, and keeps them from being deleted meanwhile.
func checkBots(tx Tx, c *Chat) error {
	type name struct {
		field string
		id    *string
	}
	names := []name{
		{"botId", &c.BotID},
		{"sessionReloadBotId", &c.Settings.SessionReloadBotID},
		{"operatorsOfflineBotId", &c.Settings.OperatorsOfflineBotID},
		{"closedByClientBotId", &c.Settings.ClosedByClientBotID},
		{"closedByOperatorBotId", &c.Settings.ClosedByOperatorBotID},
		{"closedByLifetimeBotId", &c.Settings.ClosedByLifetimeBotID},
		{"messageUndeliveredBotId", &c.Settings.MessageUndeliveredBotID},
	}
	for _, n := range names {
		if *n.id = strings.ToLower(*n.id); *n.id == NoBot {
			*n.id = ""
		}
	}
	// In one order, so that two who name the same bots do not wait for each other.
	slices.SortStableFunc(names, func(a, b name) int { return strings.Compare(*a.id, *b.id) })
	for _, n := range names {
		if *n.id == "" {
			continue
		}
		if _, err := tx.LockBot(*n.id); CodeOf(err) == CodeNotFound {
			return Invalid(n.field, "no such bot")
		} else if err != nil {
			return err
		}
	}
	return nil
}
