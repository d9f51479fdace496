import type { Delivery } from '@upload-once/queue';
import t from 'tap';
import { limitWork } from '../src/limit-work.ts';

function delivery(signal = new AbortController().signal): Delivery {
  return {
    messageId: 'message-1',
    body: '',
    receiveCount: 1,
    isLastReceive: false,
    signal,
    onHeartbeat: () => () => undefined,
    renewReceiveLimit: async () => undefined,
    stepAside: () => undefined,
  };
}

/** One timer, which the test lets run out. */
function oneTimer() {
  const timer = { delayMs: 0, isStopped: false, runOut: () => {} };
  return {
    timer,
    clock: {
      after(delayMs: number, callback: () => void) {
        timer.delayMs = delayMs;
        timer.runOut = callback;
        return () => {
          timer.isStopped = true;
        };
      },
    },
  };
}

t.test('P3: a copy that does not end is given up after the limit, and its calls are aborted', async (t) => {
  const { timer, clock } = oneTimer();
  let signal: AbortSignal | undefined;
  const limited = limitWork(
    (given) => {
      signal = given.signal;
      return new Promise(() => undefined);
    },
    { limitSeconds: 3_600, clock },
  );
  const handled = limited(delivery());
  t.equal(timer.delayMs, 3_600_000);
  t.equal(signal?.aborted, false);
  timer.runOut();
  await t.rejects(handled, { code: 'AcceptTooSlow', message: /3600 seconds/ });
  t.match(signal?.reason, { code: 'AcceptTooSlow' });
  t.equal(timer.isStopped, true);
});

t.test('within the limit the handler decides, and hears the consumer', async (t) => {
  const { timer, clock } = oneTimer();
  const stop = new AbortController();
  let signal: AbortSignal | undefined;
  const limited = limitWork(
    async (given) => {
      signal = given.signal;
      if (given.signal.aborted) throw given.signal.reason;
    },
    { limitSeconds: 1, clock },
  );
  await limited(delivery(stop.signal));
  t.equal(timer.isStopped, true, 'no timer is left');
  const reason = new Error('the consumer stops');
  stop.abort(reason);
  t.equal(signal?.reason, reason);
  await t.rejects(limited(delivery(stop.signal)), reason);
});

t.test('P3: a last receive that becomes known later shows within the limit as well', async (t) => {
  let isLastReceive = false;
  const given: Delivery = {
    ...delivery(),
    get isLastReceive() {
      return isLastReceive;
    },
    renewReceiveLimit: async () => {
      isLastReceive = true;
    },
  };
  const told: boolean[] = [];
  const limited = limitWork(
    async (delivery) => {
      told.push(delivery.isLastReceive);
      await delivery.renewReceiveLimit();
      told.push(delivery.isLastReceive);
    },
    { limitSeconds: 1, clock: oneTimer().clock },
  );
  await limited(given);
  t.strictSame(told, [false, true]);
});
