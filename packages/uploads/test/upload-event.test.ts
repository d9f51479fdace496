import t from 'tap';
import { parseUploadEvent, UploadEventType, writeUploadEvent } from '../src/index.ts';

const PROCESSED = {
  type: UploadEventType.processed,
  key: 'uploads/Vertrag 😀 a\u0001\u007f\u2028\uffff',
  acceptedVersionId: 'version-1',
  at: new Date('2026-11-28T10:00:00.123Z'),
};
const FAILED = { ...PROCESSED, type: UploadEventType.failed, attempt: 3, reason: 'kein Zähler' };

t.test('an event is a message that SQS takes, and is read as it was written', async (t) => {
  for (const event of [PROCESSED, FAILED]) {
    const text = writeUploadEvent(event);
    t.match(text, /^[\x20-\x7e]+$/);
    t.strictSame(parseUploadEvent(JSON.parse(text)), event);
  }
});

t.test('the message has exactly these fields', async (t) => {
  t.strictSame(JSON.parse(writeUploadEvent(FAILED)), {
    schemaVersion: 1,
    type: 'upload.failed',
    key: FAILED.key,
    acceptedVersionId: 'version-1',
    at: '2026-11-28T10:00:00.123Z',
    attempt: 3,
    reason: 'kein Zähler',
  });
});

t.test('a field that is not known is ignored', async (t) => {
  const message = { ...JSON.parse(writeUploadEvent(PROCESSED)), later: true };
  t.strictSame(parseUploadEvent(message), PROCESSED);
});

t.test('what is no event of this format is none', async (t) => {
  const message = JSON.parse(writeUploadEvent(FAILED));
  const others: readonly unknown[] = [
    undefined,
    null,
    'text',
    [],
    {},
    { ...message, schemaVersion: 2 },
    { ...message, type: 'duplicate' },
    { ...message, key: 'accepted/file' },
    { ...message, key: 1 },
    { ...message, acceptedVersionId: '' },
    { ...message, acceptedVersionId: undefined },
    { ...message, at: 'yesterday' },
    { ...message, at: 1 },
    { ...message, reason: 1 },
    { ...message, attempt: 0 },
    { ...message, attempt: 1.5 },
    { ...message, attempt: '1' },
  ];
  for (const other of others) t.equal(parseUploadEvent(other), undefined);
});
