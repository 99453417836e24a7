#!/bin/sh
# Runs everything that is checked, and stops at the first kind of check that fails. The tests
# start and stop the servers they need themselves.
set -eu
. "$(dirname "$0")/tool.sh"

step() { printf '\n== %s\n' "$*"; }

step "tools"
scripts/prepare.sh

step "build"
make --no-print-directory build

step "gofmt"
unformatted=$(go list -f '{{.Dir}}' ./... | xargs gofmt -l)
if [ -n "$unformatted" ]; then
	echo "not formatted, run gofmt -w on:" "$unformatted" >&2
	exit 1
fi

step "go vet"
go vet -tags e2e,interop ./...

TEST_SERVERS=required
export TEST_SERVERS

# The detector watches our code and the drivers, not the C that was translated into Go, which it makes
# ten times slower.
translated="-race=false -d=checkptr=0"
race() {
	go test -race -gcflags="modernc.org/sqlite/lib=$translated" -gcflags="modernc.org/libquickjs=$translated" \
		-gcflags="modernc.org/libc/...=$translated" -gcflags="modernc.org/memory=$translated" -shuffle=on "$@"
}

step "tests of the packages"
race -timeout 15m ./...

step "tests of the Chat API on PostgreSQL"
(export ENGINE=postgres; race -count=1 ./internal/chatapi)

step "what the race detector makes too slow"
go test -count=1 ./bots
go test -count=1 -run '^TestAbuse$' ./internal/bot/scenario/script
go test -count=1 -run '^TestManyDeployedBots' ./internal/app

step "tests of the program on SQLite: crashes, cuts, other people's clients, a browser"
GOVORUN_BIN=$root/bin/govorun
GOVORUN_PYTHON=$cache/venv/bin/python
GOVORUN_PYTHON_SOCKETIO4=$cache/venv-socketio4/bin/python
GOVORUN_PYTHON_SOCKETIO5=$cache/venv-socketio5/bin/python
GOVORUN_NODE_DIR=$root/test/interop
export GOVORUN_BIN GOVORUN_PYTHON GOVORUN_PYTHON_SOCKETIO4 GOVORUN_PYTHON_SOCKETIO5 GOVORUN_NODE_DIR
tagged=$(grep -rlE '^//go:build .*(e2e|interop)' test --include='*_test.go' | xargs -n 1 dirname | sort -u | sed 's|^|./|')
# shellcheck disable=SC2086 # it is a list
ENGINE=sqlite go test -tags e2e,interop -count=1 -shuffle=on -p 1 -timeout 30m $tagged

step "the same on PostgreSQL"
ENGINE=postgres go test -tags e2e,interop -count=1 -shuffle=on -p 1 -timeout 30m ./test/e2e ./test/interop

printf '\nAll checks passed.\n'
