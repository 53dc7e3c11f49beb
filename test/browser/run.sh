#!/usr/bin/env bash
# Opens the documentation and the dashboard in headless Chromium, without a network, and uses them. Pictures are left in .cache/browser.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work="$root/.cache/browser"
mkdir -p "$work"
# shellcheck source=test/server.sh
. "$root/test/server.sh"

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

rm -f "$work"/*.mjs
cp "$here"/{package.json,package-lock.json,.npmrc,*.mjs} "$work"
cd "$root"
go build -o "$work/server" ./cmd/server
[ ! -d test/warehouse ] || go build -o "$work/warehouse" ./test/warehouse
cd "$work"
npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1 || { cat npm.log; exit 1; }

rm -f test.db* auth.pem crypto.keys
# Each test of the dashboard signs in.
[ ! -f dashboard.test.mjs ] || export TRELLIS_MODULES_IDENTITY_ACCOUNT_REQUESTS=600 TRELLIS_MODULES_IDENTITY_ACCOUNT_BURST=100
start_server ./server "$work"
[ ! -f dashboard.test.mjs ] || ./warehouse -primary test.db -events 3000

SERVER="$url" TOKEN="$token" EMAIL="${email:-}" PASSWORD="${password:-}" PICTURES="$work" CHROMIUM="$chromium" \
	node --test --test-concurrency=1 --test-timeout=600000 ./*.test.mjs
