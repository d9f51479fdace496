import type { IncomingMessage, ServerResponse } from 'node:http';
import { S3Error } from '../s3-error.ts';
import { plainXmlDocument } from './xml.ts';

export type Headers = Readonly<Record<string, string | undefined>>;

/** Responds without a body. Headers that are undefined are left out. */
export function respondEmpty(response: ServerResponse, status: number, headers: Headers = {}): void {
  setHeaders(response, headers);
  response.writeHead(status).end();
}

export function respondXml(response: ServerResponse, document: string, headers: Headers = {}): void {
  setHeaders(response, { ...headers, 'content-type': 'application/xml' });
  response.writeHead(200).end(document);
}

export function setHeaders(response: ServerResponse, headers: Headers): void {
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) response.setHeader(name, value);
}

/**
 * Sends an error response as S3 does: as XML, or with the status alone where a response has no body. The rest of the
 * request is drained before the connection closes. Otherwise the client would find it broken before it reads the response.
 */
export function respondError(
  request: IncomingMessage,
  response: ServerResponse,
  error: S3Error,
  { resource, requestId }: { resource: string; requestId: string },
): void {
  if (request.method === 'HEAD') {
    respondEmpty(response, error.status);
    return;
  }
  const document = plainXmlDocument('Error', [
    ['Code', error.code],
    ['Message', error.message],
    ...Object.entries(error.details),
    ['Resource', resource],
    ['RequestId', requestId],
    ['HostId', requestId],
  ]);
  const length = Buffer.byteLength(document);
  response.writeHead(error.status, { 'content-type': 'application/xml', 'content-length': length });
  response.write(document);
  if (request.complete) {
    response.end();
    return;
  }
  request.once('close', () => response.end());
  request.resume();
}

/** What S3 says when it is the one to blame; the cause is the operator's to know, not the client's. */
export function internalError(): S3Error {
  return new S3Error('InternalError', 500, 'We encountered an internal error. Please try again.');
}

/** A call, or a part of one, that is not offered here. */
export function notImplemented(what: string): S3Error {
  return new S3Error('NotImplemented', 501, `${what} is not implemented here`, { NotImplemented: what });
}

export function invalidArgument(message: string, name: string, value: string): S3Error {
  return new S3Error('InvalidArgument', 400, message, { ArgumentName: name, ArgumentValue: value });
}

export function invalidRequest(message: string): S3Error {
  return new S3Error('InvalidRequest', 400, message);
}
