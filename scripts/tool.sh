# Sourced by the scripts: where tools of ours live, and how they get there.

cd "$(dirname "$0")/.."
root=$PWD
cache=$root/.cache
mkdir -p "$cache/bin"

# need COMMAND HINT: ends with the hint when the command is missing.
need() {
	command -v "$1" >/dev/null 2>&1 && return
	echo "$1 is missing. $2" >&2
	exit 1
}

# apt COMMAND PACKAGE...: has Debian's package manager install a missing command, if it may.
apt() {
	command -v "$1" >/dev/null 2>&1 && return
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

# tool NAME MODULE@VERSION: installs a Go program of exactly this version and prints its path.
tool() {
	if [ "$(cat "$cache/bin/$1.version" 2>/dev/null)" != "$2" ]; then
		echo "installing $2" >&2
		GOBIN=$cache/bin go install "$2"
		echo "$2" >"$cache/bin/$1.version"
	fi
	echo "$cache/bin/$1"
}
