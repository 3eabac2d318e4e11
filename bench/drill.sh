#!/usr/bin/env bash
# One drill of a service and of all, by the program alone and by a server that is asked for it, beside the document's own commands for the same service by the AWS CLI one after another, in the same run. Appends to bench/results/<date>.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
./tocsin --version >/dev/null
# The program itself: the wrapper looks for newer sources first.
tocsin=$PWD/artifacts/tocsin/tocsin
folder=$(mktemp -d)
export TOCSIN_LAB=$folder
server=
trap '[ -z "$server" ] || kill "$server"; "$tocsin" lab down >/dev/null; rm -rf "$folder"' EXIT
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
# A server with somebody who may ask it, as the first start leaves it.
serve() {
  "$tocsin" serve --lab --no-watch --listen http://127.0.0.1:18475 --data "$folder/server" >"$folder/server.log" 2>&1 &
  server=$!
  until link=$(grep -o 'http://[^ ]*/invite/[^ ]*' "$folder/server.log"); do sleep 0.2; kill -0 "$server"; done
  export TOCSIN_URL=http://127.0.0.1:18475
  TOCSIN_TOKEN=$(curl -fsS "$TOCSIN_URL/api/v1/invitations/${link##*/}" -H 'Content-Type: application/json' -d '{"password":"correct horse battery"}' | jq -r .token)
  export TOCSIN_TOKEN
}
asked() { curl -fsS "$TOCSIN_URL/api/v1/drills" -H "Authorization: Bearer $TOCSIN_TOKEN" -H 'Content-Type: application/json' -d "{\"environment\":\"production\",\"service\":\"$service\",\"format\":\"text\"}"; }
times() { local n=$1; shift; for _ in $(seq "$n"); do ms "$@"; done | sort -n; }
at() { sed -n "${1}p"; }
one=$(times 20 "$tocsin" drill "$service" --env production)
all=$(times 5 "$tocsin" drill --env production)
serve
# The first ones warm it.
times 5 asked >/dev/null
by_server=$(times 20 "$tocsin" drill "$service" --env production --server)
by_http=$(times 20 asked)
by_hand=$(times 3 document)
verdict=$("$tocsin" drill "$service" --env production --server --format json | jq -r .verdict)
share() { awk "BEGIN{printf \"%.1f\", $(at 2 <<<"$by_hand") / $1}"; }
row() { echo "| $1 | $2 | $3 | $(share "$2") |"; }
{
  echo
  echo "## One drill beside the document's commands (bench/drill.sh, $(nproc) processors, load $(cut -d' ' -f1 /proc/loadavg), $(date -u +%H:%MZ))"
  echo
  echo "The document's five steps for one service by the AWS CLI, one after another: $(at 2 <<<"$by_hand") ms, median of three. A drill looks at far more than they do; its verdict here is $verdict."
  echo
  echo "| drill of one service | median ms | 95th percentile ms | the document's commands take times as long |"
  echo "|---|---|---|---|"
  row "tocsin drill, the whole process from its start" "$(at 10 <<<"$one")" "$(at 19 <<<"$one")"
  row "tocsin drill --server, the whole process, the drill in a server that runs" "$(at 10 <<<"$by_server")" "$(at 19 <<<"$by_server")"
  row "POST /api/v1/drills by curl: what a page or a program waits for" "$(at 10 <<<"$by_http")" "$(at 19 <<<"$by_http")"
  echo
  echo "All services from the start of the process, median of five: $(at 3 <<<"$all") ms."
} | tee -a "bench/results/$(date -u +%F).md"
