#!/usr/bin/env bash
# What is sent to Oracle, the golden files and the migrations, is what a grammar of its SQL takes that was not written here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work="$root/.cache/oracle"
mkdir -p "$work"

cd "$work"
cp "$here"/{package.json,package-lock.json,.npmrc,check.js} .
npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1 || { cat npm.log; exit 1; }

cd "$root"
# The grammar knows ALTER SESSION with one parameter only; the server takes any number.
mapfile -t files < <(git ls-files --cached --others --exclude-standard -- 'migrations/oracle/*.sql' '*/testdata/oracle/*.sql' ':!*/alter_session_*')
node "$work/check.js" "${files[@]}"
