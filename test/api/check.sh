#!/usr/bin/env bash
# Fails when the API that the code describes is not the one committed here, or when it differs from the one on the base
# revision in a way that breaks clients of a version. The base is $API_BASE, else the last release, else the commit
# before this one.
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p .cache/api
base=${API_BASE:-$(git describe --tags --abbrev=0 2>/dev/null || echo HEAD~1)}
if ! git rev-parse --quiet --verify "$base^{commit}" >/dev/null 2>&1; then
	case ${API_BASE:-} in
	'' | 0000000000000000000000000000000000000000) echo "there is no revision before this one: nothing to compare the API with" ;;
	*) echo "the revision $base is not here: fetch it, or name another one in API_BASE" && exit 1 ;;
	esac
	base=
fi
failed=0
for version in v1 v2; do
	go run ./cmd/server openapi --version "$version" >".cache/api/$version.json"
	if ! diff -u "test/api/$version.json" ".cache/api/$version.json"; then
		echo "test/api/$version.json is not what the code describes: run make generate"
		failed=1
	fi
	if [ -n "$base" ] && git cat-file -e "$base:test/api/$version.json" 2>/dev/null; then
		git show "$base:test/api/$version.json" >".cache/api/$version-base.json"
		go tool -modfile=.tools/go.mod oasdiff breaking --fail-on ERR ".cache/api/$version-base.json" ".cache/api/$version.json" || {
			echo "$version would break its clients (against $base)"
			failed=1
		}
	fi
done
exit "$failed"
