package twin

import "net/http"

// The base paths: the gateway form of the vendor's chats service, which widgets use, and its
// direct form (TWIN, section 1). Both answer on every host, so a proxy may keep the vendor's
// host names (tcl., chats-api., chat-api.). Where one day two services of the vendor own the
// same bare path (iam., bot.), Register is the place to look at the host.
var bases = [...]string{"/api/chats/v1", "/api/v1"}

// resource is a path below the bases and what may be done there.
type resource struct {
	path    string
	methods map[string]endpoint
}

// resources is every route of the protocol that a client may call.
func (a *API) resources() []resource {
	return []resource{
		{"/chats/{chatId}/sessions", map[string]endpoint{
			http.MethodPost: a.startSession,
			http.MethodPut:  a.continueSession,
		}},
		{"/sessions/{sessionId}/messages", map[string]endpoint{
			http.MethodGet:  a.listMessages,
			http.MethodPost: a.sendMessage,
		}},
		{"/sessions/{sessionId}/clients/messages", map[string]endpoint{http.MethodPost: a.sendMessage}},
		{"/sessions/{sessionId}/operators/messages", map[string]endpoint{http.MethodPost: a.sendAsOperator}},
		{"/sessions/{sessionId}/read", map[string]endpoint{http.MethodPost: a.readMessage}},
		{"/sessions/{sessionId}/typing", map[string]endpoint{http.MethodPost: a.showTyping}},
		{"/sessions/{sessionId}/actions", map[string]endpoint{http.MethodPost: a.pressAction}},
		{"/sessions/{sessionId}/close", map[string]endpoint{http.MethodPost: a.closeSession}},
	}
}

// Register adds the routes to a mux. Other services may add more specific paths below the
// same bases; what nobody has added is answered with the protocol's 404.
func (a *API) Register(mux *http.ServeMux) {
	for _, base := range bases {
		for _, res := range a.resources() {
			mux.Handle(base+res.path, a.handler(res))
		}
		mux.Handle(base+"/", a.handler(resource{}))
	}
}
