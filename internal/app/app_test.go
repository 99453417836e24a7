package app_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/govorun/govorun/internal/app"
	"github.com/govorun/govorun/internal/config"
	"github.com/govorun/govorun/test/contract"
)

const demoSessions = "/api/chats/v1/chats/11111111-1111-4111-8111-111111111111/sessions"

// setup is what a test changes of a server's parameters.
type setup func(*app.Params)

func setting(key, value string) setup {
	return func(p *app.Params) {
		p.Config = load(map[string]string{"listen": p.Config.Listen, "data": p.Config.Data, key: value})
	}
}

func load(flags map[string]string) config.Config {
	c, err := config.Load(config.Sources{Flags: flags})
	if err != nil {
		panic(err)
	}
	return c.Config
}

// start runs a server on a data directory until the test ends.
func start(t *testing.T, data string, setups ...setup) *app.App {
	t.Helper()
	a := startOnly(t, data, setups...)
	t.Cleanup(func() { stop(t, a) })
	return a
}

// startOnly leaves it to the test to close the server.
func startOnly(t *testing.T, data string, setups ...setup) *app.App {
	t.Helper()
	p := app.Params{
		Config:  load(map[string]string{"listen": "127.0.0.1:0", "data": data}),
		Version: "test",
		Log:     slog.New(slog.DiscardHandler),
	}
	for _, s := range setups {
		s(&p)
	}
	a, err := app.Start(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func stop(t *testing.T, a *app.App) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := a.Close(ctx); err != nil {
		t.Errorf("close: %v", err)
	}
}

// answer is a response with its body read.
type answer struct {
	*http.Response
	body string
}

func call(t *testing.T, method, url, body string, header ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	client := http.Client{Transport: contract.Transport(t, http.DefaultTransport)}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp, string(b)}
}

type session struct {
	ID       string `json:"id"`
	Messages []struct {
		Body string `json:"body"`
	} `json:"messages"`
}

func startSession(t *testing.T, a *app.App, body string) session {
	t.Helper()
	got := call(t, "POST", a.URL()+demoSessions, body)
	if got.StatusCode != http.StatusCreated {
		t.Fatalf("start session: %d %s", got.StatusCode, got.body)
	}
	var s session
	if err := json.Unmarshal([]byte(got.body), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFreshServer(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "made", "here")
	a := start(t, data)
	tests := []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "/healthz", 200, `{"status":"ok","version":"test"}`},
		{"GET", "/readyz", 200, `{"status":"ok"}`},
		{"GET", "/metrics", 200, "govorun_commit_transactions_bucket"},
		{"GET", "/", 200, "<!doctype html>"},
		{"POST", demoSessions, 201, `"messages":[{`},
		{"GET", "/nothing", 404, ""},
		{"POST", "/healthz", 405, ""},
	}
	for _, tt := range tests {
		got := call(t, tt.method, a.URL()+tt.path, "")
		if got.StatusCode != tt.status || !strings.Contains(got.body, tt.body) {
			t.Errorf("%s %s: %d %s, want %d %q", tt.method, tt.path, got.StatusCode, got.body, tt.status, tt.body)
		}
	}
	info, err := os.Stat(data)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o700 {
		t.Errorf("data directory has mode %o", got)
	}
}

func TestDemoBotAnswers(t *testing.T) {
	t.Parallel()
	a := start(t, t.TempDir())
	greeted := startSession(t, a, `{}`)
	if len(greeted.Messages) == 0 {
		t.Error("no greeting in the answer")
	}
	asked := startSession(t, a, `{"messageBody":"привет"}`)
	if len(asked.Messages) == 0 {
		t.Error("no answer to the first message")
	}
	metrics := call(t, "GET", a.URL()+"/metrics", "").body
	for _, want := range []string{
		`govorun_messages_total{author="BOT"}`,
		`govorun_messages_total{author="CLIENT"} 1`,
		`govorun_turns_total{outcome="done"} 2`,
		`govorun_http_requests_total{route="/api/chats/v1/chats/{chatId}/sessions",status="201"} 2`,
		`govorun_connections{transport="centrifugo"} 0`,
		`govorun_slow_readers_total{transport="centrifugo"} 0`,
		"govorun_delivery_lag_seconds_count{", "govorun_commit_seconds_count", "govorun_rate_limited_total 0",
		"go_goroutines", "process_resident_memory_bytes",
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %s in the metrics", want)
		}
	}
}

// remote is a listener on loopback that says it is not.
type remote struct{ net.Listener }

func (remote) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 8080} }

func TestDemoChatAnswersOnLoopbackOnly(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	first := start(t, data)
	id := startSession(t, first, `{}`).ID
	stop(t, first)

	var local string
	listen := func(network, address string) (net.Listener, error) {
		l, err := net.Listen(network, address)
		if err != nil {
			return nil, err
		}
		local = "http://" + l.Addr().String()
		return remote{l}, nil
	}
	tests := []struct {
		name  string
		setup setup
	}{
		{"another address", func(p *app.Params) { p.Listen = listen }},
		{"demo off", setting("demo", "off")},
	}
	for _, tt := range tests {
		a := start(t, data, tt.setup)
		url := a.URL()
		if local != "" {
			url, local = local, ""
		}
		for _, path := range []string{demoSessions, "/api/v1/sessions/" + id + "/messages"} {
			if got := call(t, "POST", url+path, `{"body":"hi"}`); got.StatusCode != http.StatusNotFound {
				t.Errorf("%s: POST %s: %d %s", tt.name, path, got.StatusCode, got.body)
			}
		}
		if got := call(t, "GET", url+"/readyz", ""); got.StatusCode != http.StatusOK {
			t.Errorf("%s: not ready: %s", tt.name, got.body)
		}
		stop(t, a)
	}

	again := start(t, data)
	if got := call(t, "GET", again.URL()+"/api/v1/sessions/"+id+"/messages", ""); got.StatusCode != http.StatusOK {
		t.Errorf("back on loopback: %d %s", got.StatusCode, got.body)
	}
}

func TestDemoOffFromTheStartMakesNoChat(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	stop(t, start(t, data, setting("demo", "off")))
	a := start(t, data, setting("demo", "off"))
	if got := call(t, "POST", a.URL()+demoSessions, "{}"); got.StatusCode != http.StatusNotFound {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
}

func TestAddressInUse(t *testing.T) {
	t.Parallel()
	a := start(t, t.TempDir())
	address := strings.TrimPrefix(a.URL(), "http://")
	data := filepath.Join(t.TempDir(), "untouched")
	_, err := app.Start(t.Context(), app.Params{
		Config: load(map[string]string{"listen": address, "data": data}),
		Log:    slog.New(slog.DiscardHandler),
	})
	if err == nil || !strings.Contains(err.Error(), address) || !strings.Contains(err.Error(), "in use") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(data); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the data directory was made: %v", err)
	}
}

func TestDataInUse(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	start(t, data)
	_, err := app.Start(t.Context(), app.Params{
		Config: load(map[string]string{"listen": "127.0.0.1:0", "data": data}),
		Log:    slog.New(slog.DiscardHandler),
	})
	if err == nil || !strings.Contains(err.Error(), data) {
		t.Errorf("got %v", err)
	}
}

func TestMetricsToken(t *testing.T) {
	t.Parallel()
	a := start(t, t.TempDir(), setting("metrics.token", "hush"))
	for header, want := range map[string]int{"": 401, "Bearer wrong": 401, "hush": 401, "Bearer hush": 200} {
		if got := call(t, "GET", a.URL()+"/metrics", "", "Authorization", header); got.StatusCode != want {
			t.Errorf("Authorization %q: %d, want %d", header, got.StatusCode, want)
		}
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	limited := start(t, t.TempDir(), func(p *app.Params) {
		p.Config.Rates.Address, p.Config.Rates.AddressBurst = 0.01, 1
	})
	call(t, "GET", limited.URL()+"/api/v1/nothing", "")
	got := call(t, "GET", limited.URL()+"/api/v1/nothing", "")
	if got.StatusCode != http.StatusTooManyRequests || got.Header.Get("Retry-After") == "" {
		t.Errorf("%d %v", got.StatusCode, got.Header)
	}
	if metrics := call(t, "GET", limited.URL()+"/metrics", "").body; !strings.Contains(metrics, "govorun_rate_limited_total 1\n") {
		t.Error("the refusal is not counted")
	}
	free := start(t, t.TempDir(), func(p *app.Params) {
		p.Config.Rates.Address, p.Config.Rates.AddressBurst = 0.01, 1
		p.Config.RateLimit = false
	})
	for range 3 {
		if got := call(t, "GET", free.URL()+"/api/v1/nothing", ""); got.StatusCode != http.StatusNotFound {
			t.Errorf("rate limit off: %d", got.StatusCode)
		}
	}
}

// held is a request that its handler works on until finish.
type held struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
}

// hold begins a request and returns when its handler waits for the end of the body, the largest
// that is waited for before a request takes its place.
func hold(t *testing.T, a *app.App) *held {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(a.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	const size = 1 << 20
	body := "{" + strings.Repeat(" ", size-2) + "}"
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", demoSessions, size, body)
	taken := "govorun_http_requests_in_flight 1\n"
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(call(t, "GET", a.URL()+"/metrics", "").body, taken); {
		if time.Now().After(deadline) {
			t.Fatal("the request does not take its place")
		}
	}
	return &held{t, conn, bufio.NewReader(conn)}
}

func (h *held) response() *http.Response {
	h.t.Helper()
	resp, err := http.ReadResponse(h.r, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return resp
}

func (h *held) status() int {
	h.t.Helper()
	return h.response().StatusCode
}

func (h *held) finish() *http.Response {
	h.t.Helper()
	if _, err := io.WriteString(h.conn, "0\r\n\r\n"); err != nil {
		h.t.Fatal(err)
	}
	return h.response()
}

func TestOverloadIsRefused(t *testing.T) {
	t.Parallel()
	a := start(t, t.TempDir(), setting("http.max_in_flight", "1"))
	h := hold(t, a)
	got := call(t, "POST", a.URL()+demoSessions, "{}")
	if got.StatusCode != http.StatusServiceUnavailable || got.Header.Get("Retry-After") == "" || !strings.Contains(got.body, `"error"`) {
		t.Errorf("%d %v %s", got.StatusCode, got.Header, got.body)
	}
	if got := call(t, "GET", a.URL()+"/readyz", ""); got.StatusCode != http.StatusOK {
		t.Errorf("ready: %d", got.StatusCode)
	}
	if s := dial(t, a, startedElsewhere); s == nil {
		t.Error("a socket was refused")
	}
	if got := h.finish().StatusCode; got != http.StatusCreated {
		t.Errorf("the held request: %d", got)
	}
	call(t, "POST", a.URL()+demoSessions, "{}") // perhaps refused still: the held one may be leaving
}

// TestPostsOfOneAddressAreLimited: commands beside streams, on all of their paths together.
func TestPostsOfOneAddressAreLimited(t *testing.T) {
	t.Parallel()
	paths := []string{"/emulation", "/centrifugo/emulation", "/centrifugo/connection/emulation"}
	const stray = `{"session":"x","node":"x","data":"{}"}`
	limited := func(p *app.Params) {
		p.Config.Rates.Address, p.Config.Rates.AddressBurst = 0.001, len(paths)
	}
	a := start(t, t.TempDir(), limited)
	for i, want := range []int{http.StatusNotFound, http.StatusTooManyRequests} {
		for _, path := range paths {
			got := call(t, "POST", a.URL()+path, stray)
			if got.StatusCode != want || (got.Header.Get("Retry-After") != "") != (i == 1) {
				t.Errorf("%s: %d %v, expected %d", path, got.StatusCode, got.Header, want)
			}
		}
	}
	unlimited := start(t, t.TempDir(), setting("rate_limit", "off"), limited)
	for range 2 * len(paths) {
		if got := call(t, "POST", unlimited.URL()+paths[0], stray); got.StatusCode != http.StatusNotFound {
			t.Errorf("without a limit: %d", got.StatusCode)
		}
	}
}

// TestWhoIsSlowToSendHoldsUpNobody: a request takes its place when its body is there.
func TestWhoIsSlowToSendHoldsUpNobody(t *testing.T) {
	t.Parallel()
	a := start(t, t.TempDir(), setting("http.max_in_flight", "1"))
	conn, err := net.Dial("tcp", strings.TrimPrefix(a.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n", demoSessions)
	slow := &held{t, conn, bufio.NewReader(conn)}
	if got := slow.status(); got != http.StatusContinue { // its body is waited for
		t.Fatalf("status %d", got)
	}
	if got := call(t, "POST", a.URL()+demoSessions, "{}"); got.StatusCode != http.StatusCreated {
		t.Errorf("another request: %d", got.StatusCode)
	}
	if _, err := io.WriteString(conn, "{}"); err != nil {
		t.Fatal(err)
	}
	if got := slow.status(); got != http.StatusCreated {
		t.Errorf("the slow request: %d", got)
	}
}

// TestTooLargeIsSaidAtOnce: nobody waits for a body that is not going to be read.
func TestTooLargeIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	a := start(t, t.TempDir())
	conn, err := net.Dial("tcp", strings.TrimPrefix(a.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil { // less than the read timeout
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", demoSessions)
	if got := (&held{t, conn, bufio.NewReader(conn)}).status(); got != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", got)
	}
}

// startedElsewhere is a session id nobody has.
const startedElsewhere = "33333333-3333-4333-8333-333333333333"

// dial opens a socket that listens to a session, and returns after the connect reply.
func dial(t *testing.T, a *app.App, session string) *websocket.Conn {
	t.Helper()
	c, _, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(a.URL(), "http")+"/centrifugo/connection/websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	connect := fmt.Sprintf(`{"id":1,"connect":{"data":{"application":"widget","settings":{"sessions":[%q]}}}}`, session)
	if err := c.WriteMessage(websocket.TextMessage, []byte(connect)); err != nil {
		t.Fatal(err)
	}
	if _, reply, err := c.ReadMessage(); err != nil || !bytes.Contains(reply, []byte(`"connect"`)) {
		t.Fatalf("connect: %s %v", reply, err)
	}
	return c
}

// TestClose: the running request is finished, the socket is told to come back, and nobody is
// let in.
func TestClose(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	log, stopping := signalling("stopping")
	a := start(t, data, func(p *app.Params) { p.Log = log })
	id := startSession(t, a, `{}`).ID
	socket := dial(t, a, id)
	h := hold(t, a)

	closed := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		closed <- a.Close(ctx)
	}()
	<-stopping
	awaitRefusal(t, a)
	if got := h.finish(); got.StatusCode != http.StatusCreated || !got.Close {
		t.Errorf("the running request: %d, its connection ends: %t", got.StatusCode, got.Close)
	}
	var end *websocket.CloseError
	for end == nil {
		if _, _, err := socket.ReadMessage(); err != nil && !errors.As(err, &end) {
			t.Fatal(err)
		}
	}
	if end.Code < 3000 || end.Code >= 3500 {
		t.Errorf("close code %d does not say to reconnect", end.Code)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}

	again := start(t, data)
	if got := call(t, "GET", again.URL()+"/api/v1/sessions/"+id+"/messages", ""); got.StatusCode != http.StatusOK {
		t.Errorf("after the restart: %d %s", got.StatusCode, got.body)
	}
}

// awaitRefusal waits until the address takes no connections any more.
func awaitRefusal(t *testing.T, a *app.App) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; {
		c, err := net.Dial("tcp", strings.TrimPrefix(a.URL(), "http://"))
		if err != nil {
			return
		}
		c.Close()
		if time.Now().After(deadline) {
			t.Fatal("the address still takes connections")
		}
	}
}

// TestCloseIsBounded: a request that never ends is cut off when the time is over.
func TestCloseIsBounded(t *testing.T) {
	t.Parallel()
	a := startOnly(t, t.TempDir())
	hold(t, a)
	over, cancel := context.WithCancel(context.Background())
	cancel()
	if err := a.Close(over); err == nil {
		t.Error("no error says that a request was cut off")
	}
	if err := a.Close(context.Background()); err == nil {
		t.Error("the second close tells something else")
	}
}

// signalling is a log that closes a channel at a message.
func signalling(message string) (*slog.Logger, <-chan struct{}) {
	h := &signalHandler{message: message, seen: make(chan struct{})}
	return slog.New(h), h.seen
}

type signalHandler struct {
	message string
	seen    chan struct{}
}

func (*signalHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h *signalHandler) Handle(_ context.Context, r slog.Record) error {
	if r.Message == h.message {
		close(h.seen)
	}
	return nil
}

func (h *signalHandler) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h *signalHandler) WithGroup(string) slog.Handler      { return h }
