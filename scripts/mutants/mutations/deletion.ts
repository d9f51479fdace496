import type { Mutation } from '../mutation.ts';

const ACCEPT = 'services/acceptor/src/accept-claimed.ts';
const RECONCILE_TEST = 'services/acceptor/test/reconcile.test.ts';

/** What is removed, and when. */
export const deletionMutations: readonly Mutation[] = [
  {
    id: 'delete-before-copy',
    change: 'the upload is deleted before it is copied',
    breaks: 'P3: a crash in between loses it',
    file: ACCEPT,
    find: 'const copy = await objects.copyIfAbsent(order, signal);',
    replace: `await remove({ key: upload.key, versionId: claimed.versionId });
    const copy = await objects.copyIfAbsent(order, signal);`,
    noticedIn: RECONCILE_TEST,
    noticedBy: 'one upload is claimed, copied, recorded, and its version removed',
  },
  {
    id: 'delete-before-record',
    change: 'the upload is deleted before ACCEPTED is recorded',
    breaks: 'P3: a copy that was not recorded is all that is left of it',
    file: ACCEPT,
    find: 'const recorded = await uploads.accept(upload.key, acceptance);',
    replace: `if (upload.constraints.method === 'post') await remove({ key: upload.key, versionId: claimed.versionId });
    const recorded = await uploads.accept(upload.key, acceptance);`,
    noticedIn: RECONCILE_TEST,
    noticedBy: 'P3: the claimed version is there until its acceptance is on record',
  },
  {
    id: 'accepted-removed',
    change: 'the worker that loses the race to record removes the accepted object as its own copy',
    breaks: 'P3: it is what the winner has recorded',
    file: ACCEPT,
    find: 'if (isAcceptanceOnRecord(recorded.upload, claimed)) return;',
    replace: 'return remove({ key: targetKey, versionId: acceptedVersionId });',
    noticedIn: RECONCILE_TEST,
    noticedBy: 'P3: two workers at once end in one acceptance',
  },
  {
    id: 'delete-any-version',
    change: 'a delete names no version',
    breaks: 'P4: a duplicate that is evidence is hidden, the accepted version stays',
    file: 'packages/uploads/src/s3/s3-object-store.ts',
    find: '({ Key, VersionId }));\n      const response',
    replace: '({ Key, VersionId: VersionId && undefined }));\n      const response',
    noticedIn: 'packages/uploads/test/s3-object-store.test.ts',
    noticedBy: 'the contract, by CopyObject > removing one version leaves the others, and may be repeated',
  },
  {
    id: 'removal-not-awaited',
    change: 'an event does not wait until its upload is deleted',
    breaks: 'P3: it is acknowledged, and a deletion that fails leaves the upload stored',
    file: 'services/acceptor/src/remove-together.ts',
    find: '    return ended.promise;',
    replace: '    ended.promise.catch(() => undefined);\n    return Promise.resolve();',
    noticedIn: 'services/acceptor/test/remove-together.test.ts',
    noticedBy: 'P3: a removal that S3 refuses fails alone',
  },
  {
    id: 'refused-removal-unseen',
    change: 'an entry that S3 refuses within DeleteObjects counts as deleted',
    breaks: 'P3: an upload that stays is taken for deleted',
    file: 'packages/uploads/src/s3/delete-failures.ts',
    find: 'for (const at of places) failures.set(at, error);',
    replace: 'failures.clear();',
    noticedIn: 'packages/uploads/test/s3-responses.test.ts',
    noticedBy:
      'of several versions those that S3 no longer knows count as removed, and one that it keeps does not',
  },
];
