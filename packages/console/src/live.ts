import type { ServerResponse } from 'node:http';
import type { Clock } from '@upload-once/clock';
import { RequestRefused } from './access-rules.ts';

/** A tab each. A browser has six connections to one server (HTTP/1.1), and the buttons need one of them. */
const MOST_STREAMS = 5;
/** A reader that is so far behind its first event has gone to sleep. It connects again, and gets the state as it is then. */
const MOST_WAITING_BYTES = 4 * 1024 * 1024;
const BEAT_MS = 15_000;
/** Changes of the same thing within this time are one event. */
const GATHER_MS = 150;

export interface Live {
  /** Answers with a stream of events that begins with this one. @throws RequestRefused when there are too many */
  open(response: ServerResponse, event: string, data: unknown): void;
  /** Sends an event soon. A later one with the same name and key takes its place until then. */
  send(event: string, key: string, data: unknown): void;
  /** Ends all streams. */
  close(): void;
}

/** A page that is loaded again is back within this time. */
const LEFT_MS = 60_000;

/** Server-sent events (HTML Standard, "Server-sent events") to all pages that are open. `onLeft` is called when none was for a minute. */
export function createLive(clock: Pick<Clock, 'after'>, onLeft: () => void): Live {
  /** Each with the bytes of its first event, which may be as large as it is. */
  const streams = new Map<ServerResponse, number>();
  const waiting = new Map<string, { readonly event: string; readonly data: unknown }>();
  let cancelSend: (() => void) | undefined;
  let cancelBeat: (() => void) | undefined;
  let cancelLeft: (() => void) | undefined;
  let isClosed = false;

  function write(response: ServerResponse, text: string): void {
    response.write(text);
    const mostBytes = MOST_WAITING_BYTES + (streams.get(response) ?? 0);
    if (response.writableLength > mostBytes) response.destroy();
  }

  function writeWaiting(): void {
    cancelSend = undefined;
    const texts = [...waiting.values()].map(({ event, data }) => textOf(event, data));
    waiting.clear();
    for (const stream of streams.keys()) write(stream, texts.join(''));
  }

  function beat(): void {
    for (const stream of streams.keys()) write(stream, ': beat\n\n');
    cancelBeat = streams.size > 0 ? clock.after(BEAT_MS, beat) : undefined;
  }

  return {
    open(response, event, data) {
      if (streams.size >= MOST_STREAMS)
        throw new RequestRefused(
          429,
          'TooManyPages',
          `the console is open in ${MOST_STREAMS} tabs, and a browser has connections for no more: close one, and this one goes on`,
        );
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
      const first = textOf(event, data);
      streams.set(response, Buffer.byteLength(first));
      cancelLeft?.();
      response.once('close', () => {
        streams.delete(response);
        if (streams.size === 0 && !isClosed) cancelLeft = clock.after(LEFT_MS, onLeft);
      });
      write(response, first);
      cancelBeat ??= clock.after(BEAT_MS, beat);
    },

    send(event, key, data) {
      if (streams.size === 0) return;
      waiting.set(`${event} ${key}`, { event, data });
      cancelSend ??= clock.after(GATHER_MS, writeWaiting);
    },

    close() {
      isClosed = true;
      cancelLeft?.();
      cancelSend?.();
      cancelBeat?.();
      for (const stream of streams.keys()) stream.destroy();
    },
  };
}

/** JSON has no line feed. */
function textOf(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
