#!/usr/bin/env bash
# Runs every test that has an engine on the Oracle of TRELLIS_TEST_ORACLE_DSN, whose user creates and drops users, and
# fails when none ran there.
set -euo pipefail
cd "$(dirname "$0")/../.."
: "${TRELLIS_TEST_ORACLE_DSN:?set it, for example to oracle://system:password@127.0.0.1:1521/FREEPDB1}"

log=.cache/oracle.log
mkdir -p .cache
status=0
go test -v -count=1 -tags nomsgpack -run "${1:-.}" ./platform/database ./platform/migrate ./modules/... >"$log" 2>&1 || status=$?
grep -E '^(FAIL|ok|panic)|^\s*--- FAIL' "$log" || true
if [ "$status" != 0 ]; then
	grep -A40 -E '^\s*--- FAIL|^panic' "$log" | head -300
	exit "$status"
fi
ran=$(grep -cE '^\s*--- PASS: .*/oracle( |/|$)' "$log" || true)
echo "on Oracle: $ran tests"
[ "$ran" -gt 0 ]
