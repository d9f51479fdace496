// The judge of the events alone: what is right is no finding, and each thing that the processor could do wrong is one.
import { type Upload, type UploadEvent, UploadEventType, UploadState } from '@upload-once/uploads';
import t from 'tap';
import { eventFindings } from '../src/kill-points/event-findings.ts';

const processedAt = new Date('2026-11-28T10:00:00.000Z');
const upload: Upload = {
  key: 'uploads/file',
  apiKeyId: 'key-1',
  issuedAt: processedAt,
  expiresAt: processedAt,
  constraints: { method: 'post', minBytes: 0, maxBytes: 1 },
  metadata: {},
  traceparent: '',
  state: UploadState.processed,
  acceptedVersionId: 'version-1',
  attempt: 1,
  processedAt,
};
const event: UploadEvent = {
  type: UploadEventType.processed,
  key: upload.key,
  acceptedVersionId: 'version-1',
  at: processedAt,
};
const ofAnother = { ...event, key: 'uploads/other' };

t.test('the event of an upload, once or again', async (t) => {
  t.strictSame(eventFindings(upload, [ofAnother, event]), []);
  t.strictSame(eventFindings(upload, [event, event]), []);
});

t.test('no event, or another one, is noticed', async (t) => {
  t.match(eventFindings(upload, [ofAnother]), [/has no event of uploads\/file/]);
  for (const other of [
    { ...event, type: UploadEventType.failed },
    { ...event, acceptedVersionId: 'version-2' },
    { ...event, at: new Date(0) },
  ])
    t.match(eventFindings(upload, [event, other]), [/^P3: the queue of webhooks has \{/]);
});
