#!/bin/sh
# Sends valid and invalid requests, generated from the description that the issuer serves, to the issuer. No response may be a server
# error or contradict the description. `local/stack/with-stack.ts` sets the issuer's address.
set -eu
cd "$(dirname "$0")/../../.."
exec .local/schemathesis/bin/schemathesis --config-file test/acceptance/schemathesis/schemathesis.toml run \
  --header "x-api-key: $UPLOAD_ONCE_API_KEY" "$UPLOAD_ONCE_URL/openapi.json" "$@"
