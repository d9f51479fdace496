import { once } from 'node:events';
import http, { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { readText } from './read-text.ts';

const ANSWER_MAX_BYTES = 64 * 1024;

export interface Timeouts {
  /** Until the connection stands, TLS included; default 10. */
  readonly connectSeconds?: number;
  /** While sending: how long the connection may take no byte; default 60. */
  readonly idleSeconds?: number;
  /** After the last byte: until S3's answer is there; default 300, for S3 may work on a large file. */
  readonly answerSeconds?: number;
}

export interface SendRequest {
  /** POST for a form, PUT for a URL that is signed for one. */
  readonly method: 'POST' | 'PUT';
  readonly url: string;
  /** All but content-length. */
  readonly headers: Readonly<Record<string, string>>;
  readonly head: Buffer;
  /** Exactly `contentBytes` bytes; an error from here breaks the request off. */
  readonly content: AsyncIterable<Uint8Array>;
  readonly contentBytes: number;
  readonly tail: Buffer;
  readonly timeouts: Timeouts | undefined;
  readonly signal: AbortSignal | undefined;
  /** Called with the content's bytes that the connection has taken, as they grow. */
  readonly onSent: (sentBytes: number) => void;
}

export interface SendAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** How one request ended: with an answer, or broken off; and how far it had come by then. */
export type SendEnd = (
  | { readonly answer: SendAnswer }
  | {
      readonly answer?: undefined;
      /** What broke it: the connection, a time-out, the signal's reason, or what `content` threw. */
      readonly cause: unknown;
      readonly causedByContent: boolean;
    }
) & {
  /** There was a connection, so bytes may have gone out. */
  readonly began: boolean;
  /** The end was handed over; before that no server has the whole request. */
  readonly everythingSent: boolean;
};

/**
 * Sends one request, once, over a connection of its own: one that lay idle could turn out to be closed only after
 * sending has begun, and leave the outcome unknown for nothing. Holds no more in memory than the connection's buffer.
 *
 * An answer that comes early (S3 refuses as soon as it has seen the fields or headers) ends the sending.
 */
export async function sendOnce(order: SendRequest): Promise<SendEnd> {
  const { signal } = order;
  const timeouts = { connectSeconds: 10, idleSeconds: 60, answerSeconds: 300, ...order.timeouts };
  const secure = order.url.startsWith('https:');
  const progress = { began: false, everythingSent: false };
  const stop = new AbortController();

  const request = (secure ? https : http).request(order.url, {
    method: order.method,
    agent: false,
    headers: {
      ...order.headers,
      'content-length': order.head.length + order.contentBytes + order.tail.length,
    },
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    request.on('response', resolve);
    // Stays for good: an answered connection may still break while the rest of the answer is read.
    request.on('error', reject);
  });
  const onAbort = () => request.destroy(asError(signal?.reason));
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) onAbort();

  const connectTimer = setTimeout(
    () => request.destroy(new Error(`no connection within ${timeouts.connectSeconds} s`)),
    timeouts.connectSeconds * 1000,
  );
  const watchSilence = () => {
    const { idleSeconds, answerSeconds } = timeouts;
    request.setTimeout((progress.everythingSent ? answerSeconds : idleSeconds) * 1000);
  };
  request.once('socket', (socket) => {
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      progress.began = true;
      clearTimeout(connectTimer);
      watchSilence();
    });
  });
  request.once('timeout', () => {
    const { idleSeconds, answerSeconds } = timeouts;
    request.destroy(
      new Error(
        progress.everythingSent
          ? `no answer within ${answerSeconds} s`
          : `it took nothing for ${idleSeconds} s`,
      ),
    );
  });

  let contentError: { readonly cause: unknown } | undefined;
  const content = noteErrors(order.content, (cause) => {
    contentError = { cause };
  });
  const sending = send({ ...order, content }, request, stop.signal, () => {
    progress.everythingSent = true;
    if (progress.began) watchSilence();
  });
  sending.catch((error) => {
    if (!stop.signal.aborted) request.destroy(asError(error));
  });

  try {
    const response = await answered;
    stop.abort();
    // Where S3 breaks the connection off after an early answer, its status is there all the same.
    const body = await readText(response, ANSWER_MAX_BYTES).catch(() => '');
    return { ...progress, answer: { status: response.statusCode ?? 0, headers: response.headers, body } };
  } catch (cause) {
    stop.abort();
    return contentError === undefined
      ? { ...progress, cause, causedByContent: false }
      : { ...progress, cause: contentError.cause, causedByContent: true };
  } finally {
    clearTimeout(connectTimer);
    signal?.removeEventListener('abort', onAbort);
    request.destroy();
  }
}

async function send(
  order: SendRequest,
  request: ClientRequest,
  stop: AbortSignal,
  onEverythingSent: () => void,
): Promise<void> {
  let sentBytes = 0;
  const write = async (bytes: Uint8Array) => {
    if (bytes.length > 0 && !request.write(bytes)) await once(request, 'drain', { signal: stop });
  };
  const count = (chunk: Uint8Array) => {
    sentBytes += chunk.length;
    order.onSent(sentBytes);
  };
  await write(order.head);
  // The last chunk waits for the content's end: without a tail it makes the request whole, and the content may still turn out to
  // be faulty when it ends.
  let last: Uint8Array | undefined;
  for await (const chunk of order.content) {
    if (stop.aborted) return;
    if (last) {
      await write(last);
      count(last);
    }
    last = chunk;
  }
  if (stop.aborted) return;
  onEverythingSent();
  if (last) {
    await write(last);
    count(last);
  }
  request.end(order.tail);
}

async function* noteErrors<T>(items: AsyncIterable<T>, note: (error: unknown) => void): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (error) {
    note(error);
    throw error;
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason), { cause: reason });
}
