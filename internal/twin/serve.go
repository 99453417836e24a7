package twin

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/govorun/govorun/internal/auth"
	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/files"
)

// maxRequest bounds a request's body, in bytes.
const maxRequest = 1 << 20

// endpoint does one thing and says what to answer.
type endpoint func(r *http.Request) (reply, error)

type reply struct {
	status int
	body   any // encoded as JSON
}

// done answers an act that has nothing to tell.
var done = reply{http.StatusOK, struct {
	Success bool `json:"success"`
}{true}}

// handler serves a resource: preflight, limits, credentials and origin come before every
// endpoint. A resource without methods is an unknown route.
func (a *API) handler(res resource) http.Handler {
	allow := allowed(res)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if len(r.Header["Origin"]) > 0 && res.permission == "" { // so that a page can read why it is refused, too
			auth.AllowOrigin(w.Header(), nil, r.Header["Origin"][0])
		}
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
	if r.Method == http.MethodOptions {
		return a.preflight(w, r, res, allow)
	}
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	do := res.methods[method]
	if do == nil {
		w.Header().Set("Allow", allow)
		return reply{}, errMethod
	}
	r, err := a.admit(w, r, res.permission)
	if err != nil {
		return reply{}, err
	}
	if res.files {
		r.Body = files.Arriving(w, r.Body)
	} else {
		r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	}
	return do(r)
}

// admit judges who asks. There are no operators yet, so clients have no valid credentials, and
// those that are there count as wrong, never as none (TWIN, section 1). The
// request that is returned knows its caller, see callerOf.
func (a *API) admit(w http.ResponseWriter, r *http.Request, permission string) (*http.Request, error) {
	if permission != "" {
		return a.authenticate(r, permission)
	}
	if len(r.Header["Authorization"]) > 0 {
		return nil, chat.Errorf(chat.CodeUnauthenticated, "the credentials are not valid")
	}
	if id := r.PathValue("sessionId"); id != "" {
		id, err := entityID(id)
		if err != nil {
			return nil, err
		}
		r.SetPathValue("sessionId", id)
		if err := a.Limits.Session(id); err != nil {
			return nil, err
		}
	}
	if len(r.Header["Origin"]) == 0 {
		return r, nil
	}
	c, err := a.findChat(r)
	if err != nil {
		return nil, err
	}
	if !auth.AllowOrigin(w.Header(), c.Origins, r.Header["Origin"][0]) {
		return nil, chat.Errorf(chat.CodeForbidden, "pages of this origin may not use the chat")
	}
	return r, nil
}

// authenticate takes a program's key: as a bearer, or bare as some callers send tokens (TWIN,
// section 1). Programs are no pages, so their origin does not count.
func (a *API) authenticate(r *http.Request, permission string) (*http.Request, error) {
	token := r.Header.Get("Authorization")
	if scheme, rest, ok := strings.Cut(token, " "); ok && strings.EqualFold(scheme, "Bearer") {
		token = strings.TrimSpace(rest)
	}
	if token == "" {
		return nil, chat.Errorf(chat.CodeUnauthenticated, "expected Authorization: Bearer and a key")
	}
	key, err := a.Service.Authenticate(r.Context(), token)
	if err != nil {
		return nil, err
	}
	if !key.Allows(permission) {
		return nil, chat.Errorf(chat.CodeForbidden, "the key has no permission %q", permission)
	}
	return r.WithContext(context.WithValue(r.Context(), caller{}, key)), nil
}

// caller is what the key of whoever calls goes by in a request's context.
type caller struct{}

// callerOf is the key with which a program calls: one of a resource with a permission.
func callerOf(r *http.Request) *chat.APIKey {
	key, _ := r.Context().Value(caller{}).(*chat.APIKey)
	return key
}

// preflight answers a browser that asks whether a page may call. Of a chat that does not
// exist it says yes: the request itself is then told that there is none.
func (a *API) preflight(w http.ResponseWriter, r *http.Request, res resource, allow string) (reply, error) {
	w.Header().Set("Allow", allow)
	if len(r.Header["Origin"]) > 0 && res.permission == "" {
		c, err := a.findChat(r)
		switch {
		case chat.CodeOf(err) == chat.CodeNotFound:
		case err != nil:
			return reply{}, err
		case !auth.AllowOrigin(w.Header(), c.Origins, r.Header["Origin"][0]):
			return reply{}, chat.Errorf(chat.CodeForbidden, "pages of this origin may not use the chat")
		}
		auth.AllowPreflight(w.Header(), allow)
	}
	return reply{status: http.StatusNoContent}, nil
}

// findChat finds the chat a request is about, by the chat or the session in its path.
func (a *API) findChat(r *http.Request) (*chat.Chat, error) {
	if id := r.PathValue("chatId"); id != "" {
		id, err := entityID(id)
		if err != nil {
			return nil, err
		}
		return a.Service.FindChat(r.Context(), id)
	}
	id, err := entityID(r.PathValue("sessionId"))
	if err != nil {
		return nil, err
	}
	session, err := a.Service.FindSession(r.Context(), id)
	if err != nil {
		return nil, err
	}
	return a.Service.FindChat(r.Context(), session.ChatID)
}

// allowed lists the methods of a resource as the Allow header does.
func allowed(res resource) string {
	methods := []string{http.MethodOptions}
	for m := range res.methods {
		methods = append(methods, m)
		if m == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
	}
	slices.Sort(methods)
	return strings.Join(methods, ", ")
}
