import { acceptedKeyOf, UploadState, writeReport } from '@upload-once/uploads';
import t from 'tap';
import { createWorld } from './world.ts';

t.test('one upload is claimed, copied, recorded, and its version removed', async (t) => {
  const world = createWorld();
  const key = await world.issue();
  const event = world.upload(key, 'hello');
  world.clock.now = new Date(event.storedAt.getTime() + 250);
  await world.deliver(event);

  const upload = await world.uploads.get(key);
  const accepted = await world.objects.head(acceptedKeyOf(key));
  t.match(upload, {
    state: UploadState.accepted,
    claimed: { versionId: event.versionId, storedAt: event.storedAt },
  });
  t.equal(upload?.acceptedVersionId, accepted?.versionId);
  t.equal(await world.acceptedText(key), 'hello');
  t.strictSame(await world.objects.listVersions(key), []);
  t.equal(world.total('UploadsAccepted'), 1);
  t.equal(world.total('BytesAccepted'), 5);
  t.equal(world.total('AcceptTime'), 250);
  t.match(world.logLines.at(-1), { msg: 'upload accepted', traceId: '0af7651916cd43dd8448eb211c80319c' });
});

t.test('P1: the oldest version is accepted, in whatever order the events come', async (t) => {
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ];
  for (const order of orders) {
    const world = createWorld();
    const key = await world.issue();
    const events = ['first', 'second', 'third'].map((text) => world.upload(key, text));
    for (const at of order) {
      const event = events[at];
      if (event) await world.deliver(event);
    }
    t.equal(await world.acceptedText(key), 'first', `order ${order}`);
    t.equal((await world.objects.listVersions(acceptedKeyOf(key))).length, 1);
    const observedVersions = await world.uploads.listObservedVersions(key);
    t.strictSame(
      observedVersions.map(({ kind, versionId }) => [kind, versionId]),
      events.slice(1).map(({ versionId }) => ['duplicate', versionId]),
    );
    t.strictSame(
      (await world.objects.listVersions(key)).map(({ versionId }) => versionId),
      events.slice(1).map(({ versionId }) => versionId),
      'duplicates stay as evidence, the accepted version is gone',
    );
    t.equal(world.total('DuplicateUploads'), 2);
  }
});

t.test('P2: what is uploaded after the claim does not reach accepted/', async (t) => {
  const world = createWorld();
  const key = await world.issue();
  const first = world.upload(key, 'first');
  const copying = world.bucketFaults.stallNext('before', 'copyIfAbsent');
  const delivery = world.deliver(first);
  await copying.reached;
  const second = world.upload(key, 'second');
  await t.rejects(world.deliver(second), { code: 'RetryLater' });
  copying.release();
  await delivery;
  t.equal(await world.acceptedText(key), 'first');
  t.equal(world.total('DuplicateUploads'), 1);
});

t.test('a copy is broken off when the message is no longer this worker’s', async (t) => {
  const world = createWorld();
  const key = await world.issue();
  const stop = new AbortController();
  const copying = world.bucketFaults.stallNext('before', 'copyIfAbsent');
  const delivery = world.deliver(world.upload(key, 'first'), { signal: stop.signal });
  await copying.reached;
  stop.abort(new Error('visibility lost'));
  copying.release();
  await t.rejects(delivery, { message: 'visibility lost' });
  t.equal(await world.acceptedText(key), undefined);
});

t.test('P4: a redelivery is never taken for a duplicate, and a duplicate is counted once', async (t) => {
  const world = createWorld();
  const key = await world.issue();
  const first = world.upload(key, 'first');
  const second = world.upload(key, 'second');
  for (const event of [first, first, second, second, first, second]) await world.deliver(event);
  t.equal(world.total('DuplicateUploads'), 1);
  t.equal(world.total('UploadsAccepted'), 1);
  t.equal((await world.uploads.listObservedVersions(key)).length, 1);
});

t.test('P4: a crash between record and report reports again, not never', async (t) => {
  const world = createWorld();
  const key = await world.issue();
  await world.deliver(world.upload(key, 'first'));
  const second = world.upload(key, 'second');
  world.reportFaults.failNext('before', 'sendReport', new Error('crash before it is sent'));
  await t.rejects(world.deliver(second), { message: 'crash before it is sent' });
  t.match(await world.uploads.listObservedVersions(key), [{ reported: false }], 'recorded first');
  world.reportFaults.failNext('after', 'sendReport', new Error('crash before it is marked'));
  await t.rejects(world.deliver(second), { message: 'crash before it is marked' });
  t.match(await world.uploads.listObservedVersions(key), [{ reported: false }], 'marked last');
  await world.deliver(second);
  await world.deliver(second);
  const id = `duplicate#${key}#${second.versionId}`;
  t.strictSame(world.reportIds(), [id, id], 'at least once, under one id');
  t.equal(world.total('DuplicateUploads'), 1);
  t.match(await world.uploads.listObservedVersions(key), [{ reported: true }]);
});

t.test('P4: a duplicate is reported though nothing that is logged arrives', async (t) => {
  const world = createWorld();
  const key = await world.issue();
  await world.deliver(world.upload(key, 'first'));
  const second = world.upload(key, 'second');
  await world.deliver(second);
  t.strictSame(
    world.reports.map((report) => JSON.parse(writeReport(report))),
    [
      {
        schemaVersion: 1,
        id: `duplicate#${key}#${second.versionId}`,
        type: 'duplicate',
        key,
        versionId: second.versionId,
        sizeBytes: 6,
        eTag: second.eTag,
        storedAt: second.storedAt.toISOString(),
        recordedAt: world.clock.now.toISOString(),
      },
    ],
  );
});

t.test('P5: what was never issued is an orphan, and stays where it is', async (t) => {
  const world = createWorld();
  const event = world.upload('uploads/never-issued', 'x');
  await world.deliver(event);
  await world.deliver(event);
  t.match(await world.uploads.listObservedVersions(event.key), [
    { kind: 'orphan', versionId: event.versionId },
  ]);
  t.equal(await world.acceptedText(event.key), undefined);
  t.equal((await world.objects.listVersions(event.key)).length, 1);
  t.equal(world.total('OrphanObjects'), 1);
});

t.test('P5: what was revoked before it was claimed is refused', async (t) => {
  const world = createWorld();
  const key = await world.issue();
  const event = world.upload(key, 'x');
  await world.uploads.revoke(key);
  await world.deliver(event);
  t.match(await world.uploads.listObservedVersions(key), [{ kind: 'refused', versionId: event.versionId }]);
  t.equal(await world.acceptedText(key), undefined);
  t.equal(world.reportIds().length, 1);
});

for (const [afterMs, isBefore] of [
  [-60_000, true],
  [1_000, true],
  [1_001, false],
  [60_000, false],
] as const) {
  t.test(`a version stored ${afterMs} ms after the revocation is told apart`, async (t) => {
    const world = createWorld();
    const key = await world.issue();
    const stored = world.upload(key, 'x');
    world.clock.now = new Date(stored.storedAt.getTime() - afterMs);
    await world.uploads.revoke(key);
    await world.deliver(stored);
    t.match(world.reports, [{ storedBeforeRevocation: isBefore }]);
    t.equal(world.total('StoredBeforeRevocation'), isBefore ? 1 : 0);
    t.equal(world.total('RevokedUploads'), isBefore ? 0 : 1);
  });
}

t.test('P5: revoked between read and claim is refused too', async (t) => {
  const world = createWorld();
  const key = await world.issue();
  const event = world.upload(key, 'x');
  const claiming = world.tableFaults.stallNext('before', 'update');
  const delivery = world.deliver(event);
  await claiming.reached;
  await world.uploads.revoke(key);
  claiming.release();
  await delivery;
  t.equal(await world.acceptedText(key), undefined);
  t.match(world.reports, [{ storedBeforeRevocation: true }]);
});

t.test('P3: a failure before or after any call is made good by the redelivery', async (t) => {
  const undisturbed = createWorld();
  await undisturbed.deliver(undisturbed.upload(await undisturbed.issue(), 'first'));
  const steps = [
    ...undisturbed.tableFaults.calls.slice(1).map((call) => ({ store: 'tableFaults', ...call }) as const),
    ...undisturbed.bucketFaults.calls
      .filter((call) => call.operation !== 'head')
      .map((call) => ({ store: 'bucketFaults', ...call }) as const),
  ];
  t.ok(steps.length >= 5, 'get, claim, accept; list, copy, delete');
  for (const { store, operation } of steps) {
    for (const side of ['before', 'after'] as const) {
      const world = createWorld();
      const key = await world.issue();
      const [first, second] = [world.upload(key, 'first'), world.upload(key, 'second')];
      world[store].failNext(side, operation, new Error('crash'));
      await t.rejects(world.deliver(first), { message: 'crash' }, `${side} ${operation}`);
      await world.deliver(second).catch((error) => t.equal(error.code, 'RetryLater'));
      await world.deliver(first);
      await world.deliver(second, { receiveCount: 2 });
      t.equal(await world.acceptedText(key), 'first', `${side} ${operation}`);
      t.equal((await world.objects.listVersions(acceptedKeyOf(key))).length, 1);
      t.match(await world.uploads.get(key), { state: UploadState.accepted });
      t.strictSame(
        (await world.objects.listVersions(key)).map(({ versionId }) => versionId),
        [second.versionId],
      );
      t.equal(world.total('DuplicateUploads'), 1, 'only the second');
    }
  }
});

t.test(
  'P3: the winner of the claim goes on for the claimed version, though it holds another event',
  async (t) => {
    const world = createWorld();
    const key = await world.issue();
    world.upload(key, 'first, its event is late');
    await world.deliver(world.upload(key, 'second'));
    t.equal(await world.acceptedText(key), 'first, its event is late');
  },
);

t.test('P3: who has claimed for another version’s event goes on with its redelivery', async (t) => {
  for (const side of ['before', 'after'] as const) {
    const world = createWorld();
    const key = await world.issue();
    const first = world.upload(key, 'first, its event is lost');
    const second = world.upload(key, 'second');
    world.bucketFaults.failNext(side, 'copyIfAbsent', new Error('crash'));
    await t.rejects(world.deliver(second), { message: 'crash' });
    await world.deliver(second, { receiveCount: 2 });
    t.equal(await world.acceptedText(key), 'first, its event is lost', `${side} the copy`);
    t.match(await world.uploads.get(key), { state: UploadState.accepted });
    t.strictSame(
      (await world.objects.listVersions(key)).map(({ versionId }) => versionId),
      [second.versionId],
      `${first.versionId} is removed`,
    );
    t.equal(world.total('DuplicateUploads'), 1);
  }
});

t.test('P3: no event is acknowledged while its key is CLAIMED, whoever has claimed it', async (t) => {
  const world = createWorld();
  const key = await world.issue();
  world.upload(key, 'first, its event is lost');
  const [second, third] = [world.upload(key, 'second'), world.upload(key, 'third')];
  world.bucketFaults.failNext('before', 'copyIfAbsent', new Error('crash'));
  await t.rejects(world.deliver(second), { message: 'crash' });
  for (const event of [second, third]) {
    await t.rejects(
      world.deliver(event),
      { code: 'RetryLater', seconds: 60 },
      'a redrive counts from 1 again',
    );
  }
  t.match(await world.uploads.get(key), { state: UploadState.claimed });
  t.equal(world.total('DuplicateUploads'), 2, 'they are reported without a wait');
  await world.deliver(third, { receiveCount: 2 });
  await world.deliver(second, { receiveCount: 2 });
  t.equal(await world.acceptedText(key), 'first, its event is lost');
  t.equal(world.total('DuplicateUploads'), 2);
  t.equal(world.total('UploadsAccepted'), 1);
});

t.test('P3: where the queue allows one receive there is no second look: it goes on at once', async (t) => {
  const world = createWorld();
  const key = await world.issue();
  const first = world.upload(key, 'first');
  world.bucketFaults.failNext('before', 'copyIfAbsent', new Error('crash'));
  await t.rejects(world.deliver(first), { message: 'crash' });
  await world.deliver(world.upload(key, 'second'), { isLastReceive: true });
  t.equal(await world.acceptedText(key), 'first');
});

t.test('P8: a duplicate that comes during the copy does not copy the same once more', async (t) => {
  const world = createWorld();
  const key = await world.issue();
  const copying = world.bucketFaults.stallNext('before', 'copyIfAbsent');
  const delivery = world.deliver(world.upload(key, 'first'));
  await copying.reached;
  const second = world.upload(key, 'second');
  await t.rejects(world.deliver(second), { code: 'RetryLater' });
  copying.release();
  await delivery;
  await world.deliver(second, { receiveCount: 2 });
  const copies = world.bucketFaults.calls.filter(({ operation }) => operation === 'copyIfAbsent');
  t.equal(copies.length, 1);
});

t.test('P3: two workers at once end in one acceptance', async (t) => {
  const world = createWorld();
  const key = await world.issue();
  const event = world.upload(key, 'first');
  const oneCopies = world.bucketFaults.stallNext('after', 'copyIfAbsent');
  const one = world.deliver(event);
  await oneCopies.reached;
  await world.deliver(event);
  oneCopies.release();
  await one;
  t.equal(await world.acceptedText(key), 'first');
  t.equal((await world.objects.listVersions(acceptedKeyOf(key))).length, 1);
  t.match(await world.uploads.get(key), { state: UploadState.accepted });
  t.equal(world.total('UploadsAccepted'), 1);
});

t.test('P3: the claimed version is there until its acceptance is on record', async (t) => {
  const world = createWorld();
  const key = await world.issue();
  const event = world.upload(key, 'first');
  world.tableFaults.stallNext('before', 'update').release();
  const accepting = world.tableFaults.stallNext('before', 'update');
  const delivery = world.deliver(event);
  await accepting.reached;
  t.equal(await world.acceptedText(key), 'first');
  t.match(await world.uploads.get(key), { state: UploadState.claimed });
  t.match(await world.objects.listVersions(key), [{ versionId: event.versionId }]);
  accepting.release();
  await delivery;
  t.match(await world.uploads.get(key), { state: UploadState.accepted });
  t.strictSame(await world.objects.listVersions(key), []);
});

t.test('a worker that wakes up after everything is over changes nothing that counts', async (t) => {
  const world = createWorld();
  const key = await world.issue();
  const event = world.upload(key, 'first');
  const sleeping = world.bucketFaults.stallNext('before', 'copyIfAbsent');
  const sleeper = world.deliver(event);
  await sleeping.reached;
  await world.deliver(event);
  const accepted = await world.uploads.get(key);
  const lease = { acceptedVersionId: accepted?.acceptedVersionId ?? '', leaseOwner: 'p', leaseSeconds: 60 };
  await world.uploads.startProcessing(key, lease);
  await world.uploads.finish(key, 1);
  await world.objects.deleteVersion(acceptedKeyOf(key), accepted?.acceptedVersionId ?? '');
  sleeping.release();
  await sleeper;
  t.match(await world.uploads.get(key), {
    state: UploadState.processed,
    acceptedVersionId: accepted?.acceptedVersionId,
  });
  t.equal(world.total('UploadsAccepted'), 1);
});

t.test('a claimed version that is lost ends in an error, never in silence', async (t) => {
  const world = createWorld();
  const key = await world.issue();
  const event = world.upload(key, 'first');
  world.bucketFaults.failNext('before', 'copyIfAbsent', new Error('crash'));
  await t.rejects(world.deliver(event), { message: 'crash' });
  await world.objects.deleteVersion(key, event.versionId);
  await t.rejects(world.deliver(event), { code: 'ClaimedVersionLost', message: new RegExp(event.versionId) });
});

t.test('an event before its version can be listed is tried again', async (t) => {
  const world = createWorld();
  const key = await world.issue();
  const event = world.upload(key, 'first');
  await world.objects.deleteVersion(key, event.versionId);
  await t.rejects(world.deliver(event), { code: 'NoVersionListed' });
  t.match(await world.uploads.get(key), { state: UploadState.issued });
});

t.test('something else under accepted/ is never taken for the upload', async (t) => {
  const world = createWorld();
  const key = await world.issue();
  const event = world.upload(key, 'first');
  world.plant(key, 'other bytes');
  await t.rejects(world.deliver(event), {
    code: 'Unprocessable',
    message: /5 bytes, .* 11/,
  });
  t.match(await world.uploads.get(key), { state: UploadState.claimed });
});

t.test('the version of a presigned PUT stays until the lifecycle takes it', async (t) => {
  const world = createWorld();
  const key = await world.issue({ constraints: { method: 'put', minBytes: 0, maxBytes: 9 } });
  const event = world.upload(key, 'first');
  await world.deliver(event);
  await world.deliver(event);
  t.match(await world.uploads.get(key), { state: UploadState.accepted });
  t.equal((await world.objects.listVersions(key)).length, 1);
});
