import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { S3Error } from '../s3-error.ts';
import { authenticate } from './authenticate.ts';
import type { Operation, S3Call, S3Services } from './call.ts';
import { corsHeaders } from './cors.ts';
import { OPERATIONS } from './operations.ts';
import { openBody, openUnsignedBody } from './request-body.ts';
import { internalError, notImplemented, respondError, setHeaders } from './responses.ts';
import { type Address, operationOf, readAddress } from './router.ts';

export interface S3ServerOptions extends S3Services {
  /** Responds to POST on a bucket; it checks signature, expiry and policy itself. */
  readonly postObject: Operation;
  readonly requestIds: () => string;
  /** Awaited before an operation is carried out, after its signature was checked (PostObject: before); a test holds calls with it. */
  readonly beforeOperation?: (call: S3Call) => Promise<void>;
  /** Called with each fault of this server; the client gets InternalError (500). A rejected request is no fault. */
  readonly onFault?: (error: unknown) => void;
}

/** Amazon S3 User Guide, "Naming Amazon S3 objects". */
const MAX_KEY_BYTES = 1024;
/** Amazon S3 API Reference, "Error Responses": headers and query together. */
const MAX_HEADER_BYTES = 8192;

/** Calls that say themselves who may make them. */
const UNSIGNED_OPERATIONS = new Set(['PostObject', 'Preflight']);

/** S3 over HTTP, path style. The caller listens and closes. */
export function createS3Server(options: S3ServerOptions): Server {
  const operations: Readonly<Record<string, Operation>> = { ...OPERATIONS, PostObject: options.postObject };
  // A big upload over a slow line takes as long as it takes.
  return createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 }, (request, response) => {
    void respond(request, response, operations, options);
  });
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  operations: Readonly<Record<string, Operation>>,
  options: S3ServerOptions,
): Promise<void> {
  const startedAt = options.now();
  const began = options.storage.moment();
  const requestId = options.requestIds();
  setHeaders(response, { server: 'AmazonS3', 'x-amz-request-id': requestId, 'x-amz-id-2': requestId });
  try {
    assertHeaderSize(request);
    const address = readAddress(request);
    const operation = operationOf(request, address);
    allowOrigin(request, response, address, options);
    const carryOut = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
    const body = UNSIGNED_OPERATIONS.has(operation)
      ? openUnsignedBody(request)
      : openBody(request, authenticate(request, address.query, startedAt, options).payloadHash);
    if (carryOut === undefined) throw notImplemented(operation);
    assertKeyLength(address.key);
    const call: S3Call = { ...address, request, response, requestId, startedAt, began, operation, body };
    await options.beforeOperation?.(call);
    await carryOut(call, options);
  } catch (error) {
    refuse(error, request, response, requestId, options);
  }
}

function refuse(
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
  { onFault }: S3ServerOptions,
): void {
  if (clientLeft(error, request)) return;
  if (!(error instanceof S3Error)) onFault?.(error);
  if (response.headersSent) response.destroy();
  if (response.destroyed) return;
  respondError(request, response, error instanceof S3Error ? error : internalError(), {
    resource: (request.url ?? '').replace(/\?.*$/s, ''),
    requestId,
  });
}

/** Whether the client ended the request or the response early. This is no fault of the server. */
function clientLeft(error: unknown, request: IncomingMessage): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return (request.destroyed && !request.complete) || code === 'ERR_STREAM_PREMATURE_CLOSE';
}

/** The part of the response, or of an error response, that a bucket's rules allow a browser to read. */
function allowOrigin(
  request: IncomingMessage,
  response: ServerResponse,
  { bucket }: Address,
  { storage }: S3Services,
): void {
  const { origin } = request.headers;
  if (origin === undefined || request.method === 'OPTIONS' || !storage.hasBucket(bucket)) return;
  const rules = storage.bucket(bucket).corsRules;
  setHeaders(response, corsHeaders(rules, { origin, method: request.method ?? '', headers: [] }) ?? {});
}

/** Each header as its line. */
function assertHeaderSize({ rawHeaders, url = '' }: IncomingMessage): void {
  const [, query = ''] = /\?(.*)$/s.exec(url) ?? [];
  const bytes = rawHeaders.reduce((sum, text) => sum + text.length + 2, query.length);
  if (bytes <= MAX_HEADER_BYTES) return;
  const message = 'Your request header section exceeds the maximum allowed size.';
  throw new S3Error('RequestHeaderSectionTooLarge', 400, message, {
    MaxSizeAllowed: String(MAX_HEADER_BYTES),
  });
}

function assertKeyLength(key: string): void {
  const bytes = Buffer.byteLength(key);
  if (bytes <= MAX_KEY_BYTES) return;
  throw new S3Error('KeyTooLongError', 400, 'Your key is too long', {
    Size: String(bytes),
    MaxSizeAllowed: String(MAX_KEY_BYTES),
  });
}
