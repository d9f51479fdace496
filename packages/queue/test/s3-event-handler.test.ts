import t from 'tap';
import { createS3EventHandler, type Delivery, Unprocessable } from '../src/index.ts';

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
  return deliveryUntil(new AbortController().signal, ...records);
}

function deliveryUntil(signal: AbortSignal, ...records: object[]): Delivery {
  return {
    messageId: 'm',
    body: JSON.stringify({ Records: records }),
    receiveCount: 1,
    isLastReceive: false,
    signal,
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
      if (event.key.endsWith('never')) throw new Unprocessable('never');
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

t.test(
  'P3: a message is done only when all of its records are, and none waits for one that fails',
  async (t) => {
    const { handler, keys } = listening();
    const fails = record('uploads/fails');
    await t.rejects(handler(delivery(record('uploads/a'), fails, record('uploads/b'))), { message: 'no' });
    t.strictSame(keys, ['uploads/a', 'uploads/b']);
  },
);

t.test('what another attempt can mend decides how the message comes back', async (t) => {
  const { handler } = listening();
  const never = record('uploads/never');
  const fails = record('uploads/fails');
  await t.rejects(handler(delivery(never, fails, never)), { message: 'no' });
  await t.rejects(handler(delivery(never, record('uploads/a'))), { code: 'Unprocessable' });
});

t.test('P3: a record that fails with nothing has failed as well', async (t) => {
  const handler = createS3EventHandler({
    bucket: 'bucket',
    prefix: 'uploads/',
    handle: ({ key }) =>
      key.endsWith('never') ? Promise.reject(new Unprocessable('never')) : Promise.reject(),
  });
  const [fails, never] = [record('uploads/fails'), record('uploads/never')];
  for (const records of [[fails], [fails, never], [never, fails]]) {
    const ended = await handler(delivery(...records)).then(
      () => 'resolved',
      (error) => ['rejected', error],
    );
    t.strictSame(ended, ['rejected', undefined]);
  }
});

t.test('P3: when the delivery is over, no further record begins', async (t) => {
  const { handler, keys } = listening();
  const over = deliveryUntil(AbortSignal.abort(), record('uploads/fails'), record('uploads/a'));
  await t.rejects(handler(over), { message: 'no' });
  t.strictSame(keys, []);
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
