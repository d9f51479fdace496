import t from 'tap';
import { createFakeQueue } from '../src/simulation/fake-queue.ts';
import { createVirtualTime } from '../src/simulation/virtual-time.ts';

function createQueue(maxReceiveCount = 2) {
  const time = createVirtualTime(() => undefined);
  // 0.9: what has an old receipt handle does something.
  return { time, queue: createFakeQueue({ time, random: () => 0.9, maxReceiveCount }) };
}

const received = (queue: ReturnType<typeof createQueue>['queue'], visibilitySeconds = 30) => {
  const [message] = queue.take(1, visibilitySeconds);
  if (!message) throw new Error('a message is visible');
  return message;
};

t.test('a received message is hidden for its visibility timeout, and counts its receives', async (t) => {
  const { time, queue } = createQueue();
  queue.send('a');
  t.match(received(queue), { body: 'a', receiveCount: 1 });
  await time.pass(29_999);
  t.strictSame(queue.take(1, 30), []);
  await time.pass(1);
  t.match(received(queue), { body: 'a', receiveCount: 2 });
});

t.test('an extension counts from when it is made', async (t) => {
  const { time, queue } = createQueue();
  queue.send('a');
  const { receiptHandle } = received(queue);
  await time.pass(20_000);
  queue.changeVisibility(receiptHandle, 30);
  await time.pass(29_999);
  t.strictSame(queue.take(1, 30), []);
  await time.pass(1);
  t.equal(received(queue).receiveCount, 2);
});

t.test('a message that is visible again is not in flight', async (t) => {
  const { time, queue } = createQueue();
  queue.send('a');
  const { receiptHandle } = received(queue);
  await time.pass(30_000);
  t.throws(() => queue.changeVisibility(receiptHandle, 30), { name: 'ReceiptHandleIsInvalid' });
});

t.test('what was received too often is dead-lettered, and comes back by a redrive as new', async (t) => {
  const { time, queue } = createQueue(1);
  queue.send('a');
  received(queue);
  await time.pass(30_000);
  t.strictSame(queue.take(1, 30), []);
  t.strictSame(queue.deadBodies, ['a']);
  queue.redrive();
  t.strictSame(queue.deadBodies, []);
  t.match(received(queue), { body: 'a', receiveCount: 1 });
});

t.test('a deleted message does not come back', async (t) => {
  const { time, queue } = createQueue();
  queue.send('a');
  queue.remove(received(queue).receiptHandle);
  await time.pass(30_000);
  t.strictSame(queue.take(1, 30), []);
});

t.test('a receiver that waits is woken when a message is there, or there again', async (t) => {
  const { time, queue } = createQueue();
  let woken = 0;
  const wait = () => void queue.untilVisible().then(() => woken++);
  wait();
  await time.pass(1);
  t.equal(woken, 0);
  queue.send('a');
  await time.pass(0);
  t.equal(woken, 1);
  received(queue, 5);
  wait();
  await time.pass(4_999);
  t.equal(woken, 1);
  await time.pass(1);
  t.equal(woken, 2);
});

t.test('at least once: what is in flight can be given to a second receiver', async (t) => {
  const { queue } = createQueue();
  queue.send('a');
  const first = received(queue);
  queue.giveAgain();
  const second = received(queue);
  t.equal(second.messageId, first.messageId);
  t.not(second.receiptHandle, first.receiptHandle);
});

t.test('a message keeps its attributes until a redrive makes it new', async (t) => {
  const { time, queue } = createQueue(1);
  queue.send('a', { of: 'test' });
  t.match(received(queue), { body: 'a', attributes: { of: 'test' } });
  await time.pass(30_000);
  t.strictSame(queue.take(1, 30), [], 'it goes to the dead-letter queue');
  queue.redrive();
  await time.pass(0);
  t.match(received(queue), { body: 'a', attributes: {}, receiveCount: 1 });
});

t.test('a maxReceiveCount that is changed holds from the next receive on', async (t) => {
  const { time, queue } = createQueue(1);
  queue.send('a');
  received(queue);
  queue.maxReceiveCount = 2;
  await time.pass(30_000);
  t.match(received(queue), { receiveCount: 2 });
  await time.pass(30_000);
  t.strictSame(queue.take(1, 30), []);
  t.strictSame(queue.deadBodies, ['a']);
});
