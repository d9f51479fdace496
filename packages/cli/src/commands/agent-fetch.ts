// Own lines, because Node's fetch takes a proxy only for all of the process, tries one that hangs up again without a pause, and uses
// CONNECT for plain http, which proxies refuse. What the client asks of an issuer is one small request.
import http, { type Agent } from 'node:http';
import https from 'node:https';
import { Readable } from 'node:stream';

/** How long a proxy may be silent before the connection stands. */
const CONNECT_MS = 10_000;
/** The Fetch Standard's "null body status". */
const WITHOUT_BODY = [204, 205, 304];

/** As much of `fetch` as the client needs, over an agent: method, headers, a text as body, signal. Follows no redirect. */
export function fetchThrough(agentFor: (url: string) => Agent): typeof fetch {
  return (input, init = {}) => {
    const url = String(input);
    const { method = 'GET', headers, body, signal } = init;
    return new Promise((resolve, reject) => {
      const request = (url.startsWith('https:') ? https : http).request(url, {
        method,
        agent: agentFor(url),
        timeout: CONNECT_MS,
        headers: Object.fromEntries(new Headers(headers)),
      });
      const fail = (error: Error) => {
        reject(error);
        request.destroy(error);
      };
      signal?.addEventListener('abort', () => fail(signal.reason), { once: true });
      request.once('response', (response) => {
        const { statusCode: status = 0, headersDistinct } = response;
        const received = new Headers();
        for (const [name, values = []] of Object.entries(headersDistinct))
          for (const value of values) received.append(name, value);
        const content = WITHOUT_BODY.includes(status) ? null : (Readable.toWeb(response) as ReadableStream);
        try {
          resolve(new Response(content, { status, headers: received }));
        } catch {
          fail(new Error(`the response has the status ${status}, which HTTP does not have`));
        }
      });
      request.once('upgrade', () => fail(new Error('the response was a change of protocol')));
      request.on('error', reject);
      request.once('close', () => reject(new Error('the connection was closed without a response')));
      request.end(typeof body === 'string' ? body : undefined);
    });
  };
}
