// Over 250 lines, and one thing: one request, from its connection to the end of its response.
import http, {
  type Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { readAfterWriteError } from './read-after-write-error.ts';
import { startTimers, type Timers } from './request-timers.ts';
import { type Timeouts, timeLimits, timerMs } from './time-limits.ts';

const RESPONSE_MAX_BYTES = 64 * 1024;
/** The pieces that are written at once: small ones on a slow line, so that `onSent` is called often. */
const PIECE_MIN_BYTES = 64 * 1024;
/** Each costs a fast line the same time, however long it is. TLS has small ones alone: within one the idle clock sees no progress. */
const PIECE_MAX_BYTES = 1024 * 1024;
/** A piece that is taken in less time is followed by one of twice the size. */
const QUICK_MS = 100;
/** A piece that takes longer is followed by one of half the size. */
const SLOW_MS = 1000;

export interface SendRequest {
  /** POST for a form, PUT for a URL that is signed for one. */
  readonly method: 'POST' | 'PUT';
  readonly url: string;
  /** All but content-length. */
  readonly headers: Readonly<Record<string, string>>;
  readonly head: Uint8Array;
  /** Exactly `contentBytes` bytes; an error from here breaks the request off. A chunk is used until the next one is asked for. */
  readonly content: AsyncIterable<Uint8Array>;
  readonly contentBytes: number;
  readonly tail: Uint8Array;
  readonly timeouts: Timeouts | undefined;
  readonly signal: AbortSignal | undefined;
  /** Makes the connection, such as through a proxy; undefined: directly. */
  readonly agent: Agent | undefined;
  /** Called with the content's bytes that the connection has taken, as they grow. */
  readonly onSent: (sentBytes: number) => void;
}

export interface SendResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The first 64 KiB. */
  readonly body: string;
  /** The body came to its end, and all of it is here. */
  readonly bodyWhole: boolean;
}

/** How one request ended: with a response, or broken off; and how far it had come by then. */
export type SendEnd = (
  | { readonly response: SendResponse }
  | {
      readonly response?: undefined;
      /** What broke it: the connection, a time limit, the signal's reason, or what `content` threw. */
      readonly cause: unknown;
      readonly causedByContent: boolean;
    }
) & {
  /** There was a connection, so bytes may have gone out. */
  readonly began: boolean;
  /** The last bytes were handed over, which says nothing of their arrival. Before that no server can have the whole request. */
  readonly everythingSent: boolean;
};

/**
 * Sends one request, once, over a connection of its own: one that lay idle could turn out to be closed only after
 * sending has begun, and leave the outcome unknown for nothing. Holds no more in memory than one chunk of the content.
 *
 * A response that comes early (S3 refuses as soon as it has seen the fields or headers) ends the sending, and is read also
 * where the connection is closed right behind it. Whatever the other side does, it ends within the time limits.
 *
 * @throws InvalidArgument for a time limit that is none; nothing was sent
 */
export async function sendOnce(order: SendRequest): Promise<SendEnd> {
  const limits = timeLimits(order.timeouts);
  const { signal } = order;
  const progress = { began: false, everythingSent: false };
  const line = { pieceMaxBytes: PIECE_MIN_BYTES };
  const broken = (cause: unknown): SendEnd => ({ ...progress, cause, causedByContent: false });
  if (signal?.aborted) return broken(signal.reason);
  let request: ClientRequest;
  try {
    request = openRequest(order, limits.connectSeconds);
  } catch (cause) {
    // Node refuses what HTTP can't carry, such as a line feed in a header.
    return broken(cause);
  }

  const stop = new AbortController();
  const ended = Promise.withResolvers<SendResponse>();
  let endResponse: (() => void) | undefined;
  /** Does not wait for the request to notice: without a socket it would only do so once it gets one. */
  const breakOff = (error: Error) => {
    stop.abort();
    if (endResponse) endResponse();
    else ended.reject(error);
    request.destroy(error);
  };
  const timers = startTimers(limits, breakOff);
  const onAbort = () => breakOff(asError(signal?.reason));
  signal?.addEventListener('abort', onAbort, { once: true });

  request.once('socket', (socket) => {
    readAfterWriteError(socket);
    whenConnected(socket, () => {
      progress.began = true;
      if (!('encrypted' in socket)) line.pieceMaxBytes = PIECE_MAX_BYTES;
      timers.connected(socket);
    });
  });
  request.once('response', (response) => {
    stop.abort();
    timers.receiving();
    endResponse = collectResponse(response, ended.resolve);
  });
  request.once('upgrade', ({ statusCode = 0, headers }) => {
    ended.resolve({ status: statusCode, headers, body: '', bodyWhole: false });
  });
  request.on('error', breakOff);
  request.once('close', () => breakOff(new Error('it was closed without a response')));

  let contentError: { readonly cause: unknown } | undefined;
  const onEverythingSent = () => {
    progress.everythingSent = true;
  };
  send(order, request, line, stop.signal, timers, onEverythingSent, breakOff).catch((cause) => {
    if (stop.signal.aborted) return;
    contentError = { cause };
    breakOff(asError(cause));
  });

  try {
    return { response: await ended.promise, ...progress };
  } catch (cause) {
    return contentError === undefined
      ? broken(cause)
      : { ...progress, cause: contentError.cause, causedByContent: true };
  } finally {
    stop.abort();
    timers.stop();
    signal?.removeEventListener('abort', onAbort);
    request.destroy();
  }
}

function openRequest(order: SendRequest, connectSeconds: number): ClientRequest {
  const { url, method, agent } = order;
  return (url.startsWith('https:') ? https : http).request(url, {
    method,
    agent: agent ?? false,
    // So long a proxy may be silent before it has made the connection; an agent keeps no other time for that.
    ...(agent && { timeout: timerMs(connectSeconds) }),
    headers: {
      ...order.headers,
      'content-length': order.head.length + order.contentBytes + order.tail.length,
    },
  });
}

/** A socket that comes through a proxy may be connected before it is handed over. */
function whenConnected(socket: Socket & { secureConnecting?: boolean }, onConnected: () => void): void {
  if (socket.connecting || socket.secureConnecting)
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', onConnected);
  else onConnected();
}

/** @returns ends the response early, with what of it is there */
function collectResponse(
  response: IncomingMessage,
  onCollected: (response: SendResponse) => void,
): () => void {
  const { statusCode: status = 0, headers } = response;
  const chunks: Buffer[] = [];
  let bytes = 0;
  const end = () => {
    const body = Buffer.concat(chunks).subarray(0, RESPONSE_MAX_BYTES).toString('utf8');
    onCollected({ status, headers, body, bodyWhole: response.complete && bytes <= RESPONSE_MAX_BYTES });
  };
  // Listened to at once: what has come is lost when the connection is reset before it is read.
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > RESPONSE_MAX_BYTES) end();
  });
  for (const event of ['end', 'error', 'close']) response.on(event, end);
  return end;
}

/**
 * Of what happens for each piece there is as little as can be: it is what a fast line waits for.
 *
 * @throws what `content` throws; a write that fails is reported to `onFault`
 */
async function send(
  order: SendRequest,
  request: ClientRequest,
  line: { readonly pieceMaxBytes: number },
  stop: AbortSignal,
  timers: Timers,
  onEverythingSent: () => void,
  onFault: (error: Error) => void,
): Promise<void> {
  let sentBytes = 0;
  let pieceBytes = PIECE_MIN_BYTES;
  // Without a tail the last piece makes the request whole. It is small: when it breaks, it is not known whether the file was stored.
  const lastPieceBytes = order.tail.length === 0 ? PIECE_MIN_BYTES : 0;
  let letGo = () => {};
  stop.addEventListener('abort', () => letGo(), { once: true });
  const onTaken = (error?: Error | null) => {
    if (stop.aborted) return;
    timers.written();
    if (error) onFault(error);
    else letGo();
  };
  /** Resolves once the connection has taken it, or when nothing more is to be sent. */
  const write = (bytes: Uint8Array, how: 'write' | 'end' = 'write') =>
    new Promise<void>((resolve) => {
      letGo = resolve;
      timers.writing();
      request[how](bytes, onTaken);
    });

  if (order.head.length > 0) await write(order.head);
  if (stop.aborted) return;
  for await (const chunk of order.content) {
    if (stop.aborted) return;
    for (let from = 0; from < chunk.length; ) {
      const beforeLastBytes = order.contentBytes - lastPieceBytes - sentBytes;
      const piece = chunk.subarray(
        from,
        from + (beforeLastBytes > 0 ? Math.min(pieceBytes, beforeLastBytes) : pieceBytes),
      );
      from += piece.length;
      if (sentBytes + piece.length === order.contentBytes && order.tail.length === 0) onEverythingSent();
      const startedAt = performance.now();
      await write(piece);
      if (stop.aborted) return;
      sentBytes += piece.length;
      order.onSent(sentBytes);
      const tookMs = performance.now() - startedAt;
      if (tookMs < QUICK_MS) pieceBytes = Math.min(pieceBytes * 2, line.pieceMaxBytes);
      else if (tookMs > SLOW_MS) pieceBytes = Math.max(pieceBytes / 2, PIECE_MIN_BYTES);
    }
  }
  if (stop.aborted) return;
  onEverythingSent();
  await write(order.tail, 'end');
  if (!stop.aborted) timers.receiving();
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason), { cause: reason });
}
