import { createUpload, getUpload, revokeUpload, uploadFile } from '@upload-once/client';
import t from 'tap';
import { deployment } from './support/deployment.ts';
import { withoutHaste } from './support/forms.ts';
import { acceptedKey, listVersions, readObject, sha256 } from './support/objects.ts';
import { processed, readUpload, reportedObservedVersions } from './support/records.ts';

// An issuer of sharded keys and one of plain keys share bucket, tables and services, as they do where the setting was changed.
const ISSUERS = [
  { issuerUrl: deployment.issuerUrl, isSharded: deployment.shardedKeys },
  { issuerUrl: deployment.shardedIssuerUrl, isSharded: true },
];
const TEXT = 'the file';
const file = { blob: new Blob([TEXT]), name: 'file.txt' };

for (const { issuerUrl, isSharded } of ISSUERS) {
  if (issuerUrl === undefined) continue;
  const what = isSharded ? 'sharded keys' : 'plain keys';
  const access = { issuerUrl, apiKey: deployment.apiKey };
  const create = (method: 'post' | 'put') =>
    withoutHaste(() =>
      createUpload({
        ...access,
        method,
        expiresInSeconds: 300,
        ...(method === 'put' && { minBytes: file.blob.size, maxBytes: file.blob.size }),
      }),
    );

  for (const method of ['post', 'put'] as const) {
    t.test(`P1 P2: with ${what}, an upload by ${method} is found again at every step`, async (t) => {
      const { id, form } = await create(method);
      t.equal(form.key, `uploads/${isSharded ? `${id.at(-26)}/` : ''}${id}`);
      t.notMatch(id, /\//);
      await uploadFile({ form, file });
      const upload = await processed(form.key);
      t.equal((await readObject(acceptedKey(form.key), upload.acceptedVersionId)).sha256, sha256(TEXT));
      t.match(await getUpload(access, id), { id, state: 'PROCESSED' });
    });
  }

  t.test(`P4: with ${what}, a second version is a duplicate`, async (t) => {
    const { id, form } = await create('post');
    await uploadFile({ form, file });
    await uploadFile({ form, file: { blob: new Blob(['another']), name: 'file.txt' } });
    await processed(form.key);
    await reportedObservedVersions(form.key, 1);
    t.match(await getUpload(access, id), { id, duplicates: 1 });
  });

  t.test(`P5: with ${what}, an upload is revoked by its id`, async (t) => {
    const { id, form } = await create('post');
    await revokeUpload(access, id);
    t.match(await readUpload(form.key), { state: 'REVOKED' });
    t.strictSame(await listVersions(acceptedKey(form.key)), []);
  });
}
