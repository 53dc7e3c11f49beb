# shellcheck shell=bash disable=SC2154
# The round of the generated clients, for run.sh to go on with.
cp "$here"/{tsconfig.json,roundtrip.ts} .
rm -f test.db* auth.pem crypto.keys
start_server ./server "$work"

"$bin/tsc" -p .
TOKEN="$token" node dist/roundtrip.js "$url"

cd "$here/goclient"
mkdir -p client
go tool -modfile="$root/.tools/go.mod" oapi-codegen -generate types,client -package client "$work/v1.json" >client/client.gen.go
TOKEN="$token" go run . "$url"
