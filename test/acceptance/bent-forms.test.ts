import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import type { UploadForm } from '@upload-once/client';
import t, { type Test } from 'tap';
import { deployment, s3 } from './support/deployment.ts';
import { postForm, requestForm } from './support/forms.ts';
import { KNOWN_GAPS, type KnownGap } from './support/known-gaps.ts';
import { leftNothing } from './support/left-nothing.ts';
import { acceptedKey, listVersions, readObject, sha256 } from './support/objects.ts';
import { otherBucket } from './support/other-bucket.ts';
import { callRaw } from './support/raw-calls.ts';
import { processed, readObservedVersions } from './support/records.ts';

// The holder of a form tries to use it for more than its one upload.

interface Bent {
  readonly fields: Readonly<Record<string, string>>;
  readonly fileName?: string;
}

/** S3's response; or the known gap, if a fake is known to accept the form. */
interface Refusal {
  readonly status: number;
  readonly code: string | RegExp;
  readonly gap?: KnownGap;
}

const DENIED: Refusal = { status: 403, code: 'AccessDenied' };

/** @returns the key of the upload, if S3 has refused it */
async function tryBent(t: Test, what: string, bend: (form: UploadForm) => Bent, expected: Refusal) {
  const form = await requestForm();
  const { fields, fileName = 'file.txt' } = bend(form);
  const response = await postForm({ url: form.url, fields }, `bent: ${what}`, fileName);
  if (expected.gap !== undefined && deployment.knownGaps.has(expected.gap)) {
    t.ok(response.status < 400, `${what}: known: ${KNOWN_GAPS[expected.gap]}, got ${response.status}`);
    return undefined;
  }
  t.match(response, { status: expected.status, code: expected.code }, what);
  return form.key;
}

const withField = (form: UploadForm, name: string, value: string): Bent => ({
  fields: { ...form.fields, [name]: value },
});

const without = (form: UploadForm, ...names: string[]): Bent => ({
  fields: Object.fromEntries(Object.entries(form.fields).filter(([name]) => !names.includes(name))),
});

t.test('P6: a form is for its key and for no other, however that is written', async (t) => {
  const mark = randomBytes(8).toString('hex');
  const own = (form: UploadForm) => form.key.replace(/^uploads\//, '');
  const otherKeys: Record<string, (form: UploadForm) => string> = {
    'another name': () => `uploads/${mark}`,
    'its own key, and more': (form) => `${form.key}-${mark}`,
    'less than its own key': (form) => form.key.slice(0, -1),
    'its own key in capitals': (form) => form.key.toUpperCase(),
    'its own key behind a slash': (form) => `/${form.key}`,
    'its own key with two slashes': (form) => `uploads//${own(form)}`,
    'its own key and a line break': (form) => `${form.key}\n`,
    'its own key, percent-encoded': (form) => encodeURIComponent(form.key),
    'accepted/': (form) => acceptedKey(form.key),
    'up from uploads/': () => `uploads/../accepted/${mark}`,
    'up from its own key': (form) => `${form.key}/../../accepted/${mark}`,
    'up from a name': () => `uploads/x/../../accepted/${mark}`,
    'up with a backslash': () => `uploads\\..\\accepted\\${mark}`,
    'up, percent-encoded': () => `uploads/%2e%2e/accepted/${mark}`,
    'up with the slash encoded too': () => `uploads/..%2faccepted%2f${mark}`,
    'up, encoded twice': () => `uploads/%252e%252e%252faccepted%252f${mark}`,
    'up with UTF-8 that is too long': () => `uploads/%c0%ae%c0%ae/accepted/${mark}`,
    'up with full-width dots': () => `uploads/．．/accepted/${mark}`,
  };
  const issued: string[] = [];
  const others: string[] = [];
  for (const [what, keyFor] of Object.entries(otherKeys)) {
    const bend = (form: UploadForm) => {
      others.push(keyFor(form));
      return withField(form, 'key', keyFor(form));
    };
    issued.push((await tryBent(t, what, bend, DENIED)) ?? '');
  }
  for (const fileName of [mark, `../../accepted/${mark}`]) {
    const bend = (form: UploadForm) => ({ ...withField(form, 'key', 'uploads/$\u007bfilename}'), fileName });
    issued.push((await tryBent(t, `the file's name as key: ${fileName}`, bend, DENIED)) ?? '');
  }
  const keyless = await requestForm();
  t.ok((await postForm({ url: keyless.url, fields: without(keyless, 'key').fields }, 'x')).status >= 400);
  issued.push(keyless.key);
  await leftNothing(t, issued, [...others, `uploads/${mark}`, `accepted/${mark}`]);
});

t.test('P6: a form takes no field that was not signed into it', async (t) => {
  const gap = 'form-undeclared-field';
  const extra: Record<string, string> = {
    acl: 'public-read',
    tagging: '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>',
    'cache-control': 'max-age=31536000',
    'content-disposition': 'attachment; filename="invoice.exe"',
    'content-encoding': 'gzip',
    'content-type': 'text/html',
    expires: 'Thu, 01 Jan 2099 00:00:00 GMT',
    redirect: 'https://evil.example/',
    success_action_redirect: 'https://evil.example/',
    success_action_status: '201',
    'x-amz-storage-class': 'GLACIER',
    'x-amz-website-redirect-location': 'https://evil.example/',
    'x-amz-server-side-encryption': 'aws:kms',
    'x-amz-server-side-encryption-aws-kms-key-id': 'arn:aws:kms:eu-central-1:111122223333:key/of-another',
    'x-amz-object-lock-mode': 'COMPLIANCE',
    'x-amz-checksum-sha256': createHash('sha256').update('x').digest('base64'),
    'x-amz-meta-upload-id': 'another',
    'X-Amz-Meta-Injected': 'a\r\nx-amz-acl: public-read',
    'x-amz-meta-a\r\nx-amz-acl': 'public-read',
  };
  const issued: string[] = [];
  for (const [name, value] of Object.entries(extra)) {
    const expected = { ...DENIED, gap } as const;
    issued.push((await tryBent(t, name, (form) => withField(form, name, value), expected)) ?? '');
  }
  await leftNothing(
    t,
    issued.filter((key) => key !== ''),
    [],
  );
});

t.test('P6: what was signed can’t be left out, changed or made up', async (t) => {
  const another = Buffer.from(
    JSON.stringify({ expiration: '2099-01-01T00:00:00Z', conditions: [['starts-with', '$key', '']] }),
  ).toString('base64');
  const cases: Record<string, [(form: UploadForm) => Bent, Refusal]> = {
    'a policy of one’s own': [
      (form) => withField(form, 'policy', another),
      { status: 403, code: 'SignatureDoesNotMatch', gap: 'form-signature' },
    ],
    'nothing signed at all': [
      (form) => ({ fields: { key: form.key } }),
      { status: 403, code: 'AccessDenied', gap: 'unsigned-calls' },
    ],
    'without the policy': [
      (form) => without(form, 'policy'),
      { status: 400, code: 'InvalidArgument', gap: 'unsigned-calls' },
    ],
    'without the signature': [
      (form) => without(form, 'x-amz-signature'),
      { status: 400, code: 'InvalidArgument' },
    ],
    'a later date': [
      (form) => withField(form, 'x-amz-date', `${(form.fields['x-amz-date'] ?? '').slice(0, 8)}T235959Z`),
      { status: 403, code: 'AccessDenied' },
    ],
    'the access key of another': [
      (form) =>
        withField(
          form,
          'x-amz-credential',
          (form.fields['x-amz-credential'] ?? '').replace(/^[^/]+/, 'AKIAEXAMPLEOFANOTHER'),
        ),
      { status: 403, code: /^(InvalidAccessKeyId|AccessDenied)$/ },
    ],
    'the signature of another form': [
      (form) => withField(form, 'x-amz-signature', borrowed.fields['x-amz-signature'] ?? ''),
      { status: 403, code: 'SignatureDoesNotMatch', gap: 'form-signature' },
    ],
    'policy and signature of another form': [
      (form) => ({ fields: { ...borrowed.fields, key: form.key } }),
      { status: 403, code: 'AccessDenied' },
    ],
  };
  const borrowed = await requestForm();
  // Only what temporary credentials have signed carries their token.
  if (borrowed.fields['x-amz-security-token'] !== undefined) {
    const invalid = { status: 400, code: 'InvalidToken' };
    cases['another session token'] = [
      (form) => withField(form, 'x-amz-security-token', 'of-another'),
      invalid,
    ];
    cases['without the session token'] = [(form) => without(form, 'x-amz-security-token'), invalid];
  }
  const issued: string[] = [borrowed.key];
  for (const [what, [bend, expected]] of Object.entries(cases)) {
    issued.push((await tryBent(t, what, bend, expected)) ?? '');
  }
  await leftNothing(
    t,
    issued.filter((key) => key !== ''),
    [],
  );
});

t.test('P6: what follows the file, and fields that S3 ignores, change nothing', async (t) => {
  const form = await requestForm();
  const mark = randomBytes(8).toString('hex');
  const body = new FormData();
  body.append('x-ignore-key', `accepted/${mark}`);
  for (const [name, value] of Object.entries(form.fields)) body.append(name, value);
  body.append('file', new Blob(['the file']), 'file.txt');
  body.append('key', `accepted/${mark}`);
  body.append('x-amz-meta-late', '1');
  body.append('file', new Blob(['a second file']), 'second.txt');
  const response = await fetch(form.url, { method: 'POST', body });
  t.equal(response.status, 204);
  const upload = await processed(form.key);
  t.equal((await readObject(acceptedKey(form.key), upload.acceptedVersionId)).sha256, sha256('the file'));
  await leftNothing(t, [], [`accepted/${mark}`]);
});

t.test('P6: a form is for its bucket and for no other', async (t) => {
  const other = await otherBucket();
  const form = await requestForm();
  const url = form.url.replace(deployment.bucket, other);
  t.not(url, form.url, 'the form’s URL names its bucket');
  t.match(await postForm({ url, fields: form.fields }, 'elsewhere'), { status: 403, code: 'AccessDenied' });
  const named = { ...form.fields, bucket: other };
  // S3 goes by the URL; whether it reads the field or not, nothing gets into the bucket that it names.
  await postForm({ url: form.url, fields: named }, 'named');
  const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: other }));
  t.strictSame(Versions, []);
});

t.test('P6: a form’s signature is good for a form and for no other call', async (t) => {
  const form = await requestForm();
  const { origin, pathname } = new URL(form.url);
  const keyPath = `${pathname.replace(/\/$/, '')}/${form.key.split('/').map(encodeURIComponent).join('/')}`;
  const query = new URLSearchParams({ 'X-Amz-Expires': '3600', 'X-Amz-SignedHeaders': 'host' });
  for (const [name, value] of Object.entries(form.fields)) {
    if (/^x-amz-(algorithm|credential|date|security-token|signature)$/.test(name)) {
      query.set(
        name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase()),
        value,
      );
    }
  }
  interface Call {
    readonly method: string;
    readonly path: string;
    readonly isUnsigned?: boolean;
    /** The status where no signature is checked. */
    readonly unchecked: number;
  }
  const calls: Record<string, Call> = {
    'reads the object': { method: 'GET', path: `${keyPath}?${query}`, unchecked: 404 },
    'looks whether it is there': { method: 'HEAD', path: `${keyPath}?${query}`, unchecked: 404 },
    'writes it': { method: 'PUT', path: `${keyPath}?${query}`, unchecked: 200 },
    'deletes it': { method: 'DELETE', path: `${keyPath}?${query}`, unchecked: 204 },
    'begins a multipart upload': { method: 'POST', path: `${keyPath}?uploads=&${query}`, unchecked: 500 },
    'makes it public': { method: 'PUT', path: `${keyPath}?acl=&${query}`, unchecked: 500 },
    'lists the bucket': { method: 'GET', path: `${pathname}?list-type=2&${query}`, unchecked: 200 },
    'deletes many objects': { method: 'POST', path: `${pathname}?delete=&${query}`, unchecked: 500 },
    'writes without a signature': { method: 'PUT', path: keyPath, isUnsigned: true, unchecked: 200 },
    'reads without a signature': { method: 'GET', path: keyPath, isUnsigned: true, unchecked: 200 },
    'deletes without a signature': { method: 'DELETE', path: keyPath, isUnsigned: true, unchecked: 204 },
    'lists without a signature': { method: 'GET', path: pathname, isUnsigned: true, unchecked: 200 },
  };
  for (const [what, { method, path, isUnsigned = false, unchecked }] of Object.entries(calls)) {
    const gap = isUnsigned ? 'unsigned-calls' : 'call-signature';
    const body = method === 'PUT' || method === 'POST' ? { body: 'bent' } : {};
    const response = await callRaw(origin, { method, path, ...body });
    if (deployment.knownGaps.has(gap)) {
      t.equal(response.status, unchecked, `${what}: known: ${KNOWN_GAPS[gap]}`);
      continue;
    }
    t.equal(response.status, 403, what);
    if (method !== 'HEAD')
      t.equal(response.code, isUnsigned ? 'AccessDenied' : 'SignatureDoesNotMatch', what);
  }
  if (!deployment.knownGaps.has('unsigned-calls')) await leftNothing(t, [form.key], []);
});

t.test('P6: once expired, a form that was good is good for nothing', async (t) => {
  const form = await usedInTime();
  await processed(form.key);
  // S3 judges by its own clock: a second beyond the policy's expiration covers what ours is off by.
  await delay(Math.max(0, form.expiresAt.getTime() - Date.now()) + 1000);
  for (const [what, fields] of Object.entries({
    'as it was': form.fields,
    'with a later date': { ...form.fields, 'x-amz-date': '20990101T000000Z' },
    'with a longer life': { ...form.fields, 'x-amz-expires': '604800' },
  })) {
    const response = await postForm({ url: form.url, fields }, 'replayed');
    t.ok(response.status === 403 || response.status === 400, `${what}: ${response.status} ${response.code}`);
  }
  t.match(await postForm(form, 'replayed'), { status: 403, code: 'AccessDenied' });
  await leftNothing(t, [], []);
  t.equal((await listVersions(form.key)).length, 0, 'the one that was accepted is gone, no other has come');
  t.strictSame(await readObservedVersions(form.key), []);
});

/** A short-lived form that has been used: on a busy machine some expire before they are. */
async function usedInTime(): Promise<UploadForm> {
  for (let attempt = 1; ; attempt += 1) {
    const form = await requestForm(deployment.shortLivedIssuerUrl);
    const { status, code } = await postForm(form, 'in time');
    if (status === 204) return form;
    if (attempt === 20) throw new Error(`no form could be used in time: ${status} ${code}`);
  }
}
