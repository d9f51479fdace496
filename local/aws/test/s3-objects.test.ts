import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import t from 'tap';
import { presign, send, sign } from './support/raw-request.ts';
import { BUCKET as Bucket, refusalOf, startS3 } from './support/s3-server.ts';

const Key = 'uploads/a key+with %/ünï.txt';

t.test('an object comes back as it was put', async (t) => {
  const { client, events } = await startS3(t);
  const put = await client.send(
    new PutObjectCommand({
      Bucket,
      Key,
      Body: 'hello',
      ContentType: 'text/plain; charset=utf-8',
      CacheControl: 'no-store',
      ContentDisposition: 'attachment; filename="x y"',
      ContentEncoding: 'identity',
      ContentLanguage: 'de',
      Metadata: { Colour: 'red', empty: '' },
      Tagging: 'a=1&b%20c=d%26',
    }),
  );
  t.match(put, {
    ETag: `"${createHash('md5').update('hello').digest('hex')}"`,
    ChecksumCRC32: 'NhCmhg==',
    ChecksumType: 'FULL_OBJECT',
    ServerSideEncryption: 'AES256',
    VersionId: String,
  });
  const said = {
    ContentType: 'text/plain; charset=utf-8',
    CacheControl: 'no-store',
    ContentDisposition: 'attachment; filename="x y"',
    ContentEncoding: 'identity',
    ContentLanguage: 'de',
    ContentLength: 5,
    Metadata: { colour: 'red', empty: '' },
    TagCount: 2,
    VersionId: put.VersionId,
    ETag: put.ETag,
    LastModified: Date,
    AcceptRanges: 'bytes',
    ServerSideEncryption: 'AES256',
    ChecksumCRC32: 'NhCmhg==',
  };
  const got = await client.send(new GetObjectCommand({ Bucket, Key }));
  t.match(got, said);
  t.equal(await got.Body?.transformToString(), 'hello');
  t.match(await client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' })), said);
  t.same((await client.send(new GetObjectTaggingCommand({ Bucket, Key }))).TagSet, [
    { Key: 'a', Value: '1' },
    { Key: 'b c', Value: 'd&' },
  ]);
  t.match(events, [
    {
      type: 'ObjectCreated:Put',
      bucket: Bucket,
      version: { key: Key, versionId: put.VersionId, origin: 'Put' },
    },
  ]);
  t.equal(events.length, 1);
});

t.test('a stream is unwrapped from its chunks', async (t) => {
  const { client, storage, faults } = await startS3(t);
  const bytes = randomBytes(3_000_000);
  for (const ChecksumAlgorithm of ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const) {
    const Body = Readable.from([
      bytes.subarray(0, 10),
      bytes.subarray(10, 1_500_000),
      bytes.subarray(1_500_000),
    ]);
    const put = await client.send(
      new PutObjectCommand({ Bucket, Key, Body, ContentLength: bytes.length, ChecksumAlgorithm }),
    );
    t.equal(put.ETag, `"${createHash('md5').update(bytes).digest('hex')}"`);
    t.match(storage.current(Bucket, Key), {
      checksums: { [ChecksumAlgorithm]: String },
      attributes: { contentEncoding: undefined },
    });
  }
  const got = await client.send(new GetObjectCommand({ Bucket, Key }));
  t.ok(bytes.equals((await got.Body?.transformToByteArray()) ?? Buffer.of()));
  t.same(faults, []);
});

t.test('an empty object', async (t) => {
  const { endpoint, client } = await startS3(t);
  await send(endpoint, await sign(endpoint, { method: 'PUT', path: `/${Bucket}/empty`, body: '' }));
  const got = await client.send(new GetObjectCommand({ Bucket, Key: 'empty' }));
  t.equal(got.ContentLength, 0);
  t.equal(got.ContentType, 'binary/octet-stream', 'the type that S3 returns when the client sent none');
  t.equal(await got.Body?.transformToString(), '');
  t.match(await refusalOf(client.send(new GetObjectCommand({ Bucket, Key: 'empty', Range: 'bytes=0-0' }))), {
    code: 'InvalidRange',
    status: 416,
  });
});

t.test('ranges', async (t) => {
  const { client } = await startS3(t);
  await client.send(new PutObjectCommand({ Bucket, Key, Body: '0123456789' }));
  for (const [Range, content, ContentRange] of [
    ['bytes=2-4', '234', 'bytes 2-4/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=-30', '0123456789', 'bytes 0-9/10'],
    ['bytes=8-99', '89', 'bytes 8-9/10'],
    ['bytes=4-2', '0123456789', undefined],
    ['bytes=0-1,4-5', '0123456789', undefined],
    ['lines=1-2', '0123456789', undefined],
  ] as const) {
    const got = await client.send(new GetObjectCommand({ Bucket, Key, Range }));
    t.equal(await got.Body?.transformToString(), content, Range);
    t.equal(got.ContentRange, ContentRange, Range);
    t.equal(got.$metadata.httpStatusCode, ContentRange === undefined ? 200 : 206);
    t.equal(got.ContentLength, content.length);
  }
  t.match(await client.send(new HeadObjectCommand({ Bucket, Key, Range: 'bytes=1-2' })), {
    ContentLength: 2,
  });
  for (const Range of ['bytes=10-', 'bytes=-0']) {
    t.match(await refusalOf(client.send(new GetObjectCommand({ Bucket, Key, Range }))), {
      code: 'InvalidRange',
      status: 416,
      error: { ActualObjectSize: '10', RangeRequested: Range },
    });
  }
});

t.test('conditions of a read', async (t) => {
  const { client } = await startS3(t, { now: () => new Date() });
  const { ETag = '' } = await client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  const { LastModified = new Date() } = await client.send(new HeadObjectCommand({ Bucket, Key }));
  const before = new Date(LastModified.getTime() - 1000);
  const statusOf = (conditions: object) =>
    client.send(new GetObjectCommand({ Bucket, Key, ...conditions })).then(
      async (got) => (await got.Body?.transformToString()) && got.$metadata.httpStatusCode,
      (error) => error.$metadata.httpStatusCode,
    );
  for (const [status, conditions] of [
    [200, { IfMatch: ETag }],
    [200, { IfMatch: `"other", ${ETag}` }],
    [200, { IfMatch: '*' }],
    [412, { IfMatch: '"other"' }],
    [304, { IfNoneMatch: ETag }],
    [304, { IfNoneMatch: `W/${ETag}` }],
    [200, { IfNoneMatch: '"other"' }],
    [304, { IfModifiedSince: LastModified }],
    [200, { IfModifiedSince: before }],
    [200, { IfUnmodifiedSince: LastModified }],
    [412, { IfUnmodifiedSince: before }],
    [200, { IfMatch: ETag, IfUnmodifiedSince: before }],
    [304, { IfNoneMatch: ETag, IfModifiedSince: before }],
    [200, { IfNoneMatch: '"other"', IfModifiedSince: LastModified }],
  ] as const) {
    t.equal(await statusOf(conditions), status, JSON.stringify(conditions));
  }
  t.match(await refusalOf(client.send(new HeadObjectCommand({ Bucket, Key, IfMatch: '"other"' }))), {
    status: 412,
  });
  t.match(await refusalOf(client.send(new HeadObjectCommand({ Bucket, Key, IfNoneMatch: ETag }))), {
    status: 304,
  });
});

t.test('a reader can set the headers of the response', async (t) => {
  const { client } = await startS3(t);
  await client.send(new PutObjectCommand({ Bucket, Key, Body: 'x', ContentType: 'text/html' }));
  const got = await client.send(
    new GetObjectCommand({
      Bucket,
      Key,
      ResponseContentType: 'text/plain',
      ResponseContentDisposition: 'inline',
    }),
  );
  t.match(got, { ContentType: 'text/plain', ContentDisposition: 'inline' });
});

t.test('versions and delete markers', async (t) => {
  const { client, storage } = await startS3(t);
  const first = await client.send(new PutObjectCommand({ Bucket, Key, Body: 'one' }));
  const second = await client.send(new PutObjectCommand({ Bucket, Key, Body: 'two' }));
  const read = async (VersionId?: string) => {
    const got = await client.send(new GetObjectCommand({ Bucket, Key, VersionId }));
    return await got.Body?.transformToString();
  };
  t.equal(await read(), 'two');
  t.equal(await read(first.VersionId), 'one');

  const deleted = await client.send(new DeleteObjectCommand({ Bucket, Key }));
  t.match(deleted, { DeleteMarker: true, VersionId: String });
  const gone = await refusalOf(read());
  t.match(gone, { code: 'NoSuchKey', status: 404, error: { Key } });
  t.equal(gone.error.$response?.headers['x-amz-delete-marker'], 'true');
  t.equal(gone.error.$response?.headers['x-amz-version-id'], deleted.VersionId);
  t.match(await refusalOf(client.send(new HeadObjectCommand({ Bucket, Key }))), {
    code: 'NotFound',
    status: 404,
  });
  t.equal(await read(second.VersionId), 'two', 'the version is still there');
  const marker = await refusalOf(read(deleted.VersionId));
  t.match(marker, { code: 'MethodNotAllowed', status: 405 });
  t.match(marker.error.$response?.headers, { 'x-amz-delete-marker': 'true', 'last-modified': String });

  t.match(await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId: deleted.VersionId })), {
    DeleteMarker: true,
    VersionId: deleted.VersionId,
  });
  t.equal(await read(), 'two', 'without the marker the object is back');
  t.match(await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId: second.VersionId })), {
    DeleteMarker: undefined,
    VersionId: second.VersionId,
  });
  t.equal(await read(), 'one');
  t.match(await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId: 'gone' })), {
    VersionId: 'gone',
  });
  t.equal(storage.versions(Bucket, Key).length, 1);
  t.match(await client.send(new DeleteObjectCommand({ Bucket, Key: 'never' })), { DeleteMarker: true });
});

t.test('without versioning', async (t) => {
  const { client, storage, countFiles } = await startS3(t);
  await storage.configure(Bucket, { versioning: 'Off' });
  const put = await client.send(new PutObjectCommand({ Bucket, Key, Body: 'one' }));
  t.equal(put.VersionId, undefined);
  await client.send(new PutObjectCommand({ Bucket, Key, Body: 'two' }));
  t.equal(await countFiles(), 1);
  t.match(await client.send(new DeleteObjectCommand({ Bucket, Key })), {
    DeleteMarker: undefined,
    VersionId: undefined,
  });
  t.same(storage.keys(Bucket), []);
  t.equal(await countFiles(), 0);
  await client.send(
    new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Suspended' } }),
  );
  t.equal((await client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }))).VersionId, undefined);
  t.equal((await client.send(new HeadObjectCommand({ Bucket, Key }))).VersionId, 'null', 'a read returns it');
});

t.test('many at once', async (t) => {
  const { client, storage } = await startS3(t);
  const one = await client.send(new PutObjectCommand({ Bucket, Key: 'one', Body: 'x' }));
  await client.send(new PutObjectCommand({ Bucket, Key: '<two>&', Body: 'x' }));
  const response = await client.send(
    new DeleteObjectsCommand({
      Bucket,
      Delete: {
        Objects: [
          { Key: 'one', VersionId: one.VersionId },
          { Key: '<two>&' },
          { Key: 'never', VersionId: 'gone' },
        ],
      },
    }),
  );
  t.match(response.Deleted, [
    { Key: 'one', VersionId: one.VersionId, DeleteMarker: undefined },
    { Key: '<two>&', DeleteMarker: true, DeleteMarkerVersionId: String },
    { Key: 'never', VersionId: 'gone' },
  ]);
  t.same(storage.keys(Bucket), ['<two>&']);
  const quiet = { Objects: [{ Key: '<two>&' }], Quiet: true };
  t.equal((await client.send(new DeleteObjectsCommand({ Bucket, Delete: quiet }))).Deleted, undefined);
});

t.test('tags are counted, and held to their limits', async (t) => {
  const { client } = await startS3(t);
  const tag = (Tagging: string) => client.send(new PutObjectCommand({ Bucket, Key, Body: 'x', Tagging }));
  const { VersionId } = await tag('b=%3C%26%3E');
  await client.send(new PutObjectCommand({ Bucket, Key, Body: 'y' }));
  const tagsOf = async (VersionId?: string) =>
    (await client.send(new GetObjectTaggingCommand({ Bucket, Key, VersionId }))).TagSet;
  t.same(await tagsOf(VersionId), [{ Key: 'b', Value: '<&>' }]);
  t.same(await tagsOf(), []);
  const many = Array.from({ length: 11 }, (_, n) => `k${n}=`).join('&');
  t.match(await refusalOf(tag(many)), { code: 'BadRequest', status: 400 });
  t.match(await refusalOf(tag(`${'x'.repeat(129)}=`)), { code: 'InvalidTag', status: 400 });
  t.match(await refusalOf(tag(`x=${'x'.repeat(257)}`)), { code: 'InvalidTag', status: 400 });
  t.match(await refusalOf(tag('a=1&a=2')), { code: 'InvalidTag' });
  t.match(await refusalOf(client.send(new GetObjectTaggingCommand({ Bucket, Key: 'never' }))), {
    code: 'NoSuchKey',
  });
});

t.test('what is not there', async (t) => {
  const { client, events, countFiles } = await startS3(t);
  await client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  const other = { Bucket: 'no-such-bucket', Key };
  const noBucket = { code: 'NoSuchBucket', status: 404, error: { BucketName: 'no-such-bucket' } };
  t.match(await refusalOf(client.send(new GetObjectCommand(other))), noBucket);
  t.match(await refusalOf(client.send(new PutObjectCommand({ ...other, Body: 'x' }))), noBucket);
  t.match(await refusalOf(client.send(new DeleteObjectCommand(other))), noBucket);
  t.match(await refusalOf(client.send(new GetObjectCommand({ Bucket, Key: 'never' }))), {
    code: 'NoSuchKey',
    status: 404,
    error: { Key: 'never', message: 'The specified key does not exist.' },
  });
  t.match(await refusalOf(client.send(new GetObjectCommand({ Bucket, Key, VersionId: 'gone' }))), {
    code: 'NoSuchVersion',
    status: 404,
    error: { Key, VersionId: 'gone' },
  });
  t.equal(events.length, 1);
  t.equal(await countFiles(), 1);
});

t.test('what a write may not ask for', async (t) => {
  const { client, endpoint, events, countFiles } = await startS3(t);
  const put = (more: object) =>
    refusalOf(client.send(new PutObjectCommand({ Bucket, Key, Body: 'x', ...more })));
  t.match(await put({ Key: 'x'.repeat(1025) }), { code: 'KeyTooLongError', status: 400 });
  t.match(await put({ Metadata: { a: 'x'.repeat(2048) } }), { code: 'MetadataTooLarge', status: 400 });
  t.match(await put({ ACL: 'public-read' }), { code: 'AccessControlListNotSupported', status: 400 });
  t.match(await put({ StorageClass: 'GLACIER' }), { code: 'NotImplemented', status: 501 });
  t.match(await put({ ServerSideEncryption: 'aws:kms' }), { code: 'NotImplemented', status: 501 });
  t.match(await put({ WebsiteRedirectLocation: '/x' }), { code: 'NotImplemented', status: 501 });
  t.match(await put({ IfNoneMatch: '"etag"' }), { code: 'NotImplemented', status: 501 });
  t.match(await put({ IfNoneMatch: '*', IfMatch: '"etag"' }), { code: 'NotImplemented', status: 501 });
  const large = {
    method: 'PUT',
    path: `/${Bucket}/k`,
    headers: { 'content-length': String(5 * 1024 ** 3 + 1) },
  };
  const response = await send(endpoint, await presign(endpoint, large));
  t.match(response, { code: 'EntityTooLarge', status: 400 });
  t.same(events, []);
  t.equal(await countFiles(), 0);
  await client.send(
    new PutObjectCommand({
      Bucket,
      Key,
      Body: 'x',
      ACL: 'bucket-owner-full-control',
      StorageClass: 'STANDARD',
      ServerSideEncryption: 'AES256',
    }),
  );
  t.equal(events.length, 1);
});

t.test('a reader that goes away and a reader of deleted bytes', async (t) => {
  const { client, storage, faults } = await startS3(t);
  const bytes = randomBytes(8_000_000);
  const put = await client.send(new PutObjectCommand({ Bucket, Key, Body: bytes }));
  const leaving = await client.send(new GetObjectCommand({ Bucket, Key }));
  (leaving.Body as Readable).destroy();
  const staying = await client.send(new GetObjectCommand({ Bucket, Key }));
  await storage.deleteVersion(Bucket, Key, put.VersionId ?? '');
  t.ok(bytes.equals((await staying.Body?.transformToByteArray()) ?? Buffer.of()));
  t.same(faults, []);
});

t.test('headers and query of a request have 8 KB together', async (t) => {
  const { endpoint } = await startS3(t);
  const path = `/${Bucket}/long`;
  const long = 'x'.repeat(4_000);
  const put = await sign(endpoint, { method: 'PUT', path, headers: { 'x-filler': long }, body: 'x' });
  t.match(await send(endpoint, put), { status: 200 });
  for (const more of [
    { headers: { ...put.headers, 'x-more': long } },
    { query: { 'x-more': long, a: long } },
  ]) {
    t.match(await send(endpoint, { ...put, ...more }), { status: 400, code: 'RequestHeaderSectionTooLarge' });
  }
});
