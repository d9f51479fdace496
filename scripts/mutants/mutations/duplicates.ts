import type { Mutation } from '../mutation.ts';

const RECONCILE = 'services/acceptor/src/reconcile.ts';
const RECONCILE_TEST = 'services/acceptor/test/reconcile.test.ts';
const REPORT = 'packages/uploads/src/report-sighting.ts';

/** What is kept apart, and how often it is counted. */
export const duplicateMutations: readonly Mutation[] = [
  {
    id: 'redelivery-is-duplicate',
    change: 'a redelivery of the upload’s own event is taken for a duplicate',
    breaks: 'P4: a redelivery is counted and alarmed',
    file: RECONCILE,
    find: 'if (!isTheUpload) await',
    replace: 'if (!wonTheClaim) await',
    noticedBy: {
      file: RECONCILE_TEST,
      test: 'P4: a redelivery is never taken for a duplicate, and a duplicate is counted once',
    },
  },
  {
    id: 'duplicate-counted-again',
    change: 'a redelivery of a duplicate’s event is counted again',
    breaks: 'P4: one duplicate is alarmed as two',
    file: REPORT,
    find: '  if (sighting.reported) return;\n',
    replace: '',
    noticedBy: {
      file: RECONCILE_TEST,
      test: 'P4: a redelivery is never taken for a duplicate, and a duplicate is counted once',
    },
  },
  {
    id: 'reported-too-early',
    change: 'a duplicate is marked as reported before it is',
    breaks: 'P4: a crash in between, and nobody is alarmed',
    file: REPORT,
    find: `  report();
  await uploads.markReported(key, kind, version.versionId);`,
    replace: `  await uploads.markReported(key, kind, version.versionId);
  report();`,
    noticedBy: {
      file: RECONCILE_TEST,
      test: 'P4: a crash between record and report reports again, not never',
    },
  },
  {
    id: 'duplicate-unrecorded',
    change: 'a duplicate is not recorded',
    breaks: 'P4: a form that was used twice leaves no trace',
    file: RECONCILE,
    find: 'if (!isTheUpload) await recordSighting(event, SightingKind.duplicate);',
    replace: '',
    noticedBy: {
      file: RECONCILE_TEST,
      test: 'P1: the oldest version is accepted, in whatever order the events come',
    },
  },
  {
    id: 'record-replaced',
    change: 'a record is put over the one that is there',
    breaks: 'P4: a redelivery makes a reported duplicate a new one; a key is issued twice',
    file: 'packages/uploads/src/dynamodb-item-table.ts',
    find: "        ConditionExpression: 'attribute_not_exists(FullFilename)',\n",
    replace: '',
    noticedBy: {
      file: 'packages/uploads/test/dynamodb-upload-store.test.ts',
      test: 'the contract > a version is recorded once per kind, and reported once',
    },
  },
  {
    id: 'refused-is-stray',
    change: 'what comes for a revoked upload is taken for a stray',
    breaks: 'P4: the wrong alarm goes off',
    file: RECONCILE,
    find: 'if (upload?.state === UploadState.revoked) return recordSighting(event, SightingKind.refused);',
    replace: '',
    noticedBy: { file: RECONCILE_TEST, test: 'P5: what was revoked before it was claimed is refused' },
  },
];
