#!/usr/bin/env bash
# Runs every test with the real servers that test/services.sh found, and lists what was skipped. In CI nothing may be.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=/dev/null
[ -f .cache/services.env ] && . .cache/services.env

race=()
[ "$(go env CGO_ENABLED)" = 1 ] && race=(-race)
export TRELLIS_TEST_CONFORMANCE="$PWD/.cache/conformance.jsonl"
rm -f "$TRELLIS_TEST_CONFORMANCE"
log=.cache/integration.log
status=0
# The scaffolder talks to no server: make test has run its tests.
mapfile -t packages < <(go list -tags integration,nomsgpack ./... | grep -v /cmd/scaffold)
go test -v -count=1 -shuffle=on "${race[@]}" -tags integration,nomsgpack -coverprofile=.cache/cover.out "${packages[@]}" >"$log" 2>&1 || status=$?
grep -E '^(FAIL|ok|panic|---.*FAIL)|^\s+--- FAIL' "$log" || true
if [ "$status" != 0 ]; then
	grep -B2 -A40 -E '^\s*--- FAIL|^panic|DATA RACE' "$log" | head -200
	exit "$status"
fi
skipped=$(grep -cE '^\s*--- SKIP' "$log" || true)
if [ "$skipped" != 0 ]; then
	echo "skipped:"
	grep -E '^\s*--- SKIP' -A2 "$log"
	[ -z "${CI:-}" ] || { echo "CI must skip nothing"; exit 1; }
fi
