#!/bin/sh
# Writes generated files anew: the code of the SQL statements, and the reference of the
# configuration.
set -eu
. "$(dirname "$0")/tool.sh"

sqlc=$(tool sqlc github.com/sqlc-dev/sqlc/cmd/sqlc@v1.31.1)
"$sqlc" generate -f internal/sqlstore/sqlc.yaml
go test -count=1 -run TestDocumentIsInStep ./internal/config -update
