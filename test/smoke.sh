#!/usr/bin/env bash
# Starts a built server with a database of its own, asks it something, and stops it.
set -euo pipefail
# shellcheck source=test/server.sh
. "$(dirname "$0")/server.sh"
folder=$(mktemp -d)
start_server "$1" "$folder"
curl -sf "$url/readyz"
product='{"sku":"TEA-1","name":"Green tea","price_cents":1299,"currency":"EUR"}'
[ "$(curl -s -o /dev/null -w '%{http_code}' "$url/api/v1/products" -H 'Content-Type: application/json' -d "$product")" = 401 ]
curl -sf -X POST "$url/api/v1/products" -H 'Content-Type: application/json' -H "Authorization: Bearer $token" \
	-d "$product" >/dev/null
curl -sf "$url/api/products" | grep -q '"amount_cents":1299'
kill -TERM "$server"
wait "$server"
rm -rf "$folder"
echo "$(basename "$1"): answers, and ends cleanly"
