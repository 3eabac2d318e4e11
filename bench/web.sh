#!/usr/bin/env bash
# The pages: server time of each with 10,000 incidents and 1,000,000 events, how soon 200 viewers see a change, bytes of a first load, Lighthouse in Debian's chromium.
# The public status page under load, beside Caddy that serves the same bytes from a file (wrk and caddy are Debian's).
# In PostgreSQL too where $TOCSIN_BENCH_POSTGRES names an empty database. Lighthouse comes from npm into a temporary folder. Appends to bench/results/<date>.md.
# usage: bench/web.sh [pages] [lighthouse] [status]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
what=${*:-pages lighthouse status}
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

# The site until close; sets address and cookie.
open() {
  rm -f "$folder/in" "$folder/out"
  mkfifo "$folder/in"
  bench site <"$folder/in" >"$folder/out" 2>/dev/null &
  site=$!
  exec 3>"$folder/in"
  until [ -s "$folder/out" ]; do sleep 0.2; done
  read -r address cookie <"$folder/out"
}

close() {
  echo >&3
  exec 3>&-
  wait "$site" || true
  site=
}

status() {
  open
  curl -fsS --compressed "${address%/}/status" >"$folder/status.html"
  printf '{\n admin off\n auto_https off\n}\n:18475 {\n root * %s\n try_files /status.html\n file_server\n}\n' "$folder" >"$folder/Caddyfile"
  caddy run --adapter caddyfile --config "$folder/Caddyfile" >/dev/null 2>&1 &
  local peer=$!
  until curl -fsS http://127.0.0.1:18475/status >/dev/null 2>&1; do sleep 0.2; kill -0 "$peer"; done
  echo
  echo "## The public status page under load (bench/web.sh status, 50 readers without a pause, 15 s each, $(nproc) processors, load $(cut -d' ' -f1 /proc/loadavg), $(date -u +%H:%MZ))"
  echo
  echo "Readers and servers share the processors; $(wc -c <"$folder/status.html") bytes of HTML, uncompressed; Caddy serves the same bytes from a file."
  echo
  echo "| server | pages a second | half within | 99 of 100 within | failed |"
  echo "|---|---|---|---|---|"
  local name at
  for name in "Tocsin" "Caddy"; do
    at=${address%/}/status
    [ "$name" = Tocsin ] || at=http://127.0.0.1:18475/status
    wrk -t1 -c50 -d3s "$at" >/dev/null
    wrk -t1 -c50 -d15s --latency "$at" | awk -v name="$name" '/Requests\/sec/ {r = $2} /^ *50%/ {h = $2} /^ *99%/ {l = $2} /Socket errors|Non-2xx/ {f = $0} END {printf "| %s | %d | %s | %s | %s |\n", name, r, h, l, f == "" ? "none" : f}'
  done
  kill "$peer"
  wait "$peer" 2>/dev/null || true
  close
}

lighthouse() {
  npm install --silent --no-audit --no-fund --prefix "$folder" lighthouse@12 >/dev/null
  open
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
  close
}

for one in $what; do "$one" | tee -a "bench/results/$(date -u +%F).md"; done
