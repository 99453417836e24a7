package main

import (
	"context"
	"encoding/binary"
	"maps"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/govorun/govorun/test/servers"
)

func TestProxyCountsWhatPostgresIsAsked(t *testing.T) {
	t.Parallel()
	pg := servers.NewPostgres(t)
	p, err := startProxy(t.Context(), pg.Addr(), newPostgresScanner)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), strings.Replace(pg.NewDatabase(t), pg.Addr(), p.addr(), 1))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	const question = "-- name: Ask :one\nSELECT CAST($1 AS int)"
	ask := func() {
		if _, err := conn.Exec(t.Context(), question, 1); err != nil {
			t.Fatal(err)
		}
	}
	ask() // it is prepared now
	before := p.traffic()
	ask()
	if _, err := conn.Exec(t.Context(), "select 'a', 'b'"); err != nil {
		t.Fatal(err)
	}
	spent := p.traffic().minus(before)
	if want := map[string]int64{"Ask": 1, "SELECT 'A',": 1}; !maps.Equal(spent.commands, want) {
		t.Errorf("statements %v, want %v", spent.commands, want)
	}
	if spent.roundTrips != 2 || spent.toServer < 40 || spent.fromServer < 40 {
		t.Errorf("%+v", spent)
	}
	if err := p.close(); err != nil {
		t.Fatal(err)
	}
	if err := conn.Ping(t.Context()); err == nil {
		t.Error("the connection outlives the proxy")
	}
}

func TestScannersTakePieces(t *testing.T) {
	t.Parallel()
	message := func(kind, body string) string {
		return kind + string(binary.BigEndian.AppendUint32(nil, uint32(len(body)+4))) + body
	}
	for name, c := range map[string]struct {
		language func(*traffic) scanner
		said     string
		want     map[string]int64
	}{
		"postgres": {
			newPostgresScanner,
			message("", "user\x00me\x00\x00") +
				message("P", "one\x00-- name: PutRow :exec\nINSERT\x00\x00\x00") + message("P", "\x00commit\x00\x00\x00") +
				message("B", "\x00one\x00\x00\x00") + message("E", "\x00\x00\x00\x00\x00") +
				message("B", "\x00\x00\x00\x00") + message("E", "\x00\x00\x00\x00\x00") + message("S", "") +
				message("Q", "begin\x00"),
			map[string]int64{"PutRow": 1, "COMMIT": 1, "BEGIN": 1},
		},
		"redis": {
			newRedisScanner,
			"*1\r\n$4\r\nPING\r\n*3\r\n$7\r\npublish\r\n$1\r\nc\r\n$5\r\n*1\r\n$\r\n*3\r\n$7\r\nPUBLISH\r\n$0\r\n\r\n$1\r\nx\r\n",
			map[string]int64{"PING": 1, "PUBLISH": 2},
		},
	} {
		for _, size := range []int{1, 3, 7, len(c.said)} {
			sum := traffic{commands: make(map[string]int64)}
			s := c.language(&sum)
			for rest := c.said; rest != ""; {
				n := min(size, len(rest))
				s.scan([]byte(rest[:n]))
				rest = rest[n:]
			}
			if !maps.Equal(sum.commands, c.want) {
				t.Errorf("%s in pieces of %d: %v, want %v", name, size, sum.commands, c.want)
			}
		}
	}
}
