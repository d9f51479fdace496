import { type Clock, systemClock } from '@upload-once/clock';

export interface Groups<One, Outcome> {
  /** Its outcome in the call that it went with. @throws the error of that call, NoResponse, WaitedTooLong */
  add(one: One): Promise<Outcome>;
}

export interface GroupsOptions<One, Outcome> {
  /** How many a call can take at most. */
  readonly most: number;
  /** One call for all of them: an outcome for each, in their order. */
  readonly call: (group: readonly One[]) => Promise<readonly Outcome[]>;
  /** How far apart calls begin at least, for what takes only so many; asked when one begins. By default 0. */
  readonly apartMs?: () => number;
  readonly clock?: Pick<Clock, 'after' | 'monotonicMs'>;
}

/** A call did not end in time. Whether it took effect is unknown. */
class NoResponse extends Error {
  readonly code = 'NoResponse';
}

/** It was not sent: calls before it took too long. */
export class WaitedTooLong extends Error {
  readonly code = 'WaitedTooLong';
}

/** Two, so that the next group fills while a call is under way, and what comes right behind a call need not wait for its response. */
const PROMPT_CALLS = 2;
/** A call that takes longer holds up no other, as long as there are less than eight. */
const SLOW_MS = 100;
const MOST_CALLS = 8;
const CALL_LIMIT_MS = 2_000;
const WAIT_LIMIT_MS = 1_000;
/** Of the event loop, for which a group waits while each brings more. A server under load takes one request a turn. */
const MOST_TURNS = 32;

interface Waiting<One, Outcome> {
  readonly one: One;
  readonly sinceMs: number;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Makes one call for many ("group commit"). A group goes when a turn of the event loop has brought nothing more, so that little load
 * costs no time, when it is full, or after 32 turns.
 *
 * While two calls are under way what comes waits, and goes together in the next. A full group does not wait for them, and neither does
 * what comes behind calls that are slow. Eight calls are under way at most, each for two seconds. What has waited for a second when
 * there is room is not sent any more: who asked for it is about to give up. What comes goes in its order. Calls that are to begin apart do, full
 * groups too, and gather what comes as all others do.
 */
export function createGroups<One, Outcome>(options: GroupsOptions<One, Outcome>): Groups<One, Outcome> {
  const { most, call, apartMs = () => 0, clock = systemClock } = options;
  const waiting: Waiting<One, Outcome>[] = [];
  let calls = 0;
  let promptCalls = 0;
  let isScheduled = false;
  let notBeforeMs = Number.NEGATIVE_INFINITY;

  const isFull = () => waiting.length >= most;
  const hasRoom = () => calls < MOST_CALLS && (promptCalls < PROMPT_CALLS || isFull());

  function schedule(turn = 1): void {
    if (isScheduled || waiting.length === 0 || !hasRoom()) return;
    isScheduled = true;
    const waitMs = notBeforeMs - clock.monotonicMs();
    if (waitMs > 0) {
      clock.after(waitMs, gather);
      return;
    }
    const before = waiting.length;
    setImmediate(() => {
      isScheduled = false;
      const hasGrown = waiting.length > before;
      if (hasGrown && !isFull() && turn < MOST_TURNS) schedule(turn + 1);
      else sendWaiting();
    });
  }

  /** Groups stay as large as they are without a distance: its end sends nothing by itself. */
  function gather(): void {
    isScheduled = false;
    schedule();
  }

  function sendWaiting(): void {
    const oldestMs = clock.monotonicMs() - WAIT_LIMIT_MS;
    while (waiting[0] && waiting[0].sinceMs < oldestMs) {
      waiting
        .shift()
        ?.reject(new WaitedTooLong(`it waited for more than ${WAIT_LIMIT_MS} ms, and was not sent`));
    }
    while (waiting.length > 0 && hasRoom() && clock.monotonicMs() >= notBeforeMs) {
      notBeforeMs = clock.monotonicMs() + apartMs();
      void send(waiting.splice(0, most));
    }
    schedule();
  }

  async function send(group: readonly Waiting<One, Outcome>[]): Promise<void> {
    let isPrompt = true;
    function countAsSlow(): void {
      if (isPrompt) promptCalls -= 1;
      isPrompt = false;
      schedule();
    }
    calls += 1;
    promptCalls += 1;
    const cancelSlow = clock.after(SLOW_MS, countAsSlow);
    try {
      const outcomes = await withinLimit(call(group.map(({ one }) => one)));
      for (const [at, { resolve }] of group.entries()) resolve(outcomes[at] as Outcome);
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
    cancelSlow();
    calls -= 1;
    countAsSlow();
  }

  async function withinLimit<T>(work: Promise<T>): Promise<T> {
    const limit = Promise.withResolvers<never>();
    const cancelLimit = clock.after(CALL_LIMIT_MS, () =>
      limit.reject(new NoResponse(`a call did not end within ${CALL_LIMIT_MS} ms`)),
    );
    try {
      return await Promise.race([work, limit.promise]);
    } finally {
      cancelLimit();
    }
  }

  return {
    add(one) {
      return new Promise((resolve, reject) => {
        waiting.push({ one, sinceMs: clock.monotonicMs(), resolve, reject });
        schedule();
      });
    },
  };
}
