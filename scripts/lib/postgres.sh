# A throw-away PostgreSQL server for the tests: start_postgres sets TEST_POSTGRES_URL,
# stop_postgres removes everything. Nothing outside its temporary folder is touched.
# shellcheck shell=bash

postgres_bin() {
	local folder
	for folder in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -rn) /usr/local/bin /usr/bin; do
		if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ] && [ -x "$folder/pg_ctl" ]; then
			printf '%s' "$folder"
			return
		fi
	done
	return 1
}

# PostgreSQL refuses to run as root: as root, its programs run as another user.
as_postgres() {
	if [ "$(id -u)" -ne 0 ]; then
		"$@"
	else
		setpriv --reuid="$PG_USER" --regid="$PG_GROUP" --clear-groups \
			env -u TMPDIR HOME="$PG_DIR" LC_ALL=C "$@"
	fi
}

free_port() {
	node -e 'const s=require("net").createServer();s.listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'
}

start_postgres() {
	local bin base port password
	bin="$(postgres_bin)" || die 'PostgreSQL is missing: install the package postgresql'
	# In memory where there is room: hundreds of small databases come and go.
	base="${POSTGRES_BASE:-/tmp}"
	if [ -z "${POSTGRES_BASE:-}" ] && [ -w /dev/shm ] && [ "$(df --output=avail -k /dev/shm | tail -1)" -gt 4000000 ]; then base=/dev/shm; fi
	PG_BIN="$bin"
	PG_DIR="$(mktemp -d "$base/pocket-id-test-postgres.XXXXXX")"
	if id postgres >/dev/null 2>&1; then PG_USER=postgres; else PG_USER=nobody; fi
	PG_GROUP="$(id -gn "$PG_USER")"
	if [ "$(id -u)" -eq 0 ]; then chown "$PG_USER:$PG_GROUP" "$PG_DIR"; fi
	chmod 0700 "$PG_DIR"

	password="$(node -p 'require("crypto").randomBytes(18).toString("hex")')"
	printf '%s' "$password" | as_postgres tee "$PG_DIR/password" >/dev/null
	as_postgres "$bin/initdb" --pgdata="$PG_DIR/data" --username=pocket --pwfile="$PG_DIR/password" \
		--auth=scram-sha-256 --encoding=UTF8 --locale=C --no-sync >"$PG_DIR.log" 2>&1 ||
		{ cat "$PG_DIR.log" >&2; die 'initdb failed'; }

	# Another program may take the port between the look and the start: then the next one is tried.
	local attempt
	for attempt in 1 2 3 4 5; do
		port="$(free_port)"
		if as_postgres "$bin/pg_ctl" --pgdata="$PG_DIR/data" --log="$PG_DIR/log" --wait --timeout=60 --silent start \
			--options="-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=500 -c shared_buffers=128MB" \
			</dev/null >/dev/null 2>&1; then
			export TEST_POSTGRES_URL="postgres://pocket:$password@127.0.0.1:$port/postgres"
			return
		fi
	done
	cat "$PG_DIR/log" >&2 || true
	die 'PostgreSQL did not start'
}

stop_postgres() {
	[ -n "${PG_DIR:-}" ] || return 0
	as_postgres "$PG_BIN/pg_ctl" --pgdata="$PG_DIR/data" --mode=immediate --silent stop >/dev/null 2>&1 || true
	rm -rf "$PG_DIR" "$PG_DIR.log"
	PG_DIR=''
}
