import type { SQSClient } from '@aws-sdk/client-sqs';
import t from 'tap';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { readReceiveLimit } from '../src/receive-limit.ts';

const deadLetterTargetArn = 'arn:aws:sqs:eu-central-1:000000000000:events-dead';
const policyOf = (maxReceiveCount: number) => ({
  Attributes: { RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount }) },
});

/** A limit of 8 whose later reads respond when the test says so. */
async function opened() {
  const clock = new VirtualClock();
  const stopping = new AbortController();
  const reads: PromiseWithResolvers<unknown>[] = [];
  const unread: unknown[] = [];
  const send = () => {
    const read = Promise.withResolvers<unknown>();
    if (reads.push(read) === 1) read.resolve(policyOf(8));
    return read.promise;
  };
  const limit = await readReceiveLimit({
    sqs: { send } as unknown as SQSClient,
    queueUrl: 'https://sqs.example/1/events',
    clock,
    signal: stopping.signal,
    onUnread: (error) => unread.push(error),
  });
  return { clock, stopping, reads, unread, limit };
}

t.test('a limit is read again when its last read is as old as is asked for, and not before', async (t) => {
  const { clock, reads, limit } = await opened();
  clock.advance(9_999);
  await limit.renew(10);
  t.equal(reads.length, 1);
  clock.advance(1);
  const renewed = limit.renew(10);
  t.equal(reads.length, 2);
  reads[1]?.resolve(policyOf(3));
  await renewed;
  t.equal(limit.maxReceiveCount, 3);
});

t.test('who asks while the limit is being read waits for that read', async (t) => {
  const { reads, limit } = await opened();
  const renewals = [limit.renew(0), limit.renew(10)].map((renewal) =>
    renewal.then(() => limit.maxReceiveCount),
  );
  await new Promise(setImmediate);
  reads[1]?.resolve(policyOf(3));
  t.strictSame(await Promise.all(renewals), [3, 3]);
  t.equal(reads.length, 2);
});

t.test('a read that fails is told of and keeps the limit; one that a stop ends is not told of', async (t) => {
  const failure = new Error('SQS is away');
  for (const isStopped of [false, true]) {
    const { stopping, reads, unread, limit } = await opened();
    const renewed = limit.renew(0);
    if (isStopped) stopping.abort();
    reads[1]?.reject(failure);
    await renewed;
    t.strictSame(unread, isStopped ? [] : [failure]);
    t.equal(limit.maxReceiveCount, 8);
  }
});
