import { acceptedKeyOf, ObservedKind, UploadState } from '@upload-once/uploads';
import t from 'tap';
import { createWorld, OLDER_THAN_SECONDS, RECORD_RETENTION_SECONDS } from './world.ts';

t.test('where all has come to its end nothing is found', async (t) => {
  const world = createWorld();
  await world.allIsWell();
  world.pass(OLDER_THAN_SECONDS);
  const audit = world.audit();
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
  const world = createWorld();
  await world.allIsWell();
  world.pass(OLDER_THAN_SECONDS);
  const oldest = world.clock.now;
  world.put(await world.issue('lost'));
  world.pass(60);
  await world.copied('claimed-and-copied');
  world.pass(60);
  const youngest = world.clock.now;
  await world.accepted('not-begun');
  await world.observed('uploads/not-reported', ObservedKind.orphan, { reported: false });
  world.pass(60);
  const audit = world.audit();
  t.strictSame(await Array.fromAsync(audit.findings()), []);
  t.match(audit.counts, { tooYoung: 5, tooYoungSince: { oldest, youngest } });

  world.pass(OLDER_THAN_SECONDS - 120);
  const later = world.audit();
  t.equal((await Array.fromAsync(later.findings())).length, 3);
  t.match(later.counts, { tooYoung: 2, tooYoungSince: { oldest: youngest, youngest } });
});

t.test('what came to its end a moment ago is not too young: it is not counted', async (t) => {
  const world = createWorld();
  await world.allIsWell();
  const audit = world.audit();
  t.strictSame(await Array.fromAsync(audit.findings()), []);
  t.match(audit.counts, { tooYoung: 0, tooYoungSince: undefined });
});

t.test('P3: a version with no outcome is found, whatever it should have become', async (t) => {
  const world = createWorld();
  await world.allIsWell();
  const issued = await world.issue('issued');
  const first = world.put(issued);
  const second = world.put(issued, 'a second');
  const { key: processed } = await world.processed('used-again');
  const duplicate = world.put(processed);
  const revoked = await world.issue('revoked-in-time');
  await world.uploads.revoke(revoked);
  const refused = world.put(revoked);
  const orphan = world.put('uploads/of nobody');
  world.pass(OLDER_THAN_SECONDS);

  const findings = await world.findings();
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
  const ofOrphan = found('uploads/of nobody', orphan);
  t.match(ofOrphan, { kind: 'no-outcome', detail: /not recorded as an orphan/ });
  t.equal(ofOrphan?.state, undefined);
});

t.test('an upload that is stuck is found in each state, with what brings it on', async (t) => {
  const world = createWorld();
  const claimed = await world.claimed('claimed');
  const accepted = await world.accepted('accepted');
  const processing = await world.processing('processing');
  const claimedAt = world.clock.now;
  world.pass(OLDER_THAN_SECONDS + 60);
  const working = await world.processing('at work');

  const findings = await world.findings();
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
      detail: 'the lease of attempt 1 has run out, and nobody has taken it over',
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
  const world = createWorld();
  const { key, copy } = await world.processing('taken over, and dropped again');
  world.pass(120);
  await world.uploads.startProcessing(key, {
    acceptedVersionId: copy.versionId,
    leaseOwner: 'another',
    leaseSeconds: 60,
  });
  const leaseEndsAt = new Date(world.clock.now.getTime() + 60_000);
  world.pass(60 + OLDER_THAN_SECONDS - 1);
  t.strictSame(await world.findings(), [], 'counted from the end of the second lease');
  world.pass(1);
  const findings = await world.findings();
  t.equal(findings.length, 1);
  t.match(findings, [
    {
      kind: 'stuck',
      key,
      state: UploadState.processing,
      since: leaseEndsAt,
      detail: 'the lease of attempt 2 has run out, and nobody has taken it over',
      event: { pipeline: 'accepted', key: acceptedKeyOf(key), versionId: copy.versionId },
    },
  ]);
});

t.test('an object under accepted/ that no item names is found', async (t) => {
  const world = createWorld();
  const { copy: unrecorded } = await world.copied('copied');
  const withoutItem = world.put('accepted/of nobody');
  const { copy } = await world.processed('copied-twice');
  const late = world.put('accepted/copied-twice');
  await world.issue('not-claimed');
  const early = world.put('accepted/not-claimed');
  await world.uploads.revoke(await world.issue('revoked'));
  const ofRevoked = world.put('accepted/revoked');
  world.pass(OLDER_THAN_SECONDS);

  const findings = (await world.findings()).filter(({ key }) => key.startsWith('accepted/'));
  t.strictSame(
    new Map(findings.map(({ kind, key, versionId, detail }) => [`${kind} ${key} ${versionId}`, detail])),
    new Map([
      [
        `not-recorded accepted/copied ${unrecorded.versionId}`,
        'its upload is CLAIMED: the acceptor will say whether it is the copy',
      ],
      [`not-recorded accepted/of nobody ${withoutItem.versionId}`, 'there is no upload that it belongs to'],
      [`not-recorded accepted/copied-twice ${late.versionId}`, 'another version is the accepted one'],
      [
        `unclaimed accepted/not-claimed ${early.versionId}`,
        'its upload is only ISSUED: the table was restored to an earlier time, or another hand has put it there (docs/operations.md, "After an accident")',
      ],
      [
        `not-recorded accepted/revoked ${ofRevoked.versionId}`,
        'its upload was revoked, so the acceptor has not copied it',
      ],
    ]),
  );
  t.ok(
    findings.every(({ kind, event }) => kind === 'unclaimed' || event?.pipeline === 'accepted'),
    'a repair sends an event for each but the unclaimed',
  );
  t.equal(findings.find(({ kind }) => kind === 'unclaimed')?.event, undefined);
  t.not(late.versionId, copy.versionId);
});

t.test('FAILED is found at once, with its reason', async (t) => {
  const world = createWorld();
  const { key } = await world.failed('failed', 'Error: the disk is full');
  const findings = await world.findings();
  t.equal(findings.length, 1);
  t.match(findings, [{ kind: 'failed', key, state: UploadState.failed, detail: 'Error: the disk is full' }]);
});

t.test('P4: an observed version that nobody was told of is found, under either prefix', async (t) => {
  const world = createWorld();
  const { key } = await world.processed('used-again');
  const duplicate = await world.observed(key, ObservedKind.duplicate, { reported: false });
  const orphan = await world.observed('accepted/orphan', ObservedKind.orphan, { reported: false });
  world.pass(OLDER_THAN_SECONDS);
  const findings = await world.findings();
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
  const world = createWorld();
  const { key } = await world.processed('flooded');
  const kept = await world.observed(key, ObservedKind.duplicate);
  await world.uploads.reserveEvidence(key, ObservedKind.duplicate, kept.versionId, 1);
  await world.uploads.countSurplus(key, ObservedKind.duplicate, 12);
  const { key: reported } = await world.processed('reported');
  await world.uploads.countSurplus(reported, ObservedKind.duplicate, 12);
  await world.uploads.markSurplusReported(reported, ObservedKind.duplicate, 10);
  const { key: few } = await world.processed('few');
  await world.uploads.countSurplus(few, ObservedKind.duplicate, 9);
  t.strictSame(await world.findings(), [], 'not before its time');
  world.pass(OLDER_THAN_SECONDS);
  const findings = await world.findings();
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
  const world = createWorld();
  const key = 'accepted/planted';
  await world.observed(key, ObservedKind.orphan);
  world.put(key, 'one more');
  world.pass(OLDER_THAN_SECONDS);
  t.match(await world.findings(), [{ kind: 'not-recorded', key }]);
  await world.uploads.countSurplus(key, ObservedKind.orphan, 1);
  t.strictSame(await world.findings(), []);
});

t.test('what may still be under way is not found', async (t) => {
  const world = createWorld();
  world.put(await world.issue('issued'));
  await world.copied('copied');
  await world.accepted('accepted');
  await world.observed('uploads/orphan', ObservedKind.orphan, { reported: false });
  world.pass(OLDER_THAN_SECONDS - 1);
  t.strictSame(await world.findings(), []);
  t.ok((await world.findings({ olderThanSeconds: OLDER_THAN_SECONDS - 1 })).length >= 4, 'but for its age');
});

t.test('an object that has outlived its item is not taken for an orphan', async (t) => {
  const world = createWorld();
  // As it is when DynamoDB has deleted their items.
  world.put('accepted/of last year');
  world.put('uploads/of last year');
  world.pass(RECORD_RETENTION_SECONDS - 86_401);
  t.equal((await world.findings()).length, 2, 'as long as its item would be there');
  world.pass(1);
  const audit = world.audit();
  t.strictSame(await Array.fromAsync(audit.findings()), []);
  t.equal(audit.counts.forgottenVersions, 2, 'it says how many it could not judge');
});

t.test('P4: what is on record is found without its upload', async (t) => {
  const world = createWorld();
  // As it is when DynamoDB has deleted the upload's item, and not yet those that were written later.
  for (const kind of Object.values(ObservedKind)) await world.observed(`uploads/once a ${kind}`, kind);
  const unknown = world.put('uploads/unknown');
  world.pass(OLDER_THAN_SECONDS);
  const findings = (await world.findings()).map(({ kind, versionId }) => `${kind} ${versionId}`);
  t.strictSame(findings, [`no-outcome ${unknown.versionId}`]);
});

t.test('more versions of one key than a page holds, and one outcome for each', async (t) => {
  const world = createWorld();
  const { key } = await world.processed('popular');
  for (let at = 0; at < 150; at += 1) await world.observed(key, ObservedKind.duplicate);
  const lost = world.put(key);
  world.pass(OLDER_THAN_SECONDS);
  const found = (await world.findings()).map(({ kind, versionId }) => `${kind} ${versionId}`);
  t.strictSame(found, [`no-outcome ${lost.versionId}`]);
});

t.test('a table that does not answer ends the audit with its error', async (t) => {
  const world = createWorld();
  world.put(await world.issue('issued'));
  world.pass(OLDER_THAN_SECONDS);
  const audit = world.audit();
  const away = new Error('the table is away');
  const iterator = audit.findings()[Symbol.asyncIterator]();
  world.uploads.records.pages = () => {
    throw away;
  };
  t.match(await iterator.next(), { value: { kind: 'no-outcome' } }, 'what was found before is given');
  await t.rejects(iterator.next(), away);
});
