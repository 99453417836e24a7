// Package sqlstore keeps the domain's data in SQL: it is chat.Store, and the only package
// that knows SQL. The statements (queries/, compiled by sqlc into sqlgen/) and the tables
// (migrations/) are written once, as PostgreSQL takes them; what an engine wants otherwise is
// in sqlite.go and postgres.go. What the store promises is stated and tried in storetest.
//
// On PostgreSQL every Update is a transaction on a connection of its own, see postgres.go, and what
// answers nothing is sent together with what does, see pipe.go.
//
// On SQLite all writes go through one goroutine that groups commits:
//
//	Update ──► queue (bounded; full: refused) ──► writer
//	                                               │ BEGIN IMMEDIATE
//	                                               │   SAVEPOINT, fn of one member, RELEASE
//	                                               │   SAVEPOINT, fn of the next …
//	                                               │ COMMIT, flushed
//	                                               │ hooks, in order
//	Update ◄── answers ◄───────────────────────────┘
//
// Reads have connections of their own and see what is committed. A checkpointer with yet
// another connection moves the write-ahead log into the database and keeps it bounded.
package sqlstore
