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
go vet ./...

step "go test"
GOVORUN_BIN=$root/bin/govorun
GOVORUN_PYTHON=$cache/venv/bin/python
GOVORUN_NODE_DIR=$root/test/interop
export GOVORUN_BIN GOVORUN_PYTHON GOVORUN_NODE_DIR
go test -race -shuffle=on -timeout 30m ./...
printf '\nAll checks passed.\n'
