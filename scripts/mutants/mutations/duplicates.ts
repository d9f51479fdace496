import type { Mutation } from '../mutation.ts';

const RECONCILE = 'services/acceptor/src/reconcile.ts';
const RECONCILE_TEST = 'services/acceptor/test/reconcile.test.ts';
const EVIDENCE = 'packages/uploads/src/domain/evidence.ts';
const UPLOAD_STORE = 'packages/uploads/src/domain/table-upload-store.ts';
const SURPLUS_TEST = 'services/acceptor/test/surplus.test.ts';

/** What is kept apart, and how often it is counted. */
export const duplicateMutations: readonly Mutation[] = [
  {
    id: 'reported-too-early',
    change: 'a duplicate is marked as reported before it is',
    breaks: 'P4: after a crash in between, no alarm is raised',
    file: EVIDENCE,
    find: `    if (!observedVersion.isIdentical)
      await reports.send({
        observedVersion,
        ...(storedBeforeRevocation !== undefined && { storedBeforeRevocation }),
      });
    onReported(observedVersion, observed);
    await uploads.markReported(key, kind, version.versionId);`,
    replace: `    await uploads.markReported(key, kind, version.versionId);
    if (!observedVersion.isIdentical)
      await reports.send({
        observedVersion,
        ...(storedBeforeRevocation !== undefined && { storedBeforeRevocation }),
      });
    onReported(observedVersion, observed);`,
    noticedIn: RECONCILE_TEST,
    noticedBy: 'P4: a crash between record and report reports again, not never',
  },
  {
    id: 'crc-identical',
    change: 'a duplicate with the CRC of the claimed version is taken for a repeated request',
    breaks: 'P4: a file that was made to have that CRC raises no alarm',
    file: 'services/acceptor/src/has-claimed-bytes.ts',
    find: "['SHA-256', 'MD5']",
    replace: "['SHA-256', 'MD5', 'CRC32']",
    noticedIn: 'services/acceptor/test/identical-duplicates.test.ts',
    noticedBy: 'P4: where S3 has a CRC alone, or nothing, the same bytes are a duplicate with an alarm',
  },
  {
    id: 'record-replaced',
    change: 'a record is put over the one that is there',
    breaks: 'P4: a redelivery makes a reported duplicate a new one; a key is issued twice',
    file: 'packages/table/src/dynamodb-table.ts',
    find: '        ConditionExpression: isAbsent,\n',
    replace: '',
    noticedIn: 'packages/uploads/test/dynamodb-upload-store.test.ts',
    noticedBy: 'the contract > a version is recorded once per kind, and reported once',
  },
  {
    id: 'acceptance-waits-for-report',
    change: 'an upload is accepted only when the duplicate whose event claimed it is reported',
    breaks: 'P3: while a reader’s queue is gone the upload stays CLAIMED',
    file: RECONCILE,
    find: '    const [kept] = await Promise.allSettled([keeping]);',
    replace: "    const kept = { status: '', reason: undefined, value: await keeping };",
    noticedIn: RECONCILE_TEST,
    noticedBy:
      'P3: a report that no queue takes holds up no acceptance, and is sent before the event is acknowledged',
  },
  {
    id: 'report-waits-for-acceptance',
    change: 'a duplicate whose event goes on with the acceptance is recorded only after that',
    breaks: 'P4: while the copy fails the duplicate is not reported',
    file: RECONCILE,
    find: '    const keeping = isTheUpload ? undefined : keepApart.keep(event, ObservedKind.duplicate, upload);',
    replace: `    await copies.acceptClaimed(upload, upload.claimed, delivery.signal);
    const keeping = isTheUpload ? undefined : keepApart.keep(event, ObservedKind.duplicate, upload);`,
    noticedIn: RECONCILE_TEST,
    noticedBy: 'P4: a copy that fails holds up no report',
  },
  {
    id: 'one-kept-too-many',
    change: 'of many duplicates at once more than the limit are kept',
    breaks: 'P4: evidence is not bounded by the number that is promised',
    file: UPLOAD_STORE,
    find: "            { attribute: 'kept', fewerMembersThan: limit },\n",
    replace: '',
    noticedIn: 'packages/uploads/test/memory-upload-store.test.ts',
    noticedBy: 'P4: of many versions at once exactly as many get a place as there are',
  },
  {
    id: 'count-unreported',
    change: 'a count that a crash left unreported is not reported by the next event',
    breaks: 'P4: thousands of duplicates are never reported',
    file: EVIDENCE,
    find: '      await keepAlways(observed);\n      await reportCount(tally);',
    replace: '      await keepAlways(observed);',
    noticedIn: SURPLUS_TEST,
    noticedBy: 'P4: a count that a crash left unreported is made good by a redelivery of what is kept',
  },
];
