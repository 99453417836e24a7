// Package interop tries the real server with clients that others wrote: the official Centrifugo
// libraries in three languages, the vendor's own article in Python, and a browser.
//
//	Go test ── commands ──▶ client program (js, python, go) ── line that can be cut ──▶ govorun
//	        ◀── events ───                                                                 ▲
//	        ─────────────── REST: what the client says, and the history ───────────────────┘
//
// What a client program heard is compared with the history. The tests need what "make test"
// installs, and so are behind a build tag:
//
//	go test -tags interop -count=1 ./test/interop
//
// Environment: GOVORUN_BIN is the server (built when unset), GOVORUN_PYTHON a Python with
// requirements.txt (.cache/venv when unset), GOVORUN_NODE_DIR a directory with the packages of
// package-lock.json (this one when unset), GOVORUN_CHROMIUM the browser (/usr/bin/chromium when
// unset), GOVORUN_SCREENSHOTS a directory that keeps pictures of the page, ENGINE what the servers
// keep their data in, sqlite (when unset) or postgres.
package interop
