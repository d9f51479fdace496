export interface Groups<T> {
  add(one: T): void;
}

export interface GroupsOptions<T> {
  /** How many a call can take at most. */
  readonly most: number;
  /** One call for all of them. It never rejects. */
  readonly call: (group: readonly T[]) => Promise<void>;
  readonly pause: (ms: number) => Promise<unknown>;
}

/** Two, so that the next group fills while a call is under way, and what comes right behind a call need not wait for its response. */
const PROMPT_CALLS = 2;
/** A call that takes longer holds up no other. */
const SLOW_MS = 100;
const MOST_CALLS = 8;
/** Of the event loop, for which a group waits while each brings more. A server under load takes one request a turn. */
const MOST_TURNS = 32;

/**
 * Makes one call for many ("group commit"). A group goes when a turn of the event loop has brought nothing more, so that little load
 * costs no time, when it is full, or after 32 turns.
 *
 * While two calls are under way what comes waits, and goes together in the next. A full group does not wait for them, and neither does
 * what comes behind calls that are slow. Eight calls are under way at most. What comes goes in its order.
 */
export function createGroups<T>({ most, call, pause }: GroupsOptions<T>): Groups<T> {
  let waiting: T[] = [];
  let calls = 0;
  let slowCalls = 0;
  let isScheduled = false;

  const isFull = () => waiting.length >= most;
  const isTurn = () => calls < MOST_CALLS && (calls - slowCalls < PROMPT_CALLS || isFull());

  function schedule(turn = 1): void {
    if (isScheduled || waiting.length === 0 || !isTurn()) return;
    isScheduled = true;
    const before = waiting.length;
    setImmediate(() => {
      isScheduled = false;
      const hasGrown = waiting.length > before;
      if (hasGrown && !isFull() && turn < MOST_TURNS) schedule(turn + 1);
      else sendWaiting();
    });
  }

  function sendWaiting(): void {
    while (waiting.length > 0 && isTurn()) {
      const group = waiting.slice(0, most);
      waiting = waiting.slice(most);
      void send(group);
    }
  }

  async function send(group: readonly T[]): Promise<void> {
    let isSlow = false;
    let isEnded = false;
    calls += 1;
    void pause(SLOW_MS).then(() => {
      if (isEnded) return;
      isSlow = true;
      slowCalls += 1;
      schedule();
    });
    await call(group);
    isEnded = true;
    calls -= 1;
    if (isSlow) slowCalls -= 1;
    schedule();
  }

  return {
    add(one) {
      waiting.push(one);
      schedule();
    },
  };
}
