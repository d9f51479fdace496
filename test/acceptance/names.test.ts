import { createUpload, uploadFile } from '@upload-once/client';
import t from 'tap';
import { deployment } from './support/deployment.ts';
import { postForm, requestForm, withoutHaste } from './support/forms.ts';
import { acceptedKey, readObject, sha256 } from './support/objects.ts';
import { processed, reportedObservedVersions } from './support/records.ts';

/** The deployment's own name part is what keys are made of; run it with spaces, `+`, `%` and letters beyond ASCII. */
t.test(`a key that begins with "${deployment.namePart}" is found again at every step`, async (t) => {
  const form = await requestForm();
  t.ok(form.key.includes(deployment.namePart));
  t.equal((await postForm(form, 'named')).status, 204);
  const upload = await processed(form.key);
  t.equal((await readObject(acceptedKey(form.key), upload.acceptedVersionId)).sha256, sha256('named'));
});

t.test('P3: a key with an emoji is found again at every step', async (t) => {
  const { issuerUrl, apiKey } = deployment;
  const { form } = await withoutHaste(() => createUpload({ issuerUrl, apiKey, name: 'Vertrag 😀' }));
  const file = (text: string) => ({ blob: new Blob([text]), name: 'file.txt' });
  await uploadFile({ form, file: file('first') });
  await uploadFile({ form, file: file('second') });
  const upload = await processed(form.key);
  t.match(form.key, /^uploads\/Vertrag 😀-/);
  t.equal((await readObject(acceptedKey(form.key), upload.acceptedVersionId)).sha256, sha256('first'));
  t.match(await reportedObservedVersions(form.key, 1), [{ item: /^duplicate#/ }]);
});

t.test('the name of the client’s file plays no part in the key', async (t) => {
  for (const name of [
    '../../accepted/x',
    'a b+c%2F.txt',
    'Überprüfung "3".pdf',
    '$\u007bfilename}',
    'x'.repeat(255),
  ]) {
    const form = await requestForm();
    t.equal((await postForm(form, name, name)).status, 204, name);
    t.match(await processed(form.key), { FullFilename: form.key });
  }
});
