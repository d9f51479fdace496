import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Clock } from '@upload-once/clock';
import type { Endpoint } from './endpoints.ts';
import { assertPublicHost, hostOf, publicLookup } from './public-address.ts';

/** From the beginning of an attempt to the end of what is read of its response. */
export const ATTEMPT_SECONDS = 15;
/** More of a response is not read. */
const MOST_RESPONSE_BYTES = 65_536;

export interface WebhookRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface WebhookResponse {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

/**
 * Makes one attempt, and follows no redirect. Rejects where there is no whole response in time, and with the signal's reason.
 * @throws AddressRefused, AttemptTooSlow, ProtocolSwitched, or the error of the connection
 */
export type Post = (
  endpoint: Pick<Endpoint, 'url' | 'isAllowed'>,
  request: WebhookRequest,
  signal: AbortSignal,
) => Promise<WebhookResponse>;

/** The endpoint gave no response in ATTEMPT_SECONDS. */
class AttemptTooSlow extends Error {
  readonly code = 'AttemptTooSlow';
}

/** The endpoint wants to speak another protocol than HTTP. */
class ProtocolSwitched extends Error {
  readonly code = 'ProtocolSwitched';
}

/**
 * @param options.lookup resolves names for all connections. Each address of an endpoint that is not allowed to be private is checked here.
 */
export function createPost(options: {
  readonly lookup: LookupFunction;
  readonly clock: Pick<Clock, 'after'>;
}): Post {
  const { lookup, clock } = options;
  const agents = {
    public: new HttpsAgent({ keepAlive: true, lookup: publicLookup(lookup) }),
    allowedHttps: new HttpsAgent({ keepAlive: true, lookup }),
    allowedHttp: new HttpAgent({ keepAlive: true, lookup }),
  };

  async function attempt(
    { url, isAllowed }: Pick<Endpoint, 'url' | 'isAllowed'>,
    { headers, body }: WebhookRequest,
    signal: AbortSignal,
  ): Promise<WebhookResponse> {
    if (!isAllowed) assertPublicHost(hostOf(url));
    const isHttp = url.protocol === 'http:';
    const agent = isHttp ? agents.allowedHttp : isAllowed ? agents.allowedHttps : agents.public;
    const sent = {
      method: 'POST',
      agent,
      signal,
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    };
    const outgoing = isHttp ? requestHttp(url, sent) : requestHttps(url, sent);
    const responded = Promise.withResolvers<IncomingMessage>();
    outgoing.on('response', responded.resolve).on('error', responded.reject);
    // Nothing else would say that such a response has come.
    outgoing.on('upgrade', ({ statusCode }, socket) => {
      socket.destroy();
      responded.reject(new ProtocolSwitched(`it responded with ${statusCode}, to speak another protocol`));
    });
    outgoing.end(body);
    const response = await responded.promise.catch((error) => {
      // The endpoint has closed a connection that was kept, just when it was used. Another one is tried; a repeat does no harm.
      if (outgoing.reusedSocket && error.code === 'ECONNRESET' && !signal.aborted) return undefined;
      throw error;
    });
    if (!response) return attempt({ url, isAllowed }, { headers, body }, signal);
    await readSome(response);
    return { status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] };
  }

  return async (endpoint, request, signal) => {
    const limit = new AbortController();
    const cancel = clock.after(ATTEMPT_SECONDS * 1000, () =>
      limit.abort(new AttemptTooSlow(`no response within ${ATTEMPT_SECONDS} s`)),
    );
    try {
      return await attempt(endpoint, request, AbortSignal.any([signal, limit.signal]));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw limit.signal.aborted ? limit.signal.reason : error;
    } finally {
      cancel();
    }
  };
}

/** Reads a response to its end, so that its connection can be used again, or gives both up. */
async function readSome(response: IncomingMessage): Promise<void> {
  let bytes = 0;
  for await (const chunk of response) {
    bytes += (chunk as Buffer).length;
    // This closes the connection.
    if (bytes > MOST_RESPONSE_BYTES) break;
  }
}
