import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Metrics } from '@upload-once/runtime';
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify';
import { HttpError } from './http-error.ts';
import { corsHeadersFor } from './plugins/cors.ts';
import type { EarlyResponses } from './plugins/early-responses.ts';
import { respondError } from './plugins/errors.ts';
import { SECURITY_HEADERS } from './security-headers.ts';

const STATUS_OF_PARSER_ERROR: Record<string, number> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
};

const LINGER_MS = 1_000;

/**
 * Responds to what never became a request (malformed HTTP, too long a header, too slow a client), in JSON as well,
 * and closes the connection: after a parser's error it is unknown where the next request would begin.
 */
export function clientErrorHandler(options: {
  readonly log: FastifyBaseLogger;
  readonly metrics: Metrics;
  readonly responded: EarlyResponses;
}) {
  return (error: Error & { code?: string }, socket: Socket): void => {
    // A client that has its response would take another for that to its next request.
    const hasResponse = options.responded.get(socket)?.complete === false;
    if (error.code === 'ECONNRESET' || !socket.writable || hasResponse) {
      socket.destroy();
      return;
    }
    const refusal = new HttpError(STATUS_OF_PARSER_ERROR[error.code ?? ''] ?? 400);
    options.metrics.add('RequestsRefused', 1, { Reason: refusal.code });
    options.log.info(
      { status: refusal.statusCode, outcome: 'refused', reason: refusal.code, parserError: error.code },
      'not a request',
    );
    socket.end(rawResponse(refusal));
    // The client gets its time to read the response; one that neither reads nor closes must not hold the connection.
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  };
}

/** Responds to a request whose path is no URL: it has no route, and none of the hooks that would log and count it. */
export function frameworkErrorHandler(options: {
  readonly metrics: Metrics;
  readonly corsOrigins: readonly string[];
}) {
  return (error: Error, request: FastifyRequest, reply: FastifyReply): void => {
    reply.headers({
      'cache-control': 'no-store',
      'x-request-id': request.id,
      ...SECURITY_HEADERS,
      ...corsHeadersFor(request.headers, { origins: options.corsOrigins }),
    });
    respondError(error, request, reply);
    const { errorCode = 'BadRequest', method } = request;
    options.metrics.add('RequestsRefused', 1, { Reason: errorCode });
    const facts = { method, status: reply.statusCode, outcome: 'refused', reason: errorCode };
    request.log.info(facts, 'not a request');
  };
}

function rawResponse(refusal: HttpError): string {
  const body = JSON.stringify(refusal.body);
  return [
    `HTTP/1.1 ${refusal.statusCode} ${STATUS_CODES[refusal.statusCode]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    ...Object.entries(SECURITY_HEADERS).map(([name, value]) => `${name}: ${value}`),
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}
