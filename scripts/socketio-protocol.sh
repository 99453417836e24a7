#!/bin/sh
# Runs the official protocol suites of Socket.IO and Engine.IO against the server's own wire
# package: socketio-protocol.sh DIR, where DIR holds checkouts of the repositories
# socketio/socket.io-protocol and socketio/engine.io-protocol. They use port 3000.
set -eu
. "$(dirname "$0")/tool.sh"

checkout=${1:-}
for suite in socket.io-protocol engine.io-protocol; do
	if [ ! -f "$checkout/$suite/test-suite/test-suite.js" ]; then
		echo "no $suite in \"$checkout\". Check it out there: make socketio-protocol CHECKOUT=directory" >&2
		exit 1
	fi
done
need node "Install Node.js 20 or newer: see https://nodejs.org"
need npm "It comes with Node.js: see https://nodejs.org"

go build -o "$cache/bin/socketio-protocol" ./test/socketio-protocol
ready=$cache/socketio-protocol.ready
rm -f "$ready"
mkfifo "$ready"
"$cache/bin/socketio-protocol" >"$ready" &
server=$!
trap 'kill -INT $server 2>/dev/null || true; rm -f "$ready"' EXIT
if ! read -r line <"$ready"; then
	echo "the server for the suites does not start" >&2
	exit 1
fi

failed=0
for suite in socket.io-protocol engine.io-protocol; do
	printf '\n== %s\n' "$suite"
	cd "$checkout/$suite/test-suite"
	[ -d node_modules ] || npm ci --no-audit --no-fund --loglevel=error
	npm test -- --exit || failed=1
	cd "$root"
done
exit $failed
