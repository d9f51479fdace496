import { createHash, randomBytes } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import t from 'tap';
import { BUCKET as Bucket, type RunningS3, refusalOf, startS3 } from './support/s3-server.ts';

const SOURCE = 'uploads/a key+with %/ünï.txt';
const TARGET = 'accepted/target';
const MIB = 1024 * 1024;

const sourceOf = (key: string, versionId?: string) =>
  `${Bucket}/${encodeURIComponent(key)}${versionId === undefined ? '' : `?versionId=${versionId}`}`;

async function read({ client }: RunningS3, Key: string, VersionId?: string): Promise<Buffer> {
  const got = await client.send(new GetObjectCommand({ Bucket, Key, VersionId }));
  return Buffer.from((await got.Body?.transformToByteArray()) ?? []);
}

t.test('a copy is exactly the version that it names', async (t) => {
  const s3 = await startS3(t);
  const { client, events, countFiles } = s3;
  const first = await client.send(
    new PutObjectCommand({
      Bucket,
      Key: SOURCE,
      Body: 'one',
      ContentType: 'text/x-one',
      CacheControl: 'no-cache',
      Metadata: { a: 'b' },
      Tagging: 't=1',
    }),
  );
  await client.send(new PutObjectCommand({ Bucket, Key: SOURCE, Body: 'two' }));
  const CopySource = sourceOf(SOURCE, first.VersionId);
  const copy = await client.send(
    new CopyObjectCommand({ Bucket, Key: TARGET, CopySource, IfNoneMatch: '*' }),
  );
  t.match(copy, {
    CopySourceVersionId: first.VersionId,
    VersionId: String,
    CopyObjectResult: {
      ETag: first.ETag,
      LastModified: Date,
      ChecksumCRC32: first.ChecksumCRC32,
      ChecksumType: 'FULL_OBJECT',
    },
  });
  t.equal((await read(s3, TARGET)).toString(), 'one');
  t.match(await client.send(new HeadObjectCommand({ Bucket, Key: TARGET })), {
    ContentType: 'text/x-one',
    CacheControl: 'no-cache',
    Metadata: { a: 'b' },
    TagCount: 1,
    VersionId: copy.VersionId,
  });
  t.match(events.at(-1), { type: 'ObjectCreated:Copy', version: { key: TARGET, versionId: copy.VersionId } });
  t.equal(await countFiles(), 2, 'no bytes were written');
  await client.send(new DeleteObjectCommand({ Bucket, Key: SOURCE, VersionId: first.VersionId }));
  t.equal((await read(s3, TARGET)).toString(), 'one', 'the copy stands by itself');

  await client.send(new CopyObjectCommand({ Bucket, Key: TARGET, CopySource: `/${sourceOf(SOURCE)}` }));
  t.equal((await read(s3, TARGET)).toString(), 'two', 'without a version the current one');
});

t.test('metadata and tags may be replaced, each by itself', async (t) => {
  const { client } = await startS3(t);
  await client.send(
    new PutObjectCommand({
      Bucket,
      Key: SOURCE,
      Body: 'x',
      ContentType: 'text/a',
      Metadata: { a: '1' },
      Tagging: 't=1',
    }),
  );
  const CopySource = sourceOf(SOURCE);
  const described = async () => {
    const { ContentType, Metadata } = await client.send(new HeadObjectCommand({ Bucket, Key: TARGET }));
    const { TagSet } = await client.send(new GetObjectTaggingCommand({ Bucket, Key: TARGET }));
    return { ContentType, Metadata, TagSet };
  };
  const said = { ContentType: 'text/b', Metadata: { b: '2' }, Tagging: 't=2' };
  await client.send(new CopyObjectCommand({ Bucket, Key: TARGET, CopySource, ...said }));
  t.same(await described(), {
    ContentType: 'text/a',
    Metadata: { a: '1' },
    TagSet: [{ Key: 't', Value: '1' }],
  });
  await client.send(
    new CopyObjectCommand({ Bucket, Key: TARGET, CopySource, ...said, MetadataDirective: 'REPLACE' }),
  );
  t.same(await described(), {
    ContentType: 'text/b',
    Metadata: { b: '2' },
    TagSet: [{ Key: 't', Value: '1' }],
  });
  await client.send(
    new CopyObjectCommand({ Bucket, Key: TARGET, CopySource, ...said, TaggingDirective: 'REPLACE' }),
  );
  t.same(await described(), {
    ContentType: 'text/a',
    Metadata: { a: '1' },
    TagSet: [{ Key: 't', Value: '2' }],
  });
  const unknown = { MetadataDirective: 'KEEP' as 'COPY' };
  t.match(
    await refusalOf(client.send(new CopyObjectCommand({ Bucket, Key: TARGET, CopySource, ...unknown }))),
    {
      code: 'InvalidArgument',
      status: 400,
    },
  );
});

t.test('sources that cannot be copied', async (t) => {
  const { client, events } = await startS3(t);
  const put = await client.send(new PutObjectCommand({ Bucket, Key: SOURCE, Body: 'x' }));
  const marker = await client.send(new DeleteObjectCommand({ Bucket, Key: 'deleted' }));
  const copy = (CopySource: string, more: object = {}) =>
    refusalOf(client.send(new CopyObjectCommand({ Bucket, Key: TARGET, CopySource, ...more })));
  t.match(await copy('no-such-bucket/x'), { code: 'NoSuchBucket', status: 404 });
  t.match(await copy(sourceOf('never')), { code: 'NoSuchKey', status: 404 });
  t.match(await copy(sourceOf(SOURCE, 'gone')), { code: 'NoSuchVersion', status: 404 });
  t.match(await copy(sourceOf('deleted')), { code: 'NoSuchKey', status: 404 });
  t.match(await copy(sourceOf('deleted', marker.VersionId)), { code: 'InvalidRequest', status: 400 });
  t.match(await copy(Bucket), { code: 'InvalidArgument', status: 400 });
  t.match(await copy(`${Bucket}/%E0%A4%A`), { code: 'InvalidURI', status: 400 });
  t.match(
    await copy(sourceOf(SOURCE), { Key: SOURCE }),
    { code: 'InvalidRequest', status: 400 },
    'to itself, unchanged',
  );
  t.match(await copy(sourceOf(SOURCE), { Bucket: 'no-such-bucket' }), { code: 'NoSuchBucket', status: 404 });
  const past = new Date(Date.now() - 100_000);
  for (const [name, condition] of [
    ['x-amz-copy-source-If-Match', { CopySourceIfMatch: '"other"' }],
    ['x-amz-copy-source-If-None-Match', { CopySourceIfNoneMatch: put.ETag }],
    ['x-amz-copy-source-If-Unmodified-Since', { CopySourceIfUnmodifiedSince: past }],
    ['x-amz-copy-source-If-Modified-Since', { CopySourceIfModifiedSince: new Date(Date.now() + 100_000) }],
  ] as const) {
    t.match(await copy(sourceOf(SOURCE), condition), {
      code: 'PreconditionFailed',
      status: 412,
      error: { Condition: name },
    });
  }
  t.equal(events.length, 1);
  await client.send(
    new CopyObjectCommand({ Bucket, Key: SOURCE, CopySource: sourceOf(SOURCE, put.VersionId) }),
  );
  await client.send(
    new CopyObjectCommand({ Bucket, Key: TARGET, CopySource: sourceOf(SOURCE), CopySourceIfMatch: put.ETag }),
  );
  t.equal(events.length, 3);
});

t.test('parts are copied at the same time, in any order', async (t) => {
  const s3 = await startS3(t);
  const { client, events, countFiles } = s3;
  const bytes = randomBytes(17 * MIB + 12_345);
  const source = await client.send(
    new PutObjectCommand({ Bucket, Key: SOURCE, Body: bytes, ContentType: 'text/x' }),
  );
  const PART = 5 * MIB;
  const ranges = [3, 1, 2, 0].map((n) => ({
    PartNumber: n + 1,
    first: n * PART,
    last: Math.min((n + 1) * PART, bytes.length) - 1,
  }));

  for (const ChecksumAlgorithm of ['CRC32', 'CRC64NVME', undefined] as const) {
    // Left to itself, the SDK would name an algorithm of its own.
    const created = await s3.connect({ requestChecksumCalculation: 'WHEN_REQUIRED' }).send(
      new CreateMultipartUploadCommand({
        Bucket,
        Key: TARGET,
        ContentType: 'text/x',
        ...(ChecksumAlgorithm && { ChecksumAlgorithm }),
      }),
    );
    const { UploadId } = created;
    const CopySource = sourceOf(SOURCE, source.VersionId);
    const parts = await Promise.all(
      ranges.map(async ({ PartNumber, first, last }) => {
        const CopySourceRange = `bytes=${first}-${last}`;
        const part = await client.send(
          new UploadPartCopyCommand({
            Bucket,
            Key: TARGET,
            UploadId,
            PartNumber,
            CopySource,
            CopySourceRange,
          }),
        );
        const md5 = createHash('md5')
          .update(bytes.subarray(first, last + 1))
          .digest('hex');
        t.match(part, {
          CopySourceVersionId: source.VersionId,
          CopyPartResult: { ETag: `"${md5}"`, LastModified: Date },
        });
        const { ETag, ChecksumCRC32, ChecksumCRC64NVME } = part.CopyPartResult ?? {};
        return { PartNumber, ETag, ChecksumCRC32, ChecksumCRC64NVME };
      }),
    );
    const Parts = parts.sort((a, b) => a.PartNumber - b.PartNumber);
    const done = await client.send(
      new CompleteMultipartUploadCommand({ Bucket, Key: TARGET, UploadId, MultipartUpload: { Parts } }),
    );
    t.match(done, { ETag: /^"[0-9a-f]{32}-4"$/, VersionId: String });
    t.ok(bytes.equals(await read(s3, TARGET)));
    const { Body } = await client.send(
      new GetObjectCommand({ Bucket, Key: TARGET, Range: `bytes=${PART - 3}-${2 * PART + 3}` }),
    );
    t.ok(bytes.subarray(PART - 3, 2 * PART + 4).equals((await Body?.transformToByteArray()) ?? Buffer.of()));
  }
  t.equal(await countFiles(), 1, 'no bytes were written');
  t.match(events.at(-1), { type: 'ObjectCreated:CompleteMultipartUpload', version: { key: TARGET } });

  const again = await client.send(
    new CopyObjectCommand({ Bucket, Key: 'one', CopySource: sourceOf(TARGET) }),
  );
  t.equal(again.CopyObjectResult?.ETag, source.ETag, 'a copy of a multipart object is one piece');
  await client.send(new DeleteObjectCommand({ Bucket, Key: SOURCE, VersionId: source.VersionId }));
  t.ok(bytes.equals(await read(s3, TARGET)));
});

t.test('parts that cannot be copied', async (t) => {
  const { client, storage } = await startS3(t);
  await client.send(new PutObjectCommand({ Bucket, Key: SOURCE, Body: '0123456789' }));
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: TARGET }));
  const order = { Bucket, Key: TARGET, UploadId, PartNumber: 1, CopySource: sourceOf(SOURCE) };
  const copy = (more: object) => refusalOf(client.send(new UploadPartCopyCommand({ ...order, ...more })));
  for (const CopySourceRange of ['bytes=0-10', 'bytes=5-', 'bytes=-5', 'bytes=5-2', '0-5']) {
    t.match(await copy({ CopySourceRange }), { code: 'InvalidArgument', status: 400 }, CopySourceRange);
  }
  for (const PartNumber of [0, 10_001]) {
    t.match(await copy({ PartNumber }), { code: 'InvalidArgument', status: 400 });
  }
  t.match(await copy({ UploadId: 'gone' }), { code: 'NoSuchUpload', status: 404 });
  t.match(await copy({ Key: 'other' }), { code: 'NoSuchUpload', status: 404 });
  t.match(await copy({ CopySource: sourceOf('never') }), { code: 'NoSuchKey', status: 404 });
  t.match(await copy({ CopySourceIfMatch: '"other"' }), { code: 'PreconditionFailed', status: 412 });
  t.same(storage.multipart.get(Bucket, TARGET, UploadId ?? '').parts, []);
});

t.test('more than 5 GiB is copied in parts, each of 5 GiB at most', async (t) => {
  const { client, storage } = await startS3(t);
  const block = await client.send(
    new PutObjectCommand({ Bucket, Key: 'block', Body: Buffer.alloc(8 * MIB) }),
  );
  const bytes = storage.find(Bucket, 'block', block.VersionId ?? '');
  if (bytes?.deleteMarker !== false) throw new Error('the block is missing');
  const attributes = { metadata: {}, tags: {} };
  const upload = await storage.multipart.create({ bucket: Bucket, key: SOURCE, attributes });
  const parts = [];
  // The same bytes over and over: 5 GiB and 8 MiB that take 8 MiB of disk.
  for (let partNumber = 1; partNumber <= 641; partNumber++) {
    const { eTag } = await storage.multipart.putPart(upload, partNumber, await storage.stageFrom(bytes));
    parts.push({ partNumber, eTag, checksums: {} });
  }
  const { uploadId } = upload;
  await storage.multipart.complete({ bucket: Bucket, key: SOURCE, uploadId, parts, expectedChecksums: {} });
  const CopySource = sourceOf(SOURCE);
  const tooLarge = {
    code: 'InvalidRequest',
    status: 400,
    error: { message: /maximum allowable size.*5368709120/ },
  };
  t.match(await refusalOf(client.send(new CopyObjectCommand({ Bucket, Key: TARGET, CopySource }))), tooLarge);
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: TARGET }));
  const whole = { Bucket, Key: TARGET, UploadId, PartNumber: 1, CopySource };
  t.match(await refusalOf(client.send(new UploadPartCopyCommand(whole))), tooLarge);
  t.match(
    await refusalOf(
      client.send(new UploadPartCopyCommand({ ...whole, CopySourceRange: `bytes=0-${5 * 1024 * MIB}` })),
    ),
    tooLarge,
  );
  const last = `bytes=${5 * 1024 * MIB}-${5 * 1024 * MIB + 9}`;
  const { CopyPartResult } = await client.send(
    new UploadPartCopyCommand({ ...whole, CopySourceRange: last }),
  );
  t.equal(CopyPartResult?.ETag, `"${createHash('md5').update(Buffer.alloc(10)).digest('hex')}"`);
  t.match(storage.current(Bucket, SOURCE), { sizeBytes: 641 * 8 * MIB });
});
