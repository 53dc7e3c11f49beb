#!/usr/bin/env bash
# Finds the servers that the integration tests talk to, or starts them, and writes how to reach them to
# .cache/services.env. What is neither found nor to be started is named, and its tests are skipped.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .cache
out=.cache/services.env
: >"$out"

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

wait_for() {
	for _ in $(seq 100); do
		answers "$1" && return 0
		sleep 0.1
	done
	return 1
}

install() { # a Debian package, where we may
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
	echo "  installing $1 …"
	{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$1"; } >.cache/install.log 2>&1
}

# A MariaDB of our own: its data in .cache, on a port of its own.
start_mariadb() {
	local port=33306 data="$PWD/.cache/mariadb" as=()
	answers "$port" && return 0
	command -v mariadbd >/dev/null || install mariadb-server || return 1
	if [ "$(id -u)" = 0 ]; then as=(--user=root); fi
	[ -d "$data/mysql" ] || mariadb-install-db "${as[@]}" --datadir="$data" --auth-root-authentication-method=normal >.cache/mariadb-install.log 2>&1 || return 1
	mariadbd "${as[@]}" --no-defaults --datadir="$data" --bind-address=127.0.0.1 --port="$port" --socket="$data/mysqld.sock" \
		--pid-file="$data/mysqld.pid" >.cache/mariadb.log 2>&1 &
	wait_for "$port"
}

# A Redis of our own, even where another answers: tests empty its databases.
start_redis() {
	local port=36379
	answers "$port" && return 0
	command -v redis-server >/dev/null || install redis-server || return 1
	redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no --dir .cache >.cache/redis.log 2>&1 &
	wait_for "$port"
}

# A RabbitMQ of our own: a node with its data in .cache. guest may come from this machine.
start_rabbitmq() {
	local port=35672
	answers "$port" && return 0
	command -v rabbitmq-server >/dev/null || [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || install rabbitmq-server || return 1
	local server=/usr/lib/rabbitmq/bin/rabbitmq-server
	[ -x "$server" ] || server=rabbitmq-server
	HOME="$PWD/.cache" RABBITMQ_NODENAME="trellis@localhost" RABBITMQ_NODE_PORT="$port" RABBITMQ_DIST_PORT=35673 \
		RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_MNESIA_BASE="$PWD/.cache/rabbitmq" RABBITMQ_LOG_BASE="$PWD/.cache/rabbitmq-log" \
		RABBITMQ_ENABLED_PLUGINS_FILE="$PWD/.cache/rabbitmq-plugins" RABBITMQ_PID_FILE="$PWD/.cache/rabbitmq.pid" \
		"$server" >.cache/rabbitmq.log 2>&1 &
	for _ in 1 2 3 4 5 6; do wait_for "$port" && return 0; done
	return 1
}

if [ -n "${TRELLIS_TEST_MYSQL_DSN:-}" ]; then
	mysql="$TRELLIS_TEST_MYSQL_DSN"
elif command -v mariadb >/dev/null && mariadb --protocol=tcp -h127.0.0.1 -uroot -e 'select 1' >/dev/null 2>&1; then
	mysql='root@tcp(127.0.0.1:3306)/'
elif start_mariadb; then
	mysql='root@tcp(127.0.0.1:33306)/'
fi

if [ -n "${mysql:-}" ]; then
	echo "export TRELLIS_TEST_MYSQL_DSN='$mysql'" >>"$out"
	echo "MariaDB: ${mysql#*@}"
else
	echo "MariaDB: none; its tests are skipped. Set TRELLIS_TEST_MYSQL_DSN, or install mariadb-server"
fi

if [ -n "${TRELLIS_TEST_REDIS_ADDR:-}" ]; then
	redis="$TRELLIS_TEST_REDIS_ADDR"
elif start_redis; then
	redis='127.0.0.1:36379'
fi

if [ -n "${redis:-}" ]; then
	echo "export TRELLIS_TEST_REDIS_ADDR='$redis'" >>"$out"
	echo "Redis: $redis"
else
	echo "Redis: none; its tests are skipped. Set TRELLIS_TEST_REDIS_ADDR to one that may be emptied, or install redis-server"
fi

if [ -n "${TRELLIS_TEST_RABBITMQ_URL:-}" ]; then
	rabbitmq="$TRELLIS_TEST_RABBITMQ_URL"
elif answers 5672; then
	rabbitmq='amqp://guest:guest@127.0.0.1:5672/'
elif start_rabbitmq; then
	rabbitmq='amqp://guest:guest@127.0.0.1:35672/'
fi

if [ -n "${rabbitmq:-}" ]; then
	echo "export TRELLIS_TEST_RABBITMQ_URL='$rabbitmq'" >>"$out"
	echo "RabbitMQ: ${rabbitmq#*@}"
else
	echo "RabbitMQ: none; its tests are skipped. Set TRELLIS_TEST_RABBITMQ_URL, or install rabbitmq-server"
fi

# shellcheck source=test/clickhouse/services.sh
. test/clickhouse/services.sh
