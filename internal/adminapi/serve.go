package adminapi

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/govorun/govorun/internal/bot/bundle"
	"github.com/govorun/govorun/internal/chat"
)

// maxRequest bounds a request's body, in bytes.
const maxRequest = 1 << 20

// endpoint does one thing and says what to answer.
type endpoint struct {
	do         func(*call) (reply, error)
	permission string   // that the caller's key must have; "": any valid key may
	public     bool     // without a key
	query      []string // names of its parameters
	upload     bool     // its body is the archive of a bot
}

// call is a request and who it is from.
type call struct {
	*http.Request
	key   *chat.APIKey // nil when the endpoint is public
	query url.Values
}

// work is the context of what changes something: it is done also when the caller does not wait.
func (c *call) work() context.Context { return context.WithoutCancel(c.Context()) }

type reply struct {
	status   int
	body     any    // encoded as JSON, but for an archive; nil for none
	location string // of what was made; "" for nothing
}

// deleted answers what leaves nothing to tell.
var deleted = reply{status: http.StatusNoContent}

// handler serves a resource: limits and credentials come before every endpoint. A resource
// without methods is an unknown route.
func (a *API) handler(res resource) http.Handler {
	allow := allowed(res)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		answer, err := a.serve(w, r, res, allow)
		if err != nil {
			a.writeError(w, r, err)
			return
		}
		a.writeJSON(w, r, answer)
	})
}

func (a *API) serve(w http.ResponseWriter, r *http.Request, res resource, allow string) (reply, error) {
	if err := a.Limits.Address(a.Proxies.ClientAddr(r)); err != nil {
		return reply{}, err
	}
	if res.methods == nil {
		return reply{}, chat.Errorf(chat.CodeNotFound, "no such route")
	}
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	e, ok := res.methods[method]
	if !ok {
		w.Header().Set("Allow", allow)
		return reply{}, errMethod
	}
	c := &call{Request: r}
	var err error
	if !e.public {
		if c.key, err = a.admit(r, e.permission); err != nil {
			return reply{}, err
		}
	}
	if id := r.PathValue("id"); id != "" {
		id, ok := parseID(id)
		if !ok {
			return reply{}, chat.Errorf(chat.CodeNotFound, "the id in the path is not a UUID")
		}
		r.SetPathValue("id", id)
	}
	if c.query, err = readQuery(r, e.query); err != nil {
		return reply{}, err
	}
	if e.upload {
		giveTime(w)
		r.Body = http.MaxBytesReader(w, r.Body, bundle.MaxPacked)
	} else {
		r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	}
	return e.do(c)
}

// uploadTime bounds a request with the archive of a bot.
const uploadTime = 5 * time.Minute

// giveTime lets a request take longer than others. A connection that has no deadlines needs no others.
func giveTime(w http.ResponseWriter) {
	rc, end := http.NewResponseController(w), time.Now().Add(uploadTime)
	_ = rc.SetReadDeadline(end)
	_ = rc.SetWriteDeadline(end)
}

// admit finds the caller's key and judges whether it allows what is asked.
func (a *API) admit(r *http.Request, permission string) (*chat.APIKey, error) {
	headers := r.Header["Authorization"]
	if len(headers) != 1 {
		return nil, chat.Errorf(chat.CodeUnauthenticated, "expected one header Authorization: Bearer and an API key")
	}
	scheme, text, _ := strings.Cut(headers[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return nil, chat.Errorf(chat.CodeUnauthenticated, "expected the header Authorization: Bearer and an API key")
	}
	key, err := a.Service.Authenticate(r.Context(), strings.TrimSpace(text))
	if err != nil {
		return nil, err
	}
	if permission != "" && !key.Allows(permission) {
		return nil, chat.Errorf(chat.CodeForbidden, "the key has no permission %s", permission)
	}
	return key, nil
}

// allowed lists the methods of a resource as the Allow header does.
func allowed(res resource) string {
	var methods []string
	for m := range res.methods {
		methods = append(methods, m)
		if m == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
	}
	slices.Sort(methods)
	return strings.Join(methods, ", ")
}
