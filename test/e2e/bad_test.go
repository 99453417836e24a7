//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// route is a path of the REST interface; %s is the session.
type route struct {
	path    string
	methods string
}

var routes = []route{
	{"/chats/" + demoChat + "/sessions", "POST PUT"},
	{"/sessions/%s/messages", "POST GET"},
	{"/sessions/%s/clients/messages", "POST"},
	{"/sessions/%s/operators/messages", "POST"},
	{"/sessions/%s/read", "POST"},
	{"/sessions/%s/typing", "POST"},
	{"/sessions/%s/actions", "POST"},
	{"/sessions/%s/close", "POST"},
}

// maxRequest is the largest body a route reads.
const maxRequest = 1 << 20

// badBodies are what no route takes that reads a body.
var badBodies = map[string]string{
	"half an object":     `{"body":"a"`,
	"no JSON":            `body=a&x=1`,
	"two values":         `{} {}`,
	"an array":           `[]`,
	"a string":           `"a"`,
	"a number":           `1`,
	"null bytes":         "\x00\x00\x00",
	"byte order mark":    "\uFEFF{}",
	"UTF-16":             "\xff\xfe{\x00}\x00",
	"invalid UTF-8":      "{\"body\":\"\xc3\x28\"}",
	"a lone surrogate":   "{\"body\":\"\xed\xa0\xbd\"}",
	"escaped NUL":        `{"body":"a\u0000"}`,
	"deeply nested":      `{"x":` + strings.Repeat("[", 200_000) + `}`,
	"wrong types":        `{"body":{},"name":[],"messageId":1,"event":{},"messageBody":7}`,
	"more than allowed":  `{"body":"` + strings.Repeat("a", 2<<20) + `"}`,
	"very many keys":     "{" + strings.Repeat(`"a":1,`, 20_000) + `"body":1,"name":1,"messageId":1,"event":1}`,
	"an unfinished text": `{"body":"` + strings.Repeat(`\`, 999),
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	a := newAPI(t, s.url())
	p := &person{api: a, session: a.open(t, object{}).ID, bot: true}
	if err := p.say(t.Context(), "before"); err != nil {
		t.Fatal(err)
	}
	awaitSettled(t, s.data, settleWithin)
	goroutines, files := s.metric(t, "go_goroutines"), s.metric(t, "process_open_fds")

	badBodiesTo(t, a, p.session)
	badMethods(t, a, p.session)
	badPaths(t, a, p.session)
	badHeaders(t, a, p.session)
	badConnections(t, s, p.session)
	badSockets(t, s, p.session)
	badStreams(t, a)

	if err := p.say(t.Context(), "after"); err != nil {
		t.Fatal(err)
	}
	awaitSettled(t, s.data, settleWithin)
	b := readSound(t, s.data)
	b.checkPerson(t, &complaints{t: t}, p, p.acked, p.unsure, true)
	a.http.CloseIdleConnections()
	now, open := 0.0, 0.0
	within, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := poll(within, 100*time.Millisecond, func() bool {
		now, open = s.metric(t, "go_goroutines"), s.metric(t, "process_open_fds")
		return now <= goroutines+3 && open <= files+3
	})
	if err != nil {
		t.Errorf("%.0f goroutines and %.0f open files, before it were %.0f and %.0f", now, open, goroutines, files)
	}
}

// both base paths serve every route.
func each(session string, f func(path string, r route)) {
	for _, b := range []string{base, "/api/v1"} {
		for _, r := range routes {
			path := r.path
			if strings.Contains(path, "%s") {
				path = fmt.Sprintf(path, session)
			}
			f(b+path, r)
		}
	}
}

// refuse sends what must be refused, with one of these statuses if any are given.
func refuse(t *testing.T, a *api, method, path, what string, body any, statuses ...int) {
	t.Helper()
	name := fmt.Sprintf("%s %.120s: %s", method, path, what)
	res, err := a.do(t.Context(), method, path, body, "")
	if data, ok := body.([]byte); ok && err != nil && len(data) > maxRequest {
		return // the server may hang up on a body that it will not read
	}
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	ok := res.status >= 400 && res.status < 500
	for _, status := range statuses {
		if ok = res.status == status; ok {
			break
		}
	}
	if !ok {
		t.Errorf("%s: %d %.200s", name, res.status, res.body)
		return
	}
	if method != http.MethodHead {
		res.mustBeError(t, name)
	}
}

func badBodiesTo(t *testing.T, a *api, session string) {
	t.Helper()
	each(session, func(path string, r route) {
		for _, method := range strings.Fields(r.methods) {
			if method == http.MethodGet {
				continue
			}
			for what, body := range badBodies {
				status := http.StatusBadRequest
				switch {
				case strings.HasSuffix(path, "/close") && (what == "wrong types" || what == "very many keys"):
					continue // it takes no field, so all are unknown and ignored
				case strings.Contains(path, "/operators/"):
					status = http.StatusUnauthorized
				case len(body) > maxRequest:
					status = http.StatusRequestEntityTooLarge
				}
				refuse(t, a, method, path, what, []byte(body), status)
			}
		}
	})
}

func badMethods(t *testing.T, a *api, session string) {
	t.Helper()
	each(session, func(path string, r route) {
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "BREW", "get"} {
			if strings.Contains(" "+r.methods+" ", " "+method+" ") {
				continue
			}
			refuse(t, a, method, path, "wrong method", nil, http.StatusMethodNotAllowed)
		}
	})
}

func badPaths(t *testing.T, a *api, session string) {
	t.Helper()
	for _, id := range []string{"x", "%00", "%FF%FE", "%D0%96", "null", session[:35], session + "0", strings.Repeat("9", 8000), "'%20OR%201=1--", "%2e%2e%2f%2e%2e"} {
		refuse(t, a, "POST", base+"/sessions/"+id+"/messages", "bad id", object{"body": "a"}, http.StatusNotFound)
		refuse(t, a, "POST", base+"/chats/"+id+"/sessions", "bad id", object{"name": "a"}, http.StatusNotFound)
	}
	unknown := "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
	each(unknown, func(path string, r route) {
		if strings.Contains(r.path, "%s") {
			body := object{"body": "a", "messageId": unknown, "event": "e"}
			refuse(t, a, "POST", path, "unknown session", body, http.StatusNotFound, http.StatusUnauthorized)
		}
	})
	for _, path := range []string{"/api/v1/", "/api/v1/nothing", "/api/chats/v1/sessions", "/api/v2/chats", "/api/"} {
		refuse(t, a, "GET", path, "unknown route", nil, http.StatusNotFound)
		refuse(t, a, "POST", path, "unknown route", object{}, http.StatusNotFound)
	}
	for _, path := range []string{"/nothing", "/metrics/x", "/healthz/x", "/.env", "/centrifugo/x", "/index.html/..%2f..%2fetc/passwd"} {
		if res := a.get(t, path); res.status != http.StatusNotFound {
			t.Errorf("GET %s: %d", path, res.status)
		}
	}
	for _, query := range []string{"limit=x", "limit=-1", "after=1e3", "offset=99999999999999999999", "page=%00", "sort=body", "after=9223372036854775808"} {
		refuse(t, a, "GET", messagesOf(session)+"?"+query, "bad query", nil, http.StatusBadRequest)
	}
	for _, query := range []string{"limit=1000000", "after=999999999", "page=99999999&limit=1000", "offset=1000000000", "x_widget=1&%zz=1", "a;b=1"} {
		if res := a.get(t, messagesOf(session)+"?"+query); res.status >= 500 {
			t.Errorf("history?%s: %d %s", query, res.status, res.body)
		}
	}
}

func badHeaders(t *testing.T, a *api, session string) {
	t.Helper()
	for what, header := range map[string][]string{
		"credentials":           {"Authorization", "Bearer nonsense"},
		"empty credentials":     {"Authorization", ""},
		"empty key":             {"Idempotency-Key", ""},
		"long key":              {"Idempotency-Key", strings.Repeat("k", 256)},
		"key that is not UTF-8": {"Idempotency-Key", "\xff\xfe"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), "POST", a.url+messagesOf(session), strings.NewReader(`{"body":"a"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set(header[0], header[1])
		res, err := a.http.Do(r)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		data, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != 400 && res.StatusCode != 401 {
			t.Errorf("%s: %d %s", what, res.StatusCode, data)
		}
		(&answer{res.StatusCode, res.Header, data}).mustBeError(t, what)
	}
}

// badConnections are not HTTP, or no longer. The server says 4xx or nothing, and hangs up.
func badConnections(t *testing.T, s *server, session string) {
	t.Helper()
	path := messagesOf(session)
	good := "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n"
	for what, text := range map[string]string{
		"garbage":                    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\xfe", 500) + "\r\n\r\n",
		"an unknown version":         "GET / HTTP/9.9\r\n\r\n",
		"HTTP/2 without TLS":         "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"no host":                    "GET " + path + " HTTP/1.1\r\n\r\n",
		"two lengths":                "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}",
		"length and chunks":          "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"a negative length":          "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
		"a bad chunk":                "POST " + path + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
		"a header of one megabyte":   "GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("a", 1<<20) + "\r\n\r\n",
		"a hundred thousand headers": "GET / HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X: a\r\n", 100_000) + "\r\n",
		"a header with a newline":    "GET / HTTP/1.1\r\nHost: x\r\nX: a\rb\x00\r\n\r\n",
		"an endless path":            "GET /" + strings.Repeat("a", 1<<20) + " HTTP/1.1\r\nHost: x\r\n\r\n",
		"garbage after a request":    good + "garbage\r\n\r\n" + good,
		"a body that never comes":    "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"body\":",
	} {
		statuses, err := converse(t, s.addr, text)
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		for i, status := range statuses {
			if firstIsGood := strings.HasPrefix(text, good) && i == 0; (status >= 500 && status != http.StatusHTTPVersionNotSupported) || (status < 400 && !firstIsGood) {
				t.Errorf("%s: answers %v", what, statuses)
			}
		}
	}
	if status := s.status("/readyz"); status != http.StatusOK {
		t.Errorf("after bad connections /readyz is %d", status)
	}
}

// converse sends bytes, says that no more come, and returns the statuses of all answers.
func converse(t *testing.T, addr, text string) ([]int, error) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return nil, err
	}
	_, _ = io.WriteString(conn, text) // the server may hang up before the end
	_ = conn.(*net.TCPConn).CloseWrite()
	var statuses []int
	in := bufio.NewReader(conn)
	for {
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			var network net.Error
			if errors.As(err, &network) && network.Timeout() {
				return statuses, fmt.Errorf("the server does not hang up: %w", err)
			}
			return statuses, nil
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		statuses = append(statuses, res.StatusCode)
	}
}

// badSockets speak the protocol wrongly. Each is answered with an error or closed, never ignored.
func badSockets(t *testing.T, s *server, session string) {
	t.Helper()
	connect := `{"id":1,"connect":{"data":{"application":"widget","settings":{"sessions":["` + session + `"]}}}}`
	for what, frames := range map[string][]string{
		"garbage":               {"garbage"},
		"not UTF-8":             {"\xff\xfe\xfd"},
		"an empty command":      {connect, `{"id":2}`},
		"no id":                 {connect, `{"subscribe":{"channel":"widget:` + session + `"}}`},
		"subscribe first":       {`{"id":1,"subscribe":{"channel":"widget:` + session + `"}}`},
		"connect twice":         {connect, connect},
		"no application":        {`{"id":1,"connect":{"data":{}}}`},
		"unknown application":   {`{"id":1,"connect":{"data":{"application":"x"}}}`},
		"data of a wrong type":  {`{"id":1,"connect":{"data":{"application":"widget","settings":{"sessions":"x"}}}}`},
		"many sessions":         {`{"id":1,"connect":{"data":{"application":"widget","settings":{"sessions":["` + manyIDs(1000) + `"]}}}}`},
		"a huge frame":          {`{"id":1,"connect":{"data":"` + strings.Repeat("x", 1<<20) + `"}}`},
		"deeply nested":         {`{"id":1,"connect":{"data":` + strings.Repeat("[", 30_000) + `}}`},
		"unknown channel":       {connect, `{"id":2,"subscribe":{"channel":"nothing"}}`},
		"a stranger's channel":  {connect, `{"id":2,"subscribe":{"channel":"widget:aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"}}`},
		"operators' channel":    {connect, `{"id":2,"subscribe":{"channel":"notifications:1"}}`},
		"publish":               {connect, `{"id":2,"publish":{"channel":"widget:` + session + `","data":{}}}`},
		"history":               {connect, `{"id":2,"history":{"channel":"widget:` + session + `","limit":-1}}`},
		"a stranger's presence": {connect, `{"id":2,"presence":{"channel":"session:` + session + `"}}`},
		"unknown method":        {connect, `{"id":2,"rpc":{"method":"nothing","data":{}}}`},
		"join of nothing":       {connect, `{"id":2,"rpc":{"method":"joinSession","data":{"id":"x"}}}`},
		"join without data":     {connect, `{"id":2,"rpc":{"method":"joinSession"}}`},
		"an impossible place":   {connect, `{"id":2,"subscribe":{"channel":"session:` + session + `","recover":true,"epoch":"x","offset":18446744073709551615}}`},
	} {
		conn, _, err := websocket.DefaultDialer.Dial("ws"+s.url()[len("http"):]+"/centrifugo/connection/websocket", nil)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		for _, frame := range frames {
			_ = conn.WriteMessage(websocket.TextMessage, []byte(frame)) // it may be closed already
		}
		if !refused(conn) && what != "an impossible place" {
			t.Errorf("%s: neither an error nor the end of the connection", what)
		}
		conn.Close()
	}
}

// refused reads until an error or the end comes, and reports whether one did.
func refused(conn *websocket.Conn) bool {
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	for {
		_, frame, err := conn.ReadMessage()
		if err != nil {
			var network net.Error
			return !errors.As(err, &network) || !network.Timeout()
		}
		if bytes.Contains(frame, []byte(`"error":`)) {
			return true
		}
		if bytes.Contains(frame, []byte(`"id":2`)) {
			return false
		}
	}
}

func manyIDs(n int) string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("aaaaaaaa-aaaa-4aaa-8aaa-%012d", i)
	}
	return strings.Join(ids, `","`)
}

// badStreams misuse the other endpoints of Centrifugo; what they say is the library's.
func badStreams(t *testing.T, a *api) {
	t.Helper()
	for _, path := range []string{"/centrifugo/connection/websocket", "/centrifugo/connection/http_stream", "/centrifugo/connection/sse",
		"/centrifugo/emulation", "/centrifugo/connection/emulation", "/emulation"} {
		for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
			for what, body := range badBodies {
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				res, err := a.do(ctx, method, path, []byte(body), "")
				cancel()
				if err != nil && len(body) <= maxRequest {
					t.Errorf("%s %s: %s: %v", method, path, what, err)
				} else if err == nil && res.status >= 500 {
					t.Errorf("%s %s: %s: %d %.200s", method, path, what, res.status, res.body)
				}
			}
		}
	}
}
