import { setTimeout as delay } from 'node:timers/promises';
import { type UploadForm, UploadRefused, uploadFile } from '@upload-once/client';
import t, { type Test } from 'tap';
import { deployment } from './support/deployment.ts';
import { postForm, requestForm } from './support/forms.ts';
import { KNOWN_GAPS, type KnownGap } from './support/known-gaps.ts';
import { listVersions } from './support/objects.ts';
import { processed, readUpload } from './support/records.ts';

/** S3 refuses such a form, and nothing is left of it. Where it is known to take it, it is an upload like any other. */
async function isRefused(t: Test, gap: KnownGap, form: UploadForm, code: string): Promise<void> {
  const outcome = await postForm(form, 'not as it was signed');
  if (deployment.knownGaps.has(gap)) {
    const isTaken = t.equal(outcome.status, 204, `known: ${KNOWN_GAPS[gap]}`);
    if (isTaken) t.match(await processed(form.key), { state: 'PROCESSED' });
    return;
  }
  t.match(outcome, { status: 403, code });
  t.strictSame(await listVersions(form.key), []);
  t.match(await readUpload(form.key), { state: 'ISSUED' });
}

t.test('P6: a changed signature is refused by S3, and leaves nothing', async (t) => {
  const form = await requestForm();
  const signature = form.fields['x-amz-signature'] ?? '';
  const changed = `${signature.slice(0, -1)}${signature.endsWith('0') ? '1' : '0'}`;
  t.match(changed, /^[0-9a-f]{64}$/, 'the form has a signature to change');
  const fields = { ...form.fields, 'x-amz-signature': changed };
  await isRefused(t, 'form-signature', { ...form, fields }, 'SignatureDoesNotMatch');
});

t.test('P6: a field that was not signed is refused by S3, and leaves nothing', async (t) => {
  const form = await requestForm();
  const fields = { ...form.fields, 'x-amz-meta-of-my-own': 'x' };
  await isRefused(t, 'form-undeclared-field', { ...form, fields }, 'AccessDenied');
});

t.test('P6: an upload that has started in time may take longer than its form is good for', async (t) => {
  const form = await requestForm(deployment.shortLivedIssuerUrl);
  const begin = Buffer.alloc(128 * 1024, 'begun in time ');
  const end = Buffer.from('ended late');
  async function* slowly() {
    yield begin;
    // S3 judges by its own clock: a second beyond the policy's expiration covers what ours is off by.
    await delay(Math.max(0, form.expiresAt.getTime() - Date.now()) + 1000);
    yield end;
  }
  const sizeBytes = begin.length + end.length;
  const upload = uploadFile({ form, file: { stream: slowly(), name: 'slow.txt', sizeBytes } });
  if (deployment.knownGaps.has('form-expiry-at-start')) {
    const refusal = await upload.catch((error: unknown) => error);
    t.type(refusal, UploadRefused, `known: ${KNOWN_GAPS['form-expiry-at-start']}`);
    t.match(refusal, { status: 403, s3Code: 'AccessDenied' });
    return;
  }
  t.equal((await upload).status, 204);
  t.match(await processed(form.key), { sizeBytes });
});
