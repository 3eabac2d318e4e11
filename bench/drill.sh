#!/usr/bin/env bash
# One drill of a service and of all, beside the document's own commands for the same service by the AWS CLI one after another, in the same run. Appends to bench/results/<date>.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
./tocsin --version >/dev/null
# The program itself: the wrapper looks for newer sources first.
tocsin=$PWD/artifacts/tocsin/tocsin
folder=$(mktemp -d)
export TOCSIN_LAB=$folder
trap '"$tocsin" lab down >/dev/null; rm -rf "$folder"' EXIT
"$tocsin" lab up >/dev/null
eval "$("$tocsin" lab env)"
aws=${AWS_CLI:-/usr/bin/aws}
service=customer-panel cluster=$TOCSIN_LAB_PRODUCTION_CLUSTER region=$TOCSIN_LAB_PRODUCTION_REGION
other_cluster=$TOCSIN_LAB_STAGING_CLUSTER other_region=$TOCSIN_LAB_STAGING_REGION
cli() { "$aws" --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }
# A verdict that is no health ends with a code of its own; what is timed is the run.
ms() { local start; start=$(date +%s%N); "$@" >/dev/null 2>&1 || true; echo $(( ($(date +%s%N) - start) / 1000000 )); }
# The five steps as platforms/*/drill.yaml has them.
document() {
  cli logs filter-log-events --log-group-name "/zelly/ecs/$service" --start-time $(( ($(date +%s) - 900) * 1000 )) --region "$region" --query 'events[*].[message]' --output text | tail -50
  cli ecs describe-services --cluster "$cluster" --services "$service" --region "$region" --query 'services[0].events[0:5].[createdAt,message]' --output text
  cli ecs list-tasks --cluster "$cluster" --service-name "$service" --desired-status STOPPED --region "$region" --query 'taskArns[]' --output text \
    | xargs -r "$aws" --endpoint-url "$AWS_ENDPOINT_URL" ecs describe-tasks --cluster "$cluster" --region "$region" --tasks
  cli secretsmanager get-secret-value --secret-id "zelly/$service/env" --region "$region" --query SecretString --output text | jq -r 'to_entries[] | "\(.key) length=\(.value | tostring | length)"'
  for place in "$cluster $region" "$other_cluster $other_region"; do
    read -r c r <<<"$place"
    cli ecs describe-services --cluster "$c" --services "$service" --region "$r" --query 'services[0].taskDefinition' --output text \
      | xargs -r "$aws" --endpoint-url "$AWS_ENDPOINT_URL" ecs describe-task-definition --region "$r" --query 'taskDefinition.{revision:revision,images:containerDefinitions[].image}' --task-definition
  done
}
times() { local n=$1; shift; for _ in $(seq "$n"); do ms "$@"; done | sort -n; }
at() { sed -n "${1}p"; }
one=$(times 20 "$tocsin" drill "$service" --env production)
all=$(times 5 "$tocsin" drill --env production)
by_hand=$(times 3 document)
{
  echo
  echo "## One drill beside the document's commands (bench/drill.sh, $(nproc) processors, load $(cut -d' ' -f1 /proc/loadavg), $(date -u +%H:%MZ))"
  echo
  echo "- one service, 20 drills, whole process: median $(at 10 <<<"$one") ms, 95th percentile $(at 19 <<<"$one") ms"
  echo "- all services, median of five: $(at 3 <<<"$all") ms"
  echo "- the document's five steps for that service by the AWS CLI, one after another, median of three: $(at 2 <<<"$by_hand") ms, $(awk "BEGIN{printf \"%.1f\", $(at 2 <<<"$by_hand") / $(at 10 <<<"$one")}") times as long"
} | tee -a "bench/results/$(date -u +%F).md"
