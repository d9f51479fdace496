import { type Span, SpanKind, sampledPlaceOf, type Traces, traceparentFrom } from '@upload-once/tracing';
import { uploadIdOf } from '@upload-once/uploads';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';

declare module 'fastify' {
  interface FastifyRequest {
    /** W3C Trace Context: the caller's trace if it sent one that counts, a new one otherwise. */
    traceparent: string;
    /** A click on a link was signed for: the traceparent of the request that made the link. */
    clickedTraceparent: string | undefined;
  }
  interface FastifyContextConfig {
    /** Any stranger with a link asks: its `traceparent` is ignored, so that it neither decides what is sampled nor writes into another's trace. */
    ignoresTraceparent?: boolean;
  }
}

export interface TraceOptions {
  readonly randomBytes: (count: number) => Uint8Array;
  readonly now: () => Date;
  /** Undefined: no spans are made. */
  readonly traces?: Traces | undefined;
  /** Which part of the requests without a `traceparent` is sampled, 0 to 1; default: all of them. */
  readonly sampleRatio?: number | undefined;
}

/**
 * Gives every request its place in a trace. The one that issues an upload is the span `issue`, the one that signs for a click on a link is
 * the span `click`: uploads remember the id of this span, and others name it as their parent. All other requests have no span.
 */
export const trace = fp(
  async (app, { randomBytes, now, traces, sampleRatio }: TraceOptions) => {
    app.decorateRequest('traceparent', '');
    app.decorateRequest('clickedTraceparent', undefined);
    app.addHook('onRequest', (request, _reply, done) => {
      request.traceparent = traceparentFrom(headerOf(request), randomBytes, sampleRatio);
      done();
    });
    if (!traces) return;
    app.addHook('onResponse', (request, reply, done) => {
      if (request.isIssued || request.clickedTraceparent !== undefined) {
        const place = sampledPlaceOf(request.traceparent);
        if (place) traces.record({ ...place, ...spanOf(request, reply, now().getTime()) });
      }
      done();
    });
  },
  { name: 'trace', fastify: '5.x' },
);

function headerOf({ headers, routeOptions }: FastifyRequest): string | undefined {
  const header = headers['traceparent'];
  if (routeOptions.config.ignoresTraceparent) return undefined;
  return typeof header === 'string' ? header : undefined;
}

/** The attributes of HTTP are those of OpenTelemetry, "Semantic conventions for HTTP spans". */
function spanOf(
  request: FastifyRequest,
  reply: FastifyReply,
  endMs: number,
): Omit<Span, 'traceId' | 'spanId'> {
  const { clickedTraceparent, uploadKey, apiKey } = request;
  const created = sampledPlaceOf(clickedTraceparent);
  return {
    name: clickedTraceparent === undefined ? 'issue' : 'click',
    kind: SpanKind.server,
    parentSpanId: sampledPlaceOf(headerOf(request))?.spanId,
    startMs: endMs - reply.elapsedTime,
    endMs,
    attributes: {
      'http.request.method': request.method,
      'http.route': request.routeOptions.url ?? '',
      'http.response.status_code': reply.statusCode,
      ...(uploadKey !== undefined && { 'upload_once.upload_id': uploadIdOf(uploadKey) }),
      ...(apiKey && { 'upload_once.api_key_id': apiKey.keyId }),
    },
    ...(created && { links: [created] }),
  };
}
