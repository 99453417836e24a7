package twin

import (
	"net/http"
	"strings"

	"github.com/govorun/govorun/internal/chat"
)

// The base paths: the gateway form of the vendor's chats service, which widgets use, and its
// direct form (TWIN, section 1). Both answer on every host, so a proxy may keep the vendor's
// host names (tcl., chats-api., chat-api., bot.). Where one day two services of the vendor own the
// same bare path (iam.), Register is the place to look at the host.
var bases = [...]string{"/api/chats/v1", "/api/v1"}

// botBases are those of the vendor's bot service (TWIN, section 1).
var botBases = [...]string{"/api/bot/v1", "/api/v1"}

// resource is a path below the bases and what may be done there.
type resource struct {
	path       string
	methods    map[string]endpoint
	files      bool   // its bodies are files: larger than other bodies, and read as they arrive
	permission string // that the caller's key must have; "" for what every client may call
}

// resources is every route of the protocol that a client may call.
func (a *API) resources() []resource {
	return []resource{
		{path: "/chats/{chatId}/sessions", methods: map[string]endpoint{
			http.MethodPost: a.startSession,
			http.MethodPut:  a.continueSession,
		}},
		{path: "/sessions/{sessionId}/messages", methods: map[string]endpoint{
			http.MethodGet:  a.listMessages,
			http.MethodPost: a.sendMessage,
		}},
		{path: "/sessions/{sessionId}/clients/messages", methods: map[string]endpoint{http.MethodPost: a.sendMessage}},
		{path: "/sessions/{sessionId}/operators/messages", methods: map[string]endpoint{http.MethodPost: a.sendAsOperator}},
		{path: "/sessions/{sessionId}/read", methods: map[string]endpoint{http.MethodPost: a.readMessage}},
		{path: "/sessions/{sessionId}/typing", methods: map[string]endpoint{http.MethodPost: a.showTyping}},
		{path: "/sessions/{sessionId}/actions", methods: map[string]endpoint{http.MethodPost: a.pressAction}},
		{path: "/sessions/{sessionId}/close", methods: map[string]endpoint{http.MethodPost: a.closeSession}},
		{path: "/sessions/{sessionId}/files", methods: map[string]endpoint{http.MethodPost: a.uploadFiles}, files: true},
	}
}

// dialogs is every route of the question-answer API (TWIN, section 8).
func (a *API) dialogs() []resource {
	const dialog = "/dialogs/{dialogId}"
	return []resource{
		{path: "/dialogs", methods: map[string]endpoint{http.MethodPost: a.startDialog}, permission: chat.PermitDialogs},
		{path: dialog, methods: map[string]endpoint{http.MethodPost: a.ask}, permission: chat.PermitDialogs},
		{path: dialog + "/finish", methods: map[string]endpoint{http.MethodPost: a.finishDialog}, permission: chat.PermitDialogs},
		{path: dialog + "/reload", methods: map[string]endpoint{http.MethodPost: a.reloadDialog}, permission: chat.PermitDialogs},
		{path: dialog + "/variableList", methods: map[string]endpoint{http.MethodGet: a.listVariables}, permission: chat.PermitDialogs},
		{path: "/bots", methods: map[string]endpoint{http.MethodGet: a.listBots}, permission: chat.PermitDialogs},
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
	for _, base := range botBases {
		for _, res := range a.dialogs() {
			mux.Handle(base+res.path, a.handler(res))
		}
	}
	mux.Handle(botBases[0]+"/", a.handler(resource{}))
}

// IsUpload reports whether a request may be one that sends files up: it may be long and slow.
func IsUpload(r *http.Request) bool {
	if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/files") {
		return false
	}
	for _, base := range bases {
		if strings.HasPrefix(r.URL.Path, base+"/sessions/") {
			return true
		}
	}
	return false
}
