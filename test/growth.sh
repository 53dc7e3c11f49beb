#!/usr/bin/env bash
# Measures how generating the graph, building, starting and memory grow with the number of modules: 5 and 50 that are
# generated, or as many as are named, in copies of this project.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .cache/growth
root=$PWD
server=
# Whatever ends this, no server stays, and nothing of the copies. What a server said that did not start is shown.
finish() {
	status=$?
	if [ -n "$server" ] && kill "$server" 2>/dev/null; then wait "$server" || true; fi
	log=$root/.cache/growth/project/log
	if [ "$status" != 0 ] && [ -f "$log" ]; then cat "$log" >&2; fi
	rm -rf "$root/.cache/growth/project"
}
trap finish EXIT
trap 'exit 130' INT TERM
go build -o .cache/growth/scaffold ./cmd/scaffold
fields="number:string:unique,customer_id:uuid:index,amount:money,due_at:time?,status:enum(draft,sent,paid),note:text?"
now() { date +%s%N; }
took() { echo $((($(now) - $1) / 1000000)); }
printf '%8s %12s %12s %12s %14s %12s %10s %10s\n' modules "generate ms" "graph ms" "build ms" "build again ms" "start ms" "memory MB" "binary MB"
for count in "${@:-5 50}"; do for many in $count; do
	folder=.cache/growth/project
	rm -rf "$folder" && mkdir -p "$folder"
	git ls-files -z --cached --others --exclude-standard | xargs -0 -I{} sh -c '[ ! -f "{}" ] || echo "{}"' | tar -cf - -T - | tar -xf - -C "$folder"
	cd "$folder"
	begun=$(now)
	for i in $(seq "$many"); do
		"$root/.cache/growth/scaffold" module "part$i" \
			--fields "$fields" --no-verify >/dev/null
	done
	generate=$(($(took "$begun") / many))
	begun=$(now); go tool wire gen ./wire_gen >log 2>&1; graph=$(took "$begun")
	begun=$(now); go build -o server ./cmd/server; build=$(took "$begun")
	echo '// changed' >>modules/part1/service.go
	begun=$(now); go build -o server ./cmd/server; again=$(took "$begun")
	rm -rf data && mkdir data
	begun=$(now)
	TRELLIS_MIGRATIONS_AUTO=true TRELLIS_HTTP_ADDR=127.0.0.1:18765 ./server serve >log 2>&1 &
	server=$!
	until curl -sf http://127.0.0.1:18765/readyz >/dev/null; do kill -0 "$server"; done
	start=$(took "$begun")
	memory=$(awk '/VmRSS/ { printf "%d", $2 / 1024 }' "/proc/$server/status")
	kill -TERM "$server" && wait "$server"
	server=
	# once more on the schema that is there
	begun=$(now)
	TRELLIS_HTTP_ADDR=127.0.0.1:18765 ./server serve >log 2>&1 &
	server=$!
	until curl -sf http://127.0.0.1:18765/readyz >/dev/null; do kill -0 "$server"; done
	start="$start/$(took "$begun")"
	kill -TERM "$server" && wait "$server"
	server=
	printf '%8s %12s %12s %12s %14s %12s %10s %10s\n' "$many" "$generate" "$graph" "$build" "$again" "$start" "$memory" $(($(stat -c %s server) / 1048576))
	cd "$root"
done; done
