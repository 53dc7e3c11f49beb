#!/usr/bin/env bash
# The OpenAPI documents pass two linters that were not written here, and clients that are generated from them
# by other people's tools, in TypeScript and in Go, go once round a running server: see clients.sh.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work="$root/.cache/contract"
mkdir -p "$work"
# shellcheck source=test/server.sh
. "$root/test/server.sh"
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true

cd "$work"
cp "$here"/{package.json,package-lock.json,.npmrc,spectral.yaml} .
npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1 || { cat npm.log; exit 1; }
bin=node_modules/.bin

cd "$root" && go build -o "$work/server" ./cmd/server && cd "$work"
for version in v1 v2; do
	./server openapi --version "$version" >"$version.json"
	echo "== $version"
	"$bin/redocly" lint "$version.json" >redocly.log 2>&1 || { cat redocly.log; exit 1; }
	if grep -qE '[0-9]+ warning' redocly.log; then cat redocly.log; exit 1; fi
	echo "redocly: no errors, no warnings"
	"$bin/spectral" lint --fail-severity=warn -r spectral.yaml "$version.json"
	"$bin/openapi-typescript" "$version.json" --default-non-nullable=false -o "$version.ts" >/dev/null
done

# shellcheck source=/dev/null
[ ! -f "$here/clients.sh" ] || . "$here/clients.sh"
