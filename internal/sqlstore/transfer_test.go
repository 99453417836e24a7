package sqlstore

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/test/servers"
)

// corpus is what was written into a store, by what it is found again.
type corpus struct {
	chats    []string
	bots     []string
	sessions []string
	aliases  []chat.Alias
	repeated string // idempotency key
}

var corpusTime = time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)

// newCorpus writes a little of everything, and some messages more.
func newCorpus(t *testing.T, s *Store, messages int) *corpus {
	t.Helper()
	w := &corpus{repeated: "key 🔑"}
	bot := &chat.BotRecord{ID: uuid.NewString(), Name: "Бот 🤖", Version: 1}
	mustUpdate(t, s, func(x chat.Tx) error {
		v := &chat.BotVersion{BotID: bot.ID, Number: 1, Digest: "d", Files: 2, Size: 3, Note: "первая 🤖", AuthorID: "a", Author: "Ада", CreatedAt: corpusTime}
		return errors.Join(x.PutBot(bot), x.CreateBotVersion(v, []byte("\x00\xff archive")))
	})
	w.bots = append(w.bots, bot.ID)
	zone := -330
	for i := range 3 {
		c := &chat.Chat{
			ID: uuid.NewString(), Name: "Чат 💬", BotID: bot.ID, Identity: chat.IdentitySigned, Secret: "secret", Language: "ru", Demo: i == 0,
			Origins: []string{"https://a.example"}, Settings: chat.Settings{SessionTTL: 60, BotFailureMessage: "упс"},
		}
		if i > 0 {
			c.Token = "token:" + strconv.Itoa(i)
		}
		mustUpdate(t, s, func(x chat.Tx) error { return x.CreateChat(c) })
		w.chats = append(w.chats, c.ID)
		for j := range 4 {
			client := &chat.Client{ID: uuid.NewString(), ExternalID: "ext", Name: "Анна 🙂", Phone: "+7900", Metadata: map[string]string{"город": "Томск"}, CreatedAt: corpusTime}
			if j > 0 {
				client.Timezone = &zone
			}
			w.sessions = append(w.sessions, w.talk(t, s, c, client, bot, j, messages/12))
		}
	}
	mustUpdate(t, s, func(x chat.Tx) error {
		return x.CreateIdempotency(&chat.IdempotencyRecord{Scope: "s", Key: w.repeated, BodyHash: "h", SessionID: w.sessions[0], EventID: "e", Sequence: 3, CreatedAt: corpusTime})
	})
	mustUpdate(t, s, func(x chat.Tx) error {
		in, err := x.FindChat(w.chats[0])
		if err != nil {
			return err
		}
		c := &chat.Campaign{ID: uuid.NewString(), ChatKey: in.Key, ChatID: in.ID, Name: "акция", Event: "sale", State: chat.CampaignInit, CreatedAt: corpusTime}
		if err := x.CreateCampaign(c); err != nil {
			return err
		}
		_, err = x.AddRecipients(c.Key, 0, []chat.Recipient{{ClientID: "Ю", Data: []byte(`{"имя":"Ян"}`)}, {ClientID: "b"}})
		return err
	})
	mustUpdate(t, s, func(x chat.Tx) error {
		_, err := x.KeepSecret("тайна", "value")
		return errors.Join(err, x.CreateAPIKey(&chat.APIKey{
			ID: uuid.NewString(), Name: "ключ", Digest: uuid.NewString(), Hint: "gk", Permissions: []string{"a"}, CreatedAt: corpusTime,
		}))
	})
	mustUpdate(t, s, func(x chat.Tx) error {
		session, err := x.LockSession(w.sessions[0])
		if err != nil {
			return err
		}
		cursor := chat.PollCursor{Client: session.ClientRef(), CID: "вкладка", Position: chat.Position{Session: session.Key, Sequence: 2}, UsedAt: corpusTime}
		if err := x.AdvancePollCursor(cursor); err != nil {
			return err
		}
		return x.CreateFile(&chat.File{
			ID: uuid.NewString(), SessionKey: session.Key, ClientKey: session.ClientKey, Name: "файл 📎.png", ContentType: "image/png",
			Size: 3, Blob: "ab/c", Private: true, State: chat.FileUsed, CreatedAt: corpusTime,
		})
	})
	return w
}

// talk writes a session of a new client. Every second one is closed, every third one leased.
func (w *corpus) talk(t *testing.T, s *Store, c *chat.Chat, client *chat.Client, bot *chat.BotRecord, n, messages int) string {
	t.Helper()
	session := &chat.Session{
		ID: uuid.NewString(), ChatID: c.ID, ClientID: client.ID, BotID: bot.ID, Status: chat.StatusOpen, Demo: c.Demo,
		Owner: chat.Owner{Kind: chat.OwnerBot, ID: bot.ID, Name: bot.Name}, Term: 2, TTL: time.Hour,
		StartedAt: corpusTime, ActiveAt: corpusTime, CheckAt: corpusTime.Add(time.Hour),
	}
	details := &chat.SessionDetails{Name: "Имя", Channel: "WIDGET", Variables: map[string]any{"список": []any{"а", nil, 1.5}}, NotifyOnEvents: []string{"x"}, ClientIP: "::1"}
	alias := chat.Alias{Kind: chat.AliasExternal, Value: "Ю" + strconv.Itoa(len(w.sessions))}
	mustUpdate(t, s, func(x chat.Tx) error {
		if err := x.CreateClient(client); err != nil {
			return err
		}
		session.ChatKey, session.ClientKey = c.Key, client.Key
		if err := x.AddAlias(c.Key, client.Key, alias); err != nil {
			return err
		}
		if err := x.CreateSession(session, details); err != nil {
			return err
		}
		if err := x.SaveSessionState(session.Key, json.RawMessage(`{"s":"😀"}`)); err != nil {
			return err
		}
		return x.SaveClientState(bot.ID, client.Key, json.RawMessage(`{"c":1}`), 0)
	})
	w.aliases = append(w.aliases, alias)
	payloads := onePayloadEach()
	for i := range messages {
		payloads = append(payloads, &chat.Message{AuthorType: chat.AuthorClient, Type: chat.MessageRegular, Body: fmt.Sprintf("%d: Добрый день 👋\x00\u2028", i)})
	}
	payloads = append(payloads, &chat.Message{AuthorType: chat.AuthorBot, Type: chat.MessageRegular, Body: strings.Repeat("ж🙂", 25_000)})
	mustUpdate(t, s, func(x chat.Tx) error { return writePayloads(x, session.ID, payloads...) })
	mustUpdate(t, s, func(x chat.Tx) error {
		session, err := x.LockSession(session.ID)
		if err != nil {
			return err
		}
		switch {
		case n%2 == 1:
			session.Status, session.ClosedAt = chat.StatusClosed, corpusTime
		case n%3 == 0:
			session.Pending = session.Sequence
			session.Lease = chat.Lease{Node: "node", Until: corpusTime, Attempts: 2}
		}
		if err := x.CreateTimer(&chat.Timer{
			ID: uuid.NewString(), Kind: chat.TimerEvent, At: corpusTime, Event: "событие", Data: json.RawMessage(`{"я":1}`), Target: "/х",
			BotID: bot.ID, SessionKey: session.Key, ChatKey: session.ChatKey, ClientKey: session.ClientKey, Held: n == 2, CreatedAt: corpusTime,
		}); err != nil {
			return err
		}
		q := &chat.QuestionRecord{ChatKey: c.Key, ClientKey: client.Key, ID: "в", SessionKey: session.Key, Sequence: 2, CID: "к", At: corpusTime}
		if err := x.CreateQuestion(q); err != nil {
			return err
		}
		session.TimeoutAt = corpusTime
		session.Hooks = &chat.Hooks{CallbackURL: "https://a.example/х", Events: []string{"x"}}
		if err := x.UpdateSession(session); err != nil {
			return err
		}
		status := chat.MessageStatusRecord{SessionKey: session.Key, Sequence: 2, Status: chat.MessageReadBy, UpTo: 4}
		if err := x.PutMessageStatus(&status); err != nil {
			return err
		}
		if err := x.PutWidgetState(session.ChatKey, session.ClientKey, json.RawMessage(`{"в":1}`)); err != nil {
			return err
		}
		if err := x.AppendDeliveries(w.deliveries(session)); err != nil || n%3 != 0 {
			return err
		}
		_, err = x.ClaimStreams("node", "a.example:443", corpusTime, corpusTime.Add(time.Minute), 1)
		return err
	})
	return session.ID
}

// deliveries are two of a stream.
func (w *corpus) deliveries(session *chat.Session) []chat.Delivery {
	d := chat.Delivery{
		ID: newID(), ClientKey: session.ClientKey, Session: session.Ref(), ChatID: session.ChatID, Kind: chat.DeliveryEvent,
		URL: "https://a.example/х", Data: "д", First: 1, Last: 2, State: chat.DeliveryDead, Attempts: 3, Reason: "упс",
		Log:       []chat.Attempt{{At: corpusTime, Took: time.Second, Status: 500, Error: "500"}},
		CreatedAt: corpusTime, Since: corpusTime, NextAt: corpusTime, EndedAt: corpusTime,
	}
	next := d
	next.ID, next.State, next.EndedAt = newID(), chat.DeliveryPending, time.Time{}
	return []chat.Delivery{d, next}
}

// onePayloadEach has one of every kind that is stored.
func onePayloadEach() []chat.Payload {
	return []chat.Payload{
		&chat.SessionStarted{Greet: true},
		&chat.Message{
			AuthorType: chat.AuthorBot, AuthorID: "b", AuthorName: "Бот", Type: chat.MessageRegular, Body: "Привет 👋\x00",
			Answers: []string{"да", "нет"}, Keyboard: &chat.Keyboard{ButtonsInRow: 2, Buttons: []string{"1", "2"}},
			Attachments: []chat.Attachment{{ID: "f", Name: "файл", ContentType: "text/plain", Size: 3, URL: "https://f"}},
			ReplyTo:     &chat.ReplyTo{ID: "r", AuthorType: chat.AuthorClient, AuthorName: "К", Body: "?"},
			State:       "/Start", Cause: 1, QuestionID: "в", Replies: []json.RawMessage{json.RawMessage(`{"type":"text"}`)},
		},
		&chat.MessageRead{MessageID: "m", UpTo: 2, By: chat.AuthorClient},
		&chat.StatusChanged{QuestionID: "q", Status: chat.MessageReadBy, By: chat.AuthorClient},
		&chat.WidgetStateChanged{State: json.RawMessage(`{"x":"я"}`), CID: "c"},
		&chat.ActionPressed{
			Event: "press", Data: json.RawMessage(`{"x":[1,2]}`),
			Question: &chat.Question{ID: "в", CID: "к", Data: json.RawMessage(`{"я":1}`), Async: true},
		},
		&chat.Answered{
			Cause: 1, QuestionID: "в", CID: "к", Async: true, NewSession: true, EndSession: true, Failed: true,
			Reply: &chat.BotReply{Class: "/Старт", Confidence: -0.5, Fields: json.RawMessage(`{"foo":"я"}`), NewSession: true, EndSession: true},
		},
		&chat.OwnerChanged{Owner: chat.Owner{Kind: chat.OwnerOperator, ID: "1", Name: "О"}, Previous: chat.Owner{Kind: chat.OwnerBot}, Term: 2},
		&chat.OwnerChanged{
			Owner: chat.Owner{Kind: chat.OwnerQueue, ID: "g"}, Previous: chat.Owner{Kind: chat.OwnerBot}, Term: 3,
			HandOver: &chat.HandOver{GroupID: "g", FirstMessage: "Привет", CloseChatPhrases: []string{"всё"}, Raw: json.RawMessage(`{"type":"switch"}`)},
		},
		&chat.TimerFired{TimerID: "t", TimerKind: chat.TimerEvent, Event: "напомнить", Data: json.RawMessage(`{"x":1}`), At: corpusTime},
		&chat.SessionClosed{By: chat.ClosedByClient, Result: "ok", RatingRequired: true, ChatID: "c"},
	}
}

// writePayloads numbers and stores what happens in a session.
func writePayloads(x chat.Tx, id string, payloads ...chat.Payload) error {
	s, err := x.LockSession(id)
	if err != nil {
		return err
	}
	var events []chat.Event
	for _, p := range payloads {
		s.Sequence++
		e := chat.Event{ID: newID(), Session: s.Ref(), Sequence: s.Sequence, At: corpusTime, Payload: p}
		if p.In(chat.StreamWidget) {
			s.WidgetNo++
			e.WidgetNo = s.WidgetNo
		}
		if p.In(chat.StreamSession) {
			s.SessionNo++
			e.SessionNo = s.SessionNo
		}
		events = append(events, e)
	}
	if err := x.UpdateSession(s); err != nil {
		return err
	}
	return x.AppendEvents(events)
}

// reads is all that can be read of a corpus.
type reads struct {
	Chats       []*chat.Chat
	Bots        []*chat.BotRecord
	Versions    []chat.BotVersion
	Archives    [][]byte
	Clients     []*chat.Client
	Aliased     []*chat.Client
	Sessions    []*chat.Session
	Details     []*chat.SessionDetails
	States      []*chat.BotState
	Events      [][]chat.Event
	Widget      [][]chat.Event
	Messages    [][]chat.Event
	Statuses    [][]chat.MessageStatusRecord
	Widgets     []string
	Due         []chat.SessionRef
	Expiring    []chat.SessionRef
	Idempotency *chat.IdempotencyRecord
	Deliveries  []chat.Delivery
	Receivers   []string
}

// read reads everything. Keys of events are left out, and leases, which a transfer frees.
func (w *corpus) read(t *testing.T, s *Store) *reads {
	t.Helper()
	ctx := context.Background()
	r := &reads{}
	check := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	for _, id := range w.chats {
		c, err := s.FindChat(ctx, id)
		check(err)
		r.Chats = append(r.Chats, c)
	}
	for _, id := range w.sessions {
		session, err := s.FindSession(ctx, id)
		check(err)
		session.Lease.Node, session.Lease.Until = "", time.Time{}
		r.Sessions = append(r.Sessions, session)
		client, err := s.FindClientByKey(ctx, session.ClientKey)
		check(err)
		r.Clients = append(r.Clients, client)
		details, err := s.FindSessionDetails(ctx, session.Key)
		check(err)
		r.Details = append(r.Details, details)
		state, err := s.FindBotState(ctx, session.Key, session.BotID, session.ClientKey)
		check(err)
		r.States = append(r.States, state)
		events, err := s.ListEvents(ctx, session.Ref(), 0, 1_000_000)
		check(err)
		r.Events = append(r.Events, withoutKeys(events))
		events, err = s.ListStream(ctx, session.Ref(), chat.StreamWidget, 0, 1_000_000, true)
		check(err)
		r.Widget = append(r.Widget, withoutKeys(events))
		events, _, err = s.ListMessages(ctx, session.Ref(), chat.MessagesQuery{Limit: 1_000_000, Newest: true})
		check(err)
		r.Messages = append(r.Messages, withoutKeys(events))
		statuses, err := s.ListMessageStatuses(ctx, session.Key, 1, 1_000_000)
		check(err)
		r.Statuses = append(r.Statuses, statuses)
		kept, err := s.FindWidgetState(ctx, session.ChatKey, session.ClientKey)
		check(err)
		r.Widgets = append(r.Widgets, string(kept))
	}
	for _, id := range w.bots {
		versions, err := s.ListBotVersions(ctx, id)
		check(err)
		r.Versions = append(r.Versions, versions...)
		archive, err := s.FindBotArchive(ctx, id, 1)
		check(err)
		r.Archives = append(r.Archives, archive)
	}
	var err error
	r.Deliveries, _, err = s.ListDeliveries(ctx, chat.DeliveriesQuery{Limit: 1000})
	check(err)
	r.Receivers, err = s.ListDueReceivers(ctx, corpusTime.AddDate(1, 0, 0))
	check(err)
	r.Due, err = s.ListDueTurns(ctx, "", corpusTime.AddDate(1, 0, 0), 0, 1000)
	check(err)
	r.Expiring, err = s.ListExpiring(ctx, corpusTime.AddDate(1, 0, 0), 1000)
	check(err)
	mustUpdate(t, s, func(x chat.Tx) (err error) {
		r.Bots, r.Aliased = nil, nil
		for _, id := range w.bots {
			b, err := x.FindBot(id)
			if err != nil {
				return err
			}
			r.Bots = append(r.Bots, b)
		}
		for i, a := range w.aliases {
			c, err := x.FindClientByAlias(r.Chats[i/4].Key, a)
			if err != nil {
				return err
			}
			r.Aliased = append(r.Aliased, c)
		}
		r.Idempotency, err = x.FindIdempotency("s", w.repeated)
		return err
	})
	return r
}

func withoutKeys(events []chat.Event) []chat.Event {
	for i := range events {
		events[i].Key = 0
	}
	return events
}

// wantSame compares what two stores answer.
func wantSame(t *testing.T, got, want *reads) {
	t.Helper()
	g, x := reflect.ValueOf(*got), reflect.ValueOf(*want)
	for i := range g.NumField() {
		if !reflect.DeepEqual(g.Field(i).Interface(), x.Field(i).Interface()) {
			t.Errorf("%s differ", g.Type().Field(i).Name)
		}
		if x.Field(i).IsZero() {
			t.Errorf("%s: nothing was read", g.Type().Field(i).Name)
		}
	}
}

// goOn writes what needs new keys of every kind, and looks that events follow on.
func (w *corpus) goOn(t *testing.T, s *Store) {
	t.Helper()
	_, position, err := s.ListChanged(context.Background(), -1)
	if err != nil {
		t.Fatal(err)
	}
	more := *w
	c := &chat.Chat{ID: uuid.NewString()}
	mustUpdate(t, s, func(x chat.Tx) error { return x.CreateChat(c) })
	client, bot := &chat.Client{ID: uuid.NewString()}, &chat.BotRecord{ID: uuid.NewString()}
	id := more.talk(t, s, c, client, bot, 0, 10)
	mustUpdate(t, s, func(x chat.Tx) error {
		return x.CreateIdempotency(&chat.IdempotencyRecord{Scope: "s", Key: uuid.NewString(), CreatedAt: corpusTime})
	})
	old := w.sessions[0]
	before, err := s.FindSession(context.Background(), old)
	if err != nil {
		t.Fatal(err)
	}
	mustUpdate(t, s, append1(old, newID()))
	events, err := s.ListEvents(context.Background(), before.Ref(), before.Sequence-1, 10)
	if err != nil || len(events) != 2 || events[1].Sequence != before.Sequence+1 || events[1].Key <= events[0].Key {
		t.Fatalf("events after the last of session %d: %+v, %v", before.Key, events, err)
	}
	changes, _, err := s.ListChanged(context.Background(), position)
	if err != nil || len(changes) < 2 {
		t.Errorf("changes of %s and %s: %+v, %v", id, old, changes, err)
	}
}

// lite is a directory as Transfer takes it.
func lite(dir string) string { return "sqlite:" + dir }

func mustTransfer(t *testing.T, o TransferOptions) []TransferredTable {
	t.Helper()
	tables, err := Transfer(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, tb := range tables {
		if tb.Source != tb.Copy || len(tb.Copy.Hash) != 64 {
			t.Errorf("%s: source %+v, copy %+v", tb.Name, tb.Source, tb.Copy)
		}
		if tb.Copy.Rows == 0 {
			t.Errorf("%s: no row was tried", tb.Name)
		}
	}
	return tables
}

// closedCorpus is a directory with data on which no server runs.
func closedCorpus(t *testing.T, messages int) (w *corpus, dir, logID string, read *reads) {
	t.Helper()
	dir = t.TempDir()
	s := openStore(t, Options{Dir: dir})
	w = newCorpus(t, s, messages)
	read = w.read(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return w, dir, s.LogID(), read
}

// TestTransfer: everything is on the other side, goes on there, and comes back.
func TestTransfer(t *testing.T) {
	t.Parallel()
	server := servers.NewPostgres(t)
	url := server.NewDatabase(t)
	w, dir, logID, want := closedCorpus(t, 600)
	mustTransfer(t, TransferOptions{From: lite(dir), To: url})

	there := openStore(t, Options{PostgresURL: url})
	wantSame(t, w.read(t, there), want)
	if there.LogID() == logID {
		t.Error("the log id was not renewed")
	}
	for _, id := range w.sessions {
		if session, err := there.FindSession(context.Background(), id); err != nil || session.Lease.Node != "" || !session.Lease.Until.IsZero() {
			t.Errorf("lease %+v, %v", session.Lease, err)
		}
	}
	w.goOn(t, there)
	want = w.read(t, there)
	if err := there.Close(); err != nil {
		t.Fatal(err)
	}

	source := openStore(t, Options{Dir: dir})
	if source.LogID() != logID {
		t.Error("the source was changed")
	}

	back := t.TempDir()
	mustTransfer(t, TransferOptions{From: url, To: lite(back)})
	here := openStore(t, Options{Dir: back})
	wantSame(t, w.read(t, here), want)
	if here.LogID() == there.LogID() || here.LogID() == logID {
		t.Error("the log id was not renewed on the way back")
	}
	w.goOn(t, here)
}

// TestTransferFindsAllTables: whatever the migrations make is copied, the same on both engines,
// and so will be what they make later.
func TestTransferFindsAllTables(t *testing.T) {
	t.Parallel()
	server := servers.NewPostgres(t)
	url, dir := server.NewDatabase(t), t.TempDir()
	for _, o := range []Options{{Dir: dir, schema: expanded(t)}, {PostgresURL: url, schema: expanded(t)}} {
		if err := openStore(t, o).Close(); err != nil {
			t.Fatal(err)
		}
	}
	db := rawDB(t, dir)
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	tables, err := listTables(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, tb := range tables {
		kinds := map[string]string{"TEXT": "text", "BIGINT": "bigint", "BOOLEAN": "boolean"}
		for _, c := range tb.columns {
			found = append(found, fmt.Sprintf("%s.%s %s", tb.name, c.name, kinds[c.kind]))
		}
	}
	slices.Sort(found)
	want := query(t, url, `SELECT string_agg(table_name || '.' || column_name || ' ' || data_type, ',' ORDER BY table_name || '.' || column_name || ' ' || data_type COLLATE "C")
		FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT IN ('meta', 'nodes', 'goose_db_version')`)
	if strings.Join(found, ",") != want {
		t.Errorf("columns\n%s\nwant\n%s", strings.Join(found, ","), want)
	}
	if !strings.Contains(want, "notes.") || !strings.Contains(want, "sessions.mood") {
		t.Error("the later program's table or column is not among them")
	}
}

// TestInterruptedTransfer stops a transfer at many points, and goes on with it.
func TestInterruptedTransfer(t *testing.T) {
	t.Parallel()
	server := servers.NewPostgres(t)
	t.Run("to PostgreSQL", func(t *testing.T) {
		t.Parallel()
		url := server.NewDatabase(t)
		w, dir, _, want := closedCorpus(t, 1200)
		interrupted(t, TransferOptions{From: lite(dir), To: url, batchRows: 7}, Options{PostgresURL: url})
		wantSame(t, w.read(t, openStore(t, Options{PostgresURL: url})), want)
	})
	t.Run("to SQLite", func(t *testing.T) {
		t.Parallel()
		url, back := server.NewDatabase(t), t.TempDir()
		w, dir, _, want := closedCorpus(t, 1200)
		mustTransfer(t, TransferOptions{From: lite(dir), To: url})
		interrupted(t, TransferOptions{From: url, To: lite(back), batchRows: 7}, Options{Dir: back})
		wantSame(t, w.read(t, openStore(t, Options{Dir: back})), want)
	})
}

// interrupted cancels a transfer after some batches or after some time, until it is through. No
// server opens the target meanwhile.
func interrupted(t *testing.T, o TransferOptions, target Options) {
	t.Helper()
	rounds, refused := 0, 0
	for {
		ctx, cancel := context.WithCancel(context.Background())
		left := rand.IntN(12)
		var last TransferProgress
		o.Progress = func(p TransferProgress) {
			last = p
			if left--; left == 0 && !p.Verifying {
				cancel()
			}
		}
		if left%4 == 0 { // in the middle of a batch
			left = 0
			time.AfterFunc(time.Duration(20+rand.IntN(40))*time.Millisecond, cancel)
		}
		tables, err := Transfer(ctx, o)
		cancel()
		if err == nil {
			t.Logf("%d rounds, servers refused %d times, %d tables", rounds, refused, len(tables))
			break
		}
		if ctx.Err() == nil || rounds > 500 {
			t.Fatalf("round %d at %+v: %v", rounds, last, err)
		}
		if rounds++; rounds%3 == 0 && last.Rows > 0 {
			refused++
			if _, err := Open(context.Background(), target); err == nil || !strings.Contains(err.Error(), "run govorun migrate again") {
				t.Fatalf("a server opens it: %v", err)
			}
		}
	}
	if rounds < 5 || refused == 0 {
		t.Errorf("it was interrupted %d times, servers were refused %d times", rounds, refused)
	}
}

// The helper of TestKilledTransfer, as another process.
const transferFrom, transferTo = "SQLSTORE_TEST_TRANSFER_FROM", "SQLSTORE_TEST_TRANSFER_TO"

// TestTransferChild does nothing unless TestKilledTransfer has started it.
func TestTransferChild(t *testing.T) {
	if os.Getenv(transferFrom) == "" {
		return
	}
	_, err := Transfer(context.Background(), TransferOptions{
		From: os.Getenv(transferFrom), To: os.Getenv(transferTo), batchRows: 7,
		Progress: func(p TransferProgress) { fmt.Fprintln(os.Stdout, "progress", p.AllRows) },
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestKilledTransfer kills the process, again and again.
func TestKilledTransfer(t *testing.T) {
	t.Parallel()
	server := servers.NewPostgres(t)
	url := server.NewDatabase(t)
	w, dir, _, want := closedCorpus(t, 600)
	kills := 0
	for !transferKilledAfter(t, dir, url, 1+rand.IntN(60)) { // it has a line for every table to compare alone
		if kills++; kills > 200 {
			t.Fatal("it never ends")
		}
	}
	if kills < 3 {
		t.Errorf("it was killed %d times only", kills)
	}
	t.Logf("%d kills", kills)
	wantSame(t, w.read(t, openStore(t, Options{PostgresURL: url})), want)
}

// transferKilledAfter reports whether it has ended before as many batches.
func transferKilledAfter(t *testing.T, dir, url string, batches int) bool {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self, "-test.run=^TestTransferChild$")
	c.Env = append(os.Environ(), transferFrom+"="+lite(dir), transferTo+"="+url)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for s := bufio.NewScanner(out); s.Scan(); {
		if lines = append(lines, s.Text()); len(lines) == batches {
			_ = c.Process.Kill() // it may have ended
			_, _ = io.Copy(io.Discard, out)
		}
	}
	err = c.Wait()
	if strings.Contains(strings.Join(lines, "\n"), "that got to its end") { // the one before was killed at its end
		return true
	}
	if err != nil && len(lines) < batches {
		t.Fatalf("%v\n%s%s", err, strings.Join(lines, "\n"), &stderr)
	}
	return err == nil
}

// TestTransferIsRefused: what cannot be done says why, and passwords are not in it.
func TestTransferIsRefused(t *testing.T) {
	t.Parallel()
	server := servers.NewPostgres(t)
	_, dir, _, _ := closedCorpus(t, 12)
	parsed, err := pgx.ParseConfig(server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	refused := func(from, to string, want ...string) {
		t.Helper()
		_, err := Transfer(context.Background(), TransferOptions{From: from, To: to})
		if err == nil {
			t.Fatalf("it is done, want %q", want)
		}
		for _, part := range want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("no %q in %v", part, err)
			}
		}
		if strings.Contains(err.Error(), parsed.Password) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the password is in the error: %v", err)
		}
	}
	empty := server.NewDatabase(t)
	refused(dir, empty, "source", "sqlite:DIR")
	refused(lite(dir), "mysql://root:hunter2@localhost/x", "target", "postgres://")
	refused(lite(dir), "postgres://u:hunter2@127.0.0.1:1/x?connect_timeout=1", "target")
	refused(lite(dir), "postgres://u:hunter2@127.0.0.1:port/x", "target")
	refused(lite(dir), strings.Replace(empty, "127.0.0.1", "hunter2@127.0.0.1", 1), "target", "%40")
	refused(lite(dir), lite(t.TempDir()), "one kind", "backup")
	refused(empty, server.NewDatabase(t), "one kind", "pg_dump")
	refused(lite(t.TempDir()), empty, "source", "no data directory")
	refused(empty, lite(t.TempDir()), "source", "no data of Govorun")

	other := server.NewDatabase(t)
	s := openStore(t, Options{PostgresURL: other})
	newTestSession(t, s)
	refused(lite(dir), other, "target", "stop them")
	s.Close()
	refused(lite(dir), other, "not empty", "chats")

	used := openStore(t, Options{Dir: dir})
	refused(lite(dir), empty, "source", "in use")
	used.Close()

	older := t.TempDir()
	db := rawDB(t, older)
	schema, err := ownSchema()
	if err != nil {
		t.Fatal(err)
	}
	m, err := schema.provider(db, sqliteDialect)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.UpTo(context.Background(), 1); err != nil {
		t.Fatal(err)
	}
	refused(lite(older), empty, "source", "version 1", "start this program")
	if _, err := db.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (4711, TRUE)"); err != nil {
		t.Fatal(err)
	}
	refused(lite(older), empty, "version 4711", "later program")
}

// TestTransferOfAnotherSource: a target that was begun with one source is not mixed with another,
// nor opened, nor copied from.
func TestTransferOfAnotherSource(t *testing.T) {
	t.Parallel()
	server := servers.NewPostgres(t)
	url := server.NewDatabase(t)
	w, dir, _, _ := closedCorpus(t, 400)
	_, other, _, _ := closedCorpus(t, 12)
	ctx, cancel := context.WithCancel(context.Background())
	_, err := Transfer(ctx, TransferOptions{From: lite(dir), To: url, batchRows: 7, Progress: func(TransferProgress) { cancel() }})
	if err == nil {
		t.Fatal("it was not interrupted")
	}
	for from, want := range map[string]string{lite(other): "another source", lite(dir): ""} {
		if from == lite(dir) { // which was changed
			s := openStore(t, Options{Dir: dir})
			mustUpdate(t, s, append1(w.sessions[0], newID()))
			s.Close()
			want = "before it was changed"
		}
		if _, err := Transfer(t.Context(), TransferOptions{From: from, To: url}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if _, err := Transfer(t.Context(), TransferOptions{From: url, To: lite(t.TempDir())}); err == nil || !strings.Contains(err.Error(), "not been finished") {
		t.Errorf("a half copy was copied: %v", err)
	}
}

// TestTransferSeesDifferences: what has changed in the copy, or does not fit, is told by its table.
func TestTransferSeesDifferences(t *testing.T) {
	t.Parallel()
	server := servers.NewPostgres(t)
	for change, want := range map[string]string{
		"UPDATE events SET payload = payload || ' ' WHERE sequence = 3": "events",
		"UPDATE client_states SET version = version + 1":                "client_states",
		"DELETE FROM client_aliases":                                    "client_aliases",
		"UPDATE session_heads SET lease_node = 'x'":                     "session_heads",
		"UPDATE chats SET demo = NOT demo":                              "chats",
		"UPDATE clients SET timezone = 0 WHERE timezone IS NULL":        "clients",
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			_, dir, _, _ := closedCorpus(t, 60)
			url := server.NewDatabase(t)
			var once sync.Once
			tables, err := Transfer(context.Background(), TransferOptions{From: lite(dir), To: url, Progress: func(p TransferProgress) {
				if p.Table == "idempotency" { // the last one
					once.Do(func() { execute(t, url, change) })
				}
			}})
			if err == nil || !strings.Contains(err.Error(), "differs from the source in "+want+":") {
				t.Errorf("error %v", err)
			}
			for _, tb := range tables {
				if same := tb.Source == tb.Copy; same == (tb.Name == want) {
					t.Errorf("%s: the same: %t", tb.Name, same)
				}
			}
			if _, err := Open(context.Background(), Options{PostgresURL: url}); err == nil {
				t.Error("a server opens what differs")
			}
		})
	}
}

// TestTransferOfImpossibleText: SQLite stores texts that PostgreSQL does not.
func TestTransferOfImpossibleText(t *testing.T) {
	t.Parallel()
	server := servers.NewPostgres(t)
	for name, change := range map[string]string{
		"U+0000": "UPDATE clients SET name = 'a' || char(0) || 'b' WHERE key = 5",
		"UTF-8":  "UPDATE clients SET name = CAST(x'ff' AS TEXT) WHERE key = 5",
		"BIGINT": "UPDATE clients SET created_at = 'soon' WHERE key = 5",
	} {
		_, dir, _, _ := closedCorpus(t, 12)
		if _, err := rawDB(t, dir).Exec(change); err != nil {
			t.Fatal(err)
		}
		_, err := Transfer(context.Background(), TransferOptions{From: lite(dir), To: server.NewDatabase(t)})
		if err == nil || !strings.Contains(err.Error(), "clients: the row with the key 5: ") || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// BenchmarkTransfer copies and verifies 100,000 events of a usual length.
func BenchmarkTransfer(b *testing.B) {
	dir := b.TempDir()
	s := openBench(b, Options{Dir: dir})
	sessions := benchSessions(b, s, 1000)
	const events = 100_000
	for i := range events / 1000 {
		err := s.Update(context.Background(), func(x chat.Tx) error {
			var payloads []chat.Payload
			for range 100 {
				payloads = append(payloads, &chat.Message{ID: newID(), AuthorType: chat.AuthorClient, Type: chat.MessageRegular, Body: benchBody})
			}
			for j := range 10 {
				if err := writePayloads(x, sessions[(i*10+j)%len(sessions)], payloads...); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	server := servers.NewPostgres(b)
	var copying, verifying time.Duration
	for b.Loop() {
		began, copied := time.Now(), time.Time{}
		_, err := Transfer(context.Background(), TransferOptions{From: lite(dir), To: server.NewDatabase(b), Progress: func(p TransferProgress) {
			if p.Verifying && copied.IsZero() {
				copied = time.Now()
			}
		}})
		if err != nil {
			b.Fatal(err)
		}
		copying += copied.Sub(began)
		verifying += time.Since(copied)
	}
	b.ReportMetric(float64(events*b.N)/copying.Seconds(), "copied/s")
	b.ReportMetric(float64(events*b.N)/verifying.Seconds(), "verified/s")
}

// execute runs a statement beside the store.
func execute(t *testing.T, url, statement string) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	if _, err := c.Exec(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// expanded is the schema of a later program, which has added to the tables.
func expanded(t testing.TB) *schema {
	return laterSchema(t, 1, map[string]string{"09001_expand.sql": `-- +goose Up
ALTER TABLE sessions ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm';
CREATE TABLE notes (
    key         BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    session_key BIGINT NOT NULL REFERENCES sessions (key),
    text        TEXT NOT NULL,
    pinned      BOOLEAN NOT NULL
);
`})
}

// laterSchema is our own and more migrations.
func laterSchema(t testing.TB, compatibleFrom int64, more map[string]string) *schema {
	t.Helper()
	files := fstest.MapFS{}
	own, err := migrations.ReadDir("migrations")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range own {
		data, err := migrations.ReadFile("migrations/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name()] = &fstest.MapFile{Data: data}
	}
	for name, text := range more {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return &schema{migrations: files, compatibleFrom: compatibleFrom}
}
