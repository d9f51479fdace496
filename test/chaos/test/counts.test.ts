import t from 'tap';
import { contentOf } from '../src/content.ts';
import { expectedCounts } from '../src/kill-points/counts.ts';
import type { KillSide } from '../src/kill-points/kill-point.ts';

const HEARTBEAT = 'sqs ChangeMessageVisibility';
const once = {
  key: 'uploads/01K9',
  versions: [{ versionId: 'v1', content: contentOf(Buffer.from('x'), 'x') }],
};

/** What is found about services that have counted this, when one of them was killed at its write after these calls. */
function findings(side: KillSide, before: readonly string[], counted: Readonly<Record<string, number>>) {
  const counts = expectedCounts();
  const name = 'dynamodb UpdateItem';
  const point = { signal: 'SIGKILL', side, name, occurrence: 1 } as const;
  counts.add(once, { point, after: before });
  return counts.findings({
    killed: { total: (metric) => counted[metric] ?? 0 },
    other: { total: () => 0 },
  });
}

for (const copy of ['s3 CopyObject', 's3 CompleteMultipartUpload']) {
  for (const beats of [[], [HEARTBEAT], [HEARTBEAT, HEARTBEAT]]) {
    t.test(
      `who is killed at the record after ${copy} and ${beats.length} heartbeats may not count it`,
      async (t) => {
        const before = ['dynamodb GetItem', copy, ...beats];
        t.strictSame(findings('after', before, { UploadsProcessed: 1 }), []);
        t.strictSame(findings('after', before, { UploadsProcessed: 1, UploadsAccepted: 1 }), []);
        t.strictSame(findings('before', before, { UploadsProcessed: 1 }), [
          'P4: UploadsAccepted was counted 0 times, not 1 to 1',
        ]);
        t.strictSame(findings('after', before, { UploadsProcessed: 1, UploadsAccepted: 2 }), [
          'P4: UploadsAccepted was counted 2 times, not 0 to 1',
        ]);
      },
    );
  }
}

t.test('who is killed after the record may not have written that it was counted', async (t) => {
  const accepted = ['dynamodb UpdateItem', 's3 CopyObject', 'dynamodb UpdateItem'];
  t.strictSame(findings('before', accepted, { UploadsProcessed: 1 }), []);
  t.strictSame(findings('before', accepted.slice(0, 2), { UploadsProcessed: 1 }), [
    'P4: UploadsAccepted was counted 0 times, not 1 to 1',
  ]);
  t.strictSame(findings('after', accepted, { UploadsAccepted: 1 }), [
    'P4: UploadsProcessed was counted 0 times, not 1 to 1',
  ]);
  const processed = ['dynamodb UpdateItem', HEARTBEAT, 'dynamodb UpdateItem'];
  t.strictSame(findings('before', processed, { UploadsAccepted: 1 }), []);
});

t.test('the counts of uploads are written when the least of all is', async (t) => {
  const counts = expectedCounts();
  counts.add(once, undefined);
  const written = (accepted: number, processed: number) =>
    counts.areWritten({
      killed: { total: (metric) => (metric === 'UploadsAccepted' ? accepted : 0) },
      other: { total: (metric) => (metric === 'UploadsProcessed' ? processed : 0) },
    });
  t.strictSame([written(0, 1), written(1, 0), written(1, 1)], [false, false, true]);
});

t.test('who is killed at its claim has counted nothing: the next one does', async (t) => {
  t.strictSame(findings('after', ['s3 ListObjectVersions', HEARTBEAT], { UploadsProcessed: 1 }), [
    'P4: UploadsAccepted was counted 0 times, not 1 to 1',
  ]);
});

t.test('a duplicate is counted again only when its count was not recorded, heartbeat or not', async (t) => {
  const counted = { UploadsAccepted: 1, UploadsProcessed: 1 };
  for (const beats of [[], [HEARTBEAT]]) {
    const before = ['dynamodb PutItem', 'sqs SendMessage', ...beats];
    t.strictSame(findings('before', before, { ...counted, DuplicateUploads: 1 }), []);
    t.strictSame(findings('before', before, counted), [
      'P4: DuplicateUploads was counted 0 times, not 1 to 1',
    ]);
    t.strictSame(findings('after', before, { ...counted, DuplicateUploads: 1 }), [
      'P4: DuplicateUploads was counted 1 times, not 0 to 0',
    ]);
  }
});

t.test('who is killed when its handler is done and recorded may not count it', async (t) => {
  const counted = { UploadsAccepted: 1 };
  t.strictSame(findings('after', ['dynamodb UpdateItem', HEARTBEAT], counted), []);
  t.strictSame(findings('after', [], counted), ['P4: UploadsProcessed was counted 0 times, not 1 to 1']);
});
