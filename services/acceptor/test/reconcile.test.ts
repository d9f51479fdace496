import { acceptedKeyOf, UploadState, uploadIdOf, writeReport } from '@upload-once/uploads';
import t from 'tap';
import { createHarness, issued, uploaded } from './harness.ts';

t.test('one upload is claimed, copied, recorded, and its version removed', async (t) => {
  const { harness, key, event } = await uploaded('hello');
  harness.clock.now = new Date(event.storedAt.getTime() + 250);
  await harness.deliver(event);

  const upload = await harness.uploads.get(key);
  const accepted = await harness.objects.head(acceptedKeyOf(key));
  t.match(upload, {
    state: UploadState.accepted,
    claimed: { versionId: event.versionId, storedAt: event.storedAt },
  });
  t.equal(upload?.acceptedVersionId, accepted?.versionId);
  t.equal(await harness.acceptedText(key), 'hello');
  t.strictSame(await harness.objects.listVersions(key), []);
  t.equal(harness.total('UploadsAccepted'), 1);
  t.equal(harness.total('BytesAccepted'), 5);
  t.equal(harness.total('AcceptTime'), 250);
  t.match(harness.logLines.at(-1), {
    msg: 'upload accepted',
    uploadId: uploadIdOf(key),
    versionId: accepted?.versionId,
    sizeBytes: 5,
    traceId: '0af7651916cd43dd8448eb211c80319c',
    issuedAt: upload?.issuedAt.toISOString(),
    storedAt: event.storedAt.toISOString(),
    durationMs: 250,
    outcome: 'accepted',
  });
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
    const { harness, key } = await issued();
    const events = ['first', 'second', 'third'].map((text) => harness.upload(key, text));
    for (const at of order) {
      const event = events[at];
      if (event) await harness.deliver(event);
    }
    t.equal(await harness.acceptedText(key), 'first', `order ${order}`);
    t.equal((await harness.objects.listVersions(acceptedKeyOf(key))).length, 1);
    const observedVersions = await harness.uploads.listObservedVersions(key);
    t.strictSame(
      observedVersions.map(({ kind, versionId }) => [kind, versionId]),
      events.slice(1).map(({ versionId }) => ['duplicate', versionId]),
    );
    t.strictSame(
      await harness.versionIds(key),
      events.slice(1).map(({ versionId }) => versionId),
      'duplicates stay as evidence, the accepted version is gone',
    );
    t.equal(harness.total('DuplicateUploads'), 2);
  }
});

t.test('P1: a claim holds the time of its own version, whichever event makes it', async (t) => {
  for (const at of [0, 1]) {
    const { harness, key } = await issued();
    const events = ['first', 'second'].map((text) => harness.upload(key, text));
    const [first, event] = [events[0], events[at]];
    if (event) await harness.deliver(event);
    const claimed = (await harness.uploads.get(key))?.claimed;
    t.equal(claimed?.versionId, first?.versionId);
    t.equal(Math.floor(Number(claimed?.storedAt) / 1000), Math.floor(Number(first?.storedAt) / 1000));
  }
});

t.test('P2: what is uploaded after the claim does not reach accepted/', async (t) => {
  const { harness, key } = await issued();
  const first = harness.upload(key, 'first');
  const copying = harness.bucketFaults.stallNext('before', 'copyIfAbsent');
  const delivery = harness.deliver(first);
  await copying.reached;
  const second = harness.upload(key, 'second');
  await t.rejects(harness.deliver(second), { code: 'RetryLater' });
  copying.release();
  await delivery;
  t.equal(await harness.acceptedText(key), 'first');
  t.equal(harness.total('DuplicateUploads'), 1);
});

t.test('a copy is broken off when the message is no longer this worker’s', async (t) => {
  const { harness, key } = await issued();
  const stop = new AbortController();
  const copying = harness.bucketFaults.stallNext('before', 'copyIfAbsent');
  const delivery = harness.deliver(harness.upload(key, 'first'), { signal: stop.signal });
  await copying.reached;
  stop.abort(new Error('visibility lost'));
  copying.release();
  await t.rejects(delivery, { message: 'visibility lost' });
  t.equal(await harness.acceptedText(key), undefined);
});

t.test('P4: a redelivery is never taken for a duplicate, and a duplicate is counted once', async (t) => {
  const { harness, key } = await issued();
  const first = harness.upload(key, 'first');
  const second = harness.upload(key, 'second');
  for (const event of [first, first, second, second, first, second]) await harness.deliver(event);
  t.equal(harness.total('DuplicateUploads'), 1);
  t.equal(harness.total('UploadsAccepted'), 1);
  t.equal((await harness.uploads.listObservedVersions(key)).length, 1);
});

t.test('P4: a crash between record and report reports again, not never', async (t) => {
  const { harness, key } = await issued();
  await harness.deliver(harness.upload(key, 'first'));
  const second = harness.upload(key, 'second');
  harness.reportFaults.failNext('before', 'sendReport', new Error('crash before it is sent'));
  await t.rejects(harness.deliver(second), { message: 'crash before it is sent' });
  t.match(await harness.uploads.listObservedVersions(key), [{ reported: false }], 'recorded first');
  harness.reportFaults.failNext('after', 'sendReport', new Error('crash before it is marked'));
  await t.rejects(harness.deliver(second), { message: 'crash before it is marked' });
  t.match(await harness.uploads.listObservedVersions(key), [{ reported: false }], 'marked last');
  await harness.deliver(second);
  await harness.deliver(second);
  const id = `duplicate#${key}#${second.versionId}`;
  t.strictSame(harness.reportIds(), [id, id], 'at least once, under one id');
  t.equal(harness.total('DuplicateUploads'), 1);
  t.match(await harness.uploads.listObservedVersions(key), [{ reported: true }]);
});

t.test('P4: a duplicate is reported though nothing that is logged arrives', async (t) => {
  const { harness, key } = await issued();
  await harness.deliver(harness.upload(key, 'first'));
  const second = harness.upload(key, 'second');
  await harness.deliver(second);
  t.strictSame(
    harness.reports.map((report) => JSON.parse(writeReport(report))),
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
        recordedAt: harness.clock.now.toISOString(),
      },
    ],
  );
});

t.test('P5: what was never issued is an orphan, and stays where it is', async (t) => {
  const harness = createHarness();
  const event = harness.upload('uploads/never-issued', 'x');
  await harness.deliver(event);
  await harness.deliver(event);
  t.match(await harness.uploads.listObservedVersions(event.key), [
    { kind: 'orphan', versionId: event.versionId },
  ]);
  t.equal(await harness.acceptedText(event.key), undefined);
  t.equal((await harness.objects.listVersions(event.key)).length, 1);
  t.equal(harness.total('OrphanObjects'), 1);
});

t.test('P5: what was revoked before it was claimed is refused', async (t) => {
  const { harness, key, event } = await uploaded('x');
  await harness.uploads.revoke(key);
  await harness.deliver(event);
  t.match(await harness.uploads.listObservedVersions(key), [{ kind: 'refused', versionId: event.versionId }]);
  t.equal(await harness.acceptedText(key), undefined);
  t.equal(harness.reportIds().length, 1);
});

for (const [afterMs, isBefore] of [
  [-60_000, true],
  [1_000, true],
  [1_001, false],
  [60_000, false],
] as const) {
  t.test(`a version stored ${afterMs} ms after the revocation is told apart`, async (t) => {
    const { harness, key } = await issued();
    const stored = harness.upload(key, 'x');
    harness.clock.now = new Date(stored.storedAt.getTime() - afterMs);
    await harness.uploads.revoke(key);
    await harness.deliver(stored);
    t.match(harness.reports, [{ storedBeforeRevocation: isBefore }]);
    t.equal(harness.total('StoredBeforeRevocation'), isBefore ? 1 : 0);
    t.equal(harness.total('RevokedUploads'), isBefore ? 0 : 1);
  });
}

t.test('P5: revoked between read and claim is refused too', async (t) => {
  const { harness, key, event } = await uploaded('x');
  const claiming = harness.tableFaults.stallNext('before', 'update');
  const delivery = harness.deliver(event);
  await claiming.reached;
  await harness.uploads.revoke(key);
  claiming.release();
  await delivery;
  t.equal(await harness.acceptedText(key), undefined);
  t.match(harness.reports, [{ storedBeforeRevocation: true }]);
});

t.test('P3: a failure before or after any call is made good by the redelivery', async (t) => {
  const undisturbed = createHarness();
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
      const { harness, key } = await issued();
      const [first, second] = [harness.upload(key, 'first'), harness.upload(key, 'second')];
      harness[store].failNext(side, operation, new Error('crash'));
      await t.rejects(harness.deliver(first), { message: 'crash' }, `${side} ${operation}`);
      await harness.deliver(second).catch((error) => t.equal(error.code, 'RetryLater'));
      await harness.deliver(first);
      await harness.deliver(second, { receiveCount: 2 });
      t.equal(await harness.acceptedText(key), 'first', `${side} ${operation}`);
      t.equal((await harness.objects.listVersions(acceptedKeyOf(key))).length, 1);
      t.match(await harness.uploads.get(key), { state: UploadState.accepted });
      t.strictSame(await harness.versionIds(key), [second.versionId]);
      t.equal(harness.total('DuplicateUploads'), 1, 'only the second');
    }
  }
});

t.test(
  'P3: the winner of the claim goes on for the claimed version, though it holds another event',
  async (t) => {
    const { harness, key } = await issued();
    harness.upload(key, 'first, its event is late');
    await harness.deliver(harness.upload(key, 'second'));
    t.equal(await harness.acceptedText(key), 'first, its event is late');
  },
);

t.test('P3: who has claimed for another version’s event goes on with its redelivery', async (t) => {
  for (const side of ['before', 'after'] as const) {
    const { harness, key } = await issued();
    const first = harness.upload(key, 'first, its event is lost');
    const second = harness.upload(key, 'second');
    harness.bucketFaults.failNext(side, 'copyIfAbsent', new Error('crash'));
    await t.rejects(harness.deliver(second), { message: 'crash' });
    await harness.deliver(second, { receiveCount: 2 });
    t.equal(await harness.acceptedText(key), 'first, its event is lost', `${side} the copy`);
    t.match(await harness.uploads.get(key), { state: UploadState.accepted });
    t.strictSame(await harness.versionIds(key), [second.versionId], `${first.versionId} is removed`);
    t.equal(harness.total('DuplicateUploads'), 1);
  }
});

t.test('P3: no event is acknowledged while its key is CLAIMED, by this worker or another', async (t) => {
  const { harness, key } = await issued();
  harness.upload(key, 'first, its event is lost');
  const [second, third] = [harness.upload(key, 'second'), harness.upload(key, 'third')];
  harness.bucketFaults.failNext('before', 'copyIfAbsent', new Error('crash'));
  await t.rejects(harness.deliver(second), { message: 'crash' });
  for (const event of [second, third]) {
    await t.rejects(
      harness.deliver(event),
      { code: 'RetryLater', seconds: 60 },
      'a redrive counts from 1 again',
    );
  }
  t.match(await harness.uploads.get(key), { state: UploadState.claimed });
  t.equal(harness.total('DuplicateUploads'), 2, 'they are reported without a wait');
  await harness.deliver(third, { receiveCount: 2 });
  await harness.deliver(second, { receiveCount: 2 });
  t.equal(await harness.acceptedText(key), 'first, its event is lost');
  t.equal(harness.total('DuplicateUploads'), 2);
  t.equal(harness.total('UploadsAccepted'), 1);
});

t.test(
  'P3: a report that no queue takes holds up no acceptance, and is sent before the event is acknowledged',
  async (t) => {
    const { harness, key } = await issued();
    harness.upload(key, 'first, its event is lost');
    const second = harness.upload(key, 'second');
    harness.reportFaults.failNext('before', 'sendReport', new Error('the queue is gone'));
    await t.rejects(harness.deliver(second), { message: 'the queue is gone' });
    t.match(await harness.uploads.get(key), { state: UploadState.accepted });
    t.equal(await harness.acceptedText(key), 'first, its event is lost');
    t.match(await harness.uploads.listObservedVersions(key), [{ reported: false }]);
    harness.reportFaults.failNext('before', 'sendReport', new Error('the queue is gone'));
    await t.rejects(harness.deliver(second, { receiveCount: 2 }), { message: 'the queue is gone' });
    await harness.deliver(second, { receiveCount: 3 });
    t.strictSame(harness.reportIds(), [`duplicate#${key}#${second.versionId}`]);
    t.match(await harness.uploads.listObservedVersions(key), [{ reported: true }]);
    t.equal(harness.total('UploadsAccepted'), 1);
  },
);

t.test('P3: a second look accepts what a crash left CLAIMED while no queue takes a report', async (t) => {
  const { harness, key } = await issued();
  harness.bucketFaults.failNext('before', 'copyIfAbsent', new Error('crash'));
  await t.rejects(harness.deliver(harness.upload(key, 'first')), { message: 'crash' });
  const second = harness.upload(key, 'second');
  for (const receiveCount of [1, 2]) {
    harness.reportFaults.failNext('before', 'sendReport', new Error('the queue is gone'));
    await t.rejects(harness.deliver(second, { receiveCount }), { message: 'the queue is gone' });
  }
  t.equal(await harness.acceptedText(key), 'first');
});

t.test('P4: a copy that fails holds up no report', async (t) => {
  const { harness, key } = await issued();
  harness.upload(key, 'first, its event is lost');
  const second = harness.upload(key, 'second');
  harness.bucketFaults.failNext('before', 'copyIfAbsent', new Error('S3 fails'));
  await t.rejects(harness.deliver(second), { message: 'S3 fails' });
  t.strictSame(harness.reportIds(), [`duplicate#${key}#${second.versionId}`]);
  t.match(await harness.uploads.listObservedVersions(key), [{ reported: true }]);
});

t.test('P3: when the copy and a report both fail, the error names both', async (t) => {
  const { harness, key } = await issued();
  harness.upload(key, 'first, its event is lost');
  const second = harness.upload(key, 'second');
  const noCopy = new Error('S3 fails');
  const noReport = new Error('the queue is gone');
  harness.bucketFaults.failNext('before', 'copyIfAbsent', noCopy);
  harness.reportFaults.failNext('before', 'sendReport', noReport);
  await t.rejects(harness.deliver(second), {
    code: 'NeitherCopiedNorReported',
    message: /S3 fails.*the queue is gone/,
    errors: [noCopy, noReport],
  });
  await harness.deliver(second, { receiveCount: 2 });
  t.equal(await harness.acceptedText(key), 'first, its event is lost');
  t.strictSame(harness.reportIds(), [`duplicate#${key}#${second.versionId}`]);
});

t.test('P4: a report that failed is sent again while another worker still copies', async (t) => {
  const { harness, key } = await issued();
  const copying = harness.bucketFaults.stallNext('after', 'copyIfAbsent');
  const delivery = harness.deliver(harness.upload(key, 'first'));
  await copying.reached;
  const second = harness.upload(key, 'second');
  harness.reportFaults.failNext('before', 'sendReport', new Error('the queue is gone'));
  await t.rejects(harness.deliver(second), { message: 'the queue is gone' }, 'and no wait for the copy');
  await harness.deliver(second, { receiveCount: 2 });
  t.strictSame(harness.reportIds(), [`duplicate#${key}#${second.versionId}`]);
  copying.release();
  await delivery;
  t.equal(await harness.acceptedText(key), 'first');
  t.equal((await harness.objects.listVersions(acceptedKeyOf(key))).length, 1);
  t.equal(harness.total('UploadsAccepted'), 1);
});

t.test('P3: where the queue allows one receive there is no second look: it goes on at once', async (t) => {
  const { harness, key } = await issued();
  const first = harness.upload(key, 'first');
  harness.bucketFaults.failNext('before', 'copyIfAbsent', new Error('crash'));
  await t.rejects(harness.deliver(first), { message: 'crash' });
  await harness.deliver(harness.upload(key, 'second'), { isLastReceive: true });
  t.equal(await harness.acceptedText(key), 'first');
});

t.test('P8: a duplicate that comes during the copy does not copy the same once more', async (t) => {
  const { harness, key } = await issued();
  const copying = harness.bucketFaults.stallNext('before', 'copyIfAbsent');
  const delivery = harness.deliver(harness.upload(key, 'first'));
  await copying.reached;
  const second = harness.upload(key, 'second');
  await t.rejects(harness.deliver(second), { code: 'RetryLater' });
  copying.release();
  await delivery;
  await harness.deliver(second, { receiveCount: 2 });
  const copies = harness.bucketFaults.calls.filter(({ operation }) => operation === 'copyIfAbsent');
  t.equal(copies.length, 1);
});

t.test('P3: two workers at once end in one acceptance', async (t) => {
  const { harness, key, event } = await uploaded('first');
  const oneCopies = harness.bucketFaults.stallNext('after', 'copyIfAbsent');
  const one = harness.deliver(event);
  await oneCopies.reached;
  await harness.deliver(event);
  oneCopies.release();
  await one;
  t.equal(await harness.acceptedText(key), 'first');
  t.equal((await harness.objects.listVersions(acceptedKeyOf(key))).length, 1);
  t.match(await harness.uploads.get(key), { state: UploadState.accepted });
  t.equal(harness.total('UploadsAccepted'), 1);
});

t.test('P3: the claimed version is there until its acceptance is on record', async (t) => {
  const { harness, key, event } = await uploaded('first');
  harness.tableFaults.stallNext('before', 'update').release();
  const accepting = harness.tableFaults.stallNext('before', 'update');
  const delivery = harness.deliver(event);
  await accepting.reached;
  t.equal(await harness.acceptedText(key), 'first');
  t.match(await harness.uploads.get(key), { state: UploadState.claimed });
  t.match(await harness.objects.listVersions(key), [{ versionId: event.versionId }]);
  accepting.release();
  await delivery;
  t.match(await harness.uploads.get(key), { state: UploadState.accepted });
  t.strictSame(await harness.objects.listVersions(key), []);
});

t.test('a worker that wakes up after everything is over changes nothing that counts', async (t) => {
  const { harness, key, event } = await uploaded('first');
  const sleeping = harness.bucketFaults.stallNext('before', 'copyIfAbsent');
  const sleeper = harness.deliver(event);
  await sleeping.reached;
  await harness.deliver(event);
  const accepted = await harness.uploads.get(key);
  const lease = { acceptedVersionId: accepted?.acceptedVersionId ?? '', leaseOwner: 'p', leaseSeconds: 60 };
  await harness.uploads.startProcessing(key, lease);
  await harness.uploads.finish(key, 1);
  await harness.objects.deleteVersion(acceptedKeyOf(key), accepted?.acceptedVersionId ?? '');
  sleeping.release();
  await sleeper;
  t.match(await harness.uploads.get(key), {
    state: UploadState.processed,
    acceptedVersionId: accepted?.acceptedVersionId,
  });
  t.equal(harness.total('UploadsAccepted'), 1);
});

t.test('a claimed version that is lost ends in an error, never in silence', async (t) => {
  const { harness, key, event } = await uploaded('first');
  harness.bucketFaults.failNext('before', 'copyIfAbsent', new Error('crash'));
  await t.rejects(harness.deliver(event), { message: 'crash' });
  await harness.objects.deleteVersion(key, event.versionId);
  await t.rejects(harness.deliver(event), {
    code: 'ClaimedVersionLost',
    message: new RegExp(event.versionId),
  });
});

t.test('an event before its version can be listed is tried again', async (t) => {
  const { harness, key, event } = await uploaded('first');
  await harness.objects.deleteVersion(key, event.versionId);
  await t.rejects(harness.deliver(event), { code: 'NoVersionListed' });
  t.match(await harness.uploads.get(key), { state: UploadState.issued });
});

t.test('something else under accepted/ is never taken for the upload', async (t) => {
  const { harness, key, event } = await uploaded('first');
  harness.plant(key, 'other bytes');
  await t.rejects(harness.deliver(event), {
    code: 'Unprocessable',
    message: /5 bytes, .* 11/,
  });
  t.match(await harness.uploads.get(key), { state: UploadState.claimed });
});

t.test('P1: the version of a presigned PUT stays until its URL has expired', async (t) => {
  const harness = createHarness();
  const expiresAt = new Date(harness.clock.now.getTime() + 60_000);
  const key = await harness.issue({ expiresAt, constraints: { method: 'put', minBytes: 0, maxBytes: 9 } });
  const event = harness.upload(key, 'first');
  const worker = harness.startWorker();
  await harness.deliver(event, {}, worker);
  await harness.deliver(event, {}, worker);
  t.match(await harness.uploads.get(key), { state: UploadState.accepted });
  t.equal((await harness.objects.listVersions(key)).length, 1);
  const removing = harness.bucketFaults.stallNext('after', 'deleteVersions');
  t.equal(harness.passLater(), 1);
  await removing.reached;
  removing.release();
  t.strictSame(await harness.objects.listVersions(key), []);
});

t.test(
  'P1: the version of a link’s PUT stays for a minute and an hour, whenever the link ends',
  async (t) => {
    const harness = createHarness();
    const expiresAt = new Date(harness.clock.now.getTime() + 30 * 86_400_000);
    const key = await harness.issue({
      expiresAt,
      constraints: { method: 'put', minBytes: 0, maxBytes: 9 },
      signatureSeconds: 60,
    });
    await harness.deliver(harness.upload(key, 'first', 'Put'));
    t.match(await harness.uploads.get(key), { state: UploadState.accepted });
    t.equal((await harness.objects.listVersions(key)).length, 1);
    const [delayMs = 0, ...others] = harness.laterMs();
    t.strictSame(others, []);
    // In whole minutes.
    t.ok(delayMs >= 3_660_000 && delayMs < 3_720_000, String(delayMs));
  },
);

t.test('events that come together share the reads of their uploads', async (t) => {
  const harness = createHarness();
  const events = [];
  for (let at = 0; at < 10; at += 1) events.push(harness.upload(await harness.issue(), `file ${at}`));
  const worker = harness.startWorker();
  await Promise.all(events.map((event) => harness.deliver(event, {}, worker)));
  const operations = harness.tableFaults.calls.map(({ operation }) => operation);
  t.equal(operations.filter((operation) => operation === 'getSome').length, 1);
  t.notOk(operations.includes('get'));
  for (const { key } of events) t.match(await harness.uploads.get(key), { state: UploadState.accepted });
});
