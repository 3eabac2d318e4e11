#!/usr/bin/env bash
# Peak resident memory of a scan, by format. Prints rows of a Markdown table.
# usage: bench/memory.sh FILE…
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
echo "| log | bytes | text | json | ndjson |"
echo "|---|---|---|---|---|"
for file in "$@"; do
  row="| $(basename "$file") | $(stat -c %s "$file") |"
  for format in text json ndjson; do
    row+=" $(/usr/bin/time -f %M ./artifacts/tocsin/tocsin scan "$file" --format "$format" 2>&1 >/dev/null | tail -1 | awk '{printf "%.1f MB", $1 / 1024}') |"
  done
  echo "$row"
done
