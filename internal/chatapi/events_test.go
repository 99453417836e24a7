package chatapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/chatapi"
	"github.com/govorun/govorun/internal/chatapi/hold"
	"github.com/govorun/govorun/internal/chatapi/poll"
	"github.com/govorun/govorun/internal/feed"
	"github.com/govorun/govorun/internal/sqlstore"
)

// patience is how long anything may take on a busy machine.
const patience = 30 * time.Second

// pollWorld is a server that answers long polls of one client.
type pollWorld struct {
	*testing.T
	store  *sqlstore.Store
	feed   *feed.Feed
	lot    *hold.Lot
	chat   *chat.Chat
	client chat.ClientRef
	sess   *chat.Session
	addr   string
	broken atomic.Bool // events cannot be read
}

// breakable is a store whose events cannot always be read.
type breakable struct {
	*sqlstore.Store
	w *pollWorld
}

func (b breakable) ListEvents(ctx context.Context, s chat.SessionRef, after int64, limit int) ([]chat.Event, error) {
	if b.w.broken.Load() {
		return nil, errors.New("the disk is on fire")
	}
	return b.Store.ListEvents(ctx, s, after, limit)
}

func newPollWorld(t *testing.T, maxPolls int) *pollWorld {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	store := openStore(t)
	w := &pollWorld{T: t, store: store, lot: hold.New(hold.Params{Max: maxPolls, WriteTimeout: patience, IdleTimeout: patience, Log: log})}
	w.feed = feed.New(store, feed.Options{Log: log, HealInterval: 20 * time.Millisecond})
	service := chat.NewService(chat.Params{Store: store, Node: "here", Now: time.Now, NewID: uuid.NewString, NewSecretID: uuid.NewString, Ring: w.feed.Ring})
	hub := poll.New(poll.Params{Store: breakable{store, w}, Feed: w.feed, Service: service, Now: time.Now, Log: log,
		Render: func(_ context.Context, _ *poll.Request, o *poll.Object) (json.RawMessage, error) {
			return json.Marshal(o.Last().Message().Body)
		}})
	w.fill()
	events := &chatapi.Events{
		Hub: hub, Lot: w.lot,
		Client: func(_ context.Context, _ *chat.Chat, clientID string) (chat.ClientRef, error) {
			if clientID != "c" {
				return chat.ClientRef{}, chat.Errorf(chat.CodeNotFound, "no such client")
			}
			return w.client, nil
		},
		Failure: func(path string, err error) hold.Answer {
			return hold.Answer{Status: http.StatusInternalServerError, Body: fmt.Appendf(nil, "%q", path+" failed")}
		},
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.addr = l.Addr().String()
	server := &http.Server{ReadHeaderTimeout: patience, Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if err := events.Serve(rw, r, w.chat, r.URL.Query()); err != nil {
			rw.WriteHeader(map[chat.Code]int{chat.CodeInvalid: 400, chat.CodeNotFound: 404, chat.CodeUnavailable: 503}[chat.CodeOf(err)])
			_, _ = io.WriteString(rw, err.Error())
		}
	})}
	for _, l := range []net.Listener{l, w.lot} {
		go func() { _ = server.Serve(l) }()
	}
	t.Cleanup(func() {
		ctx := context.Background()
		if err := errors.Join(w.lot.Finish(ctx), server.Shutdown(ctx), hub.Close(ctx)); err != nil {
			t.Error(err)
		}
		w.feed.Close()
	})
	return w
}

// fill makes a chat and a client with a session.
func (w *pollWorld) fill() {
	w.chat = &chat.Chat{ID: uuid.NewString(), Identity: chat.IdentityOpen}
	client := &chat.Client{ID: uuid.NewString()}
	w.sess = &chat.Session{
		ID: uuid.NewString(), Status: chat.StatusOpen, Owner: chat.Owner{Kind: chat.OwnerNobody}, TTL: time.Hour,
		StartedAt: time.Now(), ActiveAt: time.Now(), CheckAt: time.Now().Add(time.Hour),
	}
	err := w.store.Update(context.Background(), func(tx chat.Tx) error {
		if err := errors.Join(tx.CreateChat(w.chat), tx.CreateClient(client)); err != nil {
			return err
		}
		w.client = chat.ClientRef{Chat: w.chat.Key, Client: client.Key}
		w.sess.ChatKey, w.sess.ChatID, w.sess.ClientKey = w.chat.Key, w.chat.ID, client.Key
		return tx.CreateSession(w.sess, &chat.SessionDetails{})
	})
	if err != nil {
		w.Fatal(err)
	}
}

// say has an operator say something.
func (w *pollWorld) say(body string) {
	w.Helper()
	err := w.store.Update(context.Background(), func(tx chat.Tx) error {
		s, err := tx.LockSession(w.sess.ID)
		if err != nil {
			return err
		}
		s.Sequence++
		e := chat.Event{ID: uuid.NewString(), Session: s.Ref(), Sequence: s.Sequence, At: time.Now(), Payload: &chat.Message{AuthorType: chat.AuthorOperator, Body: body}}
		ring := chat.Ring{Session: s.Ref(), Client: w.client, Sequence: e.Sequence, Settled: e.Sequence, Events: []chat.Event{e}}
		tx.OnCommit(func() { w.feed.Ring(ring) })
		return errors.Join(tx.UpdateSession(s), tx.AppendEvents([]chat.Event{e}))
	})
	if err != nil {
		w.Fatal(err)
	}
}

// conn is a connection of a client.
type conn struct {
	*pollWorld
	net.Conn
	in *bufio.Reader
}

func (w *pollWorld) dial() *conn {
	w.Helper()
	c, err := net.Dial("tcp", w.addr)
	if err != nil {
		w.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(patience))
	w.Cleanup(func() { _ = c.Close() })
	return &conn{w, c, bufio.NewReader(c)}
}

func (c *conn) ask(query string) {
	_, _ = fmt.Fprintf(c.Conn, "GET /chatapi/t/events?%s HTTP/1.1\r\nHost: h\r\n\r\n", query)
}

func (c *conn) want(status int, body string) {
	c.Helper()
	r, err := http.ReadResponse(c.in, nil)
	if err != nil {
		c.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	got, _ := io.ReadAll(r.Body)
	if r.StatusCode != status || !strings.Contains(string(got), body) {
		c.Errorf("%d %s, expected %d %s", r.StatusCode, got, status, body)
	}
}

// wait waits until so many polls are held.
func (w *pollWorld) wait(n int) {
	w.Helper()
	for began := time.Now(); w.lot.Waiting() != n; {
		if time.Since(began) > patience {
			w.Fatalf("%d polls are held, expected %d", w.lot.Waiting(), n)
		}
		time.Sleep(time.Millisecond) //nolint:forbidigo // between two looks
	}
}

func TestPollsOnOneConnection(t *testing.T) {
	t.Parallel()
	w := newPollWorld(t, 10)
	c := w.dial()
	w.say("there")
	c.ask("clientId=c")
	c.want(200, `["there"]`)
	for i := range 3 {
		c.ask("clientId=c")
		w.wait(1)
		w.say(fmt.Sprint("said ", i))
		c.want(200, fmt.Sprintf(`["said %d"]`, i))
	}
	c.ask("clientId=c&after=0")
	c.want(200, `["there","said 0","said 1","said 2"]`)
}

func TestAVanishedClientIsFreedAndMissesNothing(t *testing.T) {
	t.Parallel()
	w := newPollWorld(t, 10)
	gone := w.dial()
	gone.ask("clientId=c")
	w.wait(1)
	_ = gone.Close()
	w.wait(0)
	w.say("to whoever comes back")
	c := w.dial()
	c.ask("clientId=c")
	c.want(200, `["to whoever comes back"]`)
}

func TestPollsThatCannotBeAnswered(t *testing.T) {
	t.Parallel()
	w := newPollWorld(t, 1)
	c := w.dial()
	for query, want := range map[string]string{
		"":                              "clientId: expected",
		"clientId=":                     "clientId: expected",
		"clientId=c&ts=yesterday":       "ts: expected",
		"clientId=c&ts=-99999999999999": "ts: expected",
		"clientId=c&after=x":            "after: expected",
		"clientId=c&after=-1":           "after: expected",
		"clientId=c&after=1&ts=1":       "after: expected either",
		"clientId=c&all=maybe":          "all: expected",
		"clientId=c&cid=%00":            "cid: expected",
		"clientId=c&cid=%ff":            "cid: expected",
		"clientId=c&after=%00":          "after: expected",
		"clientId=c&after=%ff":          "after: expected",
		"clientId=c&cid=" + strings.Repeat("x", 256):   "cid: expected",
		"clientId=c&cid=" + strings.Repeat("ы", 256):   "cid: expected",
		"clientId=c&after=" + strings.Repeat("x", 256): "after: expected",
	} {
		c.ask(query)
		c.want(400, want)
	}
	c.ask("clientId=d")
	c.want(404, "no such client")
	c.ask("clientId=c")
	w.wait(1)
	other := w.dial()
	other.ask("clientId=c")
	other.want(503, "too many long polls")
	w.broken.Store(true)
	w.feed.RingClient(w.client)
	w.say("cannot be read") // it comes along, and need not
	c.want(200, "cannot be read")
	_ = c.Close() // a connection that may ask for more counts
	w.wait(0)
	other.ask("clientId=c&after=0")
	other.want(500, "events failed")
	w.broken.Store(false)
	other.ask("clientId=c&after=0")
	other.want(200, "cannot be read")
}

func TestTimesOfPolls(t *testing.T) {
	t.Parallel()
	w := newPollWorld(t, 10)
	w.say("now")
	c := w.dial()
	before, later := time.Now().Add(-time.Minute).UTC(), time.Now().Add(time.Minute).UTC()
	for _, form := range []string{
		time.RFC3339Nano, "2006-01-02T15:04:05.000Z07:00", "2006-01-02T15:04:05.000", "2006-01-02 15:04:05", "2006-01-02T15:04:05",
	} {
		for _, zone := range []*time.Location{time.UTC, time.FixedZone("", 3*3600)} {
			if !strings.Contains(form, "Z07") && zone != time.UTC {
				continue
			}
			for _, escape := range []func(string) string{url.QueryEscape, func(s string) string { return strings.ReplaceAll(s, " ", "+") }} {
				c.ask("clientId=c&ts=" + escape(before.In(zone).Format(form)))
				c.want(200, `["now"]`)
			}
		}
	}
	c.ask(fmt.Sprint("clientId=c&ts=", before.UnixMilli()))
	c.want(200, `["now"]`)
	c.ask("clientId=c&ts=2020-01-01")
	c.want(200, `["now"]`)
	c.ask(fmt.Sprint("clientId=c&ts=", later.UnixMilli()))
	w.wait(1)
}
