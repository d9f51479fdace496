import { createUpload, uploadFile } from '@upload-once/client';
import { Webhook } from 'standardwebhooks';
import t from 'tap';
import { deployment } from './support/deployment.ts';
import { eventually } from './support/eventually.ts';
import { withoutHaste } from './support/forms.ts';
import { acceptedKey, readObject, sha256 } from './support/objects.ts';
import { processed, reportedObservedVersions } from './support/records.ts';

const { webhookReceiverUrl, webhookSecret } = deployment;
/** A deployment without webhooks has none to try. That is said, so that no receiver is left out by mistake. */
const skip = deployment.hasNoWebhooks && 'the deployment has no webhooks (ACCEPTANCE_WITHOUT_WEBHOOKS)';
if (!skip && webhookReceiverUrl === undefined) {
  throw new Error(
    'WEBHOOK_RECEIVER_URL is not set: give the URL of the receiver, or ACCEPTANCE_WITHOUT_WEBHOOKS=true if the deployment has no webhooks',
  );
}

interface Received {
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** The webhooks about an upload, once there are so many, in the order of their arrival: each with its id, and with its body as the standard's own library verifies it. */
async function webhooksOf(key: string, count: number) {
  const id = key.replace('uploads/', '');
  const received = await eventually(
    `${count} webhooks about ${key}`,
    async () => {
      const response = await fetch(`${webhookReceiverUrl}?${new URLSearchParams({ id })}`);
      return (await response.json()) as Received[];
    },
    ({ length }) => length >= count,
  );
  const verifier = new Webhook(webhookSecret ?? '');
  return received.map(({ headers, body }) => ({
    webhookId: headers['webhook-id'],
    ...(verifier.verify(body, headers) as { type: string; data: Record<string, unknown> }),
  }));
}

async function upload(metadata: Record<string, string>, ...contents: readonly string[]): Promise<string> {
  const access = { issuerUrl: deployment.issuerUrl, apiKey: deployment.apiKey };
  const { form } = await withoutHaste(() => createUpload({ ...access, metadata }));
  for (const content of contents)
    await uploadFile({ form, file: { blob: new Blob([content]), name: 'file.txt' } });
  return form.key;
}

t.test('a processed upload is reported to the receiver, with a URL to read it by', { skip }, async (t) => {
  const key = await upload({ webhooks: 'all', customer: 'A & B' }, 'a contract');
  const { acceptedVersionId } = await processed(key);
  const [webhook] = await webhooksOf(key, 1);
  t.match(webhook, {
    type: 'upload.processed',
    data: {
      state: 'PROCESSED',
      metadata: { customer: 'A & B' },
      sizeBytes: 10,
      bucket: deployment.bucket,
      acceptedKey: acceptedKey(key),
      acceptedVersionId: acceptedVersionId ?? '',
    },
  });
  const response = await fetch(String(webhook?.data['downloadUrl']));
  t.equal(await response.text(), 'a contract');
});

t.test('P4: a duplicate is reported to the receiver beside the upload', { skip }, async (t) => {
  const key = await upload({ webhooks: 'all' }, 'the first', 'another file');
  const [duplicate] = await reportedObservedVersions(key, 1);
  await processed(key);
  const webhooks = await webhooksOf(key, 2);
  t.strictSame(webhooks.map(({ type }) => type).sort(), ['upload.duplicate', 'upload.processed']);
  const versionId = duplicate?.item.replace('duplicate#', '') ?? '';
  t.match(webhooks.find(({ type }) => type === 'upload.duplicate')?.data, {
    duplicate: { versionId, sizeBytes: 12 },
  });
  t.equal((await readObject(acceptedKey(key))).sha256, sha256('the first'));
});

t.test('a receiver that fails once gets the same webhook again', { skip }, async (t) => {
  const key = await upload({ webhooks: 'fail-once' }, 'a contract');
  const [first, second] = await webhooksOf(key, 2);
  t.match(second, { type: 'upload.processed', data: { state: 'PROCESSED' } });
  t.equal(second?.webhookId, first?.webhookId);
});

t.test('an upload whose processing failed for good is reported with its reason', { skip }, async (t) => {
  const key = await upload({ webhooks: 'all', processing: 'fails' }, 'a contract');
  t.match(await webhooksOf(key, 1), [
    { type: 'upload.failed', data: { state: 'FAILED', failureReason: 'You asked for it.', sizeBytes: 10 } },
  ]);
});
