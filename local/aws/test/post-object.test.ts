import { createHash } from 'node:crypto';
import { GetObjectTaggingCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import t from 'tap';
import { fieldParts, formBody, formEnd, type Part } from './support/form-body.ts';
import { BUCKET, startFormBucket } from './support/form-bucket.ts';
import { basicConditions, signForm } from './support/signed-form.ts';

const FILE: Part = { name: 'file', fileName: 'a.txt', content: 'hello' };
const MD5 = '5d41402abc4b2a76b9719d911017c592';
const bucket = await startFormBucket(t);
const { s3, post, url } = bucket;

/** A form with its own policy: every field given is declared. */
function partsFor(fields: Record<string, string>, file: Part[] = [FILE], key = fields.key): Part[] {
  const policy = {
    expiration: new Date(Date.now() + 60_000).toISOString(),
    conditions: [
      ...basicConditions(BUCKET),
      ...Object.entries({ ...fields, key }).map(([name, value]) => ({ [name]: value })),
    ],
  };
  return [...fieldParts({ ...fields, ...signForm({ policy }) }), ...file];
}

t.test('a form of the AWS SDK is accepted', async (t) => {
  const form = await createPresignedPost(s3, {
    Bucket: BUCKET,
    Key: 'uploads/sdk',
    Expires: 30,
    Fields: { 'Content-Type': 'text/plain', 'x-amz-meta-colour': 'blue' },
    Conditions: [['content-length-range', 0, 5]],
  });
  t.equal(form.url.replace(/\/$/, ''), url);
  const response = await post([...fieldParts(form.fields), FILE], form.url);

  t.equal(response.status, 204);
  t.equal(await response.text(), '');
  t.equal(response.headers.get('etag'), `"${MD5}"`);
  t.equal(response.headers.get('location'), `${url}/uploads%2Fsdk`);
  const head = await s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'uploads/sdk' }));
  t.equal(head.ContentType, 'text/plain');
  t.same(head.Metadata, { colour: 'blue' });
  t.equal(head.VersionId, response.headers.get('x-amz-version-id'));
  t.equal((await bucket.read('uploads/sdk')).toString(), 'hello');
});

t.test('one form makes a version and an event each time, until it expires', async (t) => {
  const form = await createPresignedPost(s3, { Bucket: BUCKET, Key: 'uploads/again', Expires: 30 });
  const parts = (content: string) => [...fieldParts(form.fields), { ...FILE, content }];
  const versionIds = [];
  for (const content of ['first', 'second', '']) {
    const response = await post(parts(content));
    t.equal(response.status, 204);
    versionIds.push(response.headers.get('x-amz-version-id'));
  }
  bucket.setClockAheadSeconds(31);
  t.teardown(() => bucket.setClockAheadSeconds(0));
  t.equal((await post(parts('late'))).status, 403);

  const events = bucket.events().filter(({ key }) => key === 'uploads/again');
  t.same(
    events.map(({ versionId }) => versionId),
    versionIds,
  );
  t.ok(events.every(({ eventName }) => eventName === 'ObjectCreated:Post'));
});

t.test('a policy is judged by when the request began, not by when its bytes came', async (t) => {
  const { calls } = bucket.localAws;
  const form = await createPresignedPost(s3, { Bucket: BUCKET, Key: 'uploads/slow', Expires: 30 });
  calls.hold({ operation: 'PostObject', keyPrefix: 'uploads/slow' });
  const response = post([...fieldParts(form.fields), FILE]);
  await calls.whenHeld(1);
  t.match(calls.held(), [{ operation: 'PostObject', bucket: BUCKET, key: 'uploads/slow' }]);
  bucket.setClockAheadSeconds(60);
  t.teardown(() => bucket.setClockAheadSeconds(0));
  calls.release();
  t.equal((await response).status, 204);
});

t.test('the variable filename in the key becomes the name of the file, without its path', async (t) => {
  const names: [string, string][] = [
    ['report.pdf', 'report.pdf'],
    ['C:\\papers\\report 1.pdf', 'report 1.pdf'],
    ['/home/me/$& naïve.pdf', '$& naïve.pdf'],
  ];
  for (const [fileName, expected] of names) {
    const form = await createPresignedPost(s3, {
      Bucket: BUCKET,
      Key: 'uploads/\u0024{filename}',
      Expires: 30,
    });
    const response = await post([...fieldParts(form.fields), { ...FILE, fileName }]);
    t.equal(response.status, 204);
    t.equal((await bucket.read(`uploads/${expected}`)).toString(), 'hello');
  }
});

t.test('the variable filename stands for the name of the file in every field', async (t) => {
  const signed = {
    key: 'uploads/named',
    'Content-Type': 'text/plain; a="report.txt"',
    'x-amz-meta-name': 'a report.txt',
  };
  const parts = partsFor(signed, [{ ...FILE, fileName: 'report.txt' }]).map((part) => ({
    ...part,
    ...(part.name in signed && {
      content: String(part.content).replace('report.txt', '\u0024{filename}'),
    }),
  }));
  t.equal((await post(parts)).status, 204);
  const head = await s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'uploads/named' }));
  t.match(head, { ContentType: 'text/plain; a="report.txt"', Metadata: { name: 'a report.txt' } });
});

t.test('20 KB may stand before the bytes of the file, boundaries and headers included', async (t) => {
  const withPadding = (bytes: number) => [
    { name: 'x-ignore-padding', content: 'x'.repeat(bytes) },
    ...partsFor({ key: 'uploads/full' }),
  ];
  const behindHeaders = Buffer.byteLength(FILE.content) + '\r\n'.length + formEnd().length;
  const room = 20_480 - (formBody(withPadding(0)).length - behindHeaders);
  t.equal((await post(withPadding(room))).status, 204);
  const response = await post(withPadding(room + 1));
  t.equal(response.status, 400);
  t.match(await response.text(), /<Code>MaxPostPreDataLengthExceeded<\/Code>/);
  const manyLines = {
    name: 'x-ignore-padding',
    disposition: `form-data; name="x-ignore-padding"${';'.repeat(room + 1)}`,
  };
  t.equal((await post([{ ...manyLines, content: '' }, ...withPadding(0).slice(1)])).status, 400);
});

t.test('the form may come as Python writes it, whatever the file is called', async (t) => {
  const names = ['a b.txt', 'größe "1".txt'.replaceAll('"', '%22'), '文件.bin', ''];
  for (const fileName of names) {
    const form = await createPresignedPost(s3, { Bucket: BUCKET, Key: 'uploads/python', Expires: 30 });
    const response = await post([...fieldParts(form.fields), { ...FILE, fileName, content: fileName }]);
    t.equal(response.status, 204, fileName);
    t.equal((await bucket.read('uploads/python')).toString(), fileName);
  }
});

t.test("a file's name may be written as older clients do, or be missing", async (t) => {
  const form = await createPresignedPost(s3, { Bucket: BUCKET, Key: 'uploads/name', Expires: 30 });
  for (const disposition of [
    'form-data; name="file"; filename*=utf-8\'\'na%C3%AFve.txt',
    'form-data; name="file"',
    'form-data; filename="a.txt"; name=file',
  ]) {
    const response = await post([...fieldParts(form.fields), { ...FILE, disposition }]);
    t.equal(response.status, 204, disposition);
  }
});

t.test('what follows the file is ignored, another file too', async (t) => {
  const response = await post([
    ...partsFor({ key: 'uploads/tail' }),
    { name: 'x-amz-meta-late', content: '1' },
    { name: 'submit', content: 'Upload' },
    { ...FILE, content: 'another' },
  ]);
  t.equal(response.status, 204);
  t.equal((await bucket.read('uploads/tail')).toString(), 'hello');
  const head = await s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'uploads/tail' }));
  t.same(head.Metadata, {});
});

t.test('a part with a file name that is not the file is a field like any other', async (t) => {
  const parts = partsFor({ key: 'uploads/part' }, [
    { name: 'attachment', fileName: 'b.txt', content: 'b' },
    FILE,
  ]);
  const response = await post(parts);
  t.equal(response.status, 403);
  t.match(await response.text(), /Extra input fields: attachment/);
});

t.test('system fields, metadata and tags are kept', async (t) => {
  const response = await post(
    partsFor({
      key: 'uploads/fields',
      acl: 'bucket-owner-full-control',
      'Content-Type': 'image/png',
      'Cache-Control': 'no-store',
      'Content-Disposition': 'attachment; filename="a.png"',
      'Content-Encoding': 'identity',
      Expires: 'Wed, 01 Jan 2031 00:00:00 GMT',
      'x-amz-storage-class': 'STANDARD',
      'x-amz-meta-UUID': '14365123651274',
      'x-amz-meta-name': 'größe',
      'x-ignore-me': 'x',
      tagging:
        '<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>b</Key><Value> &amp; </Value></Tag></TagSet></Tagging>',
    }),
  );
  t.equal(response.status, 204);
  const object = { Bucket: BUCKET, Key: 'uploads/fields' };
  const head = await s3.send(new HeadObjectCommand(object));
  t.match(head, {
    ContentType: 'image/png',
    CacheControl: 'no-store',
    ContentDisposition: 'attachment; filename="a.png"',
    ContentEncoding: 'identity',
    ExpiresString: 'Wed, 01 Jan 2031 00:00:00 GMT',
  });
  t.equal(head.Metadata?.uuid, '14365123651274');
  t.same((await s3.send(new GetObjectTaggingCommand(object))).TagSet, [
    { Key: 'a', Value: '1' },
    { Key: 'b', Value: ' & ' },
  ]);
});

t.test('checksums that are right are accepted and shown', async (t) => {
  const sha256 = createHash('sha256').update('hello').digest('base64');
  const response = await post(
    partsFor({
      key: 'uploads/sum',
      'x-amz-checksum-algorithm': 'SHA256',
      'x-amz-checksum-sha256': sha256,
      'Content-MD5': Buffer.from(MD5, 'hex').toString('base64'),
    }),
  );
  t.equal(response.status, 204);
  t.equal(response.headers.get('x-amz-checksum-sha256'), sha256);
});

t.test('sizes at both ends of the range are allowed', async (t) => {
  const form = await createPresignedPost(s3, {
    Bucket: BUCKET,
    Key: 'uploads/size',
    Conditions: [['content-length-range', 2, 4]],
  });
  const statuses = [];
  for (const sizeBytes of [1, 2, 4, 5]) {
    const response = await post([...fieldParts(form.fields), { ...FILE, content: 'x'.repeat(sizeBytes) }]);
    statuses.push(response.status);
  }
  t.same(statuses, [400, 204, 204, 400]);
});

t.test('the response is as the form requests it', async (t) => {
  const key = 'uploads/a b/é&';
  const withStatus = (status: string) => post(partsFor({ key, success_action_status: status }));
  t.equal((await withStatus('200')).status, 200);
  t.equal((await withStatus('204')).status, 204);
  t.equal((await withStatus('418')).status, 204);
  const created = await withStatus('201');
  t.equal(created.status, 201);
  t.equal(
    await created.text(),
    '<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse>' +
      `<Location>${url}/uploads%2Fa%20b%2F%C3%A9%26</Location><Bucket>${BUCKET}</Bucket>` +
      `<Key>uploads/a b/é&amp;</Key><ETag>&quot;${MD5}&quot;</ETag></PostResponse>`,
  );

  const redirected = await post(partsFor({ key, success_action_redirect: 'https://example.com/done?a=1' }));
  t.equal(redirected.status, 303);
  t.equal(
    redirected.headers.get('location'),
    `https://example.com/done?a=1&bucket=${BUCKET}&key=uploads%2Fa+b%2F%C3%A9%26&etag=%22${MD5}%22`,
  );
  t.equal((await post(partsFor({ key, success_action_redirect: 'nowhere' }))).status, 204);
});

t.test('a request that is no form is refused', async (t) => {
  const send = (contentType: string, body: string) =>
    fetch(url, { method: 'POST', headers: { 'content-type': contentType }, body });
  const other = await send('application/x-www-form-urlencoded', 'key=a');
  t.equal(other.status, 412);
  t.match(await other.text(), /<Code>PreconditionFailed<\/Code>.*enclosure-type multipart\/form-data/s);
  for (const [contentType, body] of [
    ['multipart/form-data', 'x'],
    ['multipart/form-data; boundary=b', '--b\r\nContent-Disposition: form-data; name="key"\r\n\r\nuploads/'],
    ['multipart/form-data; boundary=b', '--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n'],
  ] as const) {
    const response = await send(contentType, body);
    t.equal(response.status, 400);
    t.match(await response.text(), /<Code>MalformedPOSTRequest<\/Code>/);
  }
});

t.test('a client that is still sending gets to read a refusal', async (t) => {
  const form = await createPresignedPost(s3, { Bucket: BUCKET, Key: 'uploads/much' });
  const content = Buffer.alloc(32 * 1024 * 1024, 'x');
  const response = await post([
    ...fieldParts({ ...form.fields, key: 'uploads/changed' }),
    { ...FILE, content },
  ]);
  t.equal(response.status, 403);
  t.match(await response.text(), /AccessDenied/);
});
