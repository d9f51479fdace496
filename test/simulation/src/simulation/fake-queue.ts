import { below, type Random } from './random.ts';
import type { VirtualTime } from './virtual-time.ts';

/** The attributes of a message, each a text. */
export type Attributes = Readonly<Record<string, string>>;

export interface ReceivedMessage {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: Attributes;
  readonly receiveCount: number;
  readonly receiptHandle: string;
}

/** The receipt handle is not that of a message which is held. */
export class ReceiptHandleIsInvalid extends Error {
  override readonly name = 'ReceiptHandleIsInvalid';
}

/**
 * A standard queue of SQS with its dead-letter queue, in virtual time: visibility timeouts, receive counts, any order, more than
 * one delivery. (Amazon SQS Developer Guide, "Amazon SQS visibility timeout", "Using dead-letter queues in Amazon SQS".)
 * Retention is left out: no history lasts for days.
 */
export interface FakeQueue {
  /** An operator may change it. */
  maxReceiveCount: number;
  send(body: string, attributes?: Attributes, delaySeconds?: number): void;
  /** Resolves when a message is there to be received; another receiver may be faster. */
  untilVisible(): Promise<void>;
  /** Up to `count` messages in any order; what was received too often goes to the dead-letter queue instead. */
  take(count: number, visibilitySeconds: number): ReceivedMessage[];
  /** What has an old receipt handle may be removed, or not. */
  remove(receiptHandle: string): void;
  /** @throws ReceiptHandleIsInvalid, except that an old receipt handle may do as well */
  changeVisibility(receiptHandle: string, seconds: number): void;
  /** At-least-once delivery: also delivers messages in flight to another consumer. */
  giveAgain(): void;
  /** Moves what lies in the dead-letter queue back, as new messages without attributes. */
  redrive(): void;
  readonly deadBodies: readonly string[];
  /** How many messages the queue has, visible or not. */
  readonly depth: number;
}

interface Message {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: Attributes;
  receiveCount: number;
  visibleAtMs: number;
  handles: string[];
}

export function createFakeQueue(options: {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly maxReceiveCount: number;
}): FakeQueue {
  const { time, random } = options;
  let { maxReceiveCount } = options;
  const messages = new Set<Message>();
  let dead: Message[] = [];
  let waiting: (() => void)[] = [];
  let serial = 0;

  const visible = () => [...messages].filter((message) => message.visibleAtMs <= time.monotonicMs());

  function hide(message: Message, seconds: number): void {
    message.visibleAtMs = time.monotonicMs() + seconds * 1000;
    const { visibleAtMs } = message;
    time.after(seconds * 1000, () => {
      if (!messages.has(message) || message.visibleAtMs !== visibleAtMs) return;
      const woken = waiting;
      waiting = [];
      for (const wake of woken) wake();
    });
  }

  function send(body: string, attributes: Attributes = {}, delaySeconds = 0): void {
    const messageId = `message-${++serial}`;
    const message = { messageId, body, attributes, receiveCount: 0, visibleAtMs: 0, handles: [] };
    messages.add(message);
    hide(message, delaySeconds);
  }

  function find(receiptHandle: string) {
    const message = [...messages].find(({ handles }) => handles.includes(receiptHandle));
    const isOld = message?.handles.at(-1) !== receiptHandle;
    return isOld && below(2, random) === 0 ? undefined : message;
  }

  return {
    get maxReceiveCount() {
      return maxReceiveCount;
    },
    set maxReceiveCount(count) {
      maxReceiveCount = count;
    },
    send,

    untilVisible() {
      const { promise, resolve } = Promise.withResolvers<void>();
      if (visible().length > 0) resolve();
      else waiting.push(resolve);
      return promise;
    },

    take(count, visibilitySeconds) {
      const given: ReceivedMessage[] = [];
      const candidates = visible();
      while (candidates.length > 0 && given.length < count) {
        const [message] = candidates.splice(below(candidates.length, random), 1);
        if (!message) break;
        if (message.receiveCount >= maxReceiveCount) {
          messages.delete(message);
          dead.push(message);
          continue;
        }
        message.receiveCount += 1;
        const { messageId, body, attributes, receiveCount } = message;
        const receiptHandle = `${messageId}/${++serial}`;
        message.handles.push(receiptHandle);
        hide(message, visibilitySeconds);
        given.push({ messageId, body, attributes, receiveCount, receiptHandle });
      }
      return given;
    },

    remove(receiptHandle) {
      const message = find(receiptHandle);
      if (message) messages.delete(message);
    },

    changeVisibility(receiptHandle, seconds) {
      const message = find(receiptHandle);
      if (!message || message.visibleAtMs <= time.monotonicMs())
        throw new ReceiptHandleIsInvalid(`${receiptHandle} is not held`);
      hide(message, seconds);
    },

    giveAgain() {
      for (const message of messages) if (message.visibleAtMs > time.monotonicMs()) hide(message, 0);
    },

    redrive() {
      const moved = dead;
      dead = [];
      for (const { body } of moved) send(body);
    },

    get deadBodies() {
      return dead.map(({ body }) => body);
    },

    get depth() {
      return messages.size;
    },
  };
}
