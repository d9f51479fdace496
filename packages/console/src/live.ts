import type { ServerResponse } from 'node:http';
import type { Clock } from '@upload-once/clock';
import { RequestRefused } from './access-rules.ts';

/** A tab each; a browser has few. */
const MOST_STREAMS = 8;
/** A reader that is so far behind has gone to sleep. It connects again, and gets the state as it is then. */
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

/** Server-sent events (HTML Standard, "Server-sent events") to all pages that are open. */
export function createLive(clock: Pick<Clock, 'after'>): Live {
  const streams = new Set<ServerResponse>();
  const waiting = new Map<string, { readonly event: string; readonly data: unknown }>();
  let cancelSend: (() => void) | undefined;
  let cancelBeat: (() => void) | undefined;

  function write(response: ServerResponse, text: string): void {
    response.write(text);
    if (response.writableLength > MOST_WAITING_BYTES) response.destroy();
  }

  function writeWaiting(): void {
    cancelSend = undefined;
    const texts = [...waiting.values()].map(({ event, data }) => textOf(event, data));
    waiting.clear();
    for (const stream of streams) write(stream, texts.join(''));
  }

  function beat(): void {
    for (const stream of streams) write(stream, ': beat\n\n');
    cancelBeat = streams.size > 0 ? clock.after(BEAT_MS, beat) : undefined;
  }

  return {
    open(response, event, data) {
      if (streams.size >= MOST_STREAMS)
        throw new RequestRefused(
          429,
          'TooManyPages',
          `the console is open in ${MOST_STREAMS} pages: close one`,
        );
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
      streams.add(response);
      response.once('close', () => streams.delete(response));
      write(response, textOf(event, data));
      cancelBeat ??= clock.after(BEAT_MS, beat);
    },

    send(event, key, data) {
      if (streams.size === 0) return;
      waiting.set(`${event} ${key}`, { event, data });
      cancelSend ??= clock.after(GATHER_MS, writeWaiting);
    },

    close() {
      cancelSend?.();
      cancelBeat?.();
      for (const stream of streams) stream.destroy();
    },
  };
}

/** JSON has no line feed. */
function textOf(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
