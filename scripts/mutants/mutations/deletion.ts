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
    replace: `await objects.deleteVersion(upload.key, claimed.versionId);
    const copy = await objects.copyIfAbsent(order, signal);`,
    noticedBy: {
      file: RECONCILE_TEST,
      test: 'one upload is claimed, copied, recorded, and its version removed',
    },
  },
  {
    id: 'delete-before-record',
    change: 'the upload is deleted before ACCEPTED is recorded',
    breaks: 'P3: a copy that was not recorded is all that is left of it',
    file: ACCEPT,
    find: 'const recorded = await uploads.accept(upload.key, acceptedVersionId);',
    replace: `if (upload.constraints.method === 'post') await objects.deleteVersion(upload.key, claimed.versionId);
    const recorded = await uploads.accept(upload.key, acceptedVersionId);`,
    noticedBy: {
      file: RECONCILE_TEST,
      test: 'P3: the claimed version is there until its acceptance is on record',
    },
  },
  {
    id: 'accepted-removed',
    change: 'who loses the race to record removes the accepted object as its own copy',
    breaks: 'P3: it is what the winner has recorded',
    file: ACCEPT,
    find: 'if (!recorded.applied) return;',
    replace: 'if (!recorded.applied) return objects.deleteVersion(targetKey, acceptedVersionId);',
    noticedBy: { file: RECONCILE_TEST, test: 'P3: two workers at once end in one acceptance' },
  },
  {
    id: 'put-deleted',
    change: 'the upload is deleted after a presigned PUT as well',
    breaks: 'P1: the URL works again, with `If-None-Match` too',
    file: ACCEPT,
    find: "if (upload.constraints.method === 'post') await",
    replace: 'await',
    noticedBy: {
      file: RECONCILE_TEST,
      test: 'the version of a presigned PUT stays until the lifecycle takes it',
    },
  },
  {
    id: 'delete-any-version',
    change: 'a delete names no version',
    breaks: 'P4: a duplicate that is evidence is hidden, the accepted version stays',
    file: 'packages/uploads/src/s3-object-store.ts',
    find: 'new DeleteObjectCommand({ Bucket, Key, VersionId })',
    replace: 'new DeleteObjectCommand({ Bucket, Key })',
    noticedBy: {
      file: 'packages/uploads/test/s3-object-store.test.ts',
      test: 'the contract, by CopyObject > removing one version leaves the others, and may be repeated',
    },
  },
  {
    id: 'late-copy-mistaken',
    change: 'a late copy’s event removes the accepted version instead of the copy',
    breaks: 'P3: the accepted object is gone before it was processed',
    file: 'services/processor/src/process-accepted.ts',
    find: 'await objects.deleteVersion(event.key, event.versionId);',
    replace: "await objects.deleteVersion(event.key, upload.acceptedVersionId ?? '');",
    noticedBy: {
      file: 'services/processor/test/process-accepted.test.ts',
      test: 'a late copy of the same bytes is removed, exactly that version',
    },
  },
  {
    id: 'stray-removed',
    change: 'whatever else lies under accepted/ is removed as a late copy',
    breaks: 'P4: evidence is destroyed, nothing is recorded',
    file: 'services/processor/src/process-accepted.ts',
    find: 'if (!isCopy(event) || event.sizeBytes !== upload.claimed?.sizeBytes)',
    replace: 'if (false)',
    noticedBy: {
      file: 'services/processor/test/process-accepted.test.ts',
      test: 'what is no copy of the upload is kept, reported, and not processed',
    },
  },
  {
    id: 'smaller-removed',
    change: 'what is smaller than the upload is removed as a late copy',
    breaks: 'P4: evidence is destroyed, nothing is recorded',
    file: 'services/processor/src/process-accepted.ts',
    find: 'event.sizeBytes !== upload.claimed?.sizeBytes)',
    replace: 'event.sizeBytes > (upload.claimed?.sizeBytes ?? 0))',
    noticedBy: {
      file: 'services/processor/test/process-accepted.test.ts',
      test: 'what is no copy of the upload is kept, reported, and not processed',
    },
  },
  {
    id: 'put-over-removed',
    change: 'what somebody put over an accepted object is removed as a late copy if it has its size',
    breaks: 'P4: evidence is destroyed, nothing is recorded',
    file: 'services/processor/src/process-accepted.ts',
    find: 'if (!isCopy(event) || event.sizeBytes',
    replace: 'if (event.sizeBytes',
    noticedBy: {
      file: 'services/processor/test/process-accepted.test.ts',
      test: 'P2: what somebody puts over a processed object is no late copy, also with its size',
    },
  },
];
