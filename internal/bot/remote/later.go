package remote

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/govorun/govorun/internal/chat"
)

// AnswersPath is where later answers come, with the token behind it.
const AnswersPath = "/api/bot/v1/turns/"

// settleWait is how long a later answer waits for its turn, which the bot has just answered with 202.
const settleWait = 5 * time.Second

// What became of later answers, as it is counted.
const (
	taken      = "taken"
	turnedDown = "refused"
	failed     = "failed"
)

const maxKey = 255 // bytes of an Idempotency-Key

// Service is what later answers ask of the domain; *chat.Service is one.
type Service interface {
	AnswerLater(ctx context.Context, p chat.LaterParams) error
	FindSession(ctx context.Context, id string) (*chat.Session, error)
	BotTyping(ref chat.SessionRef)
}

// Feed says when a turn has been settled; *feed.Feed is one.
type Feed interface {
	AwaitSettled(ctx context.Context, s chat.SessionRef, sequence int64) error
}

// AnswersParams are what a handler of later answers works with.
type AnswersParams struct {
	Service Service
	Feed    Feed
	TurnKey []byte                                      // as in Params
	Admit   func(r *http.Request, session string) error // how often one may call; session is "" before it is known
	Now     func() time.Time
	Log     *slog.Logger
	Metrics Metrics
}

// Answers takes later answers.
type Answers struct{ AnswersParams }

// NewAnswers returns a handler; Register gives it its route.
func NewAnswers(p AnswersParams) *Answers {
	if p.Metrics.Answers != nil {
		for _, outcome := range []string{taken, turnedDown, failed} { // shown before the first answer
			p.Metrics.Answers.WithLabelValues(outcome)
		}
	}
	return &Answers{p}
}

// Register adds the route.
func (a *Answers) Register(mux *http.ServeMux) {
	mux.Handle(AnswersPath+"{token}", a)
}

// ServeHTTP is POST /api/bot/v1/turns/{token}: an answer to an event, after its turn.
func (a *Answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	err := a.serve(w, r)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	a.count(taken)
	_, _ = io.WriteString(w, `{"success":true}`) // an error means that nobody listens any more
}

func (a *Answers) serve(w http.ResponseWriter, r *http.Request) error {
	if err := a.Admit(r, ""); err != nil {
		return err
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return errMethod
	}
	token, err := openToken(a.TurnKey, r.PathValue("token"))
	if err != nil {
		return chat.Errorf(chat.CodeUnauthenticated, "the token is not valid")
	}
	if !a.Now().Before(token.expires) {
		return chat.Errorf(chat.CodeState, "the time for later answers to this turn is over")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAnswer))
	if err != nil {
		return unreadable(err)
	}
	said, err := readAnswer(body)
	if err != nil {
		return err
	}
	key, err := idempotency(r, body)
	if err != nil {
		return err
	}
	ref, err := a.settled(r, token)
	if err != nil {
		return err
	}
	err = a.Service.AnswerLater(context.WithoutCancel(r.Context()), chat.LaterParams{
		SessionID: token.session, BotID: token.bot, Cause: token.cause, Term: token.term,
		Result: chat.TurnResult{Outputs: said.outputs, Amend: said.change.amend(token.bot)}, Final: said.final, Idempotency: key,
	})
	if err == nil && said.typing {
		a.Service.BotTyping(ref)
	}
	return err
}

// settled waits for the turn, for a while: a bot may answer before its 202 has got here.
func (a *Answers) settled(r *http.Request, token *turnToken) (chat.SessionRef, error) {
	session, err := a.Service.FindSession(r.Context(), token.session)
	if err != nil {
		return chat.SessionRef{}, err
	}
	ref := session.Ref()
	if err := a.Admit(r, session.ID); err != nil {
		return ref, err
	}
	if session.Settled() >= token.cause {
		return ref, nil
	}
	ctx, cancel := context.WithTimeout(r.Context(), settleWait)
	defer cancel()
	if err := a.Feed.AwaitSettled(ctx, ref, token.cause); err != nil && r.Context().Err() == nil && ctx.Err() == nil {
		return ref, err
	}
	return ref, nil // should it not be settled, the domain says so
}

// idempotency reads the Idempotency-Key of an answer (design, promise 3).
func idempotency(r *http.Request, body []byte) (chat.Idempotency, error) {
	values := r.Header["Idempotency-Key"]
	if len(values) == 0 {
		return chat.Idempotency{}, nil
	}
	key := values[0]
	if key == "" || len(key) > maxKey || len(values) > 1 || !utf8.ValidString(key) || strings.ContainsFunc(key, unicode.IsControl) {
		return chat.Idempotency{}, chat.Invalid("Idempotency-Key", "expected one header of 1 to %d bytes without control characters", maxKey)
	}
	hash := sha256.Sum256(body)
	return chat.Idempotency{Key: key, BodyHash: hex.EncodeToString(hash[:])}, nil
}

func unreadable(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return chat.Errorf(chat.CodeTooLarge, "an answer may have at most %d bytes", maxAnswer)
	}
	return &chat.Error{Code: chat.CodeInvalid, Message: "the body could not be read", Err: err}
}

// statuses is how the codes of the domain are said here. 409 is worth another try, 410 is not.
var statuses = map[chat.Code]struct {
	status int
	text   string
}{
	chat.CodeInvalid:         {http.StatusBadRequest, "Invalid answer"},
	chat.CodeUnauthenticated: {http.StatusUnauthorized, "Invalid token"},
	chat.CodeNotFound:        {http.StatusNotFound, "Entity not found"},
	codeMethod:               {http.StatusMethodNotAllowed, "Method not allowed"},
	chat.CodeConflict:        {http.StatusConflict, "Not yet"},
	chat.CodeState:           {http.StatusGone, "Too late"},
	chat.CodeTooLarge:        {http.StatusRequestEntityTooLarge, "Answer is too large"},
	chat.CodeKeyReused:       {http.StatusUnprocessableEntity, "Key was used before"},
	chat.CodeRateLimited:     {http.StatusTooManyRequests, "Too many requests"},
	chat.CodeInternal:        {http.StatusInternalServerError, "Internal error"},
	chat.CodeUnavailable:     {http.StatusServiceUnavailable, "Service is unavailable"},
}

// codeMethod is known to this transport only.
const codeMethod chat.Code = "method"

var errMethod = chat.Errorf(codeMethod, "see the Allow header")

// refuse says what went wrong. What the domain does not know is logged here, once, and nothing of it
// is said outside.
func (a *Answers) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var known *chat.Error
	if !errors.As(err, &known) {
		known = &chat.Error{Code: chat.CodeInternal}
		if errors.Is(err, context.DeadlineExceeded) || r.Context().Err() != nil {
			known.Code = chat.CodeUnavailable
		}
	}
	answer, ok := statuses[known.Code]
	if !ok {
		answer = statuses[chat.CodeInternal]
	}
	var body struct {
		Error   string          `json:"error"`
		Details *refusalDetails `json:"details,omitempty"`
	}
	body.Error = answer.text
	switch answer.status {
	case http.StatusInternalServerError:
		a.count(failed)
		a.Log.ErrorContext(r.Context(), "remote bot: a later answer failed", "error", err)
	case http.StatusConflict, http.StatusTooManyRequests, http.StatusServiceUnavailable:
		a.count(turnedDown)
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(known.RetryAfter.Seconds())))))
	default:
		a.count(turnedDown)
	}
	if known.Message != "" && answer.status != http.StatusInternalServerError {
		body.Details = &refusalDetails{known.Field, known.Message}
	}
	w.WriteHeader(answer.status)
	_ = json.NewEncoder(w).Encode(body) // an error means that nobody listens any more
}

type refusalDetails struct {
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
}

func (a *Answers) count(outcome string) {
	if a.Metrics.Answers != nil {
		a.Metrics.Answers.WithLabelValues(outcome).Inc()
	}
}
