import { createHash } from 'node:crypto';
import { createUpload, uploadFile } from '@upload-once/client';
import t from 'tap';
import { deployment } from './support/deployment.ts';
import { withoutHaste } from './support/forms.ts';
import { acceptedKey, listVersions, readObject } from './support/objects.ts';
import { processed } from './support/records.ts';

const MIB = 1024 * 1024;
const sizeBytes = deployment.bigFileBytes;

/** Blocks that all differ, so that a part in the wrong place shows. */
function* blocks(): Generator<Uint8Array> {
  const block = Buffer.alloc(MIB);
  for (let at = 0; at < block.length; at += 1) block[at] = (at * 31) % 251;
  for (let sent = 0; sent < sizeBytes; sent += block.length) {
    block.writeDoubleBE(sent, 0);
    yield Buffer.from(block.subarray(0, Math.min(block.length, sizeBytes - sent)));
  }
}

t.test(`P2: a file of ${sizeBytes / MIB} MiB arrives as it was sent`, async (t) => {
  const { issuerUrl, apiKey } = deployment;
  // Long enough for a backend that judges the expiry once all has arrived.
  const { form } = await withoutHaste(() => createUpload({ issuerUrl, apiKey, expiresInSeconds: 600 }));
  const sent = createHash('sha256');
  async function* stream() {
    for (const block of blocks()) {
      sent.update(block);
      yield block;
    }
  }
  const result = await uploadFile({ form, file: { stream: stream(), name: 'video.mp4', sizeBytes } });
  t.equal(result.status, 204);
  const upload = await processed(form.key);
  t.equal(upload.sizeBytes, sizeBytes);
  const accepted = await readObject(acceptedKey(form.key), upload.acceptedVersionId);
  t.equal(accepted.sizeBytes, sizeBytes);
  t.equal(accepted.sha256, sent.digest('hex'));
  t.equal((await listVersions(acceptedKey(form.key))).length, 1);
});
