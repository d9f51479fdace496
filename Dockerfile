# The services, a target each: url-issuer, acceptor, processor, webhook-sender. And audit: the command upload-once, for the daily audit.
#
#   docker build --target acceptor -t upload-once/acceptor .
#
# Nothing is compiled: Node 24 runs the TypeScript as it is, and no dependency has native code. So an image for ARM64 is
# built on any machine, without emulation: what is run to make it is run on the machine's own platform.

# Node's official image, by digest: a tag can come to mean another image, a digest can't. It is that of the index, so that it
# holds for every architecture. Renovate renews it. On a machine that can't get an image by its digest, give another reference:
#
#   NODE_IMAGE=node:24-trixie-slim make images
ARG NODE_IMAGE=node:24-trixie-slim@sha256:173f125896c3b47ddf056734c7ea789d04595a6a08769a8f78e0df642781fb66

FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS manifests
WORKDIR /app
COPY package.json package-lock.json ./
COPY packages/access/package.json packages/access/
COPY packages/clock/package.json packages/clock/
COPY packages/queue/package.json packages/queue/
COPY packages/runtime/package.json packages/runtime/
COPY packages/table/package.json packages/table/
COPY packages/text/package.json packages/text/
COPY packages/tracing/package.json packages/tracing/
COPY packages/uploads/package.json packages/uploads/
COPY packages/worker/package.json packages/worker/
COPY services/acceptor/package.json services/acceptor/
COPY services/processor/package.json services/processor/
COPY services/url-issuer/package.json services/url-issuer/
COPY services/webhook-sender/package.json services/webhook-sender/
ENV npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false

# What each service imports, and what that imports: as locked, without what only development needs.
FROM manifests AS url-issuer-dependencies
RUN --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev --omit=optional --ignore-scripts --workspace services/url-issuer

FROM manifests AS acceptor-dependencies
RUN --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev --omit=optional --ignore-scripts --workspace services/acceptor

FROM manifests AS processor-dependencies
RUN --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev --omit=optional --ignore-scripts --workspace services/processor

FROM manifests AS webhook-sender-dependencies
RUN --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev --omit=optional --ignore-scripts --workspace services/webhook-sender

FROM manifests AS audit-dependencies
COPY packages/cli/package.json packages/cli/
COPY packages/client/package.json packages/client/
COPY packages/console/package.json packages/console/
RUN --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev --omit=optional --ignore-scripts --workspace packages/cli

# Files belong to root and the service runs as `node`: it can change nothing of itself, and needs no place to write.
FROM ${NODE_IMAGE} AS service
WORKDIR /app
ENV NODE_ENV=production PORT=8080
EXPOSE 8080
USER node
HEALTHCHECK --interval=15s --timeout=5s --start-period=15s \
    CMD ["node", "packages/runtime/src/health-check.ts", "/livez"]

FROM service AS url-issuer
COPY --from=url-issuer-dependencies /app ./
COPY packages/access packages/access
COPY packages/clock packages/clock
COPY packages/runtime packages/runtime
COPY packages/table packages/table
COPY packages/text packages/text
COPY packages/tracing packages/tracing
COPY packages/uploads packages/uploads
COPY services/url-issuer services/url-issuer
CMD ["node", "services/url-issuer/src/main.ts"]

FROM service AS acceptor
COPY --from=acceptor-dependencies /app ./
COPY packages/clock packages/clock
COPY packages/queue packages/queue
COPY packages/runtime packages/runtime
COPY packages/table packages/table
COPY packages/text packages/text
COPY packages/tracing packages/tracing
COPY packages/uploads packages/uploads
COPY packages/worker packages/worker
COPY services/acceptor services/acceptor
CMD ["node", "services/acceptor/src/main.ts"]

FROM service AS processor
COPY --from=processor-dependencies /app ./
COPY packages/clock packages/clock
COPY packages/queue packages/queue
COPY packages/runtime packages/runtime
COPY packages/table packages/table
COPY packages/text packages/text
COPY packages/tracing packages/tracing
COPY packages/uploads packages/uploads
COPY packages/worker packages/worker
COPY services/processor services/processor
CMD ["node", "services/processor/src/main.ts"]

FROM service AS webhook-sender
COPY --from=webhook-sender-dependencies /app ./
COPY packages/clock packages/clock
COPY packages/queue packages/queue
COPY packages/runtime packages/runtime
COPY packages/table packages/table
COPY packages/text packages/text
COPY packages/tracing packages/tracing
COPY packages/uploads packages/uploads
COPY packages/worker packages/worker
COPY services/webhook-sender services/webhook-sender
CMD ["node", "services/webhook-sender/src/main.ts"]

# It runs once and listens to no port.
FROM service AS audit
COPY --from=audit-dependencies /app ./
COPY packages/access packages/access
COPY packages/cli packages/cli
COPY packages/client packages/client
COPY packages/clock packages/clock
COPY packages/console packages/console
COPY packages/queue packages/queue
COPY packages/runtime packages/runtime
COPY packages/table packages/table
COPY packages/text packages/text
COPY packages/tracing packages/tracing
COPY packages/uploads packages/uploads
HEALTHCHECK NONE
ENTRYPOINT ["node", "packages/cli/src/main.ts"]
CMD ["audit", "--json"]
