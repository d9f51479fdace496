import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { DrainLimitReached, VisibilityLost } from '@upload-once/queue';
import { reportIdOf, UploadState } from '@upload-once/uploads';
import t from 'tap';
import type { AcceptedUpload, Handler } from '../src/handler.ts';
import { HandlerStuck } from '../src/run-handler.ts';
import { createDelivery, createHarness, inTurn, LEASE_SECONDS } from './harness.ts';

/** A handler that says when it began, and ends when the test says so. */
function latchedHandler() {
  const began = Promise.withResolvers<AbortSignal>();
  const end = Promise.withResolvers<void>();
  const handler: Handler = (_upload, context) => {
    began.resolve(context.signal);
    return end.promise;
  };
  return { handler, began: began.promise, end: end.resolve, fail: end.reject };
}

/** A worker takes the lease, and is never heard of again. */
async function dies({ uploads }: ReturnType<typeof createHarness>, key: string, acceptedVersionId: string) {
  await uploads.startProcessing(key, { acceptedVersionId, leaseOwner: 'dead', leaseSeconds: LEASE_SECONDS });
}

/** As `startWork`; its worker sleeps until the lease is over, and another one is at work. */
async function startTakeover(facts: Parameters<typeof createDelivery>[0] = {}) {
  const [sleeper, taker] = [latchedHandler(), latchedHandler()];
  const harness = createHarness(inTurn(sleeper.handler, taker.handler));
  const { key, event } = await harness.accepted();
  const slept = createDelivery(facts);
  const asleep = harness.processAccepted(event, slept.delivery);
  const signal = await sleeper.began;
  harness.pass(LEASE_SECONDS);
  const taken = harness.deliver(event);
  await taker.began;
  return {
    harness,
    key,
    heartbeat: slept.heartbeat,
    asleep,
    signal,
    wake: sleeper.end,
    taken,
    end: taker.end,
  };
}

/** An accepted upload at work: its handler began, and ends when the test says so. Later handlers succeed at once. */
async function startWork(
  facts: Parameters<typeof createDelivery>[0] = {},
  options: Parameters<typeof createHarness>[1] = {},
) {
  const { handler, began, end } = latchedHandler();
  const harness = createHarness(inTurn(handler), options);
  const { key, event } = await harness.accepted();
  const held = createDelivery(facts);
  const work = harness.processAccepted(event, held.delivery);
  return { harness, key, event, ...held, work, signal: await began, end };
}

const succeeds: Handler = async () => {};
const fails: Handler = async () => {
  throw new Error('disk full');
};

t.test('an accepted upload is handled and recorded, with its lead time', async (t) => {
  const seen: { upload: AcceptedUpload; text: string; key: string; attempt: number }[] = [];
  const harness = createHarness(async (upload, context) => {
    const opened = await upload.open();
    t.match(opened, { contentType: 'text/plain', metadata: { of: 'mine' }, sizeBytes: 5 });
    const text = (await buffer(opened.body)).toString();
    seen.push({ upload, text, key: context.idempotencyKey, attempt: context.attempt });
    context.log.info({ customer: upload.metadata.customer, uploadId: 'mine' }, 'handled');
    harness.pass(2);
  });
  const { key, event } = await harness.accepted();
  await harness.deliver(event);
  t.match(seen, [{ text: 'hello', key: 'file-1', attempt: 1 }]);
  t.match(seen[0]?.upload, {
    id: 'file-1',
    bucket: 'bucket',
    key: event.key,
    versionId: event.versionId,
    sizeBytes: 5,
    filename: undefined,
    metadata: { customer: '42' },
  });
  t.match(await harness.uploads.get(key), { state: UploadState.processed, attempt: 1 });
  t.equal(harness.total('LeadTime'), 2000);
  t.equal(harness.total('UploadsProcessed'), 1);
  const named = { uploadId: 'file-1', traceId: '0af7651916cd43dd8448eb211c80319c' };
  t.match(harness.logLines.slice(-2), [
    { msg: 'handled', logger: 'handler', ...named, fields: { uploadId: 'mine' } },
    {
      msg: 'upload processed',
      ...named,
      versionId: event.versionId,
      attempt: 1,
      durationMs: 2000,
      leadTimeMs: 2000,
      outcome: 'processed',
    },
  ]);
});

t.test('the handler gets the name of the client’s file as it is', async (t) => {
  const filename = 'Zähler 写真 100%25.pdf';
  const seen: AcceptedUpload[] = [];
  const harness = createHarness(async (upload) => void seen.push(upload));
  const { event } = await harness.accepted({ filename });
  await harness.deliver(event);
  t.match(seen, [{ filename, metadata: { filename: undefined } }]);
});

t.test('the handler gets the name of a file that came by a link, at each attempt', async (t) => {
  const acceptedFilename = 'Zähler 写真 100%25.pdf';
  const seen: AcceptedUpload[] = [];
  const harness = createHarness(async (upload) => {
    seen.push(upload);
    if (seen.length === 1) throw new Error('not yet');
  });
  const { event } = await harness.accepted({ acceptedFilename });
  await t.rejects(harness.deliver(event));
  harness.pass(60);
  await harness.deliver(event, { receiveCount: 2 });
  t.strictSame(
    seen.map(({ filename }) => filename),
    [acceptedFilename, acceptedFilename],
  );
});

t.test('P3: a copy that is reported before ACCEPTED is recorded waits for that in flight', async (t) => {
  const harness = createHarness(succeeds);
  const { key, event, accept } = await harness.accepted({ recorded: false });
  const work = harness.deliver(event);
  await harness.timerSet(0.1);
  t.match(await harness.uploads.get(key), { state: UploadState.claimed });
  await harness.passAwake(0.1);
  await harness.timerSet(0.2);
  await accept();
  await harness.passAwake(0.2);
  await work;
  t.match(await harness.uploads.get(key), {
    state: UploadState.processed,
    acceptedVersionId: event.versionId,
  });
  t.equal(harness.total('UploadsAccepted'), 0, 'the acceptor has counted it');
  t.equal(harness.total('UploadsProcessed'), 1);
});

t.test('P3: while ACCEPTED is not recorded the message comes back, longer apart each time', async (t) => {
  const harness = createHarness(succeeds);
  const { key, event, accept } = await harness.accepted({ recorded: false });
  for (const [receiveCount, seconds] of [
    [1, LEASE_SECONDS],
    [2, LEASE_SECONDS],
    [3, 2 * LEASE_SECONDS],
  ] as const) {
    const { delivery } = createDelivery({ receiveCount });
    const work = harness.processAccepted(event, delivery);
    const waited = await harness.passUntilSettled(work);
    await t.rejects(work, { code: 'RetryLater', seconds, message: new RegExp(key) });
    t.ok(waited >= 3 && waited < 10, `${waited} s in flight`);
  }
  const last = createDelivery({ receiveCount: 4, isLastReceive: true });
  const work = harness.processAccepted(event, last.delivery);
  const waited = await harness.passUntilSettled(work);
  await t.rejects(work, { code: 'NotAcceptedYet', message: new RegExp(key) });
  t.ok(waited >= 2 * LEASE_SECONDS, 'until the message of an acceptor that died is there again');
  t.equal(harness.total('OrphanObjects'), 0, 'nothing is known of it that would make it one');
  await accept();
  await harness.deliver(event);
  t.match(await harness.uploads.get(key), { state: UploadState.processed }, 'after a redrive');
});

t.test('a message that waits for ACCEPTED is given back when the service stops', async (t) => {
  const harness = createHarness(succeeds);
  const { event } = await harness.accepted({ recorded: false });
  const { delivery, cutOff } = createDelivery();
  const work = harness.processAccepted(event, delivery);
  await harness.timerSet(0.1);
  cutOff(new DrainLimitReached('the service stops'));
  await t.rejects(work, { code: 'DrainLimitReached' });
});

t.test('a redelivery after PROCESSED is acknowledged, and handles nothing', async (t) => {
  const harness = createHarness(succeeds);
  const { event } = await harness.accepted();
  await harness.deliver(event);
  await harness.deliver(event);
  t.equal(harness.runs.length, 1);
  t.equal(harness.total('UploadsProcessed'), 1);
});

t.test('while another holds the lease the message waits, longer with each receive', async (t) => {
  const { harness, key, event, work, end } = await startWork();
  harness.pass(20);
  for (const [receiveCount, seconds] of [
    [1, 40],
    [2, 40],
    [3, 80],
    [4, 160],
    [40, 43_200],
  ] as const) {
    const { delivery } = createDelivery({ receiveCount });
    await t.rejects(harness.processAccepted(event, delivery), { code: 'RetryLater', seconds });
  }
  end();
  await work;
  t.match(await harness.uploads.get(key), { state: UploadState.processed, attempt: 1 });
});

t.test('heartbeats keep the lease of long work', async (t) => {
  const { harness, key, event, delivery, heartbeat, work, end } = await startWork();
  for (let beat = 0; beat < 10; beat += 1) {
    harness.pass(LEASE_SECONDS / 2);
    await heartbeat();
    await t.rejects(harness.deliver(event), { code: 'RetryLater' });
  }
  await heartbeat();
  t.equal(delivery.signal.aborted, false, 'a heartbeat at the same moment loses nothing');
  end();
  await work;
  t.match(await harness.uploads.get(key), { state: UploadState.processed, attempt: 1 });
});

t.test('a table that is away for a while does not cost the lease, as long as it runs', async (t) => {
  const { harness, key, delivery, heartbeat, work, end } = await startWork();
  harness.pass(LEASE_SECONDS / 2);
  harness.tableFaults.failNext('before', 'update', new Error('the table is away'));
  await heartbeat();
  t.equal(delivery.signal.aborted, false);
  harness.pass(LEASE_SECONDS / 4);
  await heartbeat();
  harness.pass(LEASE_SECONDS - 1);
  harness.tableFaults.failNext('before', 'update', new Error('the table is away'));
  await heartbeat();
  t.equal(delivery.signal.aborted, false);
  end();
  await work;
  t.match(await harness.uploads.get(key), { state: UploadState.processed, attempt: 1 });
});

t.test('a table that is away longer than the lease runs ends the work', async (t) => {
  const { harness, delivery, heartbeat, work, signal } = await startWork();
  for (let call = 0; call < 20; call += 1)
    harness.tableFaults.failNext('before', 'update', new Error('the table is away'));
  await harness.passAwake(LEASE_SECONDS / 2);
  await heartbeat();
  await harness.passAwake(LEASE_SECONDS / 2 - 1);
  t.equal(signal.aborted, false);
  const ended = t.rejects(work, { code: 'LeaseLost', cause: { message: 'the table is away' } });
  await harness.passAwake(1);
  await harness.passUntilSettled(ended);
  t.equal(signal.aborted, true);
  t.equal(delivery.signal.aborted, false, 'the message is still in flight, and given back');
});

t.test(
  'P3: a renewal that fails is made again soon: no other worker takes the lease of a living one',
  async (t) => {
    const { harness, key, event, heartbeat, work, signal, end } = await startWork();
    await harness.passAwake(LEASE_SECONDS / 2);
    for (let call = 0; call < 3; call += 1)
      harness.tableFaults.failNext('before', 'update', new Error('the table is away'));
    await heartbeat();
    await harness.passAwake(LEASE_SECONDS / 2);
    const other = createDelivery({ receiveCount: 2 });
    await t.rejects(harness.processAccepted(event, other.delivery), { code: 'RetryLater' });
    t.equal(signal.aborted, false);
    end();
    await work;
    t.equal(harness.runs.length, 1);
    t.match(await harness.uploads.get(key), { state: UploadState.processed, attempt: 1 });
  },
);

t.test('P3: a handler whose lease could not be renewed is stopped before another begins', async (t) => {
  for (const hasResponse of [true, false]) {
    const one = latchedHandler();
    const two = latchedHandler();
    const harness = createHarness(inTurn(one.handler, two.handler));
    const { key, event } = await harness.accepted();
    const first = createDelivery();
    const work = harness.processAccepted(event, first.delivery);
    const signal = await one.began;
    await harness.passAwake(LEASE_SECONDS / 2);
    const hanging = hasResponse ? undefined : harness.tableFaults.stallNext('before', 'update');
    for (let call = 0; call < 4; call += 1)
      if (hasResponse) harness.tableFaults.failNext('before', 'update', new Error('the table is away'));
    const beat = first.heartbeat();
    const ended = t.rejects(work, { code: 'LeaseLost', message: /ran out/ });
    await harness.passAwake(LEASE_SECONDS / 2);
    t.equal(signal.aborted, true);
    await harness.passUntilSettled(ended);
    const taken = harness.deliver(event, { receiveCount: 2 });
    await two.began;
    hanging?.release();
    await beat;
    two.end();
    await taken;
    t.match(await harness.uploads.get(key), { state: UploadState.processed, attempt: 2 });
    t.equal(harness.timers.size, 0);
  }
});

t.test('P3: a worker that learns of its lease when it has run out begins no handler', async (t) => {
  const { handler, began, end } = latchedHandler();
  let calls = 0;
  const harness = createHarness((upload, context) => {
    calls += 1;
    return handler(upload, context);
  });
  const { key, event } = await harness.accepted();
  const late = harness.tableFaults.stallNext('after', 'update');
  const first = t.rejects(harness.deliver(event), { code: 'LeaseLost' });
  await late.reached;
  harness.pass(LEASE_SECONDS);
  const taken = harness.deliver(event, { receiveCount: 2 });
  await began;
  late.release();
  await first;
  t.equal(calls, 1);
  end();
  await taken;
  t.match(await harness.uploads.get(key), { state: UploadState.processed, attempt: 2 });
});

t.test('P3: work that is done is recorded when the table is back, and not done again', async (t) => {
  for (const side of ['before', 'after'] as const) {
    let calls = 0;
    const harness = createHarness(async () => {
      calls += 1;
      harness.tableFaults.failNext(side, 'update', new Error('throttled'));
      harness.pass(2);
    });
    const { key, event } = await harness.accepted();
    const { delivery, heartbeat } = createDelivery({ isLastReceive: true });
    const work = harness.processAccepted(event, delivery);
    await harness.timerSet(5);
    const asked = harness.tableFaults.calls.length;
    await heartbeat();
    t.equal(harness.tableFaults.calls.length, asked, 'the lease of what is done is not renewed');
    await harness.passAwake(5);
    await work;
    t.equal(calls, 1);
    t.match(await harness.uploads.get(key), { state: UploadState.processed, attempt: 1 }, side);
    t.equal(harness.total('UploadsProcessed'), 1);
    t.equal(harness.total('LeadTime'), side === 'before' ? 7000 : 2000);
    t.equal(harness.timers.size, 0);
  }
});

t.test('a table that stays away until the lease has ended costs the message a receive', async (t) => {
  const harness = createHarness(
    inTurn(async () => {
      // One try in five seconds, and the last one when the lease has run out.
      for (let call = 0; call < 13; call += 1)
        harness.tableFaults.failNext('before', 'update', new Error('the table is away'));
    }, succeeds),
  );
  const { key, event } = await harness.accepted();
  const work = harness.deliver(event);
  await harness.timerSet(5);
  const ended = t.rejects(work, { message: 'the table is away' });
  await harness.passAwake(LEASE_SECONDS);
  await ended;
  await harness.deliver(event, { receiveCount: 2 });
  t.match(await harness.uploads.get(key), { state: UploadState.processed, attempt: 2 });
  t.equal(harness.total('UploadsProcessed'), 1);
});

t.test('with the last receive a lease that ran out is taken once more, for nothing has failed', async (t) => {
  const [one, two, three] = [latchedHandler(), latchedHandler(), latchedHandler()];
  const harness = createHarness(inTurn(one.handler, two.handler, latchedHandler().handler, three.handler));
  const { key, event } = await harness.accepted();
  const first = harness.deliver(event, { isLastReceive: true });
  await one.began;
  await harness.passAwake(LEASE_SECONDS + 1);
  await two.began;
  t.match(await harness.uploads.get(key), { state: UploadState.processing, attempt: 2 });
  two.end();
  await first;
  t.match(await harness.uploads.get(key), { state: UploadState.processed, attempt: 2 });

  const other = await harness.accepted();
  const second = harness.deliver(other.event, { isLastReceive: true });
  const ended = t.rejects(second, { code: 'LeaseLost' }, 'twice says that it will never hold');
  await harness.passAwake(LEASE_SECONDS + 1);
  await three.began;
  await harness.passAwake(LEASE_SECONDS + 1);
  await ended;
});

t.test('a lease that ran out is not taken once more for a delivery that was cut off', async (t) => {
  const { delivery, cutOff } = createDelivery({ isLastReceive: true });
  let calls = 0;
  const harness = createHarness(async (_upload, { signal }) => {
    calls += 1;
    await once(signal, 'abort');
    cutOff(new DrainLimitReached());
    signal.throwIfAborted();
  });
  const { key, event } = await harness.accepted();
  const ended = t.rejects(harness.processAccepted(event, delivery), { code: 'DrainLimitReached' });
  await harness.timerSet(LEASE_SECONDS);
  await harness.passAwake(LEASE_SECONDS + 1);
  await ended;
  t.equal(calls, 1);
  t.match(await harness.uploads.get(key), { state: UploadState.processing, attempt: 1 });
});

t.test('with the last receive who was taken over waits in flight for the other worker', async (t) => {
  const { harness, key, heartbeat, asleep, taken, end } = await startTakeover({ isLastReceive: true });
  await heartbeat();
  await harness.passAwake(1);
  await harness.timerSet(LEASE_SECONDS - 1);
  t.match(
    await harness.uploads.get(key),
    { state: UploadState.processing, attempt: 2 },
    'and changes nothing',
  );
  end();
  await taken;
  await harness.passAwake(LEASE_SECONDS);
  await asleep;
  t.match(await harness.uploads.get(key), { state: UploadState.processed, attempt: 2 });
  t.equal(harness.total('UploadsProcessed'), 1);
});

t.test('fencing: a worker that slept past its lease cannot finish what another took over', async (t) => {
  const { harness, key, asleep, wake, taken, end } = await startTakeover();
  wake();
  await t.rejects(asleep, { code: 'RetryLater' }, 'its message is not acknowledged');
  t.match(await harness.uploads.get(key), { state: UploadState.processing, attempt: 2 });
  t.equal(harness.total('UploadsProcessed'), 0);
  end();
  await taken;
  t.match(await harness.uploads.get(key), { state: UploadState.processed, attempt: 2 });
  t.equal(harness.total('UploadsProcessed'), 1);
});

t.test('a sleeper that wakes after the other has finished acknowledges', async (t) => {
  const sleeper = latchedHandler();
  const harness = createHarness(inTurn(sleeper.handler, succeeds));
  const { event } = await harness.accepted();
  const asleep = harness.deliver(event);
  await sleeper.began;
  harness.pass(LEASE_SECONDS);
  await harness.deliver(event);
  sleeper.end();
  await asleep;
  t.equal(harness.total('UploadsProcessed'), 1);
});

t.test('a heartbeat that finds the lease taken stops the handler and changes nothing', async (t) => {
  const { harness, key, heartbeat, asleep, signal, taken, end } = await startTakeover();
  await heartbeat();
  await harness.passUntilSettled(asleep);
  await t.rejects(asleep, { code: 'LeaseLost' });
  t.equal(signal.aborted, true);
  t.match(await harness.uploads.get(key), { state: UploadState.processing, attempt: 2 });
  end();
  await taken;
});

t.test('a handler that fails gives its lease up, so that the next attempt need not wait', async (t) => {
  const harness = createHarness(inTurn(fails, succeeds));
  const { key, event } = await harness.accepted();
  await t.rejects(harness.deliver(event), { message: 'disk full' });
  t.match(await harness.uploads.get(key), { state: UploadState.processing, attempt: 1 });
  await harness.deliver(event, { receiveCount: 2 });
  t.match(await harness.uploads.get(key), { state: UploadState.processed, attempt: 2 });
});

t.test('the last receive records FAILED, once, with the reason; a redrive starts again', async (t) => {
  const harness = createHarness(inTurn(fails, succeeds));
  const { key, event } = await harness.accepted();
  const last = createDelivery({ receiveCount: 5, isLastReceive: true });
  await t.rejects(harness.processAccepted(event, last.delivery), { message: 'disk full' });
  t.match(await harness.uploads.get(key), { state: UploadState.failed, failureReason: 'Error: disk full' });
  t.equal(harness.total('ProcessingFailed'), 1);
  await harness.deliver(event);
  t.match(await harness.uploads.get(key), { state: UploadState.processed, attempt: 2 });
});

for (const { isLast, change, state } of [
  { isLast: true, change: 'lowered', state: UploadState.failed },
  { isLast: false, change: 'raised', state: UploadState.processing },
]) {
  t.test(`P3: after the queue's limit was ${change} a failure is recorded as ${state}`, async (t) => {
    const { accepted, processAccepted, uploads } = createHarness(async () => {
      throw new TypeError('not a contract');
    });
    const { key, event } = await accepted();
    const { delivery } = createDelivery({ isLastReceive: !isLast, isLastReceiveWhenRenewed: isLast });
    await t.rejects(processAccepted(event, delivery), { message: 'not a contract' });
    t.match(await uploads.get(key), { state });
  });
}

t.test('P3: FAILED is recorded whatever a handler throws', async (t) => {
  for (const [thrown, failureReason] of [
    ['a text', 'a text'],
    [{ toString: 1, valueOf: 2 }, /"toString":1/],
    [Object.assign(new Error('none'), { message: { toString: 1 } }), /"toString":1/],
  ]) {
    const harness = createHarness(() => Promise.reject(thrown));
    const { key, event } = await harness.accepted();
    await t.rejects(harness.deliver(event, { isLastReceive: true }));
    t.match(await harness.uploads.get(key), { state: UploadState.failed, failureReason });
  }
});

t.test('a service that stops is no failure of the upload, not even with the last receive', async (t) => {
  const { harness, key, cutOff, work, signal } = await startWork({ isLastReceive: true });
  cutOff(new DrainLimitReached('the service stops'));
  await harness.passUntilSettled(work);
  await t.rejects(work, { code: 'DrainLimitReached' });
  t.equal(signal.aborted, true, 'the handler is told');
  t.match(await harness.uploads.get(key), { state: UploadState.processing });
  t.equal(harness.total('ProcessingFailed'), 0);
});

t.test('P3: a message that SQS may give to another worker never leaves FAILED behind', async (t) => {
  const { harness, key, event, cutOff, work } = await startWork({ isLastReceive: true });
  await setImmediate();
  cutOff(new VisibilityLost('no heartbeat could extend it'));
  await harness.passUntilSettled(work);
  await t.rejects(work, { code: 'VisibilityLost' });
  t.match(await harness.uploads.get(key), { state: UploadState.processing, failureReason: undefined });
  t.equal(harness.total('ProcessingFailed'), 0);
  await harness.deliver(event);
  t.match(await harness.uploads.get(key), { state: UploadState.processed, attempt: 2 });
});

t.test(
  'a failure that comes when another worker has finished is not recorded, and not counted',
  async (t) => {
    const sleeper = latchedHandler();
    const harness = createHarness(inTurn(sleeper.handler, succeeds));
    const { key, event } = await harness.accepted();
    const asleep = harness.deliver(event, { isLastReceive: true });
    await sleeper.began;
    harness.pass(LEASE_SECONDS);
    await harness.deliver(event);
    sleeper.fail(new Error('too late'));
    await t.rejects(asleep, { message: 'too late' });
    t.match(await harness.uploads.get(key), { state: UploadState.processed });
    t.equal(harness.total('ProcessingFailed'), 0);
  },
);

t.test(
  'P3: the lease of a handler that can’t be ended runs out, and the next attempt is alone',
  async (t) => {
    const stuck: Handler = () => Promise.reject(new HandlerStuck('its thread could not be ended'));
    const harness = createHarness(inTurn(stuck));
    const { event } = await harness.accepted();
    await t.rejects(harness.deliver(event), { code: 'HandlerStuck' });
    await t.rejects(harness.deliver(event), { code: 'RetryLater' }, 'the lease is held');
    harness.pass(LEASE_SECONDS);
    await harness.deliver(event);
    t.strictSame(harness.runs, [
      { attempt: 1, isAlone: false },
      { attempt: 2, isAlone: true },
    ]);
  },
);

t.test('a handler that takes too long is reported, and failed', async (t) => {
  const { harness, key, work, signal } = await startWork(
    { isLastReceive: true },
    { limitSeconds: 5, graceSeconds: 5 },
  );
  t.equal(await harness.passUntilSettled(work), 10);
  await t.rejects(work, { code: 'HandlerTooSlow', message: /5 seconds \(HANDLER_LIMIT_SECONDS\)/ });
  t.equal(signal.aborted, true);
  t.match(await harness.uploads.get(key), { state: UploadState.failed });
});

t.test('a delivery that is over before it began handles nothing', async (t) => {
  const harness = createHarness(succeeds);
  const { event } = await harness.accepted();
  const { delivery, cutOff } = createDelivery();
  cutOff(new DrainLimitReached('the service stops'));
  await t.rejects(harness.processAccepted(event, delivery), { code: 'DrainLimitReached' });
  t.equal(harness.runs.length, 0);
});

t.test('nothing of an ended handler stays behind: no timer, no open stream', async (t) => {
  for (const ending of [succeeds, fails]) {
    const bodies: Readable[] = [];
    const harness = createHarness(async (upload, context) => {
      bodies.push((await upload.open()).body);
      t.equal(harness.timers.size, 2, 'the end of the lease, and the time limit');
      await ending(upload, context);
    });
    const { event } = await harness.accepted();
    await harness.deliver(event).catch(() => undefined);
    t.equal(harness.timers.size, 0);
    t.strictSame(
      bodies.map((body) => body.destroyed),
      [true],
    );
  }
});

t.test(
  'with the last receive the message waits in flight for the other worker, and is no dead letter',
  async (t) => {
    const { harness, key, event, heartbeat, work, end } = await startWork();
    const last = harness.processAccepted(
      event,
      createDelivery({ receiveCount: 5, isLastReceive: true }).delivery,
    );
    await harness.timerSet(LEASE_SECONDS, 2);
    await harness.passAwake(LEASE_SECONDS / 2);
    await heartbeat();
    await harness.passAwake(LEASE_SECONDS / 2);
    await harness.timerSet(LEASE_SECONDS / 2);
    end();
    await work;
    await harness.passAwake(LEASE_SECONDS / 2);
    await last;
    t.match(await harness.uploads.get(key), { state: UploadState.processed, attempt: 1 });
  },
);

t.test('a message that waits in flight takes over when the other worker is gone', async (t) => {
  const { harness, key, event, work } = await startWork();
  void work.catch(() => undefined);
  const last = harness.deliver(event, { isLastReceive: true });
  await harness.timerSet(LEASE_SECONDS, 2);
  await harness.passAwake(LEASE_SECONDS);
  await last;
  t.match(await harness.uploads.get(key), { state: UploadState.processed, attempt: 2 });
});

t.test('a message that waits in flight is given back when the service stops', async (t) => {
  const { harness, event, work, end } = await startWork();
  const { delivery, cutOff } = createDelivery({ isLastReceive: true });
  const last = harness.processAccepted(event, delivery);
  await harness.timerSet(LEASE_SECONDS, 2);
  cutOff(new DrainLimitReached('the service stops'));
  await t.rejects(last, { code: 'DrainLimitReached' });
  end();
  await work;
});

t.test(
  'P3: an upload whose worker has died runs alone: its handler may have ended the process',
  async (t) => {
    for (const isGivenUp of [false, true]) {
      const harness = createHarness(succeeds);
      const { key, event } = await harness.accepted();
      await dies(harness, key, event.versionId);
      if (isGivenUp) await harness.uploads.releaseLease(key, 1);
      else harness.pass(LEASE_SECONDS);
      await harness.deliver(event);
      t.strictSame(harness.runs, [{ attempt: 2, isAlone: !isGivenUp }]);
    }
  },
);

t.test(
  'P3: one suspect runs at a time, and another one is held by no lease, costs no receive and comes back',
  async (t) => {
    const holder = latchedHandler();
    const harness = createHarness(inTurn(holder.handler, succeeds));
    const uploads = [await harness.accepted(), await harness.accepted(), await harness.accepted()];
    const [one, two, sound] = uploads as [(typeof uploads)[0], (typeof uploads)[0], (typeof uploads)[0]];
    for (const { key, event } of [one, two]) {
      await dies(harness, key, event.versionId);
    }
    harness.pass(LEASE_SECONDS);
    const first = harness.deliver(one.event);
    await holder.began;
    const before = await harness.uploads.get(two.key);
    for (const isLastReceive of [false, true])
      await t.rejects(harness.deliver(two.event, { isLastReceive }), {
        code: 'NotBegun',
        seconds: LEASE_SECONDS,
      });
    t.strictSame(await harness.uploads.get(two.key), before, 'no lease was taken');
    const ageMs = harness.clock.now.getTime() - two.event.storedAt.getTime();
    t.ok(ageMs >= LEASE_SECONDS * 1000);
    t.equal(harness.total('WaitingTime'), 2 * ageMs, 'each wait tells how old its upload is');
    await harness.deliver(sound.event);
    t.match(await harness.uploads.get(sound.key), { state: UploadState.processed }, 'others do not wait');
    holder.end();
    await first;
    await harness.deliver(two.event);
    t.match(await harness.uploads.get(two.key), { state: UploadState.processed, attempt: 2 });
    t.strictSame(
      harness.runs.map(({ isAlone }) => isAlone),
      [true, false, true],
    );
  },
);

t.test('P3: the place of a suspect is free again where its lease could not be taken', async (t) => {
  const harness = createHarness(succeeds);
  const { key, event } = await harness.accepted();
  await dies(harness, key, event.versionId);
  harness.pass(LEASE_SECONDS);
  harness.tableFaults.failNext('before', 'update', new Error('throttled'));
  await t.rejects(harness.deliver(event), { message: 'throttled' });
  await harness.deliver(event);
  t.match(await harness.uploads.get(key), { state: UploadState.processed, attempt: 2 });
});

t.test('P3: why a handler failed is reported, also when the table is away', async (t) => {
  for (const isLastReceive of [true, false]) {
    const harness = createHarness(fails);
    const { event } = await harness.accepted();
    harness.tableFaults.stallNext('before', 'update').release();
    harness.tableFaults.failNext('before', 'update', new Error('throttled'));
    await t.rejects(harness.deliver(event, { isLastReceive }), {
      message: 'disk full',
    });
    t.match(harness.logLines.at(-1), { err: { message: 'throttled' } });
  }
});

t.test('the recorded reason is short, and without secrets', async (t) => {
  const harness = createHarness(async () => {
    throw new Error(`x-api-key: example-secret\n${'x'.repeat(500_000)}`);
  });
  const { key, event } = await harness.accepted();
  await t.rejects(harness.deliver(event, { isLastReceive: true }));
  const upload = await harness.uploads.get(key);
  t.equal(upload?.state, UploadState.failed);
  t.ok((upload?.failureReason?.length ?? 0) <= 1_050);
  t.notMatch(upload?.failureReason, 'example-secret');
});

t.test('the client’s words are those that the handler has for it, short and without secrets', async (t) => {
  for (const [clientMessage, recorded] of [
    ['Column 3 is empty in row 7.', 'Column 3 is empty in row 7.'],
    [`x-api-key: example-secret\n${'x'.repeat(5_000)}`, /^(?!.*example-secret)[\s\S]{1,550}$/],
    [undefined, undefined],
    ['', undefined],
    [{ toString: 1 }, undefined],
  ]) {
    const harness = createHarness(async () => {
      throw Object.assign(new Error('row 7 of /data/table.csv'), { clientMessage });
    });
    const { key, event } = await harness.accepted();
    await t.rejects(harness.deliver(event, { isLastReceive: true }));
    t.match(await harness.uploads.get(key), { failureReason: /row 7/, clientFailureReason: recorded });
  }
});

t.test('the recorded reason has no half of a character, wherever it was cut', async (t) => {
  for (const message of ['x\ud83d', ...['', 'x'].map((before) => before + '😀'.repeat(1_000))]) {
    const harness = createHarness(async () => {
      throw new Error(message);
    });
    const { key, event } = await harness.accepted();
    await t.rejects(harness.deliver(event, { isLastReceive: true }));
    const { failureReason = '' } = (await harness.uploads.get(key)) ?? {};
    t.match(failureReason, 'Error: ');
    t.ok(failureReason.isWellFormed(), failureReason.slice(-40));
  }
});

t.test('of several records in one message the first one’s lease does not outlive its work', async (t) => {
  const harness = createHarness(succeeds);
  const [one, two] = [await harness.accepted(), await harness.accepted()];
  const { delivery, heartbeat } = createDelivery();
  await harness.processAccepted(one.event, delivery);
  const calls = harness.tableFaults.calls.length;
  await heartbeat();
  t.equal(harness.tableFaults.calls.length, calls, 'nothing is renewed any more');
  t.equal(delivery.signal.aborted, false);
  await harness.processAccepted(two.event, delivery);
  t.match(await harness.uploads.get(two.key), { state: UploadState.processed });
});

/** What another hand, or a worker that woke up too late, can make of an accepted object. */
const FURTHER_VERSIONS = [
  ['a copy of the same bytes', 'hello', 'ObjectCreated:Copy'],
  ['a copy in parts', 'hello', 'ObjectCreated:CompleteMultipartUpload'],
  ['a copy of other bytes', 'HELLO', 'ObjectCreated:Copy'],
  ['a smaller one', 'less', 'ObjectCreated:Copy'],
  ['an empty one', '', 'ObjectCreated:Copy'],
  ['one that was put there', 'hello', 'ObjectCreated:Put'],
] as const;

for (const [what, text, eventName] of FURTHER_VERSIONS) {
  for (const acceptedVersion of ['is there', 'is gone'] as const) {
    t.test(
      `P4: a further version (${what}) is kept and reported, the accepted one ${acceptedVersion}`,
      async (t) => {
        const harness = createHarness(succeeds);
        const { key, event } = await harness.accepted();
        await harness.deliver(event);
        const further = { ...harness.createdEvent(event.key, text), eventName };
        if (acceptedVersion === 'is gone') await harness.objects.deleteVersion(event.key, event.versionId);
        await harness.deliver(further);
        await harness.deliver(further);
        const left = (await harness.objects.listVersions(event.key)).map(({ versionId }) => versionId);
        t.strictSame(
          left,
          acceptedVersion === 'is there' ? [event.versionId, further.versionId] : [further.versionId],
        );
        t.match(await harness.uploads.listObservedVersions(event.key), [
          { kind: 'orphan', versionId: further.versionId, reported: true },
        ]);
        t.equal(harness.total('OrphanObjects'), 1, 'once');
        t.match(await harness.uploads.get(key), { state: UploadState.processed, attempt: 1 });
      },
    );
  }
}

t.test('P2: copied onto itself and the old version deleted: the bytes are there, and reported', async (t) => {
  const harness = createHarness(succeeds);
  const { event } = await harness.accepted();
  await harness.deliver(event);
  // Both at once: the event is handled while the old version is still there.
  const itself = harness.createdEvent(event.key);
  await harness.deliver(itself);
  await harness.objects.deleteVersion(event.key, event.versionId);
  t.match(await harness.objects.listVersions(event.key), [{ versionId: itself.versionId }]);
  t.equal(harness.total('OrphanObjects'), 1);
});

t.test('P2, P5: a copy that another hand put there beforehand is not processed', async (t) => {
  const harness = createHarness(succeeds);
  const { key, event } = await harness.accepted({ recorded: false });
  const foreign = harness.createdEvent(event.key, 'HELLO');
  const work = harness.deliver(foreign);
  await harness.timerSet(0.1);
  await harness.uploads.accept(key, { claimedVersionId: 'v1', acceptedVersionId: event.versionId });
  await harness.passAwake(0.1);
  await work;
  t.equal(harness.runs.length, 0);
  t.match(await harness.uploads.listObservedVersions(event.key), [
    { kind: 'orphan', versionId: foreign.versionId },
  ]);
  t.equal((await harness.objects.listVersions(event.key)).length, 2, 'kept as evidence');
  await harness.deliver(event);
  t.equal(harness.runs.length, 1);
  t.match(await harness.uploads.get(key), { acceptedVersionId: event.versionId });
});

t.test('P5: what was put under accepted/ of an upload that is only ISSUED is an orphan', async (t) => {
  const harness = createHarness(succeeds);
  const { key, event } = await harness.issued();
  const put = { ...event, eventName: 'ObjectCreated:Put' };
  await harness.deliver(put);
  t.equal((await harness.objects.listVersions(event.key)).length, 1, 'kept as evidence');
  t.equal(harness.total('OrphanObjects'), 1);
  t.match(await harness.uploads.get(key), { state: UploadState.issued });
});

t.test('P3: who is claimed while an orphan is recorded is looked at again', async (t) => {
  const harness = createHarness(succeeds);
  const { key, event } = await harness.issued();
  const recording = harness.tableFaults.stallNext('before', 'putIfAbsent');
  const put = { ...event, eventName: 'ObjectCreated:Put' };
  const work = harness.deliver(put);
  await recording.reached;
  await harness.uploads.claim(key, { versionId: 'v1', eTag: 'e', sizeBytes: 5, storedAt: harness.clock.now });
  recording.release();
  await harness.timerSet(0.1);
  // The acceptor had looked for the record before it was there, and found this version to be the same as its source.
  await harness.uploads.accept(key, { claimedVersionId: 'v1', acceptedVersionId: event.versionId });
  await harness.passAwake(0.1);
  await work;
  t.match(await harness.uploads.get(key), { state: UploadState.processed });
});

/** As the acceptor does that has shown this version to be its copy. */
async function acceptCopy(harness: ReturnType<typeof createHarness>, key: string, acceptedVersionId: string) {
  const claimed = { versionId: 'v1', eTag: 'e', sizeBytes: 5, storedAt: harness.clock.now };
  await harness.uploads.claim(key, claimed);
  await harness.uploads.accept(key, { claimedVersionId: claimed.versionId, acceptedVersionId });
}

t.test(
  'P4: what was recorded as an orphan and is the accepted version is reported all the same',
  async (t) => {
    for (const deliveries of ['a retry', 'an event that audit --repair sends'] as const) {
      const harness = createHarness(succeeds);
      const { key, event } = await harness.issued();
      const put = { ...event, eventName: 'ObjectCreated:Put' };
      harness.reportFaults.failNext('before', 'sendReport', new Error('the queue is away'));
      await t.rejects(harness.deliver(put), {
        message: 'the queue is away',
      });
      await acceptCopy(harness, key, event.versionId);
      if (deliveries === 'a retry') {
        await harness.deliver(put, { receiveCount: 2 });
      } else {
        await harness.deliver(put);
        await harness.deliver(put);
      }
      t.match(await harness.uploads.get(key), { state: UploadState.processed });
      t.match(await harness.uploads.listObservedVersions(event.key), [{ kind: 'orphan', reported: true }]);
      t.equal(harness.reports.length, 1, deliveries);
    }
  },
);

t.test(
  'P4: an orphan that a delivery recorded while the next one worked is reported by the next one',
  async (t) => {
    const { handler, began, end } = latchedHandler();
    const harness = createHarness(handler);
    const { key, event } = await harness.issued();
    const put = { ...event, eventName: 'ObjectCreated:Put' };
    const standsStill = harness.tableFaults.stallNext('before', 'putIfAbsent');
    const first = harness.deliver(put);
    await standsStill.reached;
    await acceptCopy(harness, key, event.versionId);
    const next = harness.deliver(put, { receiveCount: 2 });
    await began;
    harness.reportFaults.failNext('before', 'sendReport', new Error('the queue is away'));
    standsStill.release();
    await t.rejects(first, { message: 'the queue is away' });
    end();
    await next;
    t.match(await harness.uploads.listObservedVersions(event.key), [{ kind: 'orphan', reported: true }]);
    t.equal(harness.reports.length, 1);
  },
);

t.test('P4: a redelivery about a processed upload is no orphan', async (t) => {
  const harness = createHarness(succeeds);
  const { event } = await harness.accepted();
  for (const receiveCount of [1, 2]) {
    await harness.deliver(event, { receiveCount });
  }
  t.strictSame(await harness.uploads.listObservedVersions(event.key), []);
  t.equal(harness.total('OrphanObjects'), 0);
});

t.test('P5: an object under accepted/ of a revoked upload is an orphan', async (t) => {
  const harness = createHarness(succeeds);
  const { key, event } = await harness.issued();
  await harness.uploads.revoke(key);
  await harness.deliver(event);
  t.equal(harness.total('OrphanObjects'), 1);
});

for (const eventName of ['ObjectCreated:Copy', 'ObjectCreated:CompleteMultipartUpload'])
  t.test(
    `P3: a copy whose upload is back at ISSUED is no false orphan, and no silence: ${eventName}`,
    async (t) => {
      const harness = createHarness(succeeds);
      const issued = await harness.issued();
      const { key } = issued;
      const event = { ...issued.event, eventName };
      await t.rejects(harness.deliver(event), {
        code: 'Unprocessable',
        message: /only ISSUED: the table was restored/,
      });
      t.strictSame(await harness.uploads.listObservedVersions(event.key), []);
      t.equal(harness.total('OrphanObjects'), 0);
      await acceptCopy(harness, key, event.versionId);
      await harness.deliver(event);
      t.match(await harness.uploads.get(key), { state: UploadState.processed }, 'after a redrive');
    },
  );

t.test('P5: an object under accepted/ that was never claimed is not processed', async (t) => {
  const harness = createHarness(succeeds);
  const orphan = harness.createdEvent('accepted/planted');
  await harness.deliver(orphan);
  await harness.deliver(orphan);
  t.equal(harness.runs.length, 0);
  t.equal(harness.total('OrphanObjects'), 1);
  t.match(await harness.uploads.listObservedVersions('accepted/planted'), [
    { kind: 'orphan', reported: true },
  ]);
});

t.test('P4: orphans under accepted/ are recorded within bounds, and never removed', async (t) => {
  const harness = createHarness(succeeds);
  const key = 'accepted/planted';
  const events = Array.from({ length: 14 }, () => harness.createdEvent(key));
  for (const event of events) await harness.deliver(event);
  t.equal((await harness.objects.listVersions(key)).length, 14, 'all of them stay');
  t.equal((await harness.uploads.listObservedVersions(key)).length, 3);
  t.match(await harness.uploads.getTally(key, 'orphan'), { surplus: 11, surplusReported: 10 });
  t.strictSame(harness.reports.map(reportIdOf), [
    ...events.slice(0, 3).map(({ versionId }) => `orphan#${key}#${versionId}`),
    `orphan-count#${key}#10`,
  ]);
  t.equal(harness.total('OrphanObjects'), 14);
});

t.test('what a handler opens is broken off with its signal', async (t) => {
  const { handler, began } = latchedHandler();
  let open: (() => Promise<unknown>) | undefined;
  const harness = createHarness((upload, context) => {
    open = () => upload.open();
    return handler(upload, context);
  });
  const { event } = await harness.accepted();
  const { delivery, cutOff } = createDelivery();
  const work = harness.processAccepted(event, delivery);
  await began;
  await setImmediate();
  cutOff(new DrainLimitReached('the service stops'));
  await t.rejects(open?.() ?? Promise.resolve(), { code: 'DrainLimitReached' });
  await harness.passUntilSettled(work);
  await t.rejects(work, { code: 'DrainLimitReached' });
});

t.test('an object that was taken away is reported to the handler that opens it', async (t) => {
  const harness = createHarness(async (upload) => {
    await upload.open();
  });
  const { event } = await harness.accepted();
  await harness.objects.deleteVersion(event.key, event.versionId);
  await t.rejects(harness.deliver(event), { code: 'AcceptedObjectGone' });
});

t.test('P3: a failure before or after the write for the lease is made good by the redelivery', async (t) => {
  for (const side of ['before', 'after'] as const) {
    const harness = createHarness(succeeds);
    const { key, event } = await harness.accepted();
    harness.tableFaults.failNext(side, 'update', new Error('crash'));
    await t.rejects(harness.deliver(event), { message: 'crash' });
    harness.pass(LEASE_SECONDS);
    await harness.deliver(event);
    t.match(await harness.uploads.get(key), { state: UploadState.processed }, side);
  }
});
