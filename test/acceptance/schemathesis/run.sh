#!/bin/sh
# Requests made up from the description that the issuer serves, good ones and bad ones, against the issuer itself: none is answered
# by a server error, nor by anything that the description does not say. `local/stack/with-stack.ts` says where the issuer is.
set -eu
cd "$(dirname "$0")/../../.."
exec .local/schemathesis/bin/schemathesis --config-file test/acceptance/schemathesis/schemathesis.toml run \
  --header "x-api-key: $UPLOAD_ONCE_API_KEY" "$UPLOAD_ONCE_URL/openapi.json" "$@"
