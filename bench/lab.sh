#!/usr/bin/env bash
# The lab's core profile: start, memory, calls per second beside the same call by the AWS CLI, and lines that are written and read back. Appends to bench/results/<date>.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
./tocsin --version >/dev/null
dotnet build -c Release bench/Tocsin.Benchmarks -v quiet --nologo
folder=$(mktemp -d)
export TOCSIN_LAB=$folder
trap './tocsin lab down >/dev/null; rm -rf "$folder"' EXIT
up=$(./tocsin lab up | head -1)
pss=$(./tocsin lab status --format json | sed -n 's/.*"memoryMegabytes": \([0-9.]*\).*/\1/p')
eval "$(./tocsin lab env)"
load=$(dotnet run -c Release --no-build --project bench/Tocsin.Benchmarks -- lab)
aws=/usr/bin/aws
cli() { local start end; start=$(date +%s%N); "$aws" --endpoint-url "$AWS_ENDPOINT_URL" --region ap-south-1 "$@" >/dev/null; end=$(date +%s%N); echo $(( (end - start) / 1000000 )); }
describe=$(for _ in 1 2 3 4 5; do cli ecs describe-services --cluster zelly-production --services fastify-nova; done | sort -n | sed -n 3p)
filter=$(for _ in 1 2 3 4 5; do cli logs filter-log-events --log-group-name /zelly/ecs/fastify-nova --filter-pattern completed --max-items 50; done | sort -n | sed -n 3p)
{
  echo
  echo "## The lab's core profile (bench/lab.sh, $(nproc) processors, $(date -u +%H:%MZ))"
  echo
  echo "- $up"
  echo "- proportional set size of all its processes: $pss MB"
  while read -r line; do echo "- $line"; done <<<"$load"
  echo "- the same calls by the AWS CLI, median of five: describe-services $describe ms, filter-log-events $filter ms"
} | tee -a "bench/results/$(date -u +%F).md"
