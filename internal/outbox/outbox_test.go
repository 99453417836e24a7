package outbox_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/egress"
	"github.com/govorun/govorun/internal/outbox"
)

func TestAWebhookIsSigned(t *testing.T) {
	t.Parallel()
	w, r := newWorld(t), newReceiver(t, nil)
	w.deliver()
	s := w.start(r.URL + "/path?q=1")
	w.say(s, "привет 👋")
	c := r.wantCalls(t, 1)[0]
	if err := verify(c); err != nil {
		t.Error(err)
	}
	d := w.await(chat.DeliveryDelivered, 1)[0]
	if c.header.Get("Webhook-Id") != d.ID || c.header.Get("Webhook-Attempt") != "1" || c.header.Get("User-Agent") != "Govorun/v1" ||
		c.header.Get("Content-Type") != "application/json" || c.header.Get("Idempotency-Key") != "" {
		t.Errorf("headers %v of delivery %s", c.header, d.ID)
	}
	if c.body.Text != "привет 👋" || c.body.Session != s.ID {
		t.Errorf("body %s", c.raw)
	}
	if len(d.Log) != 1 || d.Log[0].Status != 200 || d.Log[0].Error != "" || d.Log[0].Took <= 0 || d.Attempts != 1 || d.EndedAt.IsZero() {
		t.Errorf("delivery %+v", d)
	}
}

// TestTheChatsReceiverIsSignedForApart: what goes to a URL that somebody else has chosen proves nothing to it.
func TestTheChatsReceiverIsSignedForApart(t *testing.T) {
	t.Parallel()
	w, r := newWorld(t), newReceiver(t, nil)
	if err := w.store.Update(t.Context(), func(tx chat.Tx) error {
		c, err := tx.LockChat(w.chat.ID)
		if err != nil {
			return err
		}
		c.Settings.EventCallbackURL = r.URL + "/chat"
		return tx.UpdateChat(c)
	}); err != nil {
		t.Fatal(err)
	}
	w.deliver()
	s := w.start(r.URL + "/chosen")
	w.say(s, "1")
	for _, c := range r.wantCalls(t, 3) { // the start goes to the chat's only
		right, wrong := chatKey, testKey
		if c.path == "/chosen" {
			right, wrong = testKey, chatKey
		}
		if err := verifyWith(right, c); err != nil {
			t.Errorf("to %s: %v", c.path, err)
		}
		if verifyWith(wrong, c) == nil {
			t.Errorf("what goes to %s is signed with the other key", c.path)
		}
	}
	// The bot's answers go where the session's starter wants, to the chat's URL too.
	for _, o := range []chat.Outgoing{
		{Delivery: chat.Delivery{Kind: chat.DeliveryCallback, URL: r.URL + "/chat"}},
		{Delivery: chat.Delivery{Kind: chat.DeliveryEvent, URL: r.URL + "/chat?"}},
	} {
		o.Chat = &chat.Chat{Settings: chat.Settings{EventCallbackURL: r.URL + "/chat"}}
		if o.ToChat() {
			t.Errorf("%s to %s is taken for the chat's", o.Kind, o.URL)
		}
	}
}

// TestOrderAcrossClients: many clients at once, each in order, over two nodes that share the work.
func TestOrderAcrossClients(t *testing.T) {
	t.Parallel()
	w, r := newWorld(t), newReceiver(t, nil)
	w.deliver()
	w.deliver(func(o *outbox.Options) { o.Service, o.Bell = w.node("there"), outbox.NewBell() })
	const clients, each = 20, 15
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			s := w.start(r.URL)
			for i := range each {
				w.say(s, strconv.Itoa(i))
			}
		})
	}
	wg.Wait()
	w.await(chat.DeliveryDelivered, clients*each)
	next, ids := map[string]int{}, map[string]bool{}
	for _, c := range r.all() {
		if c.body.Text != strconv.Itoa(next[c.body.Session]) {
			t.Fatalf("session %s: %q, want %d", c.body.Session, c.body.Text, next[c.body.Session])
		}
		next[c.body.Session]++
		ids[c.header.Get("Webhook-Id")] = true
	}
	if len(ids) != clients*each {
		t.Errorf("%d ids, want %d", len(ids), clients*each)
	}
}

// TestTheVendorsRepeatsComeFirst: three repeats 3 s apart, then later ones, in order, under one id.
func TestTheVendorsRepeatsComeFirst(t *testing.T) {
	t.Parallel()
	var down atomic.Bool
	down.Store(true)
	w, r := newWorld(t), newReceiver(t, func(w http.ResponseWriter, _ *http.Request) {
		if down.Load() {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	w.deliver()
	s := w.start(r.URL)
	w.say(s, "1", "2")
	wait := func(n int) chat.Delivery {
		r.wantCalls(t, n)
		var d chat.Delivery
		eventually(t, func() error {
			if list := w.deliveries(chat.DeliveryPending); len(list) != 2 || list[1].Attempts != n {
				return fmt.Errorf("after %d calls: %+v", n, list)
			} else {
				d = list[1]
			}
			return nil
		})
		return d
	}
	for n := 1; n <= 3; n++ {
		d := wait(n)
		if gap := d.NextAt.Sub(w.now()); gap > 3*time.Second || gap < 0 {
			t.Errorf("repeat %d comes in %s", n, gap)
		}
		w.pass(3 * time.Second)
	}
	d := wait(4)
	if gap := d.NextAt.Sub(w.now()); gap > 8*time.Second || gap < 3*time.Second {
		t.Errorf("the fourth repeat comes in %s", gap)
	}
	down.Store(false)
	w.pass(10 * time.Second)
	w.await(chat.DeliveryDelivered, 2)
	if got := r.texts(); !slices.Equal(got, []string{"1", "1", "1", "1", "1", "2"}) {
		t.Errorf("received %v", got)
	}
	for i, c := range r.all()[:5] {
		if c.header.Get("Webhook-Id") != d.ID || c.header.Get("Webhook-Attempt") != strconv.Itoa(i+1) || verify(c) != nil {
			t.Errorf("call %d: %v, %v", i+1, c.header, verify(c))
		}
	}
}

// TestADeadDelivery: it is given up, what comes after it is delivered, and it can be replayed.
func TestADeadDelivery(t *testing.T) {
	t.Parallel()
	var down atomic.Bool
	down.Store(true)
	w, r := newWorld(t), newReceiver(t, func(w http.ResponseWriter, req *http.Request) {
		if down.Load() {
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	w.deliver(func(o *outbox.Options) { o.GiveUp = time.Hour })
	s := w.start(r.URL)
	w.say(s, "1")
	for n := 1; n <= 4; n++ {
		r.wantCalls(t, n)
		w.awaitAttempts(n)
		w.pass(time.Hour) // it is given up after four attempts, however late
	}
	d := w.await(chat.DeliveryDead, 1)[0]
	if d.Attempts != 4 || d.Reason != "given up after 1h0m0s: the receiver answers 502" || len(d.Log) != 4 {
		t.Errorf("dead: %+v", d)
	}
	down.Store(false)
	w.say(s, "2")
	w.await(chat.DeliveryDelivered, 1)
	if _, err := w.ReplayDelivery(t.Context(), d.ID); err != nil {
		t.Fatal(err)
	}
	w.await(chat.DeliveryDelivered, 2)
	if got := r.texts(); !slices.Equal(got[4:], []string{"2", "1"}) {
		t.Errorf("received %v", got)
	}
	if last := r.all()[5]; last.header.Get("Webhook-Id") != d.ID || last.header.Get("Webhook-Attempt") != "1" {
		t.Errorf("replayed as %v", last.header)
	}
	if _, err := w.ReplayDelivery(t.Context(), d.ID); chat.CodeOf(err) != chat.CodeState {
		t.Errorf("replayed when delivered: %v", err)
	}
}

func TestWhatIsDeadAtOnce(t *testing.T) {
	t.Parallel()
	gone := newReceiver(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) })
	good := newReceiver(t, nil)
	for name, test := range map[string]struct {
		url    string
		edit   func(*outbox.Options)
		reason string
		calls  int
	}{
		"gone": {gone.URL, func(*outbox.Options) {}, "the receiver answers 410 Gone: it takes no more", 1},
		"a body that panics": {good.URL, func(o *outbox.Options) {
			o.Render = map[chat.DeliveryKind]outbox.Render{chat.DeliveryEvent: func(*chat.Outgoing) ([]byte, error) { panic("oops") }}
		}, "it cannot be rendered", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.deliver(test.edit)
			s := w.start(test.url)
			w.say(s, "1")
			if d := w.await(chat.DeliveryDead, 1)[0]; d.Reason != test.reason || d.Attempts != 1 {
				t.Errorf("dead: %+v", d)
			}
			w.say(s, "2") // and the stream goes on
			w.await(chat.DeliveryDead, 2)
		})
	}
}

// TestAPrivateAddressIsDeadAfterTheFirstRepeats: what a name stands for may be wrong for a moment.
func TestAPrivateAddressIsDeadAfterTheFirstRepeats(t *testing.T) {
	t.Parallel()
	w, r := newWorld(t), newReceiver(t, nil)
	w.deliver(func(o *outbox.Options) {
		o.Client, o.Refused = egress.Client(false, time.Minute), func(err error) bool { return errors.Is(err, egress.ErrPrivate) }
	})
	w.say(w.start(r.URL), "1", "2")
	for n := 1; n <= 3; n++ {
		eventually(t, func() error {
			if list := w.deliveries(chat.DeliveryPending); len(list) != 2 || list[1].Attempts != n {
				return fmt.Errorf("after refusal %d: %+v", n, list)
			}
			return nil
		})
		w.pass(3 * time.Second)
	}
	d := w.await(chat.DeliveryDead, 1)[0]
	if d.Attempts != 4 || d.Reason != egress.ErrPrivate.Error() || len(r.all()) > 0 {
		t.Errorf("dead: %+v, %d calls", d, len(r.all()))
	}
	eventually(t, func() error { // and the stream goes on, with three repeats of its own
		if list := w.deliveries(chat.DeliveryPending); len(list) != 1 || list[0].Attempts != 1 {
			return fmt.Errorf("the next: %+v", list)
		}
		return nil
	})
}

func TestALaterProgramsKindIsLeft(t *testing.T) {
	t.Parallel()
	w, r := newWorld(t), newReceiver(t, nil)
	w.deliver(func(o *outbox.Options) { o.Render = nil })
	w.say(w.start(r.URL), "1")
	eventually(t, func() error {
		if d := w.deliveries(chat.DeliveryPending); len(d) != 1 || d[0].Attempts == 0 || d[0].Log[0].Error == "" {
			return fmt.Errorf("pending: %+v", d)
		}
		return nil
	})
}

// failingLoad is a domain that cannot load deliveries while err is set.
type failingLoad struct {
	*chat.Service
	loads atomic.Int64
	err   atomic.Pointer[error]
}

func (s *failingLoad) LoadOutgoing(ctx context.Context, d *chat.Delivery) (*chat.Outgoing, error) {
	s.loads.Add(1)
	if err := s.err.Load(); err != nil {
		return nil, *err
	}
	return s.Service.LoadOutgoing(ctx, d)
}

func (s *failingLoad) fail(err error) {
	if err == nil {
		s.err.Store(nil)
		return
	}
	s.err.Store(&err)
}

// TestWhatCannotBeReadFails, as any delivery does, and says so, until it can or is given up.
func TestWhatCannotBeReadFails(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	w, r := newWorld(t), newReceiver(t, nil)
	s := &failingLoad{Service: w.Service}
	s.fail(errors.New("decode payload: unknown kind"))
	b := w.deliver(func(o *outbox.Options) { o.Service, o.Log = s, slog.New(slog.NewTextHandler(&log, nil)) })
	w.say(w.start(r.URL), "1")
	eventually(t, func() error {
		d := w.deliveries("")[0]
		if d.State != chat.DeliveryPending || d.Attempts != 1 || d.Log[0].Error != "what it is about cannot be read" || d.NextAt.IsZero() {
			return fmt.Errorf("%+v after %d loads", d, s.loads.Load())
		}
		return nil
	})
	s.fail(nil)
	w.pass(3 * time.Second)
	w.await(chat.DeliveryDelivered, 1)
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if text := log.String(); strings.Count(text, "cannot be read") != 1 || !strings.Contains(text, "unknown kind") {
		t.Errorf("logged %s", text)
	}
}

// TestStorageThatIsAwayIsNoAttempt: the stream is left alone for a moment.
func TestStorageThatIsAwayIsNoAttempt(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"away": chat.Errorf(chat.CodeUnavailable, "away"), "no time": fmt.Errorf("load: %w", context.DeadlineExceeded),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, r := newWorld(t), newReceiver(t, nil)
			s := &failingLoad{Service: w.Service}
			s.fail(err)
			w.deliver(func(o *outbox.Options) { o.Service = s })
			w.say(w.start(r.URL), "1")
			eventually(t, func() error {
				if s.loads.Load() == 0 {
					return errors.New("it was not tried")
				}
				return nil
			})
			s.fail(nil)
			w.pass(time.Second)
			if d := w.await(chat.DeliveryDelivered, 1)[0]; d.Attempts != 1 || s.loads.Load() > 3 {
				t.Errorf("%d attempts, %d loads", d.Attempts, s.loads.Load())
			}
		})
	}
}

// rawServer answers every connection with some bytes, and closes it.
func rawServer(t *testing.T, answer string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				c.SetDeadline(time.Now().Add(5 * time.Second))
				c.Read(make([]byte, 4096))
				c.Write([]byte(answer))
			})
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return "http://" + l.Addr().String()
}

// TestBadReceiversHarmNobody: beside all kinds of bad ones a good one gets everything, in order, and
// nothing of the bad ones is lost.
func TestBadReceiversHarmNobody(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	good, other := newReceiver(t, nil), newReceiver(t, nil)
	hanging := newReceiver(t, func(_ http.ResponseWriter, req *http.Request) {
		select {
		case <-release:
		case <-req.Context().Done():
		}
	})
	t.Cleanup(func() { close(release) }) // before the server is closed
	redirecting := newReceiver(t, func(w http.ResponseWriter, req *http.Request) {
		http.Redirect(w, req, other.URL, http.StatusTemporaryRedirect)
	})
	closed := newReceiver(t, nil)
	closed.Close()
	bad := map[string]string{
		hanging.URL:                    "the receiver did not answer in time",
		redirecting.URL:                "the receiver answers 307: redirects are not followed",
		closed.URL:                     "",
		rawServer(t, "hello\r\n\r\n"):  "",
		rawServer(t, ""):               "",
		"http://no-such-host.invalid/": "",
		rawServer(t, "HTTP/1.1 200 OK\r\nX: "+string(make([]byte, 100<<10))): "",
	}
	w := newWorld(t)
	w.deliver(func(o *outbox.Options) { o.Timeout, o.Hands, o.PerReceiver = 300*time.Millisecond, 16, 4 })
	const each = 12
	for url := range bad {
		for range 6 { // streams
			w.say(w.start(url), "a", "b")
		}
	}
	s := w.start(good.URL)
	want := make([]string, each)
	for i := range want {
		want[i] = strconv.Itoa(i)
		w.say(s, want[i])
	}
	w.await(chat.DeliveryDelivered, each)
	if got := good.texts(); !slices.Equal(got, want) {
		t.Errorf("the good receiver got %v", got)
	}
	if len(other.all()) > 0 {
		t.Error("a redirect was followed")
	}
	if n := hanging.atOnce(); n > 4 {
		t.Errorf("%d hands were at the hanging receiver", n)
	}
	for url, reason := range bad {
		eventually(t, func() error {
			list, _, err := w.ListDeliveries(t.Context(), chat.DeliveriesQuery{URL: url, Limit: 100})
			if err != nil || len(list) != 12 {
				return fmt.Errorf("%s: %d deliveries, %w", url, len(list), err)
			}
			for _, d := range list {
				if d.State != chat.DeliveryPending {
					return fmt.Errorf("%s: %+v", url, d)
				}
				if len(d.Log) > 0 && d.Log[0].Error != "" && (reason == "" || d.Log[0].Error == reason) {
					return nil
				}
			}
			return fmt.Errorf("%s: no attempt failed of %q", url, reason)
		})
	}
}

func TestRetryAfterIsRespected(t *testing.T) {
	t.Parallel()
	for wish, want := range map[string]time.Duration{"60": time.Minute, "100000": 15 * time.Minute, "1": 3 * time.Second, "soon": 3 * time.Second, "-5": 3 * time.Second} {
		t.Run(wish, func(t *testing.T) {
			t.Parallel()
			w, r := newWorld(t), newReceiver(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", wish)
				w.WriteHeader(http.StatusTooManyRequests)
			})
			w.deliver()
			w.say(w.start(r.URL), "1")
			eventually(t, func() error {
				d := w.deliveries(chat.DeliveryPending)[0]
				if d.Attempts == 0 {
					return errors.New("there was no attempt")
				}
				if got := d.NextAt.Sub(d.Log[0].At); got < want || got > want+5*time.Second {
					t.Errorf("tried again after %s, want %s", got, want)
				}
				return nil
			})
		})
	}
}

// TestCloseWaitsForWhatIsUnderWay, and takes nothing up any more; twice is as good as once.
func TestCloseWaitsForWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	reached, release := make(chan struct{}, 10), make(chan struct{})
	w, r := newWorld(t), newReceiver(t, func(http.ResponseWriter, *http.Request) { reached <- struct{}{}; <-release })
	b := w.deliver()
	s := w.start(r.URL)
	w.say(s, "1", "2")
	<-reached
	closed := make(chan error)
	go func() { closed <- b.Close(context.Background()) }()
	select {
	case err := <-closed:
		t.Fatalf("closed while a webhook was on its way: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(release)
	if err := errors.Join(<-closed, b.Close(context.Background())); err != nil {
		t.Fatal(err)
	}
	if done, left := w.deliveries(chat.DeliveryDelivered), w.deliveries(chat.DeliveryPending); len(done) != 1 || len(left) != 1 {
		t.Fatalf("%d delivered, %d left", len(done), len(left))
	}
	w.deliver() // another run goes on at once: the stream was given back
	w.await(chat.DeliveryDelivered, 2)
	if got := r.texts(); !slices.Equal(got, []string{"1", "2"}) {
		t.Errorf("received %v", got)
	}
}

// TestCloseCutsOff what takes too long; it is repeated under the same id, and not counted.
func TestCloseCutsOff(t *testing.T) {
	t.Parallel()
	var hang atomic.Bool
	hang.Store(true)
	reached := make(chan struct{}, 10)
	w, r := newWorld(t), newReceiver(t, func(_ http.ResponseWriter, req *http.Request) {
		reached <- struct{}{}
		if hang.Load() {
			<-req.Context().Done()
		}
	})
	b := w.deliver()
	w.say(w.start(r.URL), "1")
	<-reached
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Close(ctx); err == nil {
		t.Error("nothing was said of what was cut off")
	}
	hang.Store(false)
	w.deliver()
	d := w.await(chat.DeliveryDelivered, 1)[0]
	calls := r.all()
	if d.Attempts != 1 || len(calls) != 2 || calls[0].header.Get("Webhook-Id") != calls[1].header.Get("Webhook-Id") {
		t.Errorf("delivery %+v, %d calls", d, len(calls))
	}
}

// TestALostLeaseIsRepeated: a node that is too slow does not count, and what it did is done again.
func TestALostLeaseIsRepeated(t *testing.T) {
	t.Parallel()
	reached, release := make(chan struct{}, 10), make(chan struct{}, 10)
	w, r := newWorld(t), newReceiver(t, func(http.ResponseWriter, *http.Request) { reached <- struct{}{}; <-release })
	w.deliver()
	w.say(w.start(r.URL), "1")
	<-reached
	w.pass(time.Hour) // its lease is over
	w.deliver(func(o *outbox.Options) { o.Service, o.Bell = w.node("there"), outbox.NewBell() })
	<-reached
	release <- struct{}{}
	release <- struct{}{}
	d := w.await(chat.DeliveryDelivered, 1)[0]
	if calls := r.all(); len(calls) != 2 || d.Attempts != 1 || calls[0].header.Get("Webhook-Id") != calls[1].header.Get("Webhook-Id") {
		t.Errorf("%d calls, delivery %+v", len(calls), d)
	}
}

func TestDropping(t *testing.T) {
	t.Parallel()
	down := newReceiver(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	w := newWorld(t)
	w.deliver()
	s := w.start(down.URL)
	w.say(s, "1", "2")
	down.wantCalls(t, 1)
	list := w.deliveries(chat.DeliveryPending)
	if err := w.DropDelivery(t.Context(), list[1].ID); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error { // what came after it is tried, without waiting for its time
		if texts := down.texts(); !slices.Contains(texts, "2") {
			return fmt.Errorf("received %v", texts)
		}
		return nil
	})
	if err := w.DropDelivery(t.Context(), list[1].ID); chat.CodeOf(err) != chat.CodeNotFound {
		t.Errorf("dropped twice: %v", err)
	}
}

// held is a receiver whose first call waits until it is released, and is then answered so.
func held(t *testing.T, status int) (r *receiver, reached, release chan struct{}) {
	var calls atomic.Int64
	reached, release = make(chan struct{}, 100), make(chan struct{})
	r = newReceiver(t, func(w http.ResponseWriter, req *http.Request) {
		first := calls.Add(1) == 1
		reached <- struct{}{}
		select {
		case <-release:
		case <-req.Context().Done():
		}
		if first && status != http.StatusOK {
			w.Header().Set("Retry-After", "600")
			w.WriteHeader(status)
		}
	})
	return r, reached, release
}

// find finds the delivery of a message by its place among all.
func (w *world) find(place int) chat.Delivery {
	w.t.Helper()
	list := w.deliveries("")
	return list[len(list)-1-place]
}

func (r *receiver) wantTexts(t *testing.T, want ...string) {
	t.Helper()
	r.wantCalls(t, len(want))
	if got := r.texts(); !slices.Equal(got, want) {
		t.Errorf("received %v, want %v", got, want)
	}
}

// TestDroppedWhileUnderWay: nothing waits for a delivery that is no more, although its attempt fails.
func TestDroppedWhileUnderWay(t *testing.T) {
	t.Parallel()
	r, reached, release := held(t, http.StatusServiceUnavailable)
	w := newWorld(t)
	w.say(w.start(r.URL), "1", "2")
	w.deliver()
	<-reached
	if err := w.DropDelivery(t.Context(), w.find(0).ID); err != nil {
		t.Fatal(err)
	}
	close(release)
	r.wantTexts(t, "1", "2")
}

// TestWhatIsDroppedIsNotSent, though a hand had it in mind already.
func TestWhatIsDroppedIsNotSent(t *testing.T) {
	t.Parallel()
	r, reached, release := held(t, http.StatusOK)
	w := newWorld(t)
	w.say(w.start(r.URL), "1", "2", "3")
	w.deliver()
	<-reached
	if err := w.DropDelivery(t.Context(), w.find(1).ID); err != nil {
		t.Fatal(err)
	}
	close(release)
	w.await(chat.DeliveryDelivered, 2)
	r.wantTexts(t, "1", "3")
}

// TestReplayedWhileUnderWay: it comes before what a hand had in mind.
func TestReplayedWhileUnderWay(t *testing.T) {
	t.Parallel()
	r, reached, release := held(t, http.StatusOK)
	w := newWorld(t)
	s := w.start(r.URL)
	w.say(s, "0")
	broken := w.deliver(func(o *outbox.Options) {
		o.Render = map[chat.DeliveryKind]outbox.Render{chat.DeliveryEvent: func(*chat.Outgoing) ([]byte, error) { return nil, errors.New("oops") }}
	})
	dead := w.await(chat.DeliveryDead, 1)[0]
	if err := broken.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.say(s, "1", "2", "3")
	w.deliver()
	<-reached
	if _, err := w.ReplayDelivery(t.Context(), dead.ID); err != nil {
		t.Fatal(err)
	}
	close(release)
	w.await(chat.DeliveryDelivered, 4)
	r.wantTexts(t, "1", "0", "2", "3")
}
