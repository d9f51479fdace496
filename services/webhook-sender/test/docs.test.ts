import { readFileSync } from 'node:fs';
import { type Upload, UploadEventType, UploadState } from '@upload-once/uploads';
import t from 'tap';
import { webhookBody } from '../src/webhook-body.ts';
import { WebhookType } from '../src/webhook-event.ts';

const page = readFileSync(new URL('../../../docs/webhooks.md', import.meta.url), 'utf8');

/** The JSON in a block of the page. */
function example(name: string): unknown {
  const [, json = ''] = new RegExp(`^\`\`\`json ${name}\n(.*?)^\`\`\``, 'ms').exec(page) ?? [];
  return JSON.parse(json);
}

const KEY = 'uploads/invoice-20300131_115930-abcdefghijklmnopqrstuvwxyz';
const at = (time: string) => new Date(`2030-01-31T${time}Z`);

const UPLOAD: Upload = {
  key: KEY,
  apiKeyId: '0123456789abcdef',
  issuedAt: at('11:59:30.000'),
  expiresAt: at('12:00:30.000'),
  constraints: {
    method: 'post',
    contentType: 'application/pdf',
    minBytes: 0,
    maxBytes: 20_000_000,
    filename: 'Invoice March.pdf',
  },
  metadata: { customer: '42' },
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  state: UploadState.processed,
  claimed: {
    versionId: 'v1',
    eTag: '0f343b0931126a20f133d67c2b018a3b',
    sizeBytes: 48_123,
    storedAt: at('12:00:04.000'),
    claimedAt: at('12:00:04.500'),
  },
  acceptedVersionId: '3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH',
  acceptedAt: at('12:00:04.750'),
  attempt: 1,
  leaseOwner: 'one',
  processedAt: at('12:00:05.250'),
};

t.test('the page shows what is sent', async (t) => {
  const where = { bucket: 'upload-once-123456789012', downloadUrl: 'https://…' };
  const processed = webhookBody(
    {
      type: UploadEventType.processed,
      key: KEY,
      acceptedVersionId: '3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH',
      at: at('12:00:05.250'),
    },
    UPLOAD,
    where,
  );
  t.strictSame(JSON.parse(processed), example('processed'));
  const duplicate = webhookBody(
    {
      type: WebhookType.duplicate,
      key: KEY,
      versionId: 'UIORUnfndfiufdisojhr398493jfdkjF',
      sizeBytes: 51_234,
      storedAt: at('12:00:20.000'),
      at: at('12:00:21.000'),
    },
    UPLOAD,
    where,
  );
  t.match(JSON.parse(duplicate).data, example('duplicate') as object);
});

t.test('the largest upload makes a body of less than 20 kB', async (t) => {
  const metadata = { note: '\u0001'.repeat(2_048) };
  const constraints = { ...UPLOAD.constraints, filename: '\u{1d11e}'.repeat(63) };
  const event = {
    type: UploadEventType.failed,
    key: KEY,
    acceptedVersionId: 'v'.repeat(1_024),
    at: new Date(),
  };
  const body = webhookBody(
    { ...event, reason: '\u0001'.repeat(500) },
    { ...UPLOAD, key: `uploads/${'ä'.repeat(500)}`, metadata, constraints, state: UploadState.failed },
    { bucket: 'b'.repeat(63), downloadUrl: undefined },
  );
  t.ok(Buffer.byteLength(body) < 20_000, `${Buffer.byteLength(body)} bytes`);
});
