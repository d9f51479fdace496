import type { ObjectCreated } from '@upload-once/queue';
import { ObservedKind, UploadState } from '@upload-once/uploads';
import t from 'tap';
import { createHarness, issued, uploaded } from './harness.ts';

const { duplicate, refused, orphan } = ObservedKind;

/** An accepted upload, and so many further versions of its key, whose events are still to come. */
async function flooded(count: number, options: { keptDuplicates?: number } = { keptDuplicates: 2 }) {
  const { harness, key } = await issued(options);
  const upload = harness.upload(key, 'first');
  await harness.deliver(upload);
  const events = Array.from({ length: count }, (_, at) => harness.upload(key, `duplicate ${at}`));
  const idsOf = (from: readonly ObjectCreated[]) => from.map(({ versionId }) => versionId);
  return { harness, key, upload, events, idsOf };
}

type Harness = ReturnType<typeof createHarness>;

const left = async (harness: Harness, key: string) => await harness.versionIds(key);
const recorded = async (harness: Harness, key: string) =>
  (await harness.uploads.listObservedVersions(key)).map(({ kind, versionId }) => `${kind}#${versionId}`);

t.test('P4: the first duplicates are kept and reported, those beyond are removed and counted', async (t) => {
  const { harness, key, events, idsOf } = await flooded(5);
  for (const event of events) await harness.deliver(event);
  const kept = idsOf(events.slice(0, 2));
  t.strictSame(await left(harness, key), kept);
  t.strictSame(
    await recorded(harness, key),
    kept.map((versionId) => `duplicate#${versionId}`),
  );
  t.strictSame(
    harness.reportIds(),
    kept.map((versionId) => `duplicate#${key}#${versionId}`),
  );
  t.match(await harness.uploads.getTally(key, duplicate), { surplus: 3, surplusReported: 0 });
  t.equal(harness.total('DuplicateUploads'), 5);
  t.equal(await harness.acceptedText(key), 'first');
});

t.test('P4: exactly as many are kept when all events are handled at once', async (t) => {
  for (const isOneProcess of [true, false]) {
    const { harness, key, events } = await flooded(30, { keptDuplicates: 4 });
    const worker = harness.startWorker();
    await Promise.all(events.map((event) => harness.deliver(event, {}, isOneProcess ? worker : undefined)));
    t.equal((await left(harness, key)).length, 4);
    t.equal((await recorded(harness, key)).length, 4);
    t.match(await harness.uploads.getTally(key, duplicate), { surplus: 26, surplusReported: 10 });
    t.ok(harness.reportIds().includes(`duplicate-count#${key}#10`));
  }
});

t.test('P4: a count is reported at 10, 100, 1,000 …, once each where nothing goes wrong', async (t) => {
  const { harness, key, events } = await flooded(121, { keptDuplicates: 1 });
  const worker = harness.startWorker();
  for (const event of events) await harness.deliver(event, {}, worker);
  t.strictSame(harness.reportIds().slice(1), [`duplicate-count#${key}#10`, `duplicate-count#${key}#100`]);
  t.match(harness.reports.at(-1), { key, kind: 'duplicate', count: 100, countedAt: harness.clock.now });
});

t.test(
  'P4: a redelivery of what was removed counts again, one of what is kept changes nothing',
  async (t) => {
    const { harness, key, events } = await flooded(3);
    for (const event of events) await harness.deliver(event);
    const [first, , third] = events;
    if (!first || !third) throw new Error('there are three');
    await harness.deliver(third);
    await harness.deliver(first);
    t.match(await harness.uploads.getTally(key, duplicate), { surplus: 2 });
    t.equal((await left(harness, key)).length, 2);
    t.equal(harness.reportIds().length, 2);
  },
);

t.test(
  'P4: a redelivery to a process that knows the key removes neither the upload nor what is kept',
  async (t) => {
    const harness = createHarness({ keptDuplicates: 2 });
    const key = await harness.issue({ constraints: { method: 'put', minBytes: 0, maxBytes: 9 } });
    const worker = harness.startWorker();
    const events = Array.from({ length: 5 }, (_, at) => harness.upload(key, `version ${at}`));
    for (const event of events) await harness.deliver(event, {}, worker);
    const staying = await left(harness, key);
    t.equal(staying.length, 3, 'the upload of a presigned PUT stays as well');
    for (const event of events) await harness.deliver(event, {}, worker);
    t.strictSame(await left(harness, key), staying);
    t.match(await harness.uploads.getTally(key, duplicate), { surplus: 4 });
  },
);

t.test('P4: the surplus of two keys at once is counted for each', async (t) => {
  const harness = createHarness({ keptDuplicates: 1 });
  const worker = harness.startWorker();
  const keys = [await harness.issue(), await harness.issue()];
  for (const key of keys) await harness.deliver(harness.upload(key, 'first'), {}, worker);
  const events = ['a', 'b', 'c', 'd'].flatMap((text) => keys.map((key) => harness.upload(key, text)));
  await Promise.all(events.map((event) => harness.deliver(event, {}, worker)));
  for (const key of keys) t.match(await harness.uploads.getTally(key, duplicate), { surplus: 3 });
});

t.test('P1: a flood under a key without an upload makes nothing final', async (t) => {
  const harness = createHarness({ keptDuplicates: 1 });
  const worker = harness.startWorker();
  const key = 'uploads/issued later';
  for (const text of ['a', 'b', 'c', 'd']) await harness.deliver(harness.upload(key, text), {}, worker);
  t.match(await harness.uploads.getTally(key, orphan), { surplus: 3 });
  await harness.issue({ key });
  await harness.deliver(harness.upload(key, 'another'), {}, worker);
  t.match(await harness.uploads.get(key), { state: UploadState.accepted });
});

t.test('P4: a limit that is raised later opens no place once there is surplus', async (t) => {
  const { harness, key, events } = await flooded(4, { keptDuplicates: 1 });
  for (const event of events) await harness.deliver(event);
  const reserved = await harness.uploads.reserveEvidence(key, duplicate, 'another', 100);
  t.equal(reserved.isKept, false);
});

t.test('P1: nothing is removed before the oldest version is claimed', async (t) => {
  const { harness, key } = await issued({ keptDuplicates: 1 });
  const events = Array.from({ length: 4 }, (_, at) => harness.upload(key, `version ${at}`));
  const claiming = harness.tableFaults.stallNext('before', 'update');
  const delivery = harness.deliver(events[3] ?? harness.upload(key, ''));
  await claiming.reached;
  t.equal((await left(harness, key)).length, 4);
  claiming.release();
  await delivery;
  for (const event of events) await harness.deliver(event);
  t.equal(await harness.acceptedText(key), 'version 0');
  t.match(await harness.uploads.get(key), { claimed: { versionId: events[0]?.versionId } });
});

t.test('P1: while the upload is copied its surplus is removed, the claimed version is not', async (t) => {
  const { harness, key } = await issued({ keptDuplicates: 1 });
  const [first, second, third] = [1, 2, 3].map((at) => harness.upload(key, `version ${at}`));
  if (!first || !second || !third) throw new Error('there are three');
  const copying = harness.bucketFaults.stallNext('before', 'copyIfAbsent');
  const delivery = harness.deliver(first);
  await copying.reached;
  for (const event of [second, third]) await t.rejects(harness.deliver(event), { code: 'RetryLater' });
  t.strictSame(await left(harness, key), [first.versionId, second.versionId]);
  t.equal(
    await harness.uploads.getTally(key, duplicate).then((tally) => tally?.surplus),
    0,
    'counted at its end',
  );
  copying.release();
  await delivery;
  for (const event of [second, third]) await harness.deliver(event, { receiveCount: 2 });
  t.match(await harness.uploads.getTally(key, duplicate), { surplus: 1 });
  t.equal(await harness.acceptedText(key), 'version 1');
});

t.test('P4: a failure before or after any call is made good by the redelivery', async (t) => {
  for (const faults of ['tableFaults', 'bucketFaults', 'reportFaults'] as const) {
    for (const operation of ['get', 'putIfAbsent', 'update', 'deleteVersions', 'sendReport']) {
      for (const side of ['before', 'after'] as const) {
        const { harness, key, events } = await flooded(12, { keptDuplicates: 2 });
        for (const event of events.slice(0, 11)) await harness.deliver(event);
        const last = events[11] ?? harness.upload(key, '');
        harness[faults].failNext(side, operation, new Error('crash'));
        await harness.deliver(last).catch(() => undefined);
        await harness.deliver(last);
        const said = `${side} ${operation} of the ${faults}`;
        t.equal((await left(harness, key)).length, 2, said);
        const { surplus = 0, surplusReported } = (await harness.uploads.getTally(key, duplicate)) ?? {};
        t.ok(surplus >= 10, said);
        t.equal(surplusReported, 10, said);
        t.ok(harness.reportIds().includes(`duplicate-count#${key}#10`), said);
      }
    }
  }
});

t.test('P4: a count that a crash left unreported is made good by a redelivery of what is kept', async (t) => {
  const { harness, key, events } = await flooded(11, { keptDuplicates: 1 });
  for (const event of events.slice(0, 10)) await harness.deliver(event);
  harness.reportFaults.failNext('before', 'sendReport', new Error('crash'));
  await t.rejects(harness.deliver(events[10] ?? harness.upload(key, '')), { message: 'crash' });
  t.match(await harness.uploads.getTally(key, duplicate), { surplus: 10, surplusReported: 0 });
  await harness.deliver(events[0] ?? harness.upload(key, ''));
  t.match(await harness.uploads.getTally(key, duplicate), { surplus: 10, surplusReported: 10 });
  t.equal(harness.reportIds().at(-1), `duplicate-count#${key}#10`);
});

t.test('refused versions and orphans are bounded the same way', async (t) => {
  for (const kind of [refused, orphan]) {
    const harness = createHarness({ keptDuplicates: 2 });
    const key = kind === refused ? await harness.issue() : 'uploads/never-issued';
    if (kind === refused) await harness.uploads.revoke(key);
    const events = Array.from({ length: 15 }, (_, at) => harness.upload(key, `version ${at}`));
    const worker = harness.startWorker();
    for (const event of events) await harness.deliver(event, {}, worker);
    t.equal((await left(harness, key)).length, 2, kind);
    t.match(await harness.uploads.getTally(key, kind), { surplus: 13, surplusReported: 10 });
    t.equal(harness.reportIds().at(-1), `${kind}-count#${key}#10`);
    t.equal(harness.total(kind === refused ? 'RevokedUploads' : 'OrphanObjects'), 15);
  }
});

t.test('P3: the oldest version of a revoked upload stays, however late its event comes', async (t) => {
  for (const isIssued of [true, false]) {
    const harness = createHarness({ keptDuplicates: 2 });
    const key = isIssued ? await harness.issue() : 'uploads/never-issued';
    const events = Array.from({ length: 6 }, (_, at) => harness.upload(key, `version ${at}`));
    if (isIssued) await harness.uploads.revoke(key);
    const worker = harness.startWorker();
    for (const event of events.toReversed()) await harness.deliver(event, {}, worker);
    const staying = await left(harness, key);
    t.strictSame(
      staying,
      [0, 4, 5].map((at) => events[at]?.versionId),
    );
    t.equal((await recorded(harness, key)).length, 3, 'it is recorded as well');
    t.equal(harness.reportIds().length, 3);
    for (const event of events) await harness.deliver(event, {}, worker);
    t.strictSame(await left(harness, key), staying, 'after a redelivery too');
  }
});

t.test('a flood costs a known key one removal and one count for many versions', async (t) => {
  const { harness, events } = await flooded(203, { keptDuplicates: 2 });
  const worker = harness.startWorker();
  for (const event of events.slice(0, 3)) await harness.deliver(event, {}, worker);
  const before = [harness.tableFaults.calls.length, harness.bucketFaults.calls.length] as const;
  await Promise.all(events.slice(3).map((event) => harness.deliver(event, {}, worker)));
  const tableCalls = harness.tableFaults.calls.slice(before[0]).map(({ operation }) => operation);
  const bucketCalls = harness.bucketFaults.calls.slice(before[1]).map(({ operation }) => operation);
  t.notOk(tableCalls.includes('get'), 'nothing is read');
  t.ok(tableCalls.length <= 10, `${tableCalls.length} writes for 200 versions`);
  t.ok(bucketCalls.length <= 3, `${bucketCalls.length} removals for 200 versions`);
});

t.test('P8: events of a flood that share a removal or a copy leave their slots to others', async (t) => {
  const { harness, key, events } = await flooded(4, { keptDuplicates: 1 });
  const worker = harness.startWorker();
  let asides = 0;
  const stepAside = () => {
    asides += 1;
  };
  for (const event of events.slice(0, 2)) await harness.deliver(event, { stepAside }, worker);
  t.equal(asides, 0, 'not as long as there is anything to decide');
  for (const event of events.slice(2)) await harness.deliver(event, { stepAside }, worker);
  t.equal(asides, 2);
  t.equal((await left(harness, key)).length, 1);
});

t.test('a call that fails fails all removals in it, and each comes again', async (t) => {
  const { harness, key, events } = await flooded(6, { keptDuplicates: 1 });
  const worker = harness.startWorker();
  for (const event of events.slice(0, 2)) await harness.deliver(event, {}, worker);
  harness.bucketFaults.failNext('before', 'deleteVersions', new Error('slow down'));
  const ends = await Promise.allSettled(events.slice(2).map((event) => harness.deliver(event, {}, worker)));
  t.strictSame(
    ends.map(({ status }) => status),
    ['rejected', 'rejected', 'rejected', 'rejected'],
  );
  for (const event of events.slice(2)) await harness.deliver(event, {}, worker);
  t.equal((await left(harness, key)).length, 1);
});

t.test('P8: a process copies an upload once at a time, and others wait longer and longer', async (t) => {
  const { harness, key } = await issued();
  const [first, second] = [harness.upload(key, 'first'), harness.upload(key, 'second')];
  const worker = harness.startWorker();
  const copying = harness.bucketFaults.stallNext('before', 'copyIfAbsent');
  const delivery = harness.deliver(first, {}, worker);
  await copying.reached;
  for (const [receiveCount, seconds] of [
    [1, 60],
    [2, 60],
    [3, 120],
    [5, 480],
  ] as const) {
    await t.rejects(harness.deliver(second, { receiveCount }, worker), { code: 'RetryLater', seconds });
  }
  const waits = Promise.withResolvers<void>();
  const receive = { receiveCount: 8, isLastReceive: true, stepAside: waits.resolve };
  const last = harness.deliver(second, receive, worker);
  await waits.promise;
  copying.release();
  await Promise.all([delivery, last]);
  const copies = harness.bucketFaults.calls.filter(({ operation }) => operation === 'copyIfAbsent');
  t.equal(copies.length, 1, 'the last receive waits for the copy that is under way');
  t.match(await harness.uploads.get(key), { state: UploadState.accepted });
});

t.test('P3: who waits for a copy whose message is lost copies itself', async (t) => {
  const { harness, key, event } = await uploaded('first');
  const worker = harness.startWorker();
  const stop = new AbortController();
  const copying = harness.bucketFaults.stallNext('before', 'copyIfAbsent');
  const lost = harness.deliver(event, { signal: stop.signal }, worker);
  await copying.reached;
  const waits = Promise.withResolvers<void>();
  const waiting = harness.deliver(event, { stepAside: waits.resolve }, worker);
  await waits.promise;
  stop.abort(new Error('visibility lost'));
  copying.release();
  await t.rejects(lost, { message: 'visibility lost' });
  await waiting;
  t.match(await harness.uploads.get(key), { state: UploadState.accepted });
});

t.test('who waits for a copy stops waiting when its own message is lost', async (t) => {
  const { harness, event } = await uploaded('first');
  const worker = harness.startWorker();
  const copying = harness.bucketFaults.stallNext('before', 'copyIfAbsent');
  const delivery = harness.deliver(event, {}, worker);
  await copying.reached;
  const stop = new AbortController();
  const waits = Promise.withResolvers<void>();
  const waiting = harness.deliver(event, { signal: stop.signal, stepAside: waits.resolve }, worker);
  await waits.promise;
  stop.abort(new Error('visibility lost'));
  await t.rejects(waiting, { message: 'visibility lost' });
  copying.release();
  await delivery;
});
