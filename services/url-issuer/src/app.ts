import {
  type AccessStore,
  createApiKeyFinder,
  createDailyQuota,
  type IdempotencyStore,
  type QuotaCounters,
} from '@upload-once/access';
import { type Clock, systemClock } from '@upload-once/clock';
import {
  type ConnectionRefusal,
  createBoundedServer,
  type Logger,
  type Metrics,
  type Readiness,
} from '@upload-once/runtime';
import type { Traces } from '@upload-once/tracing';
import type { IssuedUploads, LinkStore, UploadStore } from '@upload-once/uploads';
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { clientErrorHandler, frameworkErrorHandler } from './client-errors.ts';
import { createFailedKeyAttempts } from './failed-key-attempts.ts';
import { createIdempotentIssuer } from './issuing/issue-idempotently.ts';
import { createUploadIssuer } from './issuing/issue-upload.ts';
import { joinRepeats } from './issuing/join-repeats.ts';
import type { UploadDefaults } from './issuing/upload-request.ts';
import { type LinkPageOptions, linkPage } from './link-page/link-page.ts';
import type { LinkSettings } from './links/link-settings.ts';
import { apiDescription } from './plugins/api-description.ts';
import { apiKey } from './plugins/api-key.ts';
import { closing } from './plugins/closing.ts';
import { cors } from './plugins/cors.ts';
import { type EarlyResponses, earlyResponses } from './plugins/early-responses.ts';
import { errors } from './plugins/errors.ts';
import { jsonBodies } from './plugins/json-bodies.ts';
import { quota } from './plugins/quota.ts';
import { rateLimit } from './plugins/rate-limit.ts';
import { FailuresOnlyLog, requestLog } from './plugins/request-log.ts';
import { requestMetrics } from './plugins/request-metrics.ts';
import { responseHeaders } from './plugins/response-headers.ts';
import { trace } from './plugins/trace.ts';
import type { TokenBuckets } from './rates/token-buckets.ts';
import { REFUSAL_REASONS, type RefusalReason } from './refusal-reasons.ts';
import { getPresignedUrl } from './routes/get-presigned-url.ts';
import { linkManagement, linkRequests } from './routes/link-routes.ts';
import { livez } from './routes/livez.ts';
import { openapi } from './routes/openapi.ts';
import { readyz } from './routes/readyz.ts';
import { createUpload } from './routes/v1/create-upload.ts';
import { getUpload } from './routes/v1/get-upload.ts';
import { revokeUpload } from './routes/v1/revoke-upload.ts';
import type { UploadSigner } from './signing/upload-signer.ts';
import { strictValidation } from './strict-validation.ts';

export interface AppOptions {
  /** The most open connections; see `createBoundedServer`. */
  readonly maxConnections: number;
  /** Empty, or with a slash before and none behind; the probes stay at the root. */
  readonly pathPrefix: string;
  /** Addresses and networks of the proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  /** Web origins whose pages may call; see the plugin `cors`. */
  readonly corsOrigins: readonly string[];
  readonly defaults: UploadDefaults;
  readonly accessStore: AccessStore;
  /** How long a response of the table of keys is good for: see `createApiKeyFinder`. */
  readonly keyCacheSeconds: number;
  /** See the plugin `rate-limit`. */
  readonly statusRatePerSecond: number;
  /** How many bad keys an address may present each minute; 0: any number. */
  readonly badKeysPerMinute: number;
  readonly idempotencyStore: IdempotencyStore;
  readonly uploadStore: UploadStore;
  readonly issuedUploads: IssuedUploads;
  readonly linkStore: LinkStore;
  readonly links: LinkSettings;
  /** Undefined: there is no page for links. */
  readonly linkPage?: LinkPageOptions;
  readonly signer: UploadSigner;
  readonly readiness: Readiness;
  readonly metrics: Metrics;
  /** See the plugin `trace`. */
  readonly traces?: Traces | undefined;
  readonly sampleRatio?: number;
  readonly log: Logger;
  readonly now: () => Date;
  /** By which requests wait for a change and keys that open nothing are counted; default: the system's. */
  readonly clock?: Clock;
  /** Cryptographic randomness. */
  readonly randomBytes: (count: number) => Uint8Array;
  /** How the wait for another task is spent: see `createIdempotentIssuer`. */
  readonly pause?: (ms: number) => Promise<unknown>;
  /** Where the rates are counted. */
  readonly buckets: TokenBuckets;
  readonly quotaCounters: QuotaCounters;
  readonly limits?: Partial<AppLimits>;
}

/** How patient the server is, in milliseconds. */
export interface AppLimits {
  /**
   * From the arrival of a request's header to its response; then it gets 503, or 408 where its body has not come. Less
   * than what clients usually wait.
   */
  readonly response: number;
  /** For a client to send the header of a request, and the whole of it: a slow one must not hold a connection. */
  readonly headers: number;
  readonly request: number;
  /** How often the two above are looked at. */
  readonly check: number;
  /** An idle connection stays open longer than at a load balancer (60 s), so that never the server closes one that is about to be used. */
  readonly keepAlive: number;
  /**
   * A connection on which no byte moves either way while there is a response to be given or taken: a client that does not
   * read must not hold it. Longer than a response takes, and than a line that is bad for a while.
   */
  readonly stalled: number;
}

const LIMITS: AppLimits = {
  response: 5_000,
  headers: 10_000,
  request: 15_000,
  check: 2_000,
  keepAlive: 72_000,
  stalled: 75_000,
};

/** A header of 100 kB is an API key that is refused like any other; from here on it is refused unread, with 431. */
const MAX_HEADER_BYTES = 128 * 1024;

/** What takes a body says how long it may be; all others have none. */
const BODY_LIMIT_BYTES = 1024;

/** An id has up to 1,016 bytes, three characters each where they are percent-encoded. */
const MAX_PATH_PARAMETER_CHARACTERS = 4096;

/** 80 bits: no two requests of a log have the same. */
const REQUEST_ID_BYTES = 10;

/** Each some 500 bytes: 10 MB of keys that are good, and as much of others, at most. */
const MAX_REMEMBERED_KEYS = 20_000;

/** One connection in four may wait for a change: those that wait keep no others out. One key has half of these. */
const WAITS_OF_CONNECTIONS = 4;

/** The HTTP service, not listening yet. */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const { metrics, now, clock = systemClock, randomBytes } = options;
  const limits = { ...LIMITS, ...options.limits };
  const log: FastifyBaseLogger = options.log;
  const responded: EarlyResponses = new WeakMap();

  for (const Reason of REFUSAL_REASONS) metrics.begin('RequestsRefused', { Reason });
  const onRefused = (reason: ConnectionRefusal) => {
    metrics.add('RequestsRefused', 1, { Reason: reason satisfies RefusalReason });
    log.info({ outcome: 'refused', reason }, 'a connection was closed');
  };

  const app = Fastify({
    serverFactory: (handler) =>
      createBoundedServer(
        {
          maxConnections: options.maxConnections,
          onRefused,
          maxHeaderSize: MAX_HEADER_BYTES,
          headersTimeout: limits.headers,
          requestTimeout: limits.request,
          connectionsCheckingInterval: limits.check,
          keepAliveTimeout: limits.keepAlive,
        },
        handler,
      ).setTimeout(limits.stalled),
    loggerInstance: log,
    logController: new FailuresOnlyLog(),
    genReqId: () => Buffer.from(randomBytes(REQUEST_ID_BYTES)).toString('hex'),
    trustProxy: options.trustedProxies.length > 0 && [...options.trustedProxies],
    bodyLimit: BODY_LIMIT_BYTES,
    routerOptions: { maxParamLength: MAX_PATH_PARAMETER_CHARACTERS },
    handlerTimeout: limits.response,
    // While the service stops, requests on open connections still get their response.
    return503OnClosing: false,
    frameworkErrors: frameworkErrorHandler({ metrics, corsOrigins: options.corsOrigins }),
    clientErrorHandler: clientErrorHandler({ log, metrics, responded }),
  });

  // Has no body here, as GET has none: many clients send the Content-Type of one all the same.
  app.addHttpMethod('DELETE', { hasBody: false, overrideExisting: true });

  // First what sees every request, then what refuses some of them.
  await app.register(trace, options);
  await app.register(requestLog);
  await app.register(requestMetrics, { metrics });
  await app.register(earlyResponses, { responded });
  await app.register(closing);
  await app.register(responseHeaders);
  await app.register(cors, { origins: options.corsOrigins });
  await app.register(errors);

  await app.register(jsonBodies);
  await app.register(apiDescription, { pathPrefix: options.pathPrefix });

  await app.register(openapi);
  await app.register(livez);
  await app.register(readyz, { readiness: options.readiness });

  await app.register(
    async (guarded) => {
      // This order is the security: who is it, how often may they, and only then what they ask for. What the rate or the
      // route itself refuses uses none of the daily quota up.
      await guarded.register(apiKey, {
        keys: createApiKeyFinder({
          store: options.accessStore,
          now,
          resultLifetimeSeconds: options.keyCacheSeconds,
          maxFound: MAX_REMEMBERED_KEYS,
          maxNotFound: MAX_REMEMBERED_KEYS,
        }),
        failedKeyAttempts: createFailedKeyAttempts({ perMinute: options.badKeysPerMinute, clock }),
      });
      await guarded.register(rateLimit, options);
      const dailyQuota = createDailyQuota({ counters: options.quotaCounters, now });
      await guarded.register(quota, { dailyQuota, now });
      guarded.setValidatorCompiler(strictValidation);
      const { defaults, uploadStore } = options;
      const issueUpload = createUploadIssuer(options);
      const issueIdempotently = joinRepeats(createIdempotentIssuer(options));
      await guarded.register(getPresignedUrl, { defaults, issueUpload });
      await guarded.register(createUpload, { defaults, issueUpload, issueIdempotently });
      await guarded.register(getUpload, {
        uploadStore,
        clock,
        responseMs: limits.response,
        waits: {
          all: Math.floor(options.maxConnections / WAITS_OF_CONNECTIONS),
          ofOneKey: Math.ceil(options.maxConnections / WAITS_OF_CONNECTIONS / 2),
        },
      });
      await guarded.register(revokeUpload, { uploadStore });
      await guarded.register(linkManagement, options);
    },
    { prefix: options.pathPrefix },
  );

  await app.register((linked) => linkRequests(linked, options), { prefix: options.pathPrefix });
  if (options.linkPage) await app.register(linkPage, { ...options.linkPage, prefix: options.pathPrefix });

  return app;
}
