// Package chatapi speaks JAICP's Chat API: a program asks for its client by a channel's token and gets
// the bot's answer at once, over the channel's webhook, or by long polling. It decides nothing about
// chats: a question is an event of the client's session like what is said on any other face, and an
// answer is what stands in the log before the end of its turn (chat.Answered).
package chatapi

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/govorun/govorun/internal/auth"
	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/chatapi/hold"
	"github.com/govorun/govorun/internal/feed"
)

// prefixes are where every method is served (Chat API, 1).
var prefixes = [...]string{"/chatapi/{token}", "/chatadapter/chatapi/{token}"}

const (
	// maxBody bounds a request's body, in bytes.
	maxBody = 1 << 20
	// answerPatience is how long a synchronous request waits for its answer. A scenario has 10 s and a
	// call of its 25 (Chat API, 6); what comes later comes by GET /events.
	answerPatience = 60 * time.Second
)

// Links makes the links of an attachment, to show it and to save it.
type Links func(a chat.Attachment) (inline, download string)

// Log is where answers are read; *sqlstore.Store is one.
type Log interface {
	ListEvents(ctx context.Context, s chat.SessionRef, after int64, limit int) ([]chat.Event, error)
}

// Params is what an API works with. Events may be nil, then there is no long polling; all else is required.
type Params struct {
	Service *chat.Service
	Feed    *feed.Feed
	Store   Log
	Events  *Events
	Proxies auth.Proxies
	Limits  *auth.Limits // nil when the rate limit is off
	Links   Links
	Now     func() time.Time
	Log     *slog.Logger
	// MaxWaiting is how many synchronous requests wait for bots at a time; beyond it they are refused.
	MaxWaiting int
}

// API serves the methods of the Chat API.
type API struct {
	Params
	waiting chan struct{}
}

// New returns an API.
func New(p Params) *API { return &API{Params: p, waiting: make(chan struct{}, p.MaxWaiting)} }

// call is a request to a channel.
type call struct {
	*http.Request
	channel *chat.Chat
	query   url.Values
}

// clientID is the client that the path or, in the forms without it, the query names.
func (c *call) clientID() (string, error) {
	id := c.PathValue("clientId")
	if id == "" {
		id = c.query.Get("clientId")
	}
	return id, chat.CheckClientID(id)
}

// readQuery reads the query string. A semicolon is a character like others, which browsers do not escape,
// and what cannot be read is an error: left out, it would be missed as something that was never sent.
func readQuery(r *http.Request) (url.Values, error) {
	q, err := url.ParseQuery(strings.ReplaceAll(r.URL.RawQuery, ";", "%3B"))
	if err != nil {
		return nil, chat.Invalid("", "the query string is not escaped as it is to be: %v", err)
	}
	return q, nil
}

// method answers a call. The status is 200.
type method func(c *call) (any, error)

// Register adds the routes to a mux.
func (a *API) Register(mux *http.ServeMux) {
	for _, prefix := range prefixes {
		mux.Handle(prefix, a.resource(map[string]method{http.MethodPost: a.post, http.MethodGet: a.get}))
		mux.Handle(prefix+"/async", a.resource(map[string]method{http.MethodPost: a.postAsync}))
		if a.Events != nil {
			mux.Handle(prefix+"/events", a.poll())
		}
		a.registerClient(mux, prefix)
		mux.Handle(prefix+"/", a.beyond(mux))
		mux.Handle(strings.TrimSuffix(prefix, "{token}"), a.resource(nil)) // without a token
	}
}

// beyond answers for what no route takes: a path with a slash behind it is the path without, as with the
// vendor's framework, and anything else is unknown.
func (a *API) beyond(mux *http.ServeMux) http.Handler {
	unknown := a.resource(nil)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, slashed := strings.CutSuffix(r.URL.Path, "/")
		if !slashed {
			unknown.ServeHTTP(w, r)
			return
		}
		again, to := *r, *r.URL
		again.URL, to.Path, to.RawPath = &to, path, strings.TrimSuffix(to.RawPath, "/")
		mux.ServeHTTP(w, &again)
		r.Pattern = again.Pattern // for who counts requests by it
	})
}

// resource answers the calls of a path; without methods it is an unknown one.
func (a *API) resource(methods map[string]method) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := a.admit(w, r)
		if err == nil {
			err = a.serve(w, c, methods)
		}
		if err != nil {
			a.fail(w, r, err)
		}
	})
}

func (a *API) serve(w http.ResponseWriter, c *call, methods map[string]method) error {
	if methods == nil {
		return chat.Errorf(chat.CodeNotFound, "no such method")
	}
	if c.Method == http.MethodOptions {
		c.preflight(w, allowed(methods))
		return nil
	}
	name := c.Method
	if name == http.MethodHead {
		name = http.MethodGet
	}
	do := methods[name]
	if do == nil {
		w.Header().Set("Allow", allowed(methods))
		return errMethod
	}
	body, err := do(c)
	if err != nil {
		return err
	}
	write(w, c.Request, http.StatusOK, body)
	return nil
}

// admit finds the channel whose token a request has.
func (a *API) admit(w http.ResponseWriter, r *http.Request) (*call, error) {
	w.Header().Set("Cache-Control", "no-store")
	if err := a.Limits.Address(a.Proxies.ClientAddr(r)); err != nil {
		return nil, err
	}
	channel, err := a.Service.FindChannel(r.Context(), r.PathValue("token"))
	if chat.CodeOf(err) == chat.CodeNotFound {
		return nil, chat.Errorf(chat.CodeNotFound, "no channel has this token")
	}
	if err != nil {
		return nil, err
	}
	if origin := r.Header.Get("Origin"); origin != "" && !auth.AllowOrigin(w.Header(), channel.Origins, origin) {
		return nil, chat.Errorf(chat.CodeForbidden, "pages of this origin may not use the channel")
	}
	q, err := readQuery(r)
	if err != nil {
		return nil, err
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	return &call{r, channel, q}, nil
}

// preflight answers OPTIONS: a page asks before it posts JSON. That its origin may was found by admit.
func (c *call) preflight(w http.ResponseWriter, allow string) {
	w.Header().Set("Allow", allow)
	if c.Header.Get("Origin") != "" {
		auth.AllowPreflight(w.Header(), allow)
	}
	w.WriteHeader(http.StatusNoContent)
}

// pollMethods are those of GET /events. It has no HEAD: that would take events and give none.
const pollMethods = "GET, OPTIONS"

// poll is GET /events.
func (a *API) poll() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := a.admit(w, r)
		switch {
		case err != nil:
		case r.Method == http.MethodOptions:
			c.preflight(w, pollMethods)
		case r.Method != http.MethodGet:
			w.Header().Set("Allow", pollMethods)
			err = errMethod
		default:
			err = a.Events.Serve(w, r, c.channel, c.query)
		}
		if err != nil {
			a.fail(w, r, err)
		}
	})
}

// Failure is the answer to a long poll that failed while it waited.
func (a *API) Failure(path string, err error) hold.Answer {
	status, body := a.failure(path, err)
	return hold.Answer{Status: status, Body: encode(body)}
}

// allowed lists methods as the Allow header does.
func allowed(methods map[string]method) string {
	names := []string{http.MethodOptions}
	for name := range methods {
		names = append(names, name)
		if name == http.MethodGet {
			names = append(names, http.MethodHead)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
