import t from 'tap';
import { deployment } from './support/deployment.ts';
import { postForm, requestForm } from './support/forms.ts';
import { heldCalls, order } from './support/local-control.ts';
import { acceptedKey, readObject } from './support/objects.ts';
import { processed, readUpload } from './support/records.ts';

const LARGE_BYTES = 64 * 1024 * 1024;
const SMALL_UPLOADS = 40;

/** Where calls can be held back the large copy stands still; elsewhere it is merely under way. */
async function holdCopy(key: string): Promise<() => Promise<void>> {
  if (!deployment.controlUrl) return async () => undefined;
  await order('/calls/hold', { operation: 'UploadPartCopy', keyPrefix: key });
  return async () => order('/calls/release');
}

t.test('P8: while a large copy is held back, all the small uploads behind it are processed', async (t) => {
  const large = await requestForm();
  const release = await holdCopy(acceptedKey(large.key));
  t.equal((await postForm(large, new Blob([Buffer.alloc(LARGE_BYTES, 7)]))).status, 204);
  if (deployment.controlUrl) await heldCalls('UploadPartCopy', acceptedKey(large.key));

  const keys = await Promise.all(
    Array.from({ length: SMALL_UPLOADS }, async (_, at) => {
      const form = await requestForm();
      await postForm(form, `small ${at}`);
      return form.key;
    }),
  );
  for (const key of keys) t.match(await processed(key), { state: 'PROCESSED' });
  if (deployment.controlUrl) t.match(await readUpload(large.key), { state: 'CLAIMED' });

  await release();
  const upload = await processed(large.key);
  t.match(await readObject(acceptedKey(large.key), upload.acceptedVersionId), { sizeBytes: LARGE_BYTES });
});
