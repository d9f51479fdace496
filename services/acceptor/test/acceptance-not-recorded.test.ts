import { acceptedKeyOf, type Upload, UploadState, type UploadStore } from '@upload-once/uploads';
import t from 'tap';
import { createAcceptClaimed } from '../src/accept-claimed.ts';
import { createWorld } from './world.ts';

/** The acceptor between its copy and its record, when the item is not what it was any more. */
async function acceptOver(found: (upload: Upload) => Upload | undefined) {
  const world = createWorld();
  const key = await world.issue();
  const event = world.upload(key, 'first');
  world.bucketFaults.failNext('before', 'copyIfAbsent', new Error('crash'));
  await world.deliver(event).catch(() => undefined);
  const upload = await world.uploads.get(key);
  if (!upload?.claimed) throw new Error('it was claimed');
  const uploads: UploadStore = {
    ...world.uploads,
    accept: async () => ({ applied: false, upload: found(upload) }),
  };
  const acceptClaimed = createAcceptClaimed({
    uploads,
    objects: world.objects,
    log: world.log,
    metrics: world.metrics,
  });
  const accepting = acceptClaimed(upload, upload.claimed, new AbortController().signal);
  return { world, key, accepting };
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
    const { world, key, accepting } = await acceptOver(found);
    await t.rejects(accepting, { code: 'AcceptanceNotRecorded', message: new RegExp(key) }, what);
    t.equal((await world.objects.listVersions(key)).length, 1, `${what}: the source is untouched`);
    t.equal((await world.objects.listVersions(acceptedKeyOf(key))).length, 1);
    t.equal(world.total('UploadsAccepted'), 0);
  }
});

t.test('the source is removed when another worker has recorded the acceptance', async (t) => {
  for (const state of ['ACCEPTED', 'PROCESSING', 'PROCESSED', 'FAILED'] as const) {
    const { world, key, accepting } = await acceptOver((upload) => ({
      ...upload,
      state,
      acceptedVersionId: 'its copy',
    }));
    await accepting;
    t.strictSame(await world.objects.listVersions(key), [], state);
    t.equal(world.total('UploadsAccepted'), 0, 'who has recorded it counts it');
  }
});
