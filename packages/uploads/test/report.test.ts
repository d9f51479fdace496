import t from 'tap';
import { ObservedKind, writeReport } from '../src/index.ts';

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
