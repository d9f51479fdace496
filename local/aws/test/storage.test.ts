import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { createObjectStorage } from '../src/storage/create-object-storage.ts';
import type { ObjectStorage } from '../src/storage/object-storage.ts';
import type { ObjectVersion, StoredVersion } from '../src/storage/object-version.ts';

const ids = () => randomBytes(15).toString('base64url');
const now = () => new Date('2026-01-02T03:04:05.678Z');

function open(directory: string): Promise<ObjectStorage> {
  return createObjectStorage({ directory, now, ids });
}

async function versioned(test: Test): Promise<{ storage: ObjectStorage; directory: string }> {
  const directory = test.testdir();
  const storage = await open(directory);
  await storage.createBucket('bucket');
  await storage.configure('bucket', { versioning: 'Enabled' });
  return { storage, directory };
}

async function* bytesOf(...pieces: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece);
}

async function put(
  storage: ObjectStorage,
  key: string,
  content: string | Uint8Array,
  conditions: { ifNoneMatch?: '*'; ifMatch?: string; began?: number } = {},
): Promise<ObjectVersion> {
  const staged = await storage.stage(bytesOf(content));
  try {
    return await storage.commit({
      bucket: 'bucket',
      key,
      origin: 'Put',
      staged,
      attributes: { metadata: {}, tags: {} },
      ...conditions,
    });
  } finally {
    await staged.discard();
  }
}

async function text(storage: ObjectStorage, version: StoredVersion | undefined): Promise<string> {
  if (version === undefined || version.deleteMarker) throw new Error('a version with bytes was expected');
  return (await buffer(storage.read(version))).toString();
}

const files = (directory: string) => readdir(join(directory, 'data'));

t.test('a version keeps its bytes, digests and place', async (t) => {
  const { storage } = await versioned(t);
  const staged = await storage.stage(bytesOf('he', 'llo'), {
    checksums: ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'],
  });
  t.match(staged, {
    sizeBytes: 5,
    md5Hex: createHash('md5').update('hello').digest('hex'),
    checksums: {
      CRC32: 'NhCmhg==',
      CRC32C: 'mnG7TA==',
      CRC64NVME: 'M3eFcAZSQlc=',
      SHA1: createHash('sha1').update('hello').digest('base64'),
      SHA256: createHash('sha256').update('hello').digest('base64'),
    },
  });
  await staged.discard();
  const first = await put(storage, 'k', 'one');
  const second = await put(storage, 'k', 'two');
  t.same(
    storage.versions('bucket', 'k').map((version) => version.versionId),
    [second.versionId, first.versionId],
    'newest first',
  );
  t.equal(await text(storage, storage.current('bucket', 'k')), 'two');
  t.equal(await text(storage, storage.find('bucket', 'k', first.versionId)), 'one');
  t.equal((await buffer(storage.read(second, { first: 1, last: 2 }))).toString(), 'wo');
});

t.test('bytes go when the last that refers to them goes', async (t) => {
  const { storage, directory } = await versioned(t);
  const source = await put(storage, 'a', 'shared bytes');
  const staged = await storage.stageFrom(source);
  t.equal(staged.md5Hex, source.eTag);
  const copy = await storage.commit({
    bucket: 'bucket',
    key: 'b',
    origin: 'Copy',
    staged,
    attributes: source.attributes,
  });
  t.equal((await files(directory)).length, 1, 'a copy shares the file');
  await storage.deleteVersion('bucket', 'a', source.versionId);
  t.equal(await text(storage, copy), 'shared bytes');
  const reading = storage.read(copy);
  await storage.deleteVersion('bucket', 'b', copy.versionId);
  t.equal((await files(directory)).length, 1, 'a reader holds it');
  t.equal((await buffer(reading)).toString(), 'shared bytes');
  if (!reading.closed) await once(reading, 'close');
  await put(storage, 'c', '');
  t.equal((await files(directory)).length, 1, 'only the empty one is left');
  t.equal(await storage.deleteVersion('bucket', 'a', source.versionId), undefined);
});

t.test('what fails while it is staged leaves nothing', async (t) => {
  const { storage, directory } = await versioned(t);
  await t.rejects(storage.stage(bytesOf('1234', '5678'), { maxBytes: 7 }), {
    code: 'EntityTooLarge',
    status: 400,
  });
  async function* broken() {
    yield Buffer.from('some');
    throw new Error('the client went away');
  }
  await t.rejects(storage.stage(broken()), { message: 'the client went away' });
  const staged = await storage.stage(bytesOf('x'), { maxBytes: 1 });
  await staged.discard();
  await staged.discard();
  t.same(await files(directory), []);
});

t.test('bytes that were lost are a fault, not an empty copy', async (t) => {
  const { storage, directory } = await versioned(t);
  const version = await put(storage, 'k', 'bytes');
  for (const file of await files(directory)) await rm(join(directory, 'data', file));
  await t.rejects(storage.stageFrom(version, { checksums: ['SHA256'] }), { code: 'ENOENT' });
  await t.rejects(buffer(storage.read(version)), { code: 'ENOENT' });
});

t.test('without versioning there is one version, called null', async (t) => {
  const { storage, directory } = await versioned(t);
  const kept = await put(storage, 'k', 'kept');
  await storage.configure('bucket', { versioning: 'Suspended' });
  await put(storage, 'k', 'one');
  const second = await put(storage, 'k', 'two');
  t.equal(second.versionId, 'null');
  t.same(
    storage.versions('bucket', 'k').map((version) => version.versionId),
    ['null', kept.versionId],
  );
  const marker = await storage.putDeleteMarker('bucket', 'k');
  t.match(marker, { versionId: 'null', deleteMarker: true });
  t.equal((await files(directory)).length, 1);
});

t.test('everything is there again after a restart, and nothing else', async (t) => {
  const { storage, directory } = await versioned(t);
  await storage.configure('bucket', {
    corsRules: [{ allowedOrigins: ['*'], allowedMethods: ['GET'], allowedHeaders: [], exposeHeaders: [] }],
  });
  const first = await put(storage, 'k', 'one');
  const second = await put(storage, 'k', 'two');
  const marker = await storage.putDeleteMarker('bucket', 'k');
  const upload = await storage.multipart.create({
    bucket: 'bucket',
    key: 'm',
    attributes: { metadata: {}, tags: {} },
  });
  const part = await storage.multipart.putPart(upload, 1, await storage.stage(bytesOf('part')));
  await storage.stage(bytesOf('never committed'));
  await writeFile(join(directory, 'versions', '77.unfinished'), '{"key":');
  await writeFile(
    join(directory, 'uploads-parts', 'gone.1.json'),
    JSON.stringify({ uploadId: 'gone', partNumber: 1, segments: [] }),
  );

  const again = await open(directory);
  t.same(again.versions('bucket', 'k'), [marker, second, first]);
  t.same(again.buckets(), storage.buckets());
  t.equal(await text(again, again.find('bucket', 'k', first.versionId)), 'one');
  t.same(again.multipart.list('bucket'), storage.multipart.list('bucket'));
  t.equal((await files(directory)).length, 3);
  const next = await put(again, 'k', 'three');
  t.ok(next.sequence > upload.sequence, 'the order goes on');
  const version = await again.multipart.complete({
    bucket: 'bucket',
    key: 'm',
    uploadId: upload.uploadId,
    parts: [{ partNumber: 1, eTag: part.eTag, checksums: {} }],
    expectedChecksums: {},
  });
  t.equal(await text(again, version), 'part');
});

t.test('a restart between an unversioned write and the end of the old one keeps the new one', async (t) => {
  const directory = t.testdir();
  const storage = await open(directory);
  await storage.createBucket('bucket');
  const old = await put(storage, 'k', 'old');
  const copy = await storage.commit({
    bucket: 'bucket',
    key: 'copy',
    origin: 'Copy',
    staged: await storage.stageFrom(old),
    attributes: old.attributes,
  });
  const unversioned = await put(storage, 'k', 'new');
  await writeFile(join(directory, 'versions', `${old.sequence}.json`), JSON.stringify(old));
  const again = await open(directory);
  t.same(again.versions('bucket', 'k'), [unversioned]);
  t.equal(await text(again, again.find('bucket', 'copy', copy.versionId)), 'old');
});

t.test('a multipart upload has the place of its initiation', async (t) => {
  const { storage, directory } = await versioned(t);
  const upload = await storage.multipart.create({
    bucket: 'bucket',
    key: 'k',
    attributes: { metadata: {}, tags: {} },
  });
  await storage.multipart.putPart(upload, 1, await storage.stage(bytesOf('replaced')));
  const part = await storage.multipart.putPart(upload, 1, await storage.stage(bytesOf('part')));
  t.equal((await files(directory)).length, 1);
  const later = await put(storage, 'k', 'later');
  const completion = {
    bucket: 'bucket',
    key: 'k',
    uploadId: upload.uploadId,
    parts: [{ partNumber: 1, eTag: part.eTag, checksums: {} }],
    expectedChecksums: {},
  };
  await t.rejects(storage.multipart.complete({ ...completion, ifNoneMatch: '*' }), {
    code: 'PreconditionFailed',
  });
  const [done, refused] = await Promise.allSettled([
    storage.multipart.complete(completion),
    storage.multipart.complete(completion),
  ]);
  t.match(refused, { status: 'rejected', reason: { code: 'NoSuchUpload', status: 404 } });
  t.match(done, { status: 'fulfilled', value: { sequence: upload.sequence } });
  t.same(
    storage.versions('bucket', 'k').map(({ sequence }) => sequence),
    [later.sequence, upload.sequence],
  );
  await t.rejects(storage.multipart.putPart(upload, 2, await storage.stage(bytesOf('late'))), {
    code: 'NoSuchUpload',
  });
});

t.test('a bucket is not deleted beside a write that is under way', async (t) => {
  const { storage, directory } = await versioned(t);
  const staged = await storage.stage(bytesOf('x'));
  const commit = storage.commit({
    bucket: 'bucket',
    key: 'k',
    origin: 'Put',
    staged,
    attributes: { metadata: {}, tags: {} },
  });
  await t.rejects(storage.deleteBucket('bucket'), { code: 'BucketNotEmpty', status: 409 });
  await storage.deleteVersion('bucket', 'k', (await commit).versionId);
  const deleted = storage.deleteBucket('bucket');
  const created = storage.createBucket('bucket');
  await deleted;
  t.match(await created, { versioning: 'Off' });
  t.match((await open(directory)).bucket('bucket'), { versioning: 'Off' }, 'there after a restart');
  await storage.deleteBucket('bucket');
  t.equal((await open(directory)).hasBucket('bucket'), false);
});
