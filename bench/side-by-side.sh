#!/usr/bin/env bash
# Tocsin beside ripgrep on the same file in one run: whole process, wall clock, median of ROUNDS. Writes a dated result.
# usage: bench/side-by-side.sh [BYTES] [ROUNDS] [PARTS: ripgrep gets one of so many]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bytes=${1:-1000000000}
rounds=${2:-3}
parts=${3:-50}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# A second run of a day adds to the first one's page.
result=bench/results/$(date -u +%Y-%m-%d).md

./tocsin --version >/dev/null
bench() { dotnet run -c Release --project bench/Tocsin.Benchmarks -- "$@"; }
./tocsin catalog patterns >"$work/patterns.txt"
seconds() { # command… → median wall seconds of $rounds runs, first a warm-up
  local times=() start end
  "$@" >"$work/out" 2>/dev/null || true
  for _ in $(seq "$rounds"); do
    start=$(date +%s.%N); "$@" >"$work/out" 2>/dev/null || true; end=$(date +%s.%N)
    times+=("$(echo "$end - $start" | bc)")
  done
  printf '%s\n' "${times[@]}" | sort -n | sed -n "$(( (rounds + 1) / 2 ))p"
}
peak() { # command… → peak resident memory in MB
  /usr/bin/time -f %M "$@" 2>&1 >/dev/null | tail -1 | awk '{printf "%.0f", $1 / 1024}'
}

{
  if [ -e "$result" ]; then printf '\n## Scan beside ripgrep (%s)\n\n' "$(date -u +%H:%MZ)"; else printf '# %s: scan beside ripgrep\n\n' "$(date -u +%Y-%m-%d)"; fi
  echo "Machine: $(nproc) × $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1), $(dotnet --version), $(rg --version | sed -n 1p)."
  echo "Patterns: $(wc -l <"$work/patterns.txt") regular expressions of the shipped catalog for the peers; Tocsin runs the whole catalog and reports entry, captures, line and offset."
  echo "Corpus: quiet corpus and samples, $bytes bytes; command: bench/side-by-side.sh $bytes $rounds $parts"
  echo
  echo "| errors among lines | tocsin scan | rg -c -f | ratio | peer measured on | peak memory of tocsin |"
  echo "|---|---|---|---|---|---|"
} >>"$result"
for share in 0.001 0.05; do
  bench corpus "$work/corpus.log" "$bytes" "$share"
  tocsin=$(seconds ./artifacts/tocsin/tocsin scan "$work/corpus.log" --format json)
  memory=$(peak ./artifacts/tocsin/tocsin scan "$work/corpus.log" --format json)
  # ripgrep needs minutes for what Tocsin does in seconds: it gets a part of the file, and the ratio is of bytes per second.
  part=$(( bytes / parts ))
  head -c "$part" "$work/corpus.log" >"$work/part.log"
  peer=$(rounds=1 seconds rg -c -f "$work/patterns.txt" "$work/part.log")
  echo "$bytes $tocsin $part $peer $memory $share" | awk '{a=$1/$2/1e6; b=$3/$4/1e6; printf "| %s %% | %.0f MB/s | %.2f MB/s | %.0f× | %.0f MB | %s MB |\n", $6*100, a, b, a/b, $3/1e6, $5}' >>"$result"
done
{
  echo
  echo "Literal pass alone (\`Tocsin.Benchmarks kernels\`):"
  echo
  echo '```text'
  bench kernels "$work/corpus.log"
  echo '```'
} >>"$result"

{
  echo
  bench/start-up.sh
  echo
  echo "Peak resident memory at 5 % of errors:"
  echo
  bench/memory.sh "$work/corpus.log"
} >>"$result"
cat "$result"
