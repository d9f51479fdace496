import t from 'tap';
import { ObservedKind, parseDuplicateReport, writeReport } from '../src/index.ts';

const at = new Date('2026-11-28T10:00:00.000Z');
// What S3 takes in a key and SQS refuses in a message, and what an SQS of this machine refuses.
const KEYS = [
  'uploads/a\ufffe\uffff',
  'uploads/Vertrag 😀',
  'uploads/a\u0001\u007f\u2028',
  'uploads/Zähler "1"',
];

t.test('P4: a report of any key is a message that SQS takes, and holds the key as it is', async (t) => {
  for (const key of KEYS) {
    const version = { versionId: 'v', eTag: 'e', sizeBytes: 1, storedAt: at };
    const observedVersion = {
      key,
      kind: ObservedKind.duplicate,
      ...version,
      recordedAt: at,
      reported: false,
    };
    for (const report of [
      { observedVersion },
      { key, kind: ObservedKind.duplicate, count: 10, countedAt: at },
    ]) {
      const text = writeReport(report);
      t.match(text, /^[\x20-\x7e]+$/);
      t.equal(JSON.parse(text).key, key);
    }
  }
});

const DUPLICATE = {
  key: 'uploads/Zähler "1"',
  versionId: 'v2',
  sizeBytes: 0,
  storedAt: at,
  recordedAt: new Date(at.getTime() + 1),
};

const reportOf = (kind: ObservedKind) =>
  JSON.parse(writeReport({ observedVersion: { ...DUPLICATE, kind, eTag: 'e', reported: false } }));

t.test('the report of a duplicate is read as it was written, whatever else it has', async (t) => {
  const report = reportOf(ObservedKind.duplicate);
  t.strictSame(parseDuplicateReport({ ...report, later: true }), DUPLICATE);
});

t.test('what is no report of a duplicate is none', async (t) => {
  const report = reportOf(ObservedKind.duplicate);
  const others: readonly unknown[] = [
    undefined,
    null,
    'text',
    [],
    {},
    reportOf(ObservedKind.refused),
    reportOf(ObservedKind.orphan),
    JSON.parse(writeReport({ key: DUPLICATE.key, kind: ObservedKind.duplicate, count: 10, countedAt: at })),
    { ...report, schemaVersion: 2 },
    { ...report, key: 'accepted/a' },
    { ...report, key: 1 },
    { ...report, versionId: undefined },
    { ...report, sizeBytes: -1 },
    { ...report, sizeBytes: '1' },
    { ...report, storedAt: 1 },
    { ...report, recordedAt: 'yesterday' },
  ];
  for (const other of others) t.equal(parseDuplicateReport(other), undefined, JSON.stringify(other));
});
