package sqlstore

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/test/servers"
)

// BenchmarkMessage is a client's message as the domain writes it: 64 callers at a time, 1,000
// sessions.
func BenchmarkMessage(b *testing.B) {
	onEngines(b, func(b *testing.B, s *Store) {
		sessions := benchSessions(b, s, 1000)
		measure(b, func(n int) error { return message(s, sessions[n%len(sessions)]) })
	})
}

// BenchmarkTurn is a message and the bot's answer to it.
func BenchmarkTurn(b *testing.B) {
	onEngines(b, func(b *testing.B, s *Store) {
		sessions := benchSessions(b, s, 1000)
		measure(b, func(n int) error {
			id := sessions[n%len(sessions)]
			if err := message(s, id); err != nil {
				return err
			}
			return answer(s, id)
		})
	})
}

// BenchmarkInsert is the floor on SQLite: one row.
func BenchmarkInsert(b *testing.B) {
	s := openBench(b, Options{Dir: b.TempDir()})
	const text = `INSERT INTO floor (session, body) VALUES ($1, $2)`
	err := s.Update(context.Background(), func(t chat.Tx) error {
		_, err := writerConn(s, t).ExecContext(context.Background(), `CREATE TABLE floor (key INTEGER PRIMARY KEY, session TEXT, body TEXT)`)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	id, body := uuid.NewString(), benchBody
	measure(b, func(int) error {
		return s.Update(context.Background(), func(t chat.Tx) error {
			_, err := writerConn(s, t).ExecContext(context.Background(), text, id, body)
			return err
		})
	})
}

// onEngines measures on both. On PostgreSQL it also tells what a transaction costs on the wire.
func onEngines(b *testing.B, run func(*testing.B, *Store)) {
	b.Run("sqlite", func(b *testing.B) { run(b, openBench(b, Options{Dir: b.TempDir()})) })
	b.Run("postgres", func(b *testing.B) {
		var wire traffic
		s := openBench(b, Options{PostgresURL: servers.NewPostgres(b).NewDatabase(b), wire: wire.count})
		began := time.Now()
		run(b, s)
		if time.Since(began) > time.Second { // what is prepared at first counts little then
			n := float64(b.N)
			b.ReportMetric(float64(wire.sends.Load())/n, "trips/op")
			b.ReportMetric(float64(wire.sent.Load())/n, "sent-bytes/op")
			b.ReportMetric(float64(wire.received.Load())/n, "received-bytes/op")
		}
	})
}

// traffic counts what goes over connections. Every send waits for an answer.
type traffic struct{ sends, sent, received atomic.Int64 }

func (t *traffic) count(c net.Conn) net.Conn { return &counted{c, t} }

type counted struct {
	net.Conn
	traffic *traffic
}

func (c *counted) Write(b []byte) (int, error) {
	c.traffic.sends.Add(1)
	c.traffic.sent.Add(int64(len(b)))
	return c.Conn.Write(b)
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.traffic.received.Add(int64(n))
	return n, err
}

const benchBody = "Здравствуйте! Подскажите, пожалуйста, когда приедет мой заказ 123456?"

func openBench(b *testing.B, o Options) *Store {
	b.Helper()
	s, err := Open(context.Background(), o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}

func measure(b *testing.B, f func(n int) error) {
	var n atomic.Int64
	b.SetParallelism(32)
	b.ReportAllocs()
	b.ResetTimer()
	began, cpu := time.Now(), cpuTime()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if err := f(int(n.Add(1)) * 7919); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "tx/s")
	b.ReportMetric(float64((cpuTime()-cpu).Nanoseconds())/float64(b.N), "cpu-ns/tx")
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func benchSessions(b *testing.B, s *Store, n int) []string {
	b.Helper()
	ids := make([]string, n)
	err := s.Update(context.Background(), func(t chat.Tx) error {
		c := &chat.Chat{ID: uuid.NewString(), Identity: chat.IdentityOpen}
		if err := t.CreateChat(c); err != nil {
			return err
		}
		for i := range ids {
			client := &chat.Client{ID: uuid.NewString()}
			if err := t.CreateClient(client); err != nil {
				return err
			}
			ids[i] = uuid.NewString()
			now := time.Now()
			err := t.CreateSession(&chat.Session{
				ID: ids[i], ChatKey: c.Key, ChatID: c.ID, ClientKey: client.Key, ClientID: client.ID, BotID: c.ID, Status: chat.StatusOpen,
				Owner: chat.Owner{Kind: chat.OwnerBot, ID: c.ID, Name: "Bot"}, TTL: time.Hour, StartedAt: now, ActiveAt: now, CheckAt: now.Add(time.Hour),
			}, &chat.SessionDetails{})
			if err != nil {
				return fmt.Errorf("session %d: %w", i, err)
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return ids
}

func message(s *Store, id string) error {
	eventID, now := newID(), time.Now()
	return s.Update(context.Background(), func(t chat.Tx) error {
		session, err := t.LockSession(id)
		if err != nil {
			return err
		}
		session.Sequence++
		session.SessionNo++
		session.ActiveAt = now
		session.Pending = session.Sequence
		session.Lease = chat.Lease{Node: "node", Until: now.Add(time.Minute), Attempts: 1}
		if err := t.UpdateSession(session); err != nil {
			return err
		}
		return t.AppendEvents([]chat.Event{{
			ID: eventID, Session: session.Ref(), Sequence: session.Sequence, SessionNo: session.SessionNo, At: now,
			Payload: &chat.Message{ID: eventID, AuthorType: chat.AuthorClient, AuthorID: session.ClientID, Type: chat.MessageRegular, Body: benchBody},
		}})
	})
}

func answer(s *Store, id string) error {
	eventID, now := newID(), time.Now()
	return s.Update(context.Background(), func(t chat.Tx) error {
		session, err := t.LockSession(id)
		if err != nil {
			return err
		}
		session.Sequence++
		session.SessionNo++
		session.WidgetNo++
		session.Cursor = session.Pending
		session.Lease = chat.Lease{}
		if err := t.UpdateSession(session); err != nil {
			return err
		}
		return t.AppendEvents([]chat.Event{{
			ID: eventID, Session: session.Ref(), Sequence: session.Sequence, SessionNo: session.SessionNo, WidgetNo: session.WidgetNo, At: now,
			Payload: &chat.Message{ID: eventID, AuthorType: chat.AuthorBot, AuthorID: session.BotID, Type: chat.MessageRegular, Body: benchBody},
		}})
	})
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// writerConn is the writer's connection, for statements that the domain does not have.
func writerConn(s *Store, x chat.Tx) *conn {
	if err := x.(*tx).begin(); err != nil {
		panic(err)
	}
	return s.engine.(*file).conn
}
