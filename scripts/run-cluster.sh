#!/bin/sh
# Starts a cluster to try on this machine, until Ctrl-C: PostgreSQL, Redis, nodes of the server,
# and a balancer before them. All of it listens on the loopback. What dies is started again
# after three seconds, so that one can see what happens in between. PostgreSQL's data and the
# logs are kept.
#
# Variables: LISTEN=host:port of the balancer, the nodes take the ports after it; NODES=number
# of nodes; CLUSTER=directory; POSTGRES_PORT, REDIS_PORT; BIN=the built program.
set -eu
. "$(dirname "$0")/tool.sh"

listen=${LISTEN:-127.0.0.1:8080}
count=${NODES:-3}
state=${CLUSTER:-.cluster}
postgres_port=${POSTGRES_PORT:-15432}
redis_port=${REDIS_PORT:-16379}
bin=${BIN:-bin/govorun}

say() { echo "run-cluster: $*"; }

# fail NAME: says what a server's log says, and ends.
fail() {
	say "$1 does not start. The end of its log, $state/$1.log:" >&2
	tail -n 20 "$state/$1.log" >&2
	exit 1
}

# start NAME: starts a server in a session of its own, so that Ctrl-C is ours alone, and keeps
# the id of its process in NAME.pid.
start() {
	case $1 in
	postgres)
		set -- "$1" $as "$pg/postgres" -D "$state/postgres" -c listen_addresses=127.0.0.1 \
			-c port="$postgres_port" -c unix_socket_directories= -c max_connections=$((count * 30 + 20)) ;;
	redis)
		set -- "$1" "$(program redis-server)" --bind 127.0.0.1 --port "$redis_port" --save "" --appendonly no ;;
	balancer)
		rm -f "$state/balancer.sock"
		set -- "$1" "$(program haproxy)" -db -f "$state/balancer.cfg" ;;
	node-*)
		set -- "$1" "$bin" serve --node-name "$1" --listen "127.0.0.1:$(port "$1")" --data "$state/$1" \
			--files-dir "$state/files" --public-url "http://$listen" \
			--http-trusted-proxies 127.0.0.1 --redis-url "redis://127.0.0.1:$redis_port" ;;
	esac
	name=$1
	shift
	setsid "$@" >>"$state/$name.log" 2>&1 </dev/null &
	echo $! >"$state/$name.pid"
}

# port NODE: prints the port of a node.
port() { echo $((${listen##*:} + ${1#node-})); }

alive() { [ -s "$state/$1.pid" ] && kill -0 "$(cat "$state/$1.pid")" 2>/dev/null; }

# await NAME COMMAND...: waits until the command succeeds, a minute at most.
await() {
	name=$1
	shift
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		if [ $tries -gt 300 ] || ! alive "$name"; then
			fail "$name"
		fi
		sleep 0.2
	done
}

# tell SIGNAL NAME...: sends a signal, which a paused server hears too.
tell() {
	signal=$1
	shift
	for name in "$@"; do
		kill -s "$signal" "$(cat "$state/$name.pid")" 2>/dev/null || continue
		kill -s CONT "$(cat "$state/$name.pid")" 2>/dev/null || true
	done
}

# stop SIGNAL NAME...: ends servers at once, and waits for them.
stop() {
	running=
	signal=$1
	shift
	for name in "$@"; do
		alive "$name" && running="$running $name"
	done
	tell "$signal" $running
	for name in $running; do
		tries=0
		while alive "$name"; do
			tries=$((tries + 1))
			[ $tries = 400 ] && say "$name does not end: killing it" && tell KILL "$name"
			sleep 0.1
		done
	done
	for name in "$@"; do
		rm -f "$state/$name.pid"
	done
}

# finish ends everything, those who depend on others first.
finish() {
	trap '' HUP INT TERM
	say "stopping"
	stop TERM balancer
	stop TERM $names
	stop TERM redis
	stop INT postgres
	rm -f "$state/balancer.sock"
	say "everything has ended"
}

# prepare_postgres makes the cluster of databases on the first start.
prepare_postgres() {
	[ -e "$state/postgres/PG_VERSION" ] && return
	mkdir -p "$state/postgres"
	(umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$state/password")
	[ -z "$as" ] || chown postgres "$state/postgres" "$state/password"
	if ! $as test -w "$state/postgres"; then
		say "the user postgres cannot get at $state. Choose another place: CLUSTER=/var/tmp/cluster" >&2
		exit 1
	fi
	$as "$pg/initdb" --pgdata="$state/postgres" --username=govorun --pwfile="$state/password" \
		--auth=scram-sha-256 --encoding=UTF8 --no-locale >"$state/initdb.log"
}

# prepare_database makes the database on the first start, and says where it is.
prepare_database() {
	PGPASSWORD=$(cat "$state/password")
	GOVORUN_POSTGRES_URL="postgres://govorun:$PGPASSWORD@127.0.0.1:$postgres_port/govorun?sslmode=disable"
	export PGPASSWORD GOVORUN_POSTGRES_URL
	(umask 077 && echo "$GOVORUN_POSTGRES_URL" >"$state/postgres.url")
	set -- --host=127.0.0.1 --port="$postgres_port" --username=govorun
	"$pg/psql" "$@" --dbname=govorun --command= 2>/dev/null || "$pg/createdb" "$@" govorun
}

# A request is tried on another node only while nothing of it was sent. A node that is not ready
# gets no new requests; its open sockets stay.
write_balancer() {
	cat <<-END
		global
		    stats socket $state/balancer.sock mode 600

		defaults
		    mode http
		    log stdout format raw local0
		    option httplog
		    option dontlog-normal
		    option redispatch 1
		    retries 3
		    retry-on conn-failure
		    timeout connect 2s
		    timeout http-request 10s
		    timeout http-keep-alive 60s
		    timeout client 60s
		    timeout server 60s
		    # Of sockets and streams: both sides ping every 25 s.
		    timeout tunnel 2m
		    timeout check 2s

		frontend clients
		    bind $listen
		    # Not what the client says it is.
		    http-request set-header X-Forwarded-For %[src]
		    default_backend nodes

		backend nodes
		    balance leastconn
		    option httpchk GET /readyz
		    default-server check inter 1s fastinter 250ms fall 2 rise 2 observe layer4 error-limit 2 on-error mark-down
	END
	for name in $names; do
		echo "    server $name 127.0.0.1:$(port "$name")"
	done
}

# explain says where everything is.
explain() {
	cat <<-END

		The cluster is ready. Ctrl-C ends it.
		  Page        http://$listen/
		  REST        http://$listen/api/chats/v1
		  Centrifugo  ws://$listen/centrifugo/connection/websocket
	END
	link=$(grep -ho '/setup#.*' "$state"/node-*.log | tail -n 1 || true)
	if [ -n "$link" ]; then
		echo "  First administrator, once: http://$listen$link"
	fi
	for name in $names; do
		echo "  $name      http://127.0.0.1:$(port "$name")/  process $(cat "$state/$name.pid")"
	done
	cat <<-END
		  PostgreSQL  127.0.0.1:$postgres_port  process $(cat "$state/postgres.pid"), its URL is in $state/postgres.url
		  Redis       127.0.0.1:$redis_port  process $(cat "$state/redis.pid")
		  Logs        $state/*.log
		See who is alive:
		  $bin nodes --postgres-url "\$(cat $state/postgres.url)"
		Do harm (what dies is back after 3 seconds):
		  kill -KILL "\$(cat $state/node-1.pid)"     also redis, postgres, balancer
		  kill -STOP "\$(cat $state/node-1.pid)"     pauses it, -CONT lets it go on
	END
}

[ -x "$bin" ] || { say "$bin is missing: make build" >&2; exit 1; }
servers
pg=$(dirname "$(readlink -f "$(program postgres)")")
as=
[ "$(id -u)" = 0 ] && as="setpriv --reuid=postgres --regid=postgres --clear-groups"
mkdir -p "$state"
state=$(cd "$state" && pwd)
names=
for i in $(seq "$count"); do
	names="$names node-$i"
done
for name in postgres redis balancer $names; do
	if alive "$name"; then
		say "$name runs already, process $(cat "$state/$name.pid"). If that is something else, remove $state/$name.pid" >&2
		exit 1
	fi
	rm -f "$state/$name.pid" "$state/$name.log"
done

prepare_postgres
trap finish EXIT
trap 'exit 0' HUP INT TERM
start postgres
start redis
await postgres "$pg/pg_isready" --host=127.0.0.1 --port="$postgres_port"
await redis redis-cli -p "$redis_port" ping
prepare_database
for name in $names; do
	start "$name"
done
for name in $names; do
	await "$name" grep -q 'is ready' "$state/$name.log"
done
write_balancer >"$state/balancer.cfg"
start balancer
await balancer test -S "$state/balancer.sock"
explain

while :; do
	sleep 1
	gone=
	for name in postgres redis balancer $names; do
		alive "$name" || gone="$gone $name"
	done
	[ -n "$gone" ] || continue
	say "gone:$gone. Back in 3 seconds"
	sleep 3
	for name in $gone; do
		start "$name"
		say "$name is process $(cat "$state/$name.pid") now"
	done
done
