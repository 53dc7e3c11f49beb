#!/usr/bin/env bash
# Starts a built server with a database of its own, asks it something, and stops it.
set -euo pipefail
# shellcheck source=test/server.sh
. "$(dirname "$0")/server.sh"
folder=$(mktemp -d)
start_server "$1" "$folder"
curl -sf "$url/readyz"
[ "$(curl -s -o /dev/null -w '%{http_code}' "$url/api/v2/tasks")" = 401 ]
curl -sf "$url/api/v2/tasks" -H "Authorization: Bearer $token" | grep -q '"items":\[\]'
kill -TERM "$server"
wait "$server"
rm -rf "$folder"
echo "$(basename "$1"): answers, and ends cleanly"
