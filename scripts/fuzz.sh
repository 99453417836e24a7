#!/bin/sh
# Runs every fuzz target for the given time each: fuzz.sh 30s
set -eu
. "$(dirname "$0")/tool.sh"

for package in $(go list ./...); do
	for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		printf '\n== %s %s\n' "$package" "$target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$1" "$package"
	done
done
