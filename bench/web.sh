#!/usr/bin/env bash
# The pages: server time of each with 10,000 incidents and 1,000,000 events, how soon 200 viewers see a change, bytes of a first load, Lighthouse in Debian's chromium.
# In PostgreSQL too where $TOCSIN_BENCH_POSTGRES names an empty database. Lighthouse comes from npm into a temporary folder. Appends to bench/results/<date>.md.
# usage: bench/web.sh [pages] [lighthouse]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
what=${*:-pages lighthouse}
dotnet build -c Release bench/Tocsin.WebBench -v quiet --nologo
bench() { dotnet run -c Release --no-build --project bench/Tocsin.WebBench -- "$@"; }
folder=$(mktemp -d)
site=
trap '[ -z "$site" ] || kill "$site" 2>/dev/null || true; rm -rf "$folder"' EXIT

pages() {
  echo
  echo "## The pages with 10,000 incidents and 1,000,000 events (bench/web.sh pages, $(nproc) processors, load $(cut -d' ' -f1 /proc/loadavg), $(date -u +%H:%MZ))"
  echo
  bench pages
}

lighthouse() {
  npm install --silent --no-audit --no-fund --prefix "$folder" lighthouse@12 >/dev/null
  mkfifo "$folder/in"
  bench site <"$folder/in" >"$folder/out" 2>/dev/null &
  site=$!
  exec 3>"$folder/in"
  until [ -s "$folder/out" ]; do sleep 0.2; done
  read -r address cookie <"$folder/out"
  echo
  echo "## Bytes of a first load, and Lighthouse (bench/web.sh lighthouse, load $(cut -d' ' -f1 /proc/loadavg), $(date -u +%H:%MZ))"
  echo
  local sum=0 one
  for one in / $(curl -fsS -H "Cookie: $cookie" "$address" | grep -oE '(src|href)="/assets/[^"]+' | cut -d'"' -f2 | sort -u); do
    sum=$((sum + $(curl -fsS -H "Cookie: $cookie" -H 'Accept-Encoding: br' "${address%/}$one" | wc -c)))
  done
  echo "- first load of Now with all that it names: $((sum / 1024)) KB compressed"
  printf '{"Cookie":"%s"}' "$cookie" >"$folder/headers.json"
  for one in / /incidents/INC-35 /reference; do
    # Its own trace of the browser does not always begin; figures of another page would be none of this one.
    rm -f "$folder/lh.json"
    for _ in 1 2 3; do CHROME_PATH=/usr/bin/chromium "$folder/node_modules/.bin/lighthouse" "${address%/}$one" --quiet --only-categories=performance,accessibility --output=json --output-path="$folder/lh.json" \
      --extra-headers="$folder/headers.json" --chrome-flags="--headless=new --no-sandbox --disable-gpu" >/dev/null && break; done
    jq -r --arg page "$one" '"- Lighthouse, a phone on a slow network, `\($page)`: performance \(.categories.performance.score * 100 | round), accessibility \(.categories.accessibility.score * 100 | round); first paint \(.audits["first-contentful-paint"].displayValue), largest \(.audits["largest-contentful-paint"].displayValue), blocked \(.audits["total-blocking-time"].displayValue), shift \(.audits["cumulative-layout-shift"].displayValue)"' "$folder/lh.json"
  done
  echo >&3
  exec 3>&-
  wait "$site" || true
  site=
}

for one in $what; do "$one" | tee -a "bench/results/$(date -u +%F).md"; done
