import { setImmediate } from 'node:timers/promises';
import type { ObjectCreated } from '@upload-once/queue';
import { ObservedKind, UploadState } from '@upload-once/uploads';
import t from 'tap';
import { createWorld } from './world.ts';

const { duplicate, refused, orphan } = ObservedKind;

/** An accepted upload, and so many further versions of its key, whose events are still to come. */
async function flooded(count: number, options: { keptDuplicates?: number } = { keptDuplicates: 2 }) {
  const world = createWorld(options);
  const key = await world.issue();
  const upload = world.upload(key, 'first');
  await world.deliver(upload);
  const events = Array.from({ length: count }, (_, at) => world.upload(key, `duplicate ${at}`));
  const idsOf = (from: readonly ObjectCreated[]) => from.map(({ versionId }) => versionId);
  return { world, key, upload, events, idsOf };
}

type World = ReturnType<typeof createWorld>;

const left = async (world: World, key: string) =>
  (await world.objects.listVersions(key)).map(({ versionId }) => versionId);
const recorded = async (world: World, key: string) =>
  (await world.uploads.listObservedVersions(key)).map(({ kind, versionId }) => `${kind}#${versionId}`);

t.test('P4: the first duplicates are kept and reported, those beyond are removed and counted', async (t) => {
  const { world, key, events, idsOf } = await flooded(5);
  for (const event of events) await world.deliver(event);
  const kept = idsOf(events.slice(0, 2));
  t.strictSame(await left(world, key), kept);
  t.strictSame(
    await recorded(world, key),
    kept.map((versionId) => `duplicate#${versionId}`),
  );
  t.strictSame(
    world.reportIds(),
    kept.map((versionId) => `duplicate#${key}#${versionId}`),
  );
  t.match(await world.uploads.getTally(key, duplicate), { surplus: 3, surplusReported: 0 });
  t.equal(world.total('DuplicateUploads'), 5);
  t.equal(await world.acceptedText(key), 'first');
});

t.test('P4: exactly as many are kept when all events are handled at once', async (t) => {
  for (const isOneProcess of [true, false]) {
    const { world, key, events } = await flooded(30, { keptDuplicates: 4 });
    const worker = world.startWorker();
    await Promise.all(events.map((event) => world.deliver(event, {}, isOneProcess ? worker : undefined)));
    t.equal((await left(world, key)).length, 4);
    t.equal((await recorded(world, key)).length, 4);
    t.match(await world.uploads.getTally(key, duplicate), { surplus: 26, surplusReported: 10 });
    t.ok(world.reportIds().includes(`duplicate-count#${key}#10`));
  }
});

t.test('P4: a count is reported at 10, 100, 1,000 …, once each where nothing goes wrong', async (t) => {
  const { world, key, events } = await flooded(121, { keptDuplicates: 1 });
  const worker = world.startWorker();
  for (const event of events) await world.deliver(event, {}, worker);
  t.strictSame(world.reportIds().slice(1), [`duplicate-count#${key}#10`, `duplicate-count#${key}#100`]);
  t.match(world.reports.at(-1), { key, kind: 'duplicate', count: 100, countedAt: world.clock.now });
});

t.test(
  'P4: a redelivery of what was removed counts again, one of what is kept changes nothing',
  async (t) => {
    const { world, key, events } = await flooded(3);
    for (const event of events) await world.deliver(event);
    const [first, , third] = events;
    if (!first || !third) throw new Error('there are three');
    await world.deliver(third);
    await world.deliver(first);
    t.match(await world.uploads.getTally(key, duplicate), { surplus: 2 });
    t.equal((await left(world, key)).length, 2);
    t.equal(world.reportIds().length, 2);
  },
);

t.test(
  'P4: a redelivery to a process that knows the key removes neither the upload nor what is kept',
  async (t) => {
    const world = createWorld({ keptDuplicates: 2 });
    const key = await world.issue({ constraints: { method: 'put', minBytes: 0, maxBytes: 9 } });
    const worker = world.startWorker();
    const events = Array.from({ length: 5 }, (_, at) => world.upload(key, `version ${at}`));
    for (const event of events) await world.deliver(event, {}, worker);
    const staying = await left(world, key);
    t.equal(staying.length, 3, 'the upload of a presigned PUT stays as well');
    for (const event of events) await world.deliver(event, {}, worker);
    t.strictSame(await left(world, key), staying);
    t.match(await world.uploads.getTally(key, duplicate), { surplus: 4 });
  },
);

t.test('P4: a limit that is raised later opens no place once there is surplus', async (t) => {
  const { world, key, events } = await flooded(4, { keptDuplicates: 1 });
  for (const event of events) await world.deliver(event);
  const reserved = await world.uploads.reserveEvidence(key, duplicate, 'another', 100);
  t.equal(reserved.isKept, false);
});

t.test('P1: nothing is removed before the oldest version is claimed', async (t) => {
  const world = createWorld({ keptDuplicates: 1 });
  const key = await world.issue();
  const events = Array.from({ length: 4 }, (_, at) => world.upload(key, `version ${at}`));
  const claiming = world.tableFaults.stallNext('before', 'update');
  const delivery = world.deliver(events[3] ?? world.upload(key, ''));
  await claiming.reached;
  t.equal((await left(world, key)).length, 4);
  claiming.release();
  await delivery;
  for (const event of events) await world.deliver(event);
  t.equal(await world.acceptedText(key), 'version 0');
  t.match(await world.uploads.get(key), { claimed: { versionId: events[0]?.versionId } });
});

t.test('P1: while the upload is copied its surplus is removed, the claimed version is not', async (t) => {
  const world = createWorld({ keptDuplicates: 1 });
  const key = await world.issue();
  const [first, second, third] = [1, 2, 3].map((at) => world.upload(key, `version ${at}`));
  if (!first || !second || !third) throw new Error('there are three');
  const copying = world.bucketFaults.stallNext('before', 'copyIfAbsent');
  const delivery = world.deliver(first);
  await copying.reached;
  for (const event of [second, third]) await t.rejects(world.deliver(event), { code: 'RetryLater' });
  t.strictSame(await left(world, key), [first.versionId, second.versionId]);
  t.equal(
    await world.uploads.getTally(key, duplicate).then((tally) => tally?.surplus),
    0,
    'counted at its end',
  );
  copying.release();
  await delivery;
  for (const event of [second, third]) await world.deliver(event, { receiveCount: 2 });
  t.match(await world.uploads.getTally(key, duplicate), { surplus: 1 });
  t.equal(await world.acceptedText(key), 'version 1');
});

t.test('P4: a failure before or after any call is made good by the redelivery', async (t) => {
  for (const faults of ['tableFaults', 'bucketFaults', 'reportFaults'] as const) {
    for (const operation of ['get', 'putIfAbsent', 'update', 'deleteVersions', 'sendReport']) {
      for (const side of ['before', 'after'] as const) {
        const { world, key, events } = await flooded(12, { keptDuplicates: 2 });
        for (const event of events.slice(0, 11)) await world.deliver(event);
        const last = events[11] ?? world.upload(key, '');
        world[faults].failNext(side, operation, new Error('crash'));
        await world.deliver(last).catch(() => undefined);
        await world.deliver(last);
        const said = `${side} ${operation} of the ${faults}`;
        t.equal((await left(world, key)).length, 2, said);
        const { surplus = 0, surplusReported } = (await world.uploads.getTally(key, duplicate)) ?? {};
        t.ok(surplus >= 10, said);
        t.equal(surplusReported, 10, said);
        t.ok(world.reportIds().includes(`duplicate-count#${key}#10`), said);
      }
    }
  }
});

t.test('P4: a count that a crash left unreported is made good by a redelivery of what is kept', async (t) => {
  const { world, key, events } = await flooded(11, { keptDuplicates: 1 });
  for (const event of events.slice(0, 10)) await world.deliver(event);
  world.reportFaults.failNext('before', 'sendReport', new Error('crash'));
  await t.rejects(world.deliver(events[10] ?? world.upload(key, '')), { message: 'crash' });
  t.match(await world.uploads.getTally(key, duplicate), { surplus: 10, surplusReported: 0 });
  await world.deliver(events[0] ?? world.upload(key, ''));
  t.match(await world.uploads.getTally(key, duplicate), { surplus: 10, surplusReported: 10 });
  t.equal(world.reportIds().at(-1), `duplicate-count#${key}#10`);
});

t.test('refused versions and orphans are bounded the same way', async (t) => {
  for (const kind of [refused, orphan]) {
    const world = createWorld({ keptDuplicates: 2 });
    const key = kind === refused ? await world.issue() : 'uploads/never-issued';
    if (kind === refused) await world.uploads.revoke(key);
    const events = Array.from({ length: 15 }, (_, at) => world.upload(key, `version ${at}`));
    const worker = world.startWorker();
    for (const event of events) await world.deliver(event, {}, worker);
    t.equal((await left(world, key)).length, 2, kind);
    t.match(await world.uploads.getTally(key, kind), { surplus: 13, surplusReported: 10 });
    t.equal(world.reportIds().at(-1), `${kind}-count#${key}#10`);
    t.equal(world.total(kind === refused ? 'RevokedUploads' : 'OrphanObjects'), 15);
  }
});

t.test('P3: the oldest version of a revoked upload stays, however late its event comes', async (t) => {
  for (const isIssued of [true, false]) {
    const world = createWorld({ keptDuplicates: 2 });
    const key = isIssued ? await world.issue() : 'uploads/never-issued';
    const events = Array.from({ length: 6 }, (_, at) => world.upload(key, `version ${at}`));
    if (isIssued) await world.uploads.revoke(key);
    const worker = world.startWorker();
    for (const event of events.toReversed()) await world.deliver(event, {}, worker);
    const staying = await left(world, key);
    t.strictSame(
      staying,
      [0, 4, 5].map((at) => events[at]?.versionId),
    );
    t.equal((await recorded(world, key)).length, 3, 'it is recorded as well');
    t.equal(world.reportIds().length, 3);
    for (const event of events) await world.deliver(event, {}, worker);
    t.strictSame(await left(world, key), staying, 'after a redelivery too');
  }
});

t.test('a flood costs a known key one removal and one count for many versions', async (t) => {
  const { world, events } = await flooded(203, { keptDuplicates: 2 });
  const worker = world.startWorker();
  for (const event of events.slice(0, 3)) await world.deliver(event, {}, worker);
  const before = [world.tableFaults.calls.length, world.bucketFaults.calls.length] as const;
  await Promise.all(events.slice(3).map((event) => world.deliver(event, {}, worker)));
  const tableCalls = world.tableFaults.calls.slice(before[0]).map(({ operation }) => operation);
  const bucketCalls = world.bucketFaults.calls.slice(before[1]).map(({ operation }) => operation);
  t.notOk(tableCalls.includes('get'), 'nothing is read');
  t.ok(tableCalls.length <= 10, `${tableCalls.length} writes for 200 versions`);
  t.ok(bucketCalls.length <= 3, `${bucketCalls.length} removals for 200 versions`);
});

t.test('P8: events of a flood that share a removal or a copy leave their slots to others', async (t) => {
  const { world, key, events } = await flooded(4, { keptDuplicates: 1 });
  const worker = world.startWorker();
  let asides = 0;
  const stepAside = () => {
    asides += 1;
  };
  for (const event of events.slice(0, 2)) await world.deliver(event, { stepAside }, worker);
  t.equal(asides, 0, 'not as long as there is anything to decide');
  for (const event of events.slice(2)) await world.deliver(event, { stepAside }, worker);
  t.equal(asides, 2);
  t.equal((await left(world, key)).length, 1);
});

t.test('a removal that fails fails all that were joined in it, and each comes again', async (t) => {
  const { world, key, events } = await flooded(6, { keptDuplicates: 1 });
  const worker = world.startWorker();
  for (const event of events.slice(0, 2)) await world.deliver(event, {}, worker);
  const removing = world.bucketFaults.stallNext('before', 'deleteVersions');
  const deliveries = events.slice(2).map((event) => world.deliver(event, {}, worker));
  await removing.reached;
  world.bucketFaults.failNext('before', 'deleteVersions', new Error('slow down'));
  removing.release();
  const ends = await Promise.allSettled(deliveries);
  t.strictSame(
    ends.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected', 'rejected'],
  );
  for (const event of events.slice(3)) await world.deliver(event, {}, worker);
  t.equal((await left(world, key)).length, 1);
});

t.test('P8: a process copies an upload once at a time, and others wait longer and longer', async (t) => {
  const world = createWorld();
  const key = await world.issue();
  const [first, second] = [world.upload(key, 'first'), world.upload(key, 'second')];
  const worker = world.startWorker();
  const copying = world.bucketFaults.stallNext('before', 'copyIfAbsent');
  const delivery = world.deliver(first, {}, worker);
  await copying.reached;
  for (const [receiveCount, seconds] of [
    [1, 60],
    [2, 60],
    [3, 120],
    [5, 480],
  ] as const) {
    await t.rejects(world.deliver(second, { receiveCount }, worker), { code: 'RetryLater', seconds });
  }
  const last = world.deliver(second, { receiveCount: 8, isLastReceive: true }, worker);
  await setImmediate();
  copying.release();
  await Promise.all([delivery, last]);
  const copies = world.bucketFaults.calls.filter(({ operation }) => operation === 'copyIfAbsent');
  t.equal(copies.length, 1, 'the last receive waits for the copy that is under way');
  t.match(await world.uploads.get(key), { state: UploadState.accepted });
});

t.test('P3: who waits for a copy whose message is lost copies itself', async (t) => {
  const world = createWorld();
  const key = await world.issue();
  const event = world.upload(key, 'first');
  const worker = world.startWorker();
  const stop = new AbortController();
  const copying = world.bucketFaults.stallNext('before', 'copyIfAbsent');
  const lost = world.deliver(event, { signal: stop.signal }, worker);
  await copying.reached;
  const waiting = world.deliver(event, {}, worker);
  await setImmediate();
  stop.abort(new Error('visibility lost'));
  copying.release();
  await t.rejects(lost, { message: 'visibility lost' });
  await waiting;
  t.match(await world.uploads.get(key), { state: UploadState.accepted });
});

t.test('who waits for a copy stops waiting when its own message is lost', async (t) => {
  const world = createWorld();
  const key = await world.issue();
  const event = world.upload(key, 'first');
  const worker = world.startWorker();
  const copying = world.bucketFaults.stallNext('before', 'copyIfAbsent');
  const delivery = world.deliver(event, {}, worker);
  await copying.reached;
  const stop = new AbortController();
  const waiting = world.deliver(event, { signal: stop.signal }, worker);
  await setImmediate();
  stop.abort(new Error('visibility lost'));
  await t.rejects(waiting, { message: 'visibility lost' });
  copying.release();
  await delivery;
});
