# Sourced by the scripts: where tools of ours live, and how they get there.

cd "$(dirname "$0")/.."
root=$PWD
cache=$root/.cache
mkdir -p "$cache/bin"

# program COMMAND: prints the path of a command, also where Debian keeps it out of PATH: that of
# administrators, and PostgreSQL's of each version. The newest counts.
program() {
	command -v "$1" && return
	for path in $(printf '%s\n' /usr/lib/postgresql/*/bin/"$1" | sort -V -r) /usr/sbin/"$1"; do
		[ -x "$path" ] && echo "$path" && return
	done
	return 1
}

# need COMMAND HINT: ends with the hint when the command is missing.
need() {
	command -v "$1" >/dev/null 2>&1 && return
	echo "$1 is missing. $2" >&2
	exit 1
}

# apt COMMAND PACKAGE...: has Debian's package manager install a missing command, if it may.
apt() {
	program "$1" >/dev/null && return
	wanted=$1
	shift
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
		echo "$wanted is missing. Install it, on Debian: sudo apt-get install $*" >&2
		exit 1
	fi
	echo "installing $*"
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# service COMMAND SERVICE PACKAGE...: apt for a package that would start a service: it is started
# neither now nor at boot, and PostgreSQL gets no cluster. What was changed for that is undone.
service() (
	program "$1" >/dev/null && exit
	command=$1 service=$2
	shift 2
	if [ "$(id -u)" = 0 ]; then
		policy=/usr/sbin/policy-rc.d
		clusters=/etc/postgresql-common/createcluster.d
		[ -e "$policy" ] && policy=
		trap 'rm -f $policy "$clusters/none.conf"' EXIT
		trap 'exit 1' HUP INT TERM
		mkdir -p "$clusters"
		echo 'create_main_cluster = false' >"$clusters/none.conf"
		if [ -n "$policy" ]; then
			printf '#!/bin/sh\nexit 101\n' >"$policy"
			chmod +x "$policy"
		fi
	fi
	apt "$command" "$@"
	update-rc.d "$service" disable
)

# servers installs the servers that stand around ours.
servers() {
	service initdb postgresql postgresql
	service redis-server redis-server redis-server
	service haproxy haproxy haproxy
}

# tool NAME MODULE@VERSION: installs a Go program of exactly this version and prints its path.
tool() {
	if [ "$(cat "$cache/bin/$1.version" 2>/dev/null)" != "$2" ]; then
		echo "installing $2" >&2
		GOBIN=$cache/bin go install "$2"
		echo "$2" >"$cache/bin/$1.version"
	fi
	echo "$cache/bin/$1"
}
