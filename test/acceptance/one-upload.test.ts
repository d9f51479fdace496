import { uploadIdIn } from '@upload-once/client';
import t from 'tap';
import { deployment } from './support/deployment.ts';
import { eventually } from './support/eventually.ts';
import { postForm, requestForm } from './support/forms.ts';
import { acceptedKey, listVersions, readObject, sha256 } from './support/objects.ts';
import { processed, readObservedVersions, readUpload } from './support/records.ts';

t.test('the issuer returns exactly what existing clients read', async (t) => {
  const response = await fetch(`${deployment.issuerUrl}/getpresignedurl`, {
    headers: { 'x-api-key': deployment.apiKey },
  });
  t.equal(response.status, 200);
  t.match(response.headers.get('content-type'), /^application\/json/);
  t.match(response.headers.get('cache-control'), /no-store/);
  const body = (await response.json()) as { url: { url: string; fields: Record<string, string> } };
  t.strictSame(Object.keys(body), ['url']);
  t.strictSame(Object.keys(body.url).sort(), ['fields', 'url']);
  t.match(body.url.url, /^https?:\/\//);
  t.ok(body.url.fields.key && body.url.fields.policy, 'key and policy are among the fields');
  t.match(
    await readUpload(body.url.fields.key ?? ''),
    { state: 'ISSUED' },
    'it is recorded before the response',
  );
});

t.test('the key has its documented form, in UTC, and is never the same', async (t) => {
  const before = new Date();
  const keys = (await Promise.all(Array.from({ length: 20 }, () => requestForm()))).map((form) => form.key);
  const after = new Date();
  t.equal(new Set(keys).size, 20);
  for (const key of keys) {
    t.ok(uploadIdIn(key).startsWith(`${deployment.namePart}-`), key);
    const [, date = '', time = ''] = /-(\d{8})_(\d{6})-[a-z2-7]{26}$/.exec(key) ?? [];
    const issuedAt = Date.parse(
      `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4)}Z`,
    );
    const aMinute = 60_000;
    t.ok(
      issuedAt >= before.getTime() - aMinute && issuedAt <= after.getTime() + aMinute,
      'clocks may differ a little',
    );
  }
});

t.test('one upload is accepted, processed and recorded, its bytes unchanged', async (t) => {
  const content = `contract ${'§ ü 漢 \u0000'.repeat(1000)}`;
  const form = await requestForm();
  t.equal((await postForm(form, content)).status, 204);
  const upload = await processed(form.key);
  const accepted = await readObject(acceptedKey(form.key), upload.acceptedVersionId);
  t.equal(accepted.sha256, sha256(content));
  t.equal(upload.sizeBytes, accepted.sizeBytes);
  t.strictSame(await readObservedVersions(form.key), []);
  t.ok(Date.parse(upload.processedAt ?? '') >= Date.parse(upload.acceptedAt ?? ''));
  t.ok(Date.parse(upload.storedAt ?? '') > 0, 'the lead time can be calculated');
  t.ok(upload.deleteAt > Date.now() / 1000 + 86_400, 'the record stays for its retention');
  await eventually(
    'the upload’s own version is removed',
    () => listVersions(form.key),
    (versions) => versions.length === 0,
  );
});

t.test('an empty file is an upload like any other', async (t) => {
  const form = await requestForm();
  t.equal((await postForm(form, '')).status, 204);
  t.match(await processed(form.key), { sizeBytes: 0 });
});
