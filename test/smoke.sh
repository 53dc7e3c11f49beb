#!/usr/bin/env bash
# Starts a built server on a free port, with a database of its own, and asks it something.
set -euo pipefail
binary=$(realpath "$1")
folder=$(mktemp -d)
port=$((20000 + RANDOM % 20000))
(cd "$folder" && TRELLIS_HTTP_ADDR="127.0.0.1:$port" exec "$binary" serve 2>"$folder/log") &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT

url="http://127.0.0.1:$port"
for _ in $(seq 200); do
	curl -sf "$url/readyz" >/dev/null && break
	sleep 0.05
done
curl -sf "$url/readyz" || { cat "$folder/log"; exit 1; }
echo
curl -sf -X POST "$url/api/v1/products" -H 'Content-Type: application/json' \
	-d '{"sku":"TEA-1","name":"Green tea","price_cents":1299,"currency":"EUR"}' >/dev/null
curl -sf "$url/api/products" | grep -q '"amount_cents":1299'
kill -TERM "$server"
wait "$server"
trap 'rm -rf "$folder"' EXIT
echo "$(basename "$binary"): answers, and ends cleanly"
