#!/bin/sh
# Installs what the tests need: Python environments and npm packages at pinned versions,
# Chromium, a C compiler (for the race detector), PostgreSQL, Redis and HAProxy (as programs: no
# service is started), and an S3. What is there already stays.
set -eu
. "$(dirname "$0")/tool.sh"

need go "Install Go 1.26 or newer: see https://go.dev/doc/install"
need node "Install Node.js 20 or newer: see https://nodejs.org"
need npm "It comes with Node.js: see https://nodejs.org"
need python3 "Install Python 3.11 or newer: see https://www.python.org"

apt gcc gcc libc6-dev
apt chromium chromium
servers

# environment NAME REQUIREMENTS: makes a Python environment below .cache with exactly these packages.
environment() {
	cmp -s "$2" "$cache/$1/installed.txt" && return
	rm -rf "${cache:?}/$1"
	if ! python3 -m venv "$cache/$1"; then
		echo "python3 cannot make environments. Install its venv module, on Debian: apt-get install python3-venv" >&2
		exit 1
	fi
	"$cache/$1/bin/python" -m pip install --quiet --disable-pip-version-check -r "$2"
	cp "$2" "$cache/$1/installed.txt"
}

environment venv test/interop/requirements.txt
# Two versions of one package.
environment venv-socketio4 test/interop/requirements-socketio4.txt
environment venv-socketio5 test/interop/requirements-socketio5.txt
environment schemathesis test/contract/requirements.txt

modules=test/interop/node_modules
wanted=test/interop/package-lock.json
if ! cmp -s "$wanted" "$modules/.installed.json"; then
	npm ci --prefix test/interop --no-audit --no-fund --loglevel=error
	cp "$wanted" "$modules/.installed.json"
fi

tool versitygw github.com/versity/versitygw/cmd/versitygw@v1.8.0 >/dev/null
