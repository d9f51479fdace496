import { randomUUID } from 'node:crypto';
import type { MessagePort } from 'node:worker_threads';
import type { FromThread } from './thread-messages.ts';

/** How much output may be on its way to the main thread, in characters: more than any burst, and little beside a heap. */
const MOST_UNDER_WAY = 1_048_576;

/** A handler's thread, as the main thread hears it. All of it goes one way, so that it stays in order. */
export interface ThreadPort {
  say(message: FromThread): void;
  /**
   * Sends output. Blocks while too much of it is on its way: a handler that prints without an end waits, as for a full pipe, and the
   * main thread keeps time for leases and limits.
   */
  print(message: Extract<FromThread, { text: string }>): void;
}

/**
 * The thread's end. Its messages carry a token that no handler knows: whatever a handler, or a library in it, posts to its
 * `parentPort` is no message of ours.
 *
 * @param underWay how many characters of output are on their way; the main thread takes off what it has written
 */
export function openThreadPort(port: Pick<MessagePort, 'postMessage'>, underWay: Int32Array): ThreadPort {
  const token = randomUUID();
  const say: ThreadPort['say'] = (message) => port.postMessage({ token, message });
  port.postMessage({ token });
  return {
    say,
    print(message) {
      say(message);
      let count = Atomics.add(underWay, 0, message.text.length) + message.text.length;
      while (count > MOST_UNDER_WAY) {
        Atomics.wait(underWay, 0, count);
        count = Atomics.load(underWay, 0);
      }
    },
  };
}

/** The main thread's end: gives the messages of the thread itself, and nothing else that comes from there. */
export function readThreadPort(underWay: Int32Array): (received: unknown) => FromThread | undefined {
  let token: unknown;
  return (received) => {
    const { token: given, message } = (received ?? {}) as { token?: unknown; message?: FromThread };
    // The first message comes before any code of the handler's has run.
    token ??= given;
    if (given !== token || message === undefined) return undefined;
    if ('text' in message) {
      Atomics.sub(underWay, 0, message.text.length);
      Atomics.notify(underWay, 0);
    }
    return message;
  };
}
