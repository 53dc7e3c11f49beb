# shellcheck shell=bash
# Starts a built server for a test script and stops it when the script ends: source this, then call
#
#   start_server BINARY FOLDER    serves on a free port with a database and keys in FOLDER; sets url, server, and token,
#                                 that of an admin
start_server() {
	local binary=$1 folder=$2 port=$((20000 + RANDOM % 20000))
	url="http://127.0.0.1:$port"
	export TRELLIS_HTTP_ADDR="127.0.0.1:$port" TRELLIS_DATABASES_PRIMARY_DSN="$folder/test.db" \
		TRELLIS_AUTH_KEY_STORE="$folder/auth.pem" TRELLIS_CRYPTO_KEY_STORE="$folder/crypto.keys"
	token=$("$binary" token)
	"$binary" serve 2>"$folder/server.log" &
	server=$!
	trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true' EXIT
	for _ in $(seq 200); do
		curl -sf "$url/readyz" >/dev/null && return
		sleep 0.05
	done
	cat "$folder/server.log"
	return 1
}
