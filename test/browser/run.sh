#!/usr/bin/env bash
# Opens the documentation in headless Chromium, without a network, and uses it. Pictures are left in .cache/browser.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work="$root/.cache/browser"
mkdir -p "$work"

for chromium in "${CHROMIUM:-}" /usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome; do
	[ -x "$chromium" ] && break
done
if [ ! -x "$chromium" ]; then
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		echo "install chromium, or set CHROMIUM"
		exit 1
	fi
	{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium; } >"$work/apt.log" 2>&1
	chromium=/usr/bin/chromium
fi

cp "$here"/{package.json,package-lock.json,.npmrc,docs.test.mjs} "$work"
(cd "$root" && go build -o "$work/server" ./cmd/server)
cd "$work"
npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1 || { cat npm.log; exit 1; }

port=$((20000 + RANDOM % 20000))
url="http://127.0.0.1:$port"
TRELLIS_HTTP_ADDR="127.0.0.1:$port" TRELLIS_DATABASES_PRIMARY_DSN="$(mktemp -d)/browser.db" ./server serve 2>server.log &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true' EXIT
for _ in $(seq 200); do
	curl -sf "$url/readyz" >/dev/null && break
	sleep 0.05
done

SERVER="$url" PICTURES="$work" CHROMIUM="$chromium" node --test --test-concurrency=1 --test-timeout=60000 docs.test.mjs
