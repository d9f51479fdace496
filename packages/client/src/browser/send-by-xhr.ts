import type { SendResponse } from '../send-request.ts';
import { type Timeouts, timeLimits, timerMs } from '../time-limits.ts';

// XMLHttpRequest, because fetch does not say how much of a body was sent.

const RESPONSE_MAX_BYTES = 64 * 1024;

/** What of `XMLHttpRequest` is used (XMLHttpRequest Standard); Node has no such class. */
export interface Xhr {
  readonly status: number;
  readonly responseText: string;
  readonly responseURL: string;
  readonly upload: Listening<'progress' | 'load'>;
  open(method: string, url: string): void;
  setRequestHeader(name: string, value: string): void;
  getAllResponseHeaders(): string;
  send(body: Blob): void;
  abort(): void;
  addEventListener: Listening<'progress' | 'load' | 'error' | 'abort'>['addEventListener'];
}
interface Listening<Name> {
  addEventListener(name: Name, listener: (event: { readonly loaded: number }) => void): void;
}

export interface XhrRequest {
  readonly method: 'POST' | 'PUT';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Blob;
  readonly timeouts: Timeouts | undefined;
  readonly signal: AbortSignal | undefined;
  /** Called with the body's bytes that were sent, as they grow. */
  readonly onSent: (sentBytes: number) => void;
}

export type XhrEnd =
  | { readonly end: 'not sent' | 'broken'; readonly cause: unknown }
  | {
      readonly end: 'responded';
      readonly response: SendResponse;
      /** The browser said that the whole body was sent, and followed no redirect. Without it S3's response of success proves nothing. */
      readonly isSentWhole: boolean;
    };

/**
 * Sends one request, once. A browser says late how much it has sent, so that of a request that breaks nothing is known: it may have
 * arrived. Ends within the time limits, but for `connectSeconds`, which a page can't see.
 *
 * @throws InvalidArgument for a time limit that is none; nothing was sent
 */
export function sendByXhr(request: XhrRequest, xhr: Xhr): Promise<XhrEnd> {
  const { idleSeconds, responseSeconds, totalSeconds } = timeLimits(request.timeouts);
  const { signal, body } = request;
  if (signal?.aborted) return Promise.resolve({ end: 'not sent', cause: signal.reason });
  return new Promise((resolve) => {
    const timers = new Map<string, ReturnType<typeof setTimeout>>();
    const restart = (name: string, seconds: number, message: string) => {
      clearTimeout(timers.get(name));
      timers.set(
        name,
        setTimeout(() => breakOff(new Error(message)), timerMs(seconds)),
      );
    };
    const settle = (end: XhrEnd) => {
      for (const timer of timers.values()) clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      resolve(end);
    };
    const breakOff = (cause: unknown) => {
      settle({ end: 'broken', cause });
      xhr.abort();
    };
    const onAbort = () => breakOff(signal?.reason);
    let isSentWhole = false;
    const responded = (bodyWhole: boolean) =>
      settle({
        end: 'responded',
        isSentWhole: isSentWhole && xhr.responseURL === new URL(request.url).href,
        response: {
          status: xhr.status,
          headers: headersOf(xhr.getAllResponseHeaders()),
          body: bodyWhole ? xhr.responseText : '',
          bodyWhole,
        },
      });

    const idle = () => restart('idle', idleSeconds, `nothing was sent in ${idleSeconds} s`);
    xhr.upload.addEventListener('progress', ({ loaded }) => {
      idle();
      request.onSent(loaded);
    });
    xhr.upload.addEventListener('load', () => {
      isSentWhole = true;
      clearTimeout(timers.get('idle'));
      restart('response', responseSeconds, `no response within ${responseSeconds} s`);
      request.onSent(body.size);
    });
    xhr.addEventListener('progress', ({ loaded }) => {
      if (loaded <= RESPONSE_MAX_BYTES) return;
      responded(false);
      xhr.abort();
    });
    xhr.addEventListener('load', () => responded(true));
    xhr.addEventListener('error', () =>
      breakOff(
        new Error(
          'the browser does not say why: there is no connection, or the bucket does not allow this page’s origin (CORS)',
        ),
      ),
    );
    try {
      xhr.open(request.method, request.url);
      for (const [name, value] of Object.entries(request.headers)) xhr.setRequestHeader(name, value);
    } catch (cause) {
      settle({ end: 'not sent', cause });
      return;
    }
    signal?.addEventListener('abort', onAbort, { once: true });
    restart('total', totalSeconds, `it took longer than ${totalSeconds} s in all`);
    idle();
    xhr.send(body);
  });
}

function headersOf(lines: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of lines.split('\r\n')) {
    const [name, value] = line.split(/:\s*(.*)/);
    if (name && value !== undefined) headers[name.toLowerCase()] = value;
  }
  return headers;
}
