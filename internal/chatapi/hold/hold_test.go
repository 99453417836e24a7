package hold_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/chatapi/hold"
)

// patience is how long anything may take on a busy machine.
const patience = 30 * time.Second

// wait is a request that the test answers.
type wait struct {
	path string
	done chan bool // what Done was called with

	mu     sync.Mutex // guards what follows
	ready  func()
	answer string
	calls  int
}

func (w *wait) Notify(ready func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ready = ready
	if w.answer != "" {
		ready()
	}
}

func (w *wait) Answer(_ context.Context, final bool) (hold.Answer, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls++
	if w.answer == "panic" {
		panic("as the test wants it")
	}
	if w.answer == "" && final {
		return hold.Answer{Status: http.StatusOK, Body: []byte("[]")}, true
	}
	return hold.Answer{Status: http.StatusOK, Body: []byte(w.answer)}, w.answer != ""
}

func (w *wait) Done(written bool) { w.done <- written }

// say has the request answered; "" only has it asked for an answer.
func (w *wait) say(answer string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer = answer
	w.ready()
}

// server holds every request to /wait…, and answers others with what they are.
type server struct {
	*testing.T
	lot    *hold.Lot
	http   *http.Server
	addr   string
	waits  chan *wait
	limit  time.Duration
	queued sync.WaitGroup
}

func start(t *testing.T, limit time.Duration, change ...func(*hold.Params)) *server {
	t.Helper()
	p := hold.Params{Max: 100, WriteTimeout: patience, IdleTimeout: patience, Log: slog.New(slog.DiscardHandler)}
	for _, f := range change {
		f(&p)
	}
	s := &server{T: t, lot: hold.New(p), waits: make(chan *wait, 100), limit: limit}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().String()
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: patience, WriteTimeout: patience}
	for _, l := range []net.Listener{l, s.lot} {
		s.queued.Go(func() { _ = s.http.Serve(l) })
	}
	t.Cleanup(s.close)
	return s
}

func (s *server) close() {
	if err := s.lot.Finish(context.Background()); err != nil {
		s.Error(err)
	}
	if err := s.http.Shutdown(context.Background()); err != nil {
		s.Error(err)
	}
	s.queued.Wait()
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, "/wait") {
		_, _ = fmt.Fprintf(w, "%s %s", r.Method, r.URL.Path)
		return
	}
	w.Header().Set("X-Of-The-Handler", r.URL.Path)
	x := &wait{path: r.URL.Path, done: make(chan bool, 1), ready: func() {}}
	if err := s.lot.Hold(w, r, s.limit, x); err != nil {
		if !errors.Is(err, hold.ErrFull) {
			s.Error(err)
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	s.waits <- x
}

func (s *server) next() *wait {
	s.Helper()
	select {
	case w := <-s.waits:
		return w
	case <-time.After(patience):
		s.Fatal("no request is held")
		return nil
	}
}

func (s *server) done(w *wait) bool {
	s.Helper()
	select {
	case written := <-w.done:
		return written
	case <-time.After(patience):
		s.Fatal("the request never ends")
		return false
	}
}

// client is a connection that speaks HTTP by hand.
type client struct {
	*server
	net.Conn
	in *bufio.Reader
}

func (s *server) dial() *client {
	s.Helper()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return &client{s, c, bufio.NewReader(c)}
}

func (c *client) send(paths ...string) {
	c.Helper()
	var b strings.Builder
	for _, path := range paths {
		fmt.Fprintf(&b, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", path)
	}
	if _, err := io.WriteString(c.Conn, b.String()); err != nil {
		c.Fatal(err)
	}
}

// receive reads an answer, and reports whether the connection goes on.
func (c *client) receive(want string) (goesOn bool) {
	c.Helper()
	r, err := http.ReadResponse(c.in, nil)
	if err != nil {
		c.Fatalf("expected %s: %v", want, err)
	}
	defer func() { _ = r.Body.Close() }()
	body, err := io.ReadAll(r.Body)
	if err != nil || string(body) != want {
		c.Errorf("got %q, %v, expected %q", body, err, want)
	}
	if strings.HasPrefix(want, "[") && (r.Header.Get("Content-Type") != "application/json" || r.Header.Get("X-Of-The-Handler") == "" || r.Header.Get("Date") == "") {
		c.Errorf("headers %v", r.Header)
	}
	return !r.Close
}

func (c *client) wantClosed() {
	c.Helper()
	if n, err := c.in.Read(make([]byte, 1)); err == nil || n > 0 {
		c.Error("the connection goes on")
	} else if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		c.Error("the connection is not closed")
	}
}

func TestAConnectionGoesOnAfterItsAnswer(t *testing.T) {
	t.Parallel()
	s := start(t, patience)
	c := s.dial()
	for i := range 5 {
		c.send("/wait")
		w := s.next()
		w.say("") // nothing yet
		w.say(fmt.Sprint("[", i, "]"))
		if !c.receive(fmt.Sprint("[", i, "]")) || !s.done(w) {
			t.Error("it was closed, or not written")
		}
		c.send("/other")
		c.receive("GET /other")
	}
}

func TestWhatComesEarlyIsAnsweredInItsTurn(t *testing.T) {
	t.Parallel()
	s := start(t, patience)
	long := "/" + strings.Repeat("long", 3000)
	together, later := s.dial(), s.dial()
	together.send("/wait1", "/a", "/wait2", long, "/b")
	later.send("/wait1")
	first, second := s.next(), s.next()
	later.send("/a", "/wait2", long, "/b")
	for _, w := range []*wait{first, second} {
		w.say("")
		w.say("[1]")
	}
	for range 2 {
		s.next().say("[2]")
	}
	for _, c := range []*client{together, later} {
		c.receive("[1]")
		c.receive("GET /a")
		c.receive("[2]")
		c.receive("GET " + long)
		c.receive("GET /b")
	}
}

func TestAClientThatHasGoneIsFreed(t *testing.T) {
	t.Parallel()
	s := start(t, patience)
	var waits []*wait
	for range 10 {
		c := s.dial()
		c.send("/wait")
		waits = append(waits, s.next())
		_ = c.Close()
	}
	for _, w := range waits {
		if s.done(w) {
			t.Error("an answer was written")
		}
	}
	for began := time.Now(); s.lot.Waiting() > 0; {
		if time.Since(began) > patience {
			t.Fatalf("%d are held", s.lot.Waiting())
		}
	}
}

func TestWhenTheTimeIsOverThereIsAnAnswer(t *testing.T) {
	t.Parallel()
	s := start(t, 50*time.Millisecond)
	c := s.dial()
	c.send("/wait")
	w := s.next()
	c.receive("[]")
	if !s.done(w) {
		t.Error("not written")
	}
	c.send("/wait1", "/early")
	w = s.next()
	c.receive("[]")
	c.receive("GET /early")
	if !s.done(w) {
		t.Error("not written")
	}
}

func TestWhoWaitsWhileTheServerStopsIsAnswered(t *testing.T) {
	t.Parallel()
	s := start(t, patience)
	waiting, early, idle := s.dial(), s.dial(), s.dial()
	waiting.send("/wait")
	s.next()
	early.send("/wait", "/never")
	s.next()
	idle.send("/wait")
	w := s.next()
	w.say("[1]")
	idle.receive("[1]")
	s.done(w)
	late := s.dial()
	late.send("/other")
	late.receive("GET /other")
	var stopping sync.WaitGroup
	for range 2 {
		stopping.Go(func() { _ = s.lot.Finish(context.Background()) })
	}
	for _, c := range []*client{waiting, early} {
		if c.receive("[]") {
			t.Error("it may ask for more")
		}
		c.wantClosed()
	}
	idle.wantClosed()
	stopping.Wait()
	late.send("/wait")
	late.receive("[]")
}

func TestWhoCannotBeAnsweredInTimeIsCutOff(t *testing.T) {
	t.Parallel()
	s := start(t, patience)
	c := s.dial()
	c.send("/wait")
	w := s.next()
	w.say("[" + strings.Repeat(" ", 64<<20) + "]") // nobody reads it
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.lot.Finish(ctx); err != nil {
		t.Error(err)
	}
	if s.done(w) {
		t.Error("written")
	}
}

func TestBeyondTheLimitNoneAreHeld(t *testing.T) {
	t.Parallel()
	s := start(t, patience, func(p *hold.Params) { p.Max = 2 })
	a, b, c := s.dial(), s.dial(), s.dial()
	a.send("/wait")
	b.send("/wait")
	first := s.next()
	s.next()
	if !s.lot.Full() {
		t.Error("not full")
	}
	c.send("/wait")
	c.receive("")
	first.say("[]")
	s.done(first)
	_ = a.Close()
	for began := time.Now(); s.lot.Full(); {
		if time.Since(began) > patience {
			t.Fatal("nobody leaves")
		}
	}
	c.send("/wait")
	s.next()
}

func TestConnectionsThatEndWithTheirAnswer(t *testing.T) {
	t.Parallel()
	s := start(t, patience)
	for _, head := range []string{"GET /wait HTTP/1.0\r\n\r\n", "GET /wait HTTP/1.1\r\nHost: h\r\nConnection: x, Close\r\n\r\n"} {
		c := s.dial()
		_, _ = io.WriteString(c.Conn, head)
		s.next().say("[1]")
		if c.receive("[1]") {
			t.Error("it may ask for more")
		}
		c.wantClosed()
	}
	idle := start(t, patience, func(p *hold.Params) { p.IdleTimeout = time.Millisecond })
	c := idle.dial()
	c.send("/wait")
	idle.next().say("[1]")
	c.receive("[1]")
	c.wantClosed()
}

// TestWhatCannotBeTakenWaitsInItsHandler: a request with a body, and a writer that is no connection.
func TestWhatCannotBeTakenWaitsInItsHandler(t *testing.T) {
	t.Parallel()
	s := start(t, patience)
	c := s.dial()
	_, _ = io.WriteString(c.Conn, "GET /wait HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc")
	ctx, cancel := context.WithCancel(t.Context())
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/wait", http.NoBody)
	rec := httptest.NewRecorder()
	x := &wait{done: make(chan bool, 1), answer: "[2]"}
	if err := s.lot.Hold(rec, r, patience, x); err != nil || rec.Body.String() != "[2]" || !s.done(x) {
		t.Errorf("%v, %s", err, rec.Body)
	}
	cancel()
	x = &wait{done: make(chan bool, 1)}
	if err := s.lot.Hold(httptest.NewRecorder(), r, patience, x); err != nil || s.done(x) {
		t.Errorf("%v, or written to a client that has gone", err)
	}
	_ = s.lot.Finish(t.Context())
	c.receive("[]")
}

func TestAPanicEndsItsConnectionOnly(t *testing.T) {
	t.Parallel()
	s := start(t, patience)
	a, b := s.dial(), s.dial()
	a.send("/wait")
	first := s.next()
	b.send("/wait")
	second := s.next()
	first.say("panic")
	a.wantClosed()
	second.say("[1]")
	b.receive("[1]")
	if s.done(first) {
		t.Error("written")
	}
}

// TestManyRaces has answers, clients that go and the end of the time meet.
func TestManyRaces(t *testing.T) {
	t.Parallel()
	s := start(t, 20*time.Millisecond)
	var running sync.WaitGroup
	stop := make(chan struct{})
	running.Go(func() {
		for {
			select {
			case w := <-s.waits:
				running.Go(func() {
					w.say("")
					w.say("[1]")
					s.done(w)
				})
			case <-stop:
				return
			}
		}
	})
	var clients sync.WaitGroup
	for i := range 8 {
		clients.Go(func() {
			for j := range 60 {
				c, err := net.Dial("tcp", s.addr)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.WriteString(c, "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n")
				if (i+j)%3 > 0 {
					_ = c.SetDeadline(time.Now().Add(patience))
					if r, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil {
						t.Error(err)
					} else {
						_ = r.Body.Close()
					}
				}
				_ = c.Close()
			}
		})
	}
	clients.Wait()
	close(stop)
	running.Wait()
}
