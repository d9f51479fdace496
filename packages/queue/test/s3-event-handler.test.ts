import t from 'tap';
import { createS3EventHandler, type Delivery } from '../src/index.ts';

function record(key: string, bucket = 'bucket') {
  return {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    eventName: 'ObjectCreated:Post',
    eventTime: '2026-01-01T00:00:00.000Z',
    s3: { bucket: { name: bucket }, object: { key, size: 1, eTag: 'e', versionId: 'v', sequencer: '1' } },
  };
}

function delivery(...records: object[]): Delivery {
  return {
    messageId: 'm',
    body: JSON.stringify({ Records: records }),
    receiveCount: 1,
    isLastReceive: false,
    signal: new AbortController().signal,
    onHeartbeat: () => () => undefined,
    renewReceiveLimit: async () => undefined,
    stepAside: () => undefined,
  };
}

function listening() {
  const keys: string[] = [];
  const handler = createS3EventHandler({
    bucket: 'bucket',
    prefix: 'uploads/',
    async handle(event) {
      if (event.key.endsWith('fails')) throw new Error('no');
      keys.push(event.key);
    },
  });
  return { handler, keys };
}

t.test('every record of a message is handled, in order', async (t) => {
  const { handler, keys } = listening();
  await handler(delivery(record('uploads/a+b'), record('uploads/c')));
  t.strictSame(keys, ['uploads/a b', 'uploads/c']);
});

t.test('a message is done only when all of its records are', async (t) => {
  const { handler, keys } = listening();
  await t.rejects(handler(delivery(record('uploads/a'), record('uploads/fails'))), { message: 'no' });
  t.strictSame(keys, ['uploads/a']);
});

t.test('an event of another bucket or prefix is unprocessable, and says which', async (t) => {
  const { handler, keys } = listening();
  const refused = [record('accepted/a'), record('uploads/a', 'other')];
  for (const each of refused) {
    await t.rejects(handler(delivery(each)), {
      code: 'Unprocessable',
      message: /uploads\/… in bucket was expected/,
    });
  }
  t.strictSame(keys, []);
});
