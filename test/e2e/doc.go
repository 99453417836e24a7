// Package e2e tries to make the real program lose, repeat or reorder something: it starts the
// built binary, kills it, cuts its connections, fills its disk and floods it, and compares what
// was acknowledged with what clients heard, what the history lists and what the file holds. It
// knows the program by its flags, its protocol and the columns of its database, nothing else of
// its inside.
//
// All that is promised on any data is tried on SQLite and on PostgreSQL: ENGINE chooses one of
// them, sqlite or postgres. What is about one of them, such as a full disk, says so.
//
// The tests have the build tag e2e. GOVORUN_BIN names the program; without it the tests build
// it. E2E_SEED repeats the random choices of a run, E2E_ROUNDS makes the crash test longer.
package e2e
