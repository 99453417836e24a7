package twin_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Every route answers under both bases and under the vendor's host names.
func TestRoutesAnswerEverywhere(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"http://localhost/api/v1", "http://localhost/api/chats/v1", "http://127.0.0.1:8080/api/v1",
		"http://tcl.example.com/api/chats/v1", "http://chats-api.example.com/api/v1", "http://chat-api.example.com/api/v1",
		"http://tcl.example.com:8443/api/v1", "http://chats-api.example.com/api/chats/v1"} {
		for _, tt := range []struct {
			method, path, body, call string
			status                   int
		}{
			{"POST", "/chats/" + chatID + "/sessions", `{}`, "start", 201},
			{"PUT", "/chats/" + chatID + "/sessions", `{}`, "start", 201},
			{"POST", "/sessions/" + sessionID + "/messages", `{"body":"hi"}`, "send", 201},
			{"POST", "/sessions/" + sessionID + "/clients/messages", `{"body":"hi"}`, "send", 201},
			{"POST", "/sessions/" + sessionID + "/operators/messages", `{"body":"hi"}`, "", 401},
			{"GET", "/sessions/" + sessionID + "/messages", ``, "history", 200},
			{"HEAD", "/sessions/" + sessionID + "/messages", ``, "history", 200},
			{"POST", "/sessions/" + sessionID + "/read", `{"messageId":"` + messageID + `"}`, "read", 200},
			{"POST", "/sessions/" + sessionID + "/typing", `{}`, "type", 200},
			{"POST", "/sessions/" + sessionID + "/actions", `{"event":"buy"}`, "press", 201},
			{"POST", "/sessions/" + sessionID + "/close", ``, "close by client", 200},
			{"POST", "/sessions/" + sessionID + "/files", ``, "upload to " + sessionID, 201},
		} {
			for _, query := range []string{"", "?x_widget=1", "?x_widget=1&utm=%D1%8F&x_widget=2"} {
				f := newFake()
				s := serve(t, f, nil)
				if strings.HasPrefix(tt.call, "upload") { // there is no file in it, which the fake does not see
					s.Handler = s.mux
				}
				w := s.do(tt.method, base+tt.path+query, tt.body)
				if w.Code != tt.status || f.calls() != tt.call {
					t.Errorf("%s %s: %d %s, called %q", tt.method, base+tt.path+query, w.Code, w.Body, f.calls())
				}
				if got := w.Header().Get("Content-Type"); got != "application/json" {
					t.Errorf("%s %s: Content-Type %q", tt.method, tt.path, got)
				}
			}
		}
	}
}

func TestUnknownRoutesAndMethods(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		method, path string
		status       int
		allow        string
		body         string
	}{
		{"GET", "/api/v1/", 404, "", `{"error":"Entity not found","details":{"message":"no such route"}}`},
		{"GET", "/api/chats/v1/nothing", 404, "", `{"error":"Entity not found","details":{"message":"no such route"}}`},
		{"POST", sessionPath, 404, "", `{"error":"Entity not found","details":{"message":"no such route"}}`},
		{"POST", sessionPath + "/messages/", 404, "", `{"error":"Entity not found","details":{"message":"no such route"}}`},
		{"POST", sessionPath + "/messages/more", 404, "", `{"error":"Entity not found","details":{"message":"no such route"}}`},
		{"POST", sessionPath + "/rating", 404, "", `{"error":"Entity not found","details":{"message":"no such route"}}`},
		{"GET", startPath, 405, "OPTIONS, POST, PUT", `{"error":"Method not allowed","details":{"message":"see the Allow header"}}`},
		{"DELETE", startPath, 405, "OPTIONS, POST, PUT", `{"error":"Method not allowed","details":{"message":"see the Allow header"}}`},
		{"PUT", sessionPath + "/messages", 405, "GET, HEAD, OPTIONS, POST", `{"error":"Method not allowed","details":{"message":"see the Allow header"}}`},
		{"GET", sessionPath + "/clients/messages", 405, "OPTIONS, POST", `{"error":"Method not allowed","details":{"message":"see the Allow header"}}`},
		{"GET", sessionPath + "/operators/messages", 405, "OPTIONS, POST", `{"error":"Method not allowed","details":{"message":"see the Allow header"}}`},
		{"GET", sessionPath + "/read", 405, "OPTIONS, POST", `{"error":"Method not allowed","details":{"message":"see the Allow header"}}`},
		{"GET", sessionPath + "/typing", 405, "OPTIONS, POST", `{"error":"Method not allowed","details":{"message":"see the Allow header"}}`},
		{"PATCH", sessionPath + "/actions", 405, "OPTIONS, POST", `{"error":"Method not allowed","details":{"message":"see the Allow header"}}`},
		{"TRACE", sessionPath + "/close", 405, "OPTIONS, POST", `{"error":"Method not allowed","details":{"message":"see the Allow header"}}`},
	} {
		f := newFake()
		w := serve(t, f, nil).do(tt.method, tt.path, "{}")
		if w.Code != tt.status || w.Header().Get("Allow") != tt.allow || !sameJSON(t, w.Body.String(), tt.body) {
			t.Errorf("%s %s: %d, Allow %q, %s", tt.method, tt.path, w.Code, w.Header().Get("Allow"), w.Body)
		}
		if f.calls() != "" {
			t.Errorf("%s %s: called %s", tt.method, tt.path, f.calls())
		}
	}
}

// Other services of the vendor live below the same bases.
func TestOtherServicesMayShareTheBases(t *testing.T) {
	t.Parallel()
	s := serve(t, newFake(), nil)
	mux := s.mux
	s.Handler = mux // these are in no document
	mux.HandleFunc("POST /api/v1/auth/login", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(299) })
	mux.HandleFunc("/api/v1/users/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(299) })
	for _, path := range []string{"/api/v1/auth/login", "/api/v1/users/1"} {
		if w := s.do("POST", path, ""); w.Code != 299 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	const shop, evil = "https://shop.example", "https://evil.example"
	for _, tt := range []struct {
		name, method, path, body string
		origins                  []string
		headers                  []string
		status                   int
		allow, call              string
	}{
		{"no page, open chat", "POST", startPath, `{}`, nil, nil, 201, "", "start"},
		{"no page, restricted chat", "POST", startPath, `{}`, []string{shop}, nil, 201, "", "start"},
		{"open chat", "POST", startPath, `{}`, nil, []string{"Origin: " + evil}, 201, "*", "start"},
		{"listed", "POST", startPath, `{}`, []string{shop}, []string{"Origin: " + shop}, 201, shop, "start"},
		{"not listed", "POST", startPath, `{}`, []string{shop}, []string{"Origin: " + evil}, 403, "", ""},
		{"null", "POST", startPath, `{}`, []string{shop}, []string{"Origin: null"}, 403, "", ""},
		{"listed, in a session", "POST", sessionPath + "/messages", `{"body":"hi"}`, []string{shop}, []string{"Origin: " + shop}, 201, shop, "send"},
		{"not listed, in a session", "POST", sessionPath + "/messages", `{"body":"hi"}`, []string{shop}, []string{"Origin: " + evil}, 403, "", ""},
		{"not listed, reading", "GET", sessionPath + "/messages", ``, []string{shop}, []string{"Origin: " + evil}, 403, "", ""},
		{"unknown session", "POST", "/api/v1/sessions/" + unknownID + "/messages", `{"body":"hi"}`, []string{shop}, []string{"Origin: " + evil}, 404, "*", ""},
		{"unknown route", "POST", "/api/v1/nothing", ``, []string{shop}, []string{"Origin: " + evil}, 404, "*", ""},
		{"bad input can be read", "POST", sessionPath + "/messages", `{`, []string{shop}, []string{"Origin: " + shop}, 400, shop, ""},
		{"wrong credentials can be read", "POST", sessionPath + "/messages", `{}`, []string{shop}, []string{"Origin: " + shop, "Authorization: Bearer x"}, 401, "*", ""},
		{"preflight, open chat", "OPTIONS", startPath, ``, nil, []string{"Origin: " + evil, "Access-Control-Request-Method: PUT"}, 204, "*", ""},
		{"preflight, listed", "OPTIONS", sessionPath + "/messages", ``, []string{shop}, []string{"Origin: " + shop, "Access-Control-Request-Method: POST"}, 204, shop, ""},
		{"preflight, not listed", "OPTIONS", sessionPath + "/messages", ``, []string{shop}, []string{"Origin: " + evil, "Access-Control-Request-Method: POST"}, 403, "", ""},
		{"preflight, unknown session", "OPTIONS", "/api/v1/sessions/" + unknownID + "/messages", ``, []string{shop}, []string{"Origin: " + evil}, 204, "*", ""},
		{"preflight, no id", "OPTIONS", "/api/v1/sessions/x/messages", ``, []string{shop}, []string{"Origin: " + evil}, 204, "*", ""},
		{"options, no page", "OPTIONS", startPath, ``, []string{shop}, nil, 204, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFake()
			f.chat.Origins = tt.origins
			w := serve(t, f, nil).do(tt.method, tt.path, tt.body, tt.headers...)
			if w.Code != tt.status || f.calls() != tt.call {
				t.Errorf("%d %s, called %q", w.Code, w.Body, f.calls())
			}
			if got := w.Header().Get("Access-Control-Allow-Origin"); got != tt.allow {
				t.Errorf("Access-Control-Allow-Origin %q, want %q", got, tt.allow)
			}
			if w.Header().Get("Access-Control-Allow-Credentials") != "" {
				t.Error("cookies are allowed")
			}
			checkPreflight(t, tt.method, w)
		})
	}
}

func checkPreflight(t *testing.T, method string, w *httptest.ResponseRecorder) {
	t.Helper()
	preflight := method == "OPTIONS" && w.Code == 204 && w.Header().Get("Access-Control-Allow-Origin") != ""
	methods := w.Header().Get("Access-Control-Allow-Methods")
	headers := w.Header().Get("Access-Control-Allow-Headers")
	if preflight != strings.Contains(methods, "POST") || preflight != strings.Contains(headers, "Idempotency-Key") {
		t.Errorf("preflight %v: methods %q, headers %q", preflight, methods, headers)
	}
	if method == "OPTIONS" && w.Code == 204 && w.Body.Len() > 0 {
		t.Errorf("a body with 204: %q", w.Body)
	}
}
