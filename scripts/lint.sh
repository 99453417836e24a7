#!/bin/sh
# Runs the linters of .golangci.yml.
set -eu
. "$(dirname "$0")/tool.sh"

lint=$(tool golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0)
exec "$lint" run ./...
