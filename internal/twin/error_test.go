package twin_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/auth"
	"github.com/govorun/govorun/internal/chat"
)

func TestErrorsOfTheDomain(t *testing.T) {
	t.Parallel()
	secret := errors.New("password is hunter2")
	for _, tt := range []struct {
		err    error
		status int
		body   string
		retry  string
		logged bool
	}{
		{chat.Invalid("body", "expected a text"), 400, `{"error":"Invalid input parameters","details":{"field":"body","message":"expected a text"}}`, "", false},
		{chat.Errorf(chat.CodeUnauthenticated, "the signature does not match"), 401, `{"error":"User is not authenticated","details":{"message":"the signature does not match"}}`, "", false},
		{chat.Errorf(chat.CodeForbidden, ""), 403, `{"error":"Invalid user permissions"}`, "", false},
		{chat.Errorf(chat.CodeNotFound, ""), 404, `{"error":"Entity not found"}`, "", false},
		{chat.Errorf(chat.CodeConflict, ""), 409, `{"error":"Conflict"}`, "", false},
		{chat.Errorf(chat.CodeTooLarge, ""), 413, `{"error":"Request is too large"}`, "", false},
		{chat.Errorf(chat.CodeState, "the session is closed"), 422, `{"error":"Invalid entity state","details":{"message":"the session is closed"}}`, "", false},
		{&chat.Error{Code: chat.CodeKeyReused, Field: "Idempotency-Key", Message: "another body"}, 422, `{"error":"Invalid entity state","details":{"field":"Idempotency-Key","message":"another body"}}`, "", false},
		{&chat.Error{Code: chat.CodeRateLimited, RetryAfter: 1500 * time.Millisecond}, 429, `{"error":"Too many requests"}`, "2", false},
		{&chat.Error{Code: chat.CodeUnavailable, Err: secret}, 503, `{"error":"Service is unavailable"}`, "1", false},
		{&chat.Error{Code: chat.CodeUnavailable, RetryAfter: 30 * time.Second}, 503, `{"error":"Service is unavailable"}`, "30", false},
		{&chat.Error{Code: chat.CodeInternal, Message: "hunter2", Err: secret}, 500, `{"error":"Internal error"}`, "", true},
		{&chat.Error{Code: "new", Message: "hunter2"}, 500, `{"error":"Internal error"}`, "", true},
		{secret, 500, `{"error":"Internal error"}`, "", true},
		{context.DeadlineExceeded, 503, `{"error":"Service is unavailable"}`, "1", false},
		{context.Canceled, 500, `{"error":"Internal error"}`, "", true}, // the request was not: something of ours was
	} {
		for _, wrapped := range []error{tt.err, fmt.Errorf("send: %w", tt.err)} {
			f := newFake()
			f.err = wrapped
			s := serve(t, f, nil)
			w := s.do("POST", sessionPath+"/messages", `{"body":"hi"}`)
			if w.Code != tt.status || !sameJSON(t, w.Body.String(), tt.body) || w.Header().Get("Retry-After") != tt.retry {
				t.Errorf("%v: %d %s, Retry-After %q", wrapped, w.Code, w.Body, w.Header().Get("Retry-After"))
			}
			if n := strings.Count(s.log.String(), "\n"); tt.logged != (n == 1) || n > 1 {
				t.Errorf("%v: logged %q", wrapped, s.log)
			}
			if strings.Contains(s.log.String(), sessionID) {
				t.Errorf("a session id is in the log: %s", s.log)
			}
		}
	}
}

func TestARequestGivenUpIsNoFailureOfOurs(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.err = fmt.Errorf("send: %w", context.Canceled)
	s := serve(t, f, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "POST", sessionPath+"/messages", strings.NewReader(`{"body":"hi"}`)))
	if w.Code != 503 || s.log.Len() > 0 {
		t.Errorf("%d, logged %q", w.Code, s.log)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	few, many := auth.Rate{PerSecond: 0.01, Burst: 2}, auth.Rate{PerSecond: 1000, Burst: 1000}
	other := "/api/chats/v1/sessions/" + unknownID + "/typing"
	for _, tt := range []struct {
		name   string
		params auth.LimitParams
		paths  []string
		want   []int
	}{
		{"by address, over all routes", auth.LimitParams{Address: few, Session: many},
			[]string{startPath, other, startPath, "/api/v1/nothing"}, []int{201, 200, 429, 429}},
		{"by session, over both bases", auth.LimitParams{Address: many, Session: few},
			[]string{sessionPath + "/typing", "/api/chats/v1/sessions/" + sessionID + "/close", sessionPath + "/typing", other, startPath}, []int{200, 200, 429, 200, 201}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, newFake(), auth.NewLimits(tt.params))
			for i, path := range tt.paths {
				w := s.do("POST", path, "{}")
				if w.Code != tt.want[i] {
					t.Errorf("%d. %s: %d %s", i, path, w.Code, w.Body)
				}
				if (w.Header().Get("Retry-After") != "") != (w.Code == 429) {
					t.Errorf("%d. %s: Retry-After %q", i, path, w.Header().Get("Retry-After"))
				}
			}
		})
	}
}

// Credentials that are there are 401, never treated as none, whatever the route.
func TestWrongCredentials(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"Bearer x", "Bearer ", "", "Basic dXNlcjpwYXNz", "x", "Bearer undefined"} {
		for _, tt := range []struct{ method, path string }{
			{"POST", startPath}, {"PUT", startPath}, {"GET", sessionPath + "/messages"}, {"POST", sessionPath + "/messages"},
			{"POST", sessionPath + "/clients/messages"}, {"POST", sessionPath + "/operators/messages"}, {"POST", sessionPath + "/read"},
			{"POST", sessionPath + "/typing"}, {"POST", sessionPath + "/actions"}, {"POST", sessionPath + "/close"},
		} {
			f := newFake()
			w := serve(t, f, nil).do(tt.method, tt.path, `{"body":"hi"}`, "Authorization: "+header)
			want := `{"error":"User is not authenticated","details":{"message":"the credentials are not valid"}}`
			if w.Code != 401 || !sameJSON(t, w.Body.String(), want) || f.calls() != "" || w.Header().Get("WWW-Authenticate") == "" {
				t.Errorf("%s %s with %q: %d %s, called %q", tt.method, tt.path, header, w.Code, w.Body, f.calls())
			}
		}
	}
}
