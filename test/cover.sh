#!/usr/bin/env bash
# Measures how much of modules/ and of platform/ the tests run, and fails when it is less than 80 % of either.
set -euo pipefail
cd "$(dirname "$0")/.."
least=80
profile=.cache/cover.out # of the last run against the real servers, each package by its own tests
[ -f "$profile" ] || { echo "run make test-integration first: it measures"; exit 1; }
failed=0
for part in modules platform; do
	percent=$(awk -v part="/$part/" '
		NR > 1 && index($1, part) { seen[$1] = $2; if ($3 > 0) hit[$1] = 1 }
		END { for (b in seen) { all += seen[b]; if (b in hit) run += seen[b] } if (all) printf "%.1f", 100 * run / all }' "$profile")
	[ -n "$percent" ] || continue # a new project may have no modules yet
	echo "coverage of $part/: $percent %"
	awk -v p="$percent" -v least="$least" 'BEGIN { exit !(p < least) }' && { echo "it must be at least $least %"; failed=1; }
done
exit "$failed"
