#!/usr/bin/env bash
# The server: what a change and the lists cost from 100 to 100,000 incidents, and what it holds and does while nothing happens. Appends to bench/results/<date>.md.
# Beside it, where it is installed, Debian's Alertmanager idles in the same minute.
# usage: bench/server.sh [growth] [idle]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
what=${*:-growth idle}
seconds=${TOCSIN_IDLE_SECONDS:-60}
folder=$(mktemp -d)
pids=()
trap 'for p in "${pids[@]}"; do kill "$p" 2>/dev/null || true; done; wait; rm -rf "$folder"' EXIT

growth() {
  dotnet build -c Release bench/Tocsin.WebBench -v quiet --nologo >&2
  echo
  echo "## Cost from 100 to 100,000 stored incidents (bench/server.sh growth, $(nproc) processors, load $(cut -d' ' -f1 /proc/loadavg), $(date -u +%H:%MZ))"
  echo
  dotnet run -c Release --no-build --project bench/Tocsin.WebBench -- growth
}

# Processor time of a process in hundredths of a second, and its resident memory in KiB.
ticks() { awk '{print $14 + $15}' "/proc/$1/stat"; }
resident() { awk '/^VmRSS/ {print $2}' "/proc/$1/status"; }
private() { awk '/^Pss:/ {s += $2} END {print s}' "/proc/$1/smaps_rollup"; }

idle() {
  [ -x artifacts/tocsin/tocsin ] || ./tocsin --version >/dev/null
  (cd "$folder" && exec "$OLDPWD/artifacts/tocsin/tocsin" serve --data "$folder/data" --listen http://127.0.0.1:18473 >"$folder/log" 2>&1) &
  pids+=($!)
  local names=("tocsin serve")
  until curl -fsS http://127.0.0.1:18473/readyz >/dev/null 2>&1; do sleep 0.2; kill -0 "${pids[0]}"; done
  if command -v prometheus-alertmanager >/dev/null; then
    printf 'route: { receiver: none }\nreceivers: [{ name: none }]\n' >"$folder/am.yml"
    prometheus-alertmanager --config.file="$folder/am.yml" --storage.path="$folder/am" --web.listen-address=127.0.0.1:18474 --cluster.listen-address= >/dev/null 2>&1 &
    pids+=($!)
    names+=("Alertmanager")
  fi
  # What starting leaves to be done is no idling.
  sleep 20
  local before=() i
  for i in "${!pids[@]}"; do before[i]=$(ticks "${pids[i]}"); done
  sleep "$seconds"
  echo
  echo "## An idle server (bench/server.sh idle, $seconds s after 20 s, $(nproc) processors, load $(cut -d' ' -f1 /proc/loadavg), $(date -u +%H:%MZ))"
  echo
  echo "| program | resident MB | proportional MB | % of one processor |"
  echo "|---|---|---|---|"
  for i in "${!pids[@]}"; do
    awk -v name="${names[i]}" -v rss="$(resident "${pids[i]}")" -v pss="$(private "${pids[i]}")" -v used="$(($(ticks "${pids[i]}") - before[i]))" -v hz="$(getconf CLK_TCK)" -v s="$seconds" \
      'BEGIN {printf "| %s | %.0f | %.0f | %.2f |\n", name, rss / 1024, pss / 1024, 100 * used / hz / s}'
  done
  # Here and not at the end: what is piped runs in a shell of its own.
  kill "${pids[@]}"
  wait "${pids[@]}" 2>/dev/null || true
}

for one in $what; do "$one" | tee -a "bench/results/$(date -u +%F).md"; done
