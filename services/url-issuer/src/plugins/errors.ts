import type { FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { bodyTooSlow, clientLeft, HttpError, notFound, serviceUnavailable } from '../http-error.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The `reason` of the error in the response to this request: its code, or what only the log and the metrics say. */
    errorCode: string | undefined;
    /** Whether it is the rest of the request that is waited for, and nothing of this service. */
    isBodyAwaited: boolean;
  }
}

/** The framework's errors about a body that it can't read, in words for the client. */
const WORDS_FOR_BODIES: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'The body is no JSON',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'The body is empty, though its Content-Type says that it is JSON',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'A body is JSON here: Content-Type: application/json',
  FST_ERR_CTP_BODY_TOO_LARGE: 'The body is too large',
};

const JSON_TYPE = 'application/json; charset=utf-8';

/** Every error leaves as `{message, code}`; what went wrong inside is for the log alone. */
export const errors = fp(
  async (app) => {
    app.decorateRequest('errorCode', undefined);
    app.decorateRequest('isBodyAwaited', false);
    app.setErrorHandler(respondError);
    // For a route that has nothing to say: that of the plugin `cors` to an OPTIONS which is no preflight.
    app.setNotFoundHandler(() => {
      throw notFound();
    });
    app.addHook('onRequest', async (request) => {
      if (request.raw.httpVersion === '1.1' && request.headers.host === undefined) {
        throw new HttpError(400, 'Bad Request: a request of HTTP/1.1 has a Host header');
      }
      if (hasUnknownExpectation(request)) throw new HttpError(417);
      // Before a body is read: what is sent to nowhere is never the reason for another error.
      if (request.is404) throw notFound();
    });
    app.addHook('preParsing', async (request) => {
      request.isBodyAwaited = true;
    });
    app.addHook('preValidation', async (request) => {
      request.isBodyAwaited = false;
    });
  },
  { name: 'errors', fastify: '5.x' },
);

/** Node.js responds to `100-continue` itself, and looks for it in HTTP/1.1 alone (RFC 9110, 10.1.1). */
function hasUnknownExpectation({ headers, raw }: FastifyRequest): boolean {
  const { expect } = headers;
  return raw.httpVersion === '1.1' && expect !== undefined && !/(?:^|\W)100-continue(?:$|\W)/i.test(expect);
}

export function respondError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const response = responseTo(error, request);
  request.errorCode = response.reason;
  if (response.statusCode >= 500) request.log.error({ err: error }, 'no response could be given');
  // The rest of the request is no longer waited for.
  if (response.statusCode === 408) reply.header('connection', 'close');
  if (response.retryAfterSeconds !== undefined) reply.header('retry-after', response.retryAfterSeconds);
  reply.code(response.statusCode).type(JSON_TYPE).send(JSON.stringify(response.body));
}

function responseTo(error: unknown, request: FastifyRequest): HttpError {
  if (error instanceof HttpError) return error;
  const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown };
  // A client that leaves in the middle of a body, or never ends it, must not be able to raise an alarm about this service.
  if (code === 'ECONNRESET' && !request.raw.complete) return clientLeft(error);
  // Only the framework's own errors are about this request; a status in any other error comes from another service.
  if (typeof code !== 'string' || !code.startsWith('FST_')) return new HttpError(500);
  if (code === 'FST_ERR_HANDLER_TIMEOUT') {
    return request.isBodyAwaited ? bodyTooSlow(error) : serviceUnavailable(error);
  }
  const words = WORDS_FOR_BODIES[code];
  return new HttpError(typeof statusCode === 'number' ? statusCode : 500, words);
}
