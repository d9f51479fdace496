import { acceptedKeyOf, type Upload, UploadState, type UploadStore } from '@upload-once/uploads';
import t from 'tap';
import { createAcceptClaimed } from '../src/accept-claimed.ts';
import { uploaded } from './harness.ts';

/** The acceptor between its copy and its record, when the item is not what it was any more. */
async function acceptOver(found: (upload: Upload) => Upload | undefined) {
  const { harness, key, event } = await uploaded('first');
  harness.bucketFaults.failNext('before', 'copyIfAbsent', new Error('crash'));
  await harness.deliver(event).catch(() => undefined);
  const upload = await harness.uploads.get(key);
  if (!upload?.claimed) throw new Error('it was claimed');
  const uploads: UploadStore = {
    ...harness.uploads,
    accept: async () => ({ applied: false, upload: found(upload) }),
  };
  const acceptClaimed = createAcceptClaimed({
    uploads,
    objects: harness.objects,
    remove: ({ key, versionId }) => harness.objects.deleteVersion(key, versionId),
    removeAfterExpiry: async () => undefined,
    log: harness.log,
    metrics: harness.metrics,
  });
  const accepting = acceptClaimed(upload, upload.claimed, new AbortController().signal);
  return { harness, key, accepting };
}

t.test('P3: the source stays unless a later state of its own claim was read', async (t) => {
  const cases: [string, (upload: Upload) => Upload | undefined][] = [
    ['the item is gone', () => undefined],
    ['it is ISSUED again', ({ claimed: _, ...upload }) => ({ ...upload, state: UploadState.issued })],
    ['it is REVOKED', ({ claimed: _, ...upload }) => ({ ...upload, state: UploadState.revoked })],
    ['it is CLAIMED still', (upload) => upload],
    [
      'another version was claimed, and accepted',
      ({ claimed, ...upload }) => ({
        ...upload,
        ...(claimed && { claimed: { ...claimed, versionId: 'another' } }),
        state: UploadState.accepted,
        acceptedVersionId: 'its copy',
      }),
    ],
  ];
  for (const [what, found] of cases) {
    const { harness, key, accepting } = await acceptOver(found);
    await t.rejects(accepting, { code: 'AcceptanceNotRecorded', message: new RegExp(key) }, what);
    t.equal((await harness.objects.listVersions(key)).length, 1, `${what}: the source is untouched`);
    t.equal((await harness.objects.listVersions(acceptedKeyOf(key))).length, 1);
    t.equal(harness.total('UploadsAccepted'), 0);
  }
});

t.test('the source is removed when another worker has recorded the acceptance', async (t) => {
  for (const state of ['ACCEPTED', 'PROCESSING', 'PROCESSED', 'FAILED'] as const) {
    const { harness, key, accepting } = await acceptOver((upload) => ({
      ...upload,
      state,
      acceptedVersionId: 'its copy',
    }));
    await accepting;
    t.strictSame(await harness.objects.listVersions(key), [], state);
    t.equal(harness.total('UploadsAccepted'), 0, 'who has recorded it counts it');
  }
});
