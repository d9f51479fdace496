import { traceIdOf } from '@upload-once/runtime';
import { uploadIdOf } from '@upload-once/uploads';
import { type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import fp from 'fastify-plugin';

declare module 'fastify' {
  interface FastifyRequest {
    /** The object key of the upload that this request brought into being. */
    uploadKey: string | undefined;
    /** The end that this request gave to the upload, or to its link. */
    uploadExpiresAt: Date | undefined;
    /** Whether this request left its upload revoked. */
    isRevoked: boolean;
  }
  interface FastifyContextConfig {
    /** Asked by machines every few seconds: kept out of the metrics, and in the log only at debug. */
    probe?: boolean;
  }
}

/** One line for each request when its response is sent, without header, path, query or form. Every response names its request: `x-request-id`. */
export const requestLog = fp(
  async (app) => {
    app.decorateRequest('uploadKey', undefined);
    app.decorateRequest('uploadExpiresAt', undefined);
    app.decorateRequest('isRevoked', false);
    app.addHook('onRequest', (request, reply, done) => {
      reply.header('x-request-id', request.id);
      done();
    });
    app.addHook('onResponse', async (request, reply) => {
      const line = {
        method: request.method,
        // Its pattern, not the path: clients put keys into paths, in any spelling. An unknown path has none.
        route: request.is404 ? undefined : request.routeOptions.url,
        status: reply.statusCode,
        outcome: outcomeOf(request, reply),
        reason: request.errorCode,
        durationMs: Math.round(reply.elapsedTime),
        ip: request.ip,
        apiKeyId: request.apiKey?.keyId,
        uploadId: request.uploadKey && uploadIdOf(request.uploadKey),
        expiresAt: request.uploadExpiresAt,
        traceId: traceIdOf(request.traceparent),
      };
      request.log[request.routeOptions.config.probe ? 'debug' : 'info'](line, 'request');
    });
  },
  { name: 'request-log', fastify: '5.x', dependencies: ['trace'] },
);

/** Undefined: the response changes nothing, or gives away again what was issued before. */
function outcomeOf(request: FastifyRequest, { statusCode }: FastifyReply): string | undefined {
  if (request.isIssued) return 'issued';
  if (request.isRevoked) return 'revoked';
  if (statusCode >= 500) return 'failed';
  if (request.errorCode !== undefined) return 'refused';
  return request.uploadExpiresAt && 'changed';
}

/** In the place of the framework's own lines about requests: none but the one when a request could not be logged or counted. */
export class FailuresOnlyLog extends LogController {
  constructor() {
    super({ disableRequestLogging: true, requestIdLogLabel: 'requestId' });
  }

  override requestCompleted(
    error: Error | null | undefined,
    request: FastifyRequest,
    _reply: FastifyReply,
  ): void {
    if (error) request.log.error({ err: error }, 'a request has its response, but was not logged or counted');
  }
}
