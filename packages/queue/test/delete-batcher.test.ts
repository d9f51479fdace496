import t, { type Test } from 'tap';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { createDeleteBatcher } from '../src/delete-batcher.ts';
import { GATHER_MS } from '../src/gather.ts';
import { type LocalQueue, startLocalQueue } from './local-queue.ts';

/** See `DeleteBatcher.isFailing`. */
const FAILING_MS = 300_000;
/** The waits between the three attempts, without jitter. */
const RETRY_WAITS_MS = [1000, 2000];

async function prepare(t: Test) {
  const clock = new VirtualClock();
  clock.rule(t);
  const queue = await startLocalQueue(t);
  const deleter = createDeleteBatcher({ sqs: queue.sqs, queueUrl: queue.queueUrl, clock, random: () => 0 });
  return { clock, queue, deleter };
}

type Prepared = Awaited<ReturnType<typeof prepare>>;

/** A deletion whose first attempt has failed, and whose second comes a second later. */
async function failOnce({ clock, queue, deleter }: Prepared, receiptHandle = 'a receipt handle') {
  queue.fail('DeleteMessageBatch', new Error('SQS does not respond'));
  const deleted = deleter.delete(receiptHandle);
  clock.advance(GATHER_MS);
  await clock.untilSet(1000);
  return { deleted };
}

function respond(queue: LocalQueue, output: object): void {
  queue.hook('DeleteMessageBatch', async () => ({ output }));
}

const INVALID = { Failed: [{ Id: '0', Code: 'ReceiptHandleIsInvalid', SenderFault: true }] };

t.test('P3: a failed attempt counts as failing for five minutes', async (t) => {
  const prepared = await prepare(t);
  const { clock, queue, deleter } = prepared;
  t.equal(deleter.isFailing, false, 'nothing was tried');
  await failOnce(prepared);
  t.equal(deleter.isFailing, true);
  queue.hook('DeleteMessageBatch', () => new Promise(() => undefined));
  clock.advance(FAILING_MS - 1);
  t.equal(queue.countSent('DeleteMessageBatch'), 2, 'the second attempt has no response yet');
  t.equal(deleter.isFailing, true);
  clock.advance(1);
  t.equal(deleter.isFailing, false);
});

t.test('P3: a message that the response does not name counts as failing', async (t) => {
  const { clock, queue, deleter } = await prepare(t);
  respond(queue, {});
  void deleter.delete('a receipt handle');
  clock.advance(GATHER_MS);
  await clock.untilSet(1000);
  t.equal(deleter.isFailing, true);
});

t.test('P3: a message that was deleted ends the failing', async (t) => {
  const prepared = await prepare(t);
  const { clock, queue, deleter } = prepared;
  await queue.send('one');
  const [message] = await queue.receive(queue.queueUrl);
  const { deleted } = await failOnce(prepared, message?.ReceiptHandle);
  t.equal(deleter.isFailing, true);
  queue.unhook('DeleteMessageBatch');
  clock.advance(1000);
  clock.advance(GATHER_MS);
  await deleted;
  t.equal(await queue.depth(), 0);
  t.equal(deleter.isFailing, false);
});

t.test('P3: an invalid receipt handle neither begins nor ends the failing', async (t) => {
  const prepared = await prepare(t);
  const { clock, queue, deleter } = prepared;
  const refuseHandle = async () => {
    respond(queue, INVALID);
    const deleted = deleter.delete('an old receipt handle');
    clock.advance(GATHER_MS);
    await t.rejects(deleted, { code: 'DeleteFailed' });
  };
  await refuseHandle();
  t.equal(deleter.isFailing, false);
  await failOnce(prepared);
  await refuseHandle();
  t.equal(deleter.isFailing, true);
});

const notDeleted: readonly { readonly of: string; readonly response: object; readonly cause: string }[] = [
  {
    of: 'a response that names no message',
    response: {},
    cause: 'SQS’s response does not name the message',
  },
  {
    of: 'a failure of SQS itself',
    response: { Failed: [{ Id: '0', Code: 'InternalError', Message: 'try later', SenderFault: false }] },
    cause: 'InternalError: try later',
  },
  {
    of: 'a failure without a message, and of no known side',
    response: { Failed: [{ Id: '0', Code: 'InternalError' }] },
    cause: 'InternalError: no message',
  },
];

for (const { of, response, cause } of notDeleted) {
  t.test(`${of} rejects after the third attempt, and a later call can succeed`, async (t) => {
    const { clock, queue, deleter } = await prepare(t);
    respond(queue, response);
    const deleted = deleter.delete('a receipt handle');
    deleted.catch(() => undefined);
    for (const waitMs of RETRY_WAITS_MS) {
      clock.advance(GATHER_MS);
      await clock.advanceWhenSet(waitMs);
    }
    clock.advance(GATHER_MS);
    await t.rejects(deleted, {
      code: 'DeleteFailed',
      message: 'SQS did not delete the message in 3 of at most 3 attempts',
      isFinal: false,
      cause,
    });
    t.equal(queue.countSent('DeleteMessageBatch'), 3);
    t.equal(clock.pendingCount, 0);
  });
}

t.test(
  'an invalid receipt handle rejects after the first attempt, and no later call can succeed',
  async (t) => {
    const { clock, queue, deleter } = await prepare(t);
    respond(queue, INVALID);
    const deleted = deleter.delete('an old receipt handle');
    clock.advance(GATHER_MS);
    await t.rejects(deleted, {
      code: 'DeleteFailed',
      message: 'SQS did not delete the message in 1 of at most 3 attempts',
      isFinal: true,
      cause: 'ReceiptHandleIsInvalid: no message',
    });
    t.equal(queue.countSent('DeleteMessageBatch'), 1);
    t.equal(clock.pendingCount, 0);
  },
);
