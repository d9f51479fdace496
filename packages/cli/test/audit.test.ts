import { acceptedKeyOf, ObservedKind, UploadState } from '@upload-once/uploads';
import t from 'tap';
import { createHarness, OLDER_THAN_SECONDS, RECORD_RETENTION_SECONDS } from './harness.ts';

t.test('where all has come to its end nothing is found', async (t) => {
  const harness = createHarness();
  await harness.allIsWell();
  harness.pass(OLDER_THAN_SECONDS);
  const audit = harness.audit();
  t.strictSame(await Array.fromAsync(audit.findings()), []);
  t.strictSame(audit.counts, {
    uploadedVersions: 3,
    acceptedVersions: 3,
    forgottenVersions: 0,
    items: 9,
    tooYoung: 0,
    tooYoungSince: undefined,
    leased: 0,
    leasedUntil: undefined,
  });
});

t.test('what has no outcome and is too young is counted, with its ages', async (t) => {
  const harness = createHarness();
  await harness.allIsWell();
  harness.pass(OLDER_THAN_SECONDS);
  const oldest = harness.clock.now;
  harness.put(await harness.issue('lost'));
  harness.pass(60);
  await harness.copied('claimed-and-copied');
  harness.pass(60);
  const youngest = harness.clock.now;
  await harness.accepted('not-begun');
  await harness.observed('uploads/not-reported', ObservedKind.orphan, { reported: false });
  harness.pass(60);
  const audit = harness.audit();
  t.strictSame(await Array.fromAsync(audit.findings()), []);
  t.match(audit.counts, { tooYoung: 5, tooYoungSince: { oldest, youngest } });

  harness.pass(OLDER_THAN_SECONDS - 120);
  const later = harness.audit();
  t.equal((await Array.fromAsync(later.findings())).length, 3);
  t.match(later.counts, { tooYoung: 2, tooYoungSince: { oldest: youngest, youngest } });
});

t.test('what came to its end a moment ago is not too young: it is not counted', async (t) => {
  const harness = createHarness();
  await harness.allIsWell();
  const audit = harness.audit();
  t.strictSame(await Array.fromAsync(audit.findings()), []);
  t.match(audit.counts, { tooYoung: 0, tooYoungSince: undefined });
});

t.test('P3: a version with no outcome is found, whatever it should have become', async (t) => {
  const harness = createHarness();
  await harness.allIsWell();
  const issued = await harness.issue('issued');
  const first = harness.put(issued);
  const second = harness.put(issued, 'a second');
  const { key: processed } = await harness.processed('used-again');
  const duplicate = harness.put(processed);
  const revoked = await harness.issue('revoked-in-time');
  await harness.uploads.revoke(revoked);
  const refused = harness.put(revoked);
  const orphan = harness.put('uploads/unissued');
  harness.pass(OLDER_THAN_SECONDS);

  const findings = await harness.findings();
  const found = (key: string, { versionId }: { versionId: string }) =>
    findings.find((finding) => finding.key === key && finding.versionId === versionId);
  t.equal(findings.length, 5);
  t.match(found(issued, first), {
    kind: 'no-outcome',
    state: UploadState.issued,
    detail: 'it was uploaded, and nothing was claimed',
    event: { pipeline: 'uploads', key: issued, ...first },
  });
  t.match(found(issued, second), { kind: 'no-outcome', event: { versionId: second.versionId } });
  t.match(found(processed, duplicate), {
    kind: 'no-outcome',
    state: UploadState.processed,
    detail: /not recorded as a duplicate/,
    event: { pipeline: 'uploads', ...duplicate },
  });
  t.match(found(revoked, refused), {
    kind: 'no-outcome',
    state: UploadState.revoked,
    detail: /not recorded as refused/,
  });
  const ofOrphan = found('uploads/unissued', orphan);
  t.match(ofOrphan, { kind: 'no-outcome', detail: /not recorded as an orphan/ });
  t.equal(ofOrphan?.state, undefined);
});

t.test('an upload that is stuck is found in each state, with what brings it on', async (t) => {
  const harness = createHarness();
  const claimed = await harness.claimed('claimed');
  const accepted = await harness.accepted('accepted');
  const processing = await harness.processing('processing');
  const claimedAt = harness.clock.now;
  harness.pass(OLDER_THAN_SECONDS + 60);
  const working = await harness.processing('at work');

  const findings = await harness.findings();
  t.equal(findings.length, 3);
  t.match(
    findings.find(({ key }) => key === claimed.key),
    {
      kind: 'stuck',
      state: UploadState.claimed,
      event: { pipeline: 'uploads', key: claimed.key, versionId: claimed.version.versionId },
    },
  );
  t.match(
    findings.find(({ key }) => key === accepted.key),
    {
      kind: 'stuck',
      state: UploadState.accepted,
      event: {
        pipeline: 'accepted',
        key: 'accepted/accepted',
        versionId: accepted.copy.versionId,
        sizeBytes: accepted.copy.sizeBytes,
      },
    },
  );
  t.match(
    findings.find(({ key }) => key === processing.key),
    {
      kind: 'stuck',
      state: UploadState.processing,
      detail: 'the lease of attempt 1 has run out, and no worker has taken it over',
      event: { pipeline: 'accepted', versionId: processing.copy.versionId },
    },
  );
  t.strictSame(
    new Map(findings.map(({ key, since }) => [key, since.toISOString()])),
    new Map([
      [claimed.key, claimedAt.toISOString()],
      [accepted.key, claimedAt.toISOString()],
      [processing.key, new Date(claimedAt.getTime() + 60_000).toISOString()],
    ]),
    'since it was claimed, accepted, and since its lease has run out',
  );
  t.notOk(
    findings.some(({ key }) => key === working.key),
    'a lease that runs is no finding',
  );
});

t.test('P3: a later attempt whose lease has run out is found like the first', async (t) => {
  const harness = createHarness();
  const { key, copy } = await harness.processing('taken over, and dropped again');
  harness.pass(120);
  await harness.uploads.startProcessing(key, {
    acceptedVersionId: copy.versionId,
    leaseOwner: 'another',
    leaseSeconds: 60,
  });
  const leaseEndsAt = new Date(harness.clock.now.getTime() + 60_000);
  harness.pass(60 + OLDER_THAN_SECONDS - 1);
  t.strictSame(await harness.findings(), [], 'counted from the end of the second lease');
  harness.pass(1);
  const findings = await harness.findings();
  t.equal(findings.length, 1);
  t.match(findings, [
    {
      kind: 'stuck',
      key,
      state: UploadState.processing,
      since: leaseEndsAt,
      detail: 'the lease of attempt 2 has run out, and no worker has taken it over',
      event: { pipeline: 'accepted', key: acceptedKeyOf(key), versionId: copy.versionId },
    },
  ]);
});

t.test('P3: sharded keys are audited beside the others', async (t) => {
  const harness = createHarness();
  const nameOf = (first: string) => `${first}/name-20260101_000000-${first.padEnd(25, 'a')}b`;
  await harness.allIsWell();
  await harness.processed(nameOf('k'));
  const lost = await harness.issue(nameOf('l'));
  harness.put(lost);
  const lostPlain = await harness.issue('lost');
  harness.put(lostPlain);
  const { key: accepted, copy } = await harness.accepted(nameOf('m'));
  const { copy: unrecorded } = await harness.copied(nameOf('n'));
  harness.pass(OLDER_THAN_SECONDS);
  const audit = harness.audit();
  const findings = await Array.fromAsync(audit.findings());
  t.strictSame(
    new Set(findings.map(({ kind, key }) => `${kind} ${key}`)),
    new Set([
      `no-outcome ${lost}`,
      `no-outcome ${lostPlain}`,
      `stuck ${accepted}`,
      `stuck uploads/${nameOf('n')}`,
      `not-recorded accepted/${nameOf('n')}`,
    ]),
  );
  t.match(findings.find(({ key }) => key === accepted)?.event, {
    pipeline: 'accepted',
    key: `accepted/${nameOf('m')}`,
    versionId: copy.versionId,
  });
  t.ok(findings.some(({ versionId }) => versionId === unrecorded.versionId));
});

t.test('an object under accepted/ that no item names is found', async (t) => {
  const harness = createHarness();
  const { copy: unrecorded } = await harness.copied('copied');
  const withoutItem = harness.put('accepted/unissued');
  const { copy } = await harness.processed('copied-twice');
  const late = harness.put('accepted/copied-twice');
  await harness.issue('not-claimed');
  const early = harness.put('accepted/not-claimed');
  await harness.uploads.revoke(await harness.issue('revoked'));
  const ofRevoked = harness.put('accepted/revoked');
  harness.pass(OLDER_THAN_SECONDS);

  const findings = (await harness.findings()).filter(({ key }) => key.startsWith('accepted/'));
  t.strictSame(
    new Map(findings.map(({ kind, key, versionId, detail }) => [`${kind} ${key} ${versionId}`, detail])),
    new Map([
      [
        `not-recorded accepted/copied ${unrecorded.versionId}`,
        'its upload is CLAIMED: the acceptor will say whether it is the copy',
      ],
      [`not-recorded accepted/unissued ${withoutItem.versionId}`, 'there is no upload that it belongs to'],
      [`not-recorded accepted/copied-twice ${late.versionId}`, 'another version is the accepted one'],
      [
        `covered accepted/copied-twice ${copy.versionId}`,
        `version ${late.versionId} covers it, and the bucket's lifecycle deletes what is covered: remove that version, or name it to "upload-once adopt"`,
      ],
      [
        `unclaimed accepted/not-claimed ${early.versionId}`,
        'its upload is only ISSUED: the table was restored to an earlier time, or someone else wrote it (docs/operations.md, "After an accident")',
      ],
      [
        `not-recorded accepted/revoked ${ofRevoked.versionId}`,
        'its upload was revoked, so the acceptor has not copied it',
      ],
    ]),
  );
  t.ok(
    findings.every(
      ({ kind, event }) => ['unclaimed', 'covered'].includes(kind) || event?.pipeline === 'accepted',
    ),
    'a repair sends an event for each but the unclaimed and the covered',
  );
  t.equal(findings.find(({ kind }) => kind === 'covered')?.event, undefined);
  t.equal(findings.find(({ kind }) => kind === 'unclaimed')?.event, undefined);
  t.not(late.versionId, copy.versionId);
});

t.test('P4: an observed version that was never reported is found, under either prefix', async (t) => {
  const harness = createHarness();
  const { key } = await harness.processed('used-again');
  const duplicate = await harness.observed(key, ObservedKind.duplicate, { reported: false });
  const orphan = await harness.observed('accepted/orphan', ObservedKind.orphan, { reported: false });
  harness.pass(OLDER_THAN_SECONDS);
  // A scan has no order.
  const findings = (await harness.findings()).toSorted((a, b) => (a.key > b.key ? -1 : 1));
  t.equal(findings.length, 2);
  t.match(findings, [
    {
      kind: 'not-reported',
      key,
      versionId: duplicate.versionId,
      detail: /recorded as duplicate/,
      event: { pipeline: 'uploads', ...duplicate },
    },
    { kind: 'not-reported', key: 'accepted/orphan', event: { pipeline: 'accepted', ...orphan } },
  ]);
});

t.test('P4: a count that was not reported is found, with the event of a version that is kept', async (t) => {
  const harness = createHarness();
  const { key } = await harness.processed('flooded');
  const kept = await harness.observed(key, ObservedKind.duplicate);
  await harness.uploads.reserveEvidence(key, ObservedKind.duplicate, kept.versionId, 1);
  await harness.uploads.countSurplus(key, ObservedKind.duplicate, 12);
  const { key: reported } = await harness.processed('reported');
  await harness.uploads.countSurplus(reported, ObservedKind.duplicate, 12);
  await harness.uploads.markSurplusReported(reported, ObservedKind.duplicate, 10);
  const { key: few } = await harness.processed('few');
  await harness.uploads.countSurplus(few, ObservedKind.duplicate, 9);
  t.strictSame(await harness.findings(), [], 'not before its time');
  harness.pass(OLDER_THAN_SECONDS);
  const findings = await harness.findings();
  t.equal(findings.length, 1);
  t.match(findings, [
    {
      kind: 'not-reported',
      key,
      detail: /^12 versions more than are kept came as duplicate/,
      event: { pipeline: 'uploads', ...kept },
    },
  ]);
});

t.test('an object under accepted/ beyond those that are kept is counted, and not named', async (t) => {
  const harness = createHarness();
  const key = 'accepted/planted';
  await harness.observed(key, ObservedKind.orphan);
  harness.put(key, 'one more');
  harness.pass(OLDER_THAN_SECONDS);
  t.match(await harness.findings(), [{ kind: 'not-recorded', key }]);
  await harness.uploads.countSurplus(key, ObservedKind.orphan, 1);
  t.strictSame(await harness.findings(), []);
});

t.test('an object that has outlived its item is not taken for an orphan', async (t) => {
  const harness = createHarness();
  // As it is when DynamoDB has deleted their items.
  harness.put('accepted/of last year');
  harness.put('uploads/of last year');
  harness.pass(RECORD_RETENTION_SECONDS - 86_401);
  t.equal((await harness.findings()).length, 2, 'as long as its item would be there');
  harness.pass(1);
  const audit = harness.audit();
  t.strictSame(await Array.fromAsync(audit.findings()), []);
  t.equal(audit.counts.forgottenVersions, 2, 'it says how many it could not judge');
});

t.test('P4: what is on record is found without its upload', async (t) => {
  const harness = createHarness();
  // As it is when DynamoDB has deleted the upload's item, and not yet those that were written later.
  for (const kind of Object.values(ObservedKind)) await harness.observed(`uploads/once a ${kind}`, kind);
  const unknown = harness.put('uploads/unknown');
  harness.pass(OLDER_THAN_SECONDS);
  const findings = (await harness.findings()).map(({ kind, versionId }) => `${kind} ${versionId}`);
  t.strictSame(findings, [`no-outcome ${unknown.versionId}`]);
});

t.test('more versions of one key than a page holds, and one outcome for each', async (t) => {
  const harness = createHarness();
  const { key } = await harness.processed('popular');
  for (let at = 0; at < 150; at += 1) await harness.observed(key, ObservedKind.duplicate);
  const lost = harness.put(key);
  harness.pass(OLDER_THAN_SECONDS);
  const found = (await harness.findings()).map(({ kind, versionId }) => `${kind} ${versionId}`);
  t.strictSame(found, [`no-outcome ${lost.versionId}`]);
});

t.test('a table that does not respond ends the audit with its error', async (t) => {
  const harness = createHarness();
  harness.put(await harness.issue('issued'));
  harness.pass(OLDER_THAN_SECONDS);
  const audit = harness.audit();
  const away = new Error('the table is away');
  const iterator = audit.findings()[Symbol.asyncIterator]();
  harness.uploads.records.pages = () => {
    throw away;
  };
  t.match(await iterator.next(), { value: { kind: 'no-outcome' } }, 'what was found before is given');
  await t.rejects(iterator.next(), away);
});
