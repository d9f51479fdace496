import t from 'tap';
import type { EventForQueue } from '../src/events/event.ts';
import { Outbox } from '../src/events/outbox.ts';

function event(id: string, queueArn = 'q'): EventForQueue {
  return { id, queueArn, eventName: 'ObjectCreated:Put', key: id, versionId: 'v', sequencer: '0', body: id };
}

t.test('an event is sent until the queue has it, and those behind it stay behind it', async (t) => {
  const sent: string[] = [];
  const pauses: number[] = [];
  let failures = 3;
  const outbox = new Outbox({
    async send({ id }) {
      if (failures > 0) {
        failures -= 1;
        throw new Error('the queue is not there yet');
      }
      sent.push(id);
    },
    async pause(attempt) {
      pauses.push(attempt);
    },
  });
  outbox.put(event('a'));
  outbox.put(event('b'));
  t.equal(outbox.waiting, 2);
  await outbox.settled();
  t.same(sent, ['a', 'b']);
  t.same(pauses, [2, 3, 4]);
  t.equal(outbox.waiting, 0);
});

t.test('a queue that is down does not hold up another', async (t) => {
  const { promise: never } = Promise.withResolvers<void>();
  const { promise: arrived, resolve } = Promise.withResolvers<string>();
  const outbox = new Outbox({
    async send({ id, queueArn }) {
      if (queueArn === 'down') throw new Error('down');
      resolve(id);
    },
    pause: () => never,
  });
  outbox.put(event('a', 'down'));
  outbox.put(event('b', 'up'));
  t.equal(await arrived, 'b');
});

t.test('stopped, it gives up what waits', async (t) => {
  const { promise: firstFailure, resolve } = Promise.withResolvers<void>();
  const outbox = new Outbox({
    send: async () => {
      throw new Error('down');
    },
    pause: (_attempt, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        resolve();
      }),
  });
  outbox.put(event('a'));
  await firstFailure;
  await outbox.stop();
  t.equal(outbox.waiting, 1);
});
