import type { MessagePort } from 'node:worker_threads';
import type { FromThread, HandlerOutput } from './thread-messages.ts';

/** How much output may be on its way to the main thread, in characters: more than any burst, and little beside a heap. */
const MOST_UNDER_WAY = 1_048_576;
/** What a message costs beside its text: one without text costs memory and time too. With the bound above, some 4,000 are on their way. */
const COST_OF_MESSAGE = 256;

/** A handler's thread, as the main thread hears it. All of it goes one way, so that it stays in order. */
export interface ThreadPort {
  say(message: FromThread): void;
  /**
   * Sends output. Blocks while too much of it is on its way: a handler that prints without an end waits, as for a full pipe, and the
   * main thread keeps time for leases and limits.
   */
  print(message: HandlerOutput): void;
}

/**
 * The thread's end. From now on the port takes no other messages: what a handler, or a library in it, posts to its `parentPort` goes
 * nowhere. In a loop without an end it would fill the heap of the service.
 *
 * @param underWay how much output is on its way; the main thread takes off what it has written
 */
export function openThreadPort(port: Pick<MessagePort, 'postMessage'>, underWay: Int32Array): ThreadPort {
  const say: (message: FromThread) => void = port.postMessage.bind(port);
  port.postMessage = () => undefined;
  return {
    say,
    print(message) {
      say(message);
      const cost = costOf(message);
      let count = Atomics.add(underWay, 0, cost) + cost;
      while (count > MOST_UNDER_WAY) {
        Atomics.wait(underWay, 0, count);
        count = Atomics.load(underWay, 0);
      }
    },
  };
}

/** The main thread's end: takes off what a message of output has cost. */
export function countOff(message: HandlerOutput, underWay: Int32Array): void {
  Atomics.sub(underWay, 0, costOf(message));
  Atomics.notify(underWay, 0);
}

function costOf({ text }: HandlerOutput): number {
  return text.length + COST_OF_MESSAGE;
}
