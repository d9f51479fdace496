import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** A request that gets nothing but this. The message is for the person at the page. */
export class RequestRefused extends Error {
  readonly code: string;
  readonly status: number;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const LOOPBACK_NAMES = ['127.0.0.1', 'localhost'] as const;

/** The values that the Host header of a request to this console can have. */
export function allowedHosts(port: number): readonly string[] {
  const named = LOOPBACK_NAMES.map((name) => `${name}:${port}`);
  // A browser leaves out the port 80 (WHATWG URL Standard, "default port").
  return port === 80 ? [...named, ...LOOPBACK_NAMES] : named;
}

/**
 * Refuses what does not come to this console by its own name: a page of another site can make a name of its own lead to 127.0.0.1 ("DNS
 * rebinding"), and its requests then have that name as their Host. A request without a Host, or with two, is refused too.
 * @throws RequestRefused
 */
export function assertHost({ rawHeaders, url = '' }: IncomingMessage, hosts: readonly string[]): void {
  const given = rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === 'host');
  const [host = ''] = given;
  if (given.length !== 1 || !hosts.includes(host.toLowerCase()))
    throw new RequestRefused(421, 'WrongHost', `open the console as http://${hosts[0]}`);
  // A proxy's request names a whole URL, whose host counts in the place of the header's (RFC 9112, 3.2.2).
  if (!url.startsWith('/')) throw new RequestRefused(400, 'BadRequest', 'the request names no path');
}

/**
 * Refuses what another site's page sends. A browser says where a request comes from, and no script can change that (Fetch Standard,
 * "Origin header"; Fetch Metadata Request Headers). A write must name its origin; a read may have none.
 * @throws RequestRefused
 */
export function assertOwnOrigin({ headers, method }: IncomingMessage): void {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  const isOwn = origin?.toLowerCase() === `http://${host?.toLowerCase()}`;
  const mayBeAbsent = method === 'GET' && origin === undefined;
  if ((!isOwn && !mayBeAbsent) || (site !== undefined && site !== 'same-origin'))
    throw new RequestRefused(403, 'WrongOrigin', 'only the page of this console may send this request');
}

/** Compares in constant time. @throws RequestRefused */
export function assertToken({ headers }: IncomingMessage, token: string): void {
  const [, given = ''] = /^Bearer ([\w-]+)$/.exec(headers.authorization ?? '') ?? [];
  if (!timingSafeEqual(sha256(given), sha256(token)))
    throw new RequestRefused(
      401,
      'WrongToken',
      'this page has no valid token. Open the address that the command printed: each start has a new one',
    );
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
