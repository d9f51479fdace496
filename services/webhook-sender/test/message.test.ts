import { UploadEventType, writeReport, writeUploadEvent } from '@upload-once/uploads';
import t from 'tap';
import { readMessage, uploadIdsIn, writeRetry } from '../src/message.ts';

const AT = new Date('2030-01-31T12:00:00.000Z');
const KEY = 'uploads/Zählerstand-1';
const VERSION = { key: KEY, versionId: 'v2', eTag: 'e', sizeBytes: 7, storedAt: AT };

const report = (kind: 'duplicate' | 'refused' | 'orphan') =>
  writeReport({
    observedVersion: { ...VERSION, kind, recordedAt: new Date(AT.getTime() + 1), reported: false },
  });

const PROCESSED = writeUploadEvent({
  type: UploadEventType.processed,
  key: KEY,
  acceptedVersionId: 'v1',
  at: AT,
});

t.test('an event of the processor and the report of a duplicate are events, due at once', async (t) => {
  t.match(readMessage(PROCESSED), {
    event: { type: 'upload.processed', key: KEY, acceptedVersionId: 'v1', at: AT },
    attempt: 1,
    nextAttemptAt: undefined,
  });
  t.strictSame(readMessage(report('duplicate'))?.event, {
    type: 'upload.duplicate',
    key: KEY,
    versionId: 'v2',
    sizeBytes: 7,
    storedAt: AT,
    at: new Date(AT.getTime() + 1),
  });
});

t.test('no endpoint is sent another report', async (t) => {
  const count = writeReport({ key: KEY, kind: 'duplicate', count: 10, countedAt: AT });
  for (const body of [report('refused'), report('orphan'), count]) t.equal(readMessage(body), undefined);
  t.equal(readMessage('{"schemaVersion":1,"id":"x","type":"of a later release"}'), undefined);
});

t.test(
  'a retry has the message as it came, in printable ASCII, whatever number of attempts it had',
  async (t) => {
    const at = new Date(AT.getTime() + 5_000);
    let body = PROCESSED;
    for (let attempt = 2; attempt <= 10; attempt += 1) {
      body = writeRetry(readMessage(body)?.original ?? {}, attempt, at);
      t.match(body, /^[\x20-\x7e]+$/);
      t.match(readMessage(body), { event: { key: KEY, at: AT }, attempt, nextAttemptAt: at });
    }
    t.strictSame(JSON.parse(body).event, JSON.parse(PROCESSED));
  },
);

t.test('anything else is refused for good', async (t) => {
  const event = JSON.parse(PROCESSED);
  for (const message of [
    {},
    { ...event, key: 'accepted/a' },
    { ...event, schemaVersion: 2 },
    { ...event, type: 'upload.deleted' },
    { ...JSON.parse(report('duplicate')), sizeBytes: -1 },
    { ...JSON.parse(report('duplicate')), key: 'accepted/a' },
    { ...JSON.parse(report('duplicate')), recordedAt: 'yesterday' },
    { schemaVersion: 1, event, attempt: 0, nextAttemptAt: AT },
    { schemaVersion: 1, event, attempt: 12, nextAttemptAt: AT },
    { schemaVersion: 1, event, attempt: 2 },
    { schemaVersion: 1, event: {}, attempt: 2, nextAttemptAt: AT },
    [event],
    'text',
    null,
  ]) {
    const body = JSON.stringify(message);
    t.throws(() => readMessage(body), { code: 'Unprocessable' }, body);
  }
  t.throws(() => readMessage('{'), { code: 'Unprocessable' });
});

t.test('a message names the upload that it is about, if it can be read', async (t) => {
  for (const body of [PROCESSED, report('duplicate'), writeRetry(JSON.parse(PROCESSED), 2, AT)]) {
    t.strictSame(uploadIdsIn(body), ['Zählerstand-1']);
  }
  for (const body of [report('orphan'), 'no JSON', '{}']) t.strictSame(uploadIdsIn(body), [], body);
});
