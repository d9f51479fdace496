import { createHash, randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  DeleteObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import t from 'tap';
import { createS3ObjectStore } from '../src/index.ts';
import { partRanges } from '../src/s3/part-ranges.ts';
import { type BucketUnderTest, objectStoreContract } from './contract/object-store-contract.ts';
import { startLocal } from './local.ts';

const MIB = 1024 * 1024;
const local = await startLocal(t);
const { s3 } = local;
const Bucket = local.bucket;
let serial = 0;

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Every test has keys of its own, behind a prefix that it does not see. */
function openBucket(options: { multipartFromBytes?: number } = {}): BucketUnderTest {
  serial += 1;
  const own = (key: string) => key.replace('/', `/${serial}/`);
  const objects = createS3ObjectStore({ client: s3, bucket: Bucket, partBytes: 5 * MIB, ...options });
  return {
    objects: {
      oldestVersion: (key) => objects.oldestVersion(own(key)),
      copyIfAbsent: (order, signal) =>
        objects.copyIfAbsent(
          { ...order, sourceKey: own(order.sourceKey), targetKey: own(order.targetKey) },
          signal,
        ),
      head: (key, versionId) => objects.head(own(key), versionId),
      haveSameBytes: (one, other, signal) =>
        objects.haveSameBytes({ ...one, key: own(one.key) }, { ...other, key: own(other.key) }, signal),
      open: (key, versionId, signal) => objects.open(own(key), versionId, signal),
      deleteVersions: (versions) =>
        objects.deleteVersions(versions.map(({ key, versionId }) => ({ key: own(key), versionId }))),
      ping: (signal) => objects.ping(signal),
    },
    async put(key, bytes, { contentType: ContentType, metadata: Metadata } = {}) {
      const put = new PutObjectCommand({ Bucket, Key: own(key), Body: bytes, ContentType, Metadata });
      return (await s3.send(put)).VersionId ?? '';
    },
    async putDeleteMarker(key) {
      await s3.send(new DeleteObjectCommand({ Bucket, Key: own(key) }));
    },
  };
}

async function unfinishedUploads(): Promise<number> {
  return (await s3.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads?.length ?? 0;
}

t.test('the contract, by CopyObject', async (t) => {
  objectStoreContract(t, async () => openBucket());
});

t.test('the contract, by parallel part copies', async (t) => {
  objectStoreContract(t, async () => openBucket({ multipartFromBytes: 1 }));
});

t.test('ranges cover an object without a gap, in at most 10,000 parts', async (t) => {
  t.strictSame(partRanges(10, 4), ['bytes=0-3', 'bytes=4-7', 'bytes=8-9']);
  t.strictSame(partRanges(8, 4), ['bytes=0-3', 'bytes=4-7']);
  const many = partRanges(5 * 1024 ** 4, 5 * MIB);
  t.equal(many.length, 10_000);
  t.match(many.at(-1), new RegExp(`-${5 * 1024 ** 4 - 1}$`));
});

/** It copies in parts whatever is not empty. */
const inParts = createS3ObjectStore({
  client: s3,
  bucket: Bucket,
  multipartFromBytes: 1,
  partBytes: 5 * MIB,
});

t.test('P2: a copy in parts carries bytes, Content-Type, metadata and tags over', async (t) => {
  const bytes = randomBytes(12 * MIB + 1);
  const sourceKey = 'uploads/in parts+1';
  const put = await s3.send(
    new PutObjectCommand({
      Bucket,
      Key: sourceKey,
      Body: bytes,
      ContentType: 'video/mp4',
      ContentLanguage: 'de',
      CacheControl: 'max-age=60',
      ContentDisposition: 'attachment; filename="x.mp4"',
      Metadata: { camera: '7' },
      Tagging: 'site=north&kind=a%20b',
    }),
  );
  const targetKey = 'accepted/in parts+1';
  const order = {
    sourceKey,
    sourceVersionId: put.VersionId ?? '',
    sourceSizeBytes: bytes.length,
    targetKey,
  };
  const copy = await inParts.copyIfAbsent(order);
  if (copy.outcome !== 'copied') throw new Error(copy.outcome);
  const opened = await inParts.open(targetKey, copy.versionId);
  const copied = opened && (await buffer(opened.body));
  const hash = (of: Uint8Array) => createHash('sha256').update(of).digest('hex');
  t.equal(hash(copied ?? Buffer.alloc(0)), hash(bytes));
  t.match(await s3.send(new HeadObjectCommand({ Bucket, Key: targetKey })), {
    ContentType: 'video/mp4',
    ContentLanguage: 'de',
    CacheControl: 'max-age=60',
    ContentDisposition: 'attachment; filename="x.mp4"',
    Metadata: { camera: '7' },
  });
  const { TagSet } = await s3.send(new GetObjectTaggingCommand({ Bucket, Key: targetKey }));
  t.strictSame(
    TagSet?.sort((a, b) => (a.Key ?? '').localeCompare(b.Key ?? '')),
    [
      { Key: 'kind', Value: 'a b' },
      { Key: 'site', Value: 'north' },
    ],
  );
});

t.test('a copy in parts that another overtakes never replaces it, and leaves no parts behind', async (t) => {
  const sourceKey = 'uploads/overtaken';
  const targetKey = 'accepted/overtaken';
  const put = await s3.send(new PutObjectCommand({ Bucket, Key: sourceKey, Body: Buffer.alloc(6 * MIB, 1) }));
  local.calls.hold({ operation: 'CompleteMultipartUpload', keyPrefix: targetKey });
  const copy = inParts.copyIfAbsent({
    sourceKey,
    sourceVersionId: put.VersionId ?? '',
    sourceSizeBytes: 6 * MIB,
    targetKey,
  });
  await local.calls.whenHeld(1, { operation: 'CompleteMultipartUpload' }, AbortSignal.timeout(60_000));
  const overtaking = await s3.send(new PutObjectCommand({ Bucket, Key: targetKey, Body: 'was first' }));
  local.calls.release();
  t.strictSame(await copy, { outcome: 'target-exists' });
  t.match(await inParts.head(targetKey), { versionId: overtaking.VersionId, sizeBytes: 9 });
  t.equal(await unfinishedUploads(), 0);
});

t.test('P2: bytes that differ in a later part are found, and no parts are left behind', async (t) => {
  const objects = createS3ObjectStore({ client: s3, bucket: Bucket, partBytes: 5 * MIB });
  const bytes = randomBytes(11 * MIB);
  async function put(Key: string, Body: Uint8Array) {
    const { VersionId = '' } = await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
    return { key: Key, versionId: VersionId, sizeBytes: Body.length };
  }
  const source = await put('uploads/compared', bytes);
  t.equal(await objects.haveSameBytes(source, await put('accepted/compared', bytes)), true);
  const last = Buffer.from(bytes);
  last.writeUInt8(last.readUInt8(last.length - 1) ^ 1, last.length - 1);
  t.equal(await objects.haveSameBytes(source, await put('accepted/compared', last)), false);
  t.match(await objects.head('accepted/compared'), { sizeBytes: last.length });
  t.equal(await unfinishedUploads(), 0);
  const aborted = AbortSignal.abort();
  await t.rejects(objects.haveSameBytes(source, source, aborted), { name: 'AbortError' });
  t.equal(await unfinishedUploads(), 0);
});

t.test('a copy in parts that is broken off leaves no object and no parts', async (t) => {
  const sourceKey = 'uploads/broken-off';
  const targetKey = 'accepted/broken-off';
  const put = await s3.send(new PutObjectCommand({ Bucket, Key: sourceKey, Body: Buffer.alloc(6 * MIB, 1) }));
  const stop = new AbortController();
  local.calls.hold({ operation: 'UploadPartCopy', keyPrefix: targetKey });
  const copy = inParts.copyIfAbsent(
    { sourceKey, sourceVersionId: put.VersionId ?? '', sourceSizeBytes: 6 * MIB, targetKey },
    stop.signal,
  );
  await local.calls.whenHeld(2, { operation: 'UploadPartCopy' }, AbortSignal.timeout(60_000));
  stop.abort();
  await t.rejects(copy, { name: 'AbortError' });
  local.calls.release();
  t.equal(await inParts.head(targetKey), undefined);
  t.equal(await unfinishedUploads(), 0);
});

t.test('P1: of more versions than fit into one page the oldest is found', async (t) => {
  const objects = createS3ObjectStore({ client: s3, bucket: Bucket });
  const Key = 'uploads/many-versions';
  const { VersionId } = await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'the oldest' }));
  for (let at = 0; at < 1004; at += 1) await s3.send(new PutObjectCommand({ Bucket, Key, Body: `${at}` }));
  t.match(await objects.oldestVersion(Key), { versionId: VersionId, sizeBytes: 10 });
});

t.test('the oldest of 200,000 versions is found without holding them', async (t) => {
  const client = new S3Client(local.s3Config);
  t.teardown(() => client.destroy());
  const PAGES = 200;
  const baseBytes: number[] = [];
  let pages = 0;
  // Made up page by page, as S3 would list them.
  client.middlewareStack.add(
    () => async (args) => {
      const { Prefix: Key = '' } = args.input as { Prefix?: string };
      pages += 1;
      if (pages === 2 || pages === PAGES) {
        collectGarbage();
        baseBytes.push(process.memoryUsage().heapUsed);
      }
      const Versions = Array.from({ length: 1000 }, (_, at) => ({
        Key,
        VersionId: `version-${pages}-${at}`,
        ETag: `"${'e'.repeat(31)}${at}"`,
        Size: at,
        LastModified: new Date(0),
      }));
      const IsTruncated = pages < PAGES;
      const markers = IsTruncated && { NextKeyMarker: Key, NextVersionIdMarker: `version-${pages}-999` };
      const output = { $metadata: {}, IsTruncated, Versions, ...markers };
      return { output, response: {} };
    },
    { step: 'initialize', name: 'madeUpPages' },
  );
  const objects = createS3ObjectStore({ client, bucket: Bucket });
  t.match(await objects.oldestVersion('uploads/endless'), { versionId: `version-${PAGES}-999` });
  t.equal(pages, PAGES);
  const [early = 0, late = 0] = baseBytes;
  const grownMib = (late - early) / MIB;
  t.ok(grownMib < 4, `the heap grew by ${grownMib.toFixed(1)} MiB`);
});

t.test('what S3 refuses without a reason is reported by its status', async (t) => {
  const credentials = { accessKeyId: 'AKIANOTOURACCOUNT000', secretAccessKey: 'not-ours' };
  const client = new S3Client({ ...local.s3Config, credentials });
  t.teardown(() => client.destroy());
  const objects = createS3ObjectStore({ client, bucket: Bucket });
  await t.rejects(objects.head('accepted/a'), {
    message: 'S3 responded to HeadObject with status 403, and no reason',
  });
  await t.rejects(objects.ping(), { message: 'S3 responded to HeadBucket with status 403, and no reason' });
});

t.test('another bucket is an error, not an empty one', async (t) => {
  const objects = createS3ObjectStore({ client: s3, bucket: 'no-such-bucket' });
  await t.rejects(objects.oldestVersion('uploads/a'), { name: 'NoSuchBucket' });
  await t.rejects(objects.ping());
  const order = { sourceKey: 'uploads/a', sourceVersionId: 'v', sourceSizeBytes: 1, targetKey: 'accepted/a' };
  await t.rejects(objects.copyIfAbsent(order), { name: 'NoSuchBucket' });
});
