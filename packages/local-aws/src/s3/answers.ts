import type { ServerResponse } from 'node:http';
import { S3Error } from './errors.ts';
import { plainXmlDocument } from './xml.ts';

export type Headers = Readonly<Record<string, string | undefined>>;

/** Answers without a body. Headers that are undefined are left out. */
export function answerEmpty(response: ServerResponse, status: number, headers: Headers = {}): void {
  setHeaders(response, headers);
  response.writeHead(status).end();
}

export function answerXml(response: ServerResponse, document: string, headers: Headers = {}): void {
  setHeaders(response, { ...headers, 'content-type': 'application/xml' });
  response.writeHead(200).end(document);
}

export function setHeaders(response: ServerResponse, headers: Headers): void {
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) response.setHeader(name, value);
}

/** Answers a refusal as S3 does: as XML, or with the status alone where an answer has no body. */
export function answerError(
  response: ServerResponse,
  error: S3Error,
  { method, resource, requestId }: { method: string; resource: string; requestId: string },
): void {
  if (method === 'HEAD' || error.status === 304) {
    answerEmpty(response, error.status);
    return;
  }
  response.setHeader('content-type', 'application/xml');
  response
    .writeHead(error.status)
    .end(
      plainXmlDocument('Error', [
        ['Code', error.code],
        ['Message', error.message],
        ...Object.entries(error.details),
        ['Resource', resource],
        ['RequestId', requestId],
        ['HostId', requestId],
      ]),
    );
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
