# Part of test/services.sh: finds a ClickHouse, or starts the server of this folder.
# shellcheck shell=bash

# ClickHouse's engine, as the library that our own server in test/clickhouse loads. Tests that stop and start a server
# need it also where TRELLIS_TEST_CLICKHOUSE_DSN names another.
find_chdb() {
	local folder="$PWD/.cache/chdb"
	chdb="${TRELLIS_TEST_CHDB:-$folder/node_modules/@chdb/lib-linux-x64-gnu/libchdb.so}"
	[ -z "${TRELLIS_TEST_CHDB:-}" ] || return 0
	[ -f "$chdb" ] && cmp -s test/clickhouse/package-lock.json "$folder/package-lock.json" && return 0
	[ "$(uname -sm)" = "Linux x86_64" ] && command -v npm >/dev/null || return 1
	echo "  installing the engine of ClickHouse (540 MB) …"
	mkdir -p "$folder"
	cp test/clickhouse/{package.json,package-lock.json,.npmrc} "$folder"
	(cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund) >.cache/chdb.log 2>&1
}

# A ClickHouse of our own, like the MariaDB.
start_clickhouse() {
	local port=38123
	answers "$port" && return 0
	setsid "$server" --path "$PWD/.cache/clickhouse" --addr "127.0.0.1:$port" >.cache/clickhouse.log 2>&1 &
	wait_for "$port"
}

server="$PWD/.cache/clickhouse-server"
if find_chdb && CGO_ENABLED=0 go build -o "$server" ./test/clickhouse; then
	export TRELLIS_TEST_CHDB="$chdb"
	{
		echo "export TRELLIS_TEST_CHDB='$chdb'"
		echo "export TRELLIS_TEST_CLICKHOUSE_SERVER='$server'"
	} >>"$out"
	if [ -n "${TRELLIS_TEST_CLICKHOUSE_DSN:-}" ]; then
		clickhouse="$TRELLIS_TEST_CLICKHOUSE_DSN"
	elif start_clickhouse; then
		clickhouse='http://127.0.0.1:38123'
	fi
fi
clickhouse="${clickhouse:-${TRELLIS_TEST_CLICKHOUSE_DSN:-}}"

if [ -n "$clickhouse" ]; then
	echo "export TRELLIS_TEST_CLICKHOUSE_DSN='$clickhouse'" >>"$out"
	echo "ClickHouse: ${clickhouse#*@}"
else
	echo "ClickHouse: none; its tests are skipped. Set TRELLIS_TEST_CLICKHOUSE_DSN, or install npm (Linux on x86-64)"
fi
if [ -n "${TRELLIS_TEST_CLICKHOUSE_NATIVE_DSN:-}" ]; then
	echo "export TRELLIS_TEST_CLICKHOUSE_NATIVE_DSN='$TRELLIS_TEST_CLICKHOUSE_NATIVE_DSN'" >>"$out"
	echo "ClickHouse, native protocol: ${TRELLIS_TEST_CLICKHOUSE_NATIVE_DSN#*@}"
fi
