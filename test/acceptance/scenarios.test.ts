import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { deployment } from './support/deployment.ts';
import { postForm, requestForm } from './support/forms.ts';
import { acceptedKey, listVersions, readObject, sha256 } from './support/objects.ts';
import { processed, readObservedVersions, readUpload, reportedObservedVersions } from './support/records.ts';

for (const files of [2, 3]) {
  t.test(
    `P1 P4: of ${files} different files sent with one form the first is accepted, each other one reported`,
    async (t) => {
      const form = await requestForm();
      const contents = Array.from({ length: files }, (_, at) => `file ${at + 1}`);
      for (const content of contents) t.equal((await postForm(form, content)).status, 204);
      const upload = await processed(form.key);
      const observedVersions = await reportedObservedVersions(form.key, files - 1);
      t.equal((await readObject(acceptedKey(form.key), upload.acceptedVersionId)).sha256, sha256('file 1'));
      t.equal((await listVersions(acceptedKey(form.key))).length, 1);
      t.equal(observedVersions.length, files - 1);
      t.ok(observedVersions.every((each) => each.item === `duplicate#${each.versionId}`));
      const kept = await listVersions(form.key);
      t.strictSame(
        new Set(observedVersions.map((each) => each.versionId)),
        new Set(kept.map((version) => version.VersionId).filter((id) => id !== upload.versionId)),
        'duplicates are kept as evidence',
      );
    },
  );
}

t.test('P1: a second upload after the first is processed changes nothing', async (t) => {
  const form = await requestForm();
  await postForm(form, 'the first');
  const before = await processed(form.key);
  t.equal((await postForm(form, 'much later')).status, 204);
  await reportedObservedVersions(form.key, 1);
  const after = await readUpload(form.key);
  t.strictSame({ ...after, deleteAt: 0 }, { ...before, deleteAt: 0 });
  t.equal((await readObject(acceptedKey(form.key))).sha256, sha256('the first'));
});

t.test(
  'P6: an upload that starts after the form has expired is refused by S3, and leaves nothing',
  async (t) => {
    const form = await requestForm(deployment.shortLivedIssuerUrl);
    // S3 judges by its own clock: a second beyond the policy's expiration covers what ours is off by.
    await delay(Math.max(0, form.expiresAt.getTime() - Date.now()) + 1000);
    t.match(await postForm(form, 'late'), { status: 403, code: 'AccessDenied' });
    t.strictSame(await listVersions(form.key), []);
    t.match(await readUpload(form.key), { state: 'ISSUED' });
  },
);

t.test('P6: a changed key is refused by S3, and leaves nothing', async (t) => {
  const form = await requestForm();
  for (const key of [`${form.key}x`, 'uploads/of-my-own', acceptedKey(form.key)]) {
    t.match(await postForm({ ...form, fields: { ...form.fields, key } }, 'x'), {
      status: 403,
      code: 'AccessDenied',
    });
    t.strictSame(await listVersions(key), []);
  }
  t.strictSame(await readObservedVersions(form.key), []);
});
