#!/bin/sh
# A task type in shell: the SHA-256 of a text. Wants jq and sha256sum.
say() { # TYPE DATA
  printf '{"specversion":"1.0","id":"%s","source":"urn:cordyna:ts:examples/checksum","type":"cordyna.%s.v1","data":%s}\n' \
    "$(cat /proc/sys/kernel/random/uuid)" "$1" "$2"
}

TASK='{"id":"checksum","version":"1","description":"Gives the SHA-256 of a text.",
  "owner":{"team":"examples","contacts":["examples@example.com"]},
  "input_schema":{"type":"object","required":["text"],"properties":{"text":{"type":"string"}}},
  "output_schema":{"type":"object","required":["sha256"]}}'
say server.ready "$(printf '{"tasks":[%s]}' "$TASK" | tr -d '\n')" # a message is one line

# At the end of standard input nothing more is wanted.
while IFS= read -r message; do
  attempt=$(printf '%s' "$message" | jq -r 'select(.type == "cordyna.task.invoke.v1").data.attempt')
  [ -n "$attempt" ] || continue
  say task.queued "{\"attempt\":\"$attempt\"}"
  say task.started "{\"attempt\":\"$attempt\"}"
  echo "hashing" >&2
  sum=$(printf '%s' "$message" | jq -rj .data.inputs.text | sha256sum | cut -d ' ' -f 1)
  say task.completed "{\"attempt\":\"$attempt\",\"output\":{\"sha256\":\"$sum\"}}"
done
