import { createHash, randomBytes } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import t from 'tap';
import { BUCKET as Bucket, type RunningS3, refusalOf, startS3 } from './support/s3-server.ts';

const Key = 'big/object';
const MIN_PART = 5 * 1024 * 1024;

async function upload(s3: RunningS3, bodies: readonly Uint8Array[], more: object = {}, numbers = [1, 2, 3]) {
  const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }));
  const Parts: CompletedPart[] = [];
  for (const [at, Body] of bodies.entries()) {
    const PartNumber = numbers[at];
    const part = await s3.client.send(
      new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body, ...more }),
    );
    const { ETag, ChecksumCRC32, ChecksumCRC32C, ChecksumCRC64NVME, ChecksumSHA1, ChecksumSHA256 } = part;
    Parts.push({
      PartNumber,
      ETag,
      ChecksumCRC32,
      ChecksumCRC32C,
      ChecksumCRC64NVME,
      ChecksumSHA1,
      ChecksumSHA256,
    });
  }
  const complete = (parts: CompletedPart[] | undefined = Parts, rest: object = {}) =>
    s3.client.send(
      new CompleteMultipartUploadCommand({
        Bucket,
        Key,
        UploadId,
        MultipartUpload: { Parts: parts },
        ...rest,
      }),
    );
  return { UploadId: UploadId ?? '', Parts, complete };
}

t.test('parts make one object', async (t) => {
  const s3 = await startS3(t);
  const bodies = [randomBytes(MIN_PART), randomBytes(MIN_PART + 1), randomBytes(17)];
  const { complete } = await upload(
    s3,
    bodies,
    { ContentType: 'text/x', Metadata: { a: 'b' }, Tagging: 't=1' },
    [2, 5, 9],
  );
  t.same(s3.events, []);
  const done = await complete();
  const md5s = Buffer.concat(bodies.map((body) => createHash('md5').update(body).digest()));
  const ETag = `"${createHash('md5').update(md5s).digest('hex')}-3"`;
  t.match(done, {
    Bucket,
    Key,
    ETag,
    VersionId: String,
    Location: String,
  });
  const got = await s3.client.send(new GetObjectCommand({ Bucket, Key }));
  t.match(got, {
    ContentType: 'text/x',
    Metadata: { a: 'b' },
    TagCount: 1,
    ETag,
    ContentLength: 2 * MIN_PART + 18,
  });
  t.ok(Buffer.concat(bodies).equals((await got.Body?.transformToByteArray()) ?? Buffer.of()));
  t.match(s3.events, [
    { type: 'ObjectCreated:CompleteMultipartUpload', version: { versionId: done.VersionId, key: Key } },
  ]);
  t.equal(s3.events.length, 1);
  t.match(await refusalOf(complete()), { code: 'NoSuchUpload', status: 404 });
});

t.test('no version id is returned while versioning is off or suspended', async (t) => {
  const s3 = await startS3(t);
  await s3.storage.configure(Bucket, { versioning: 'Suspended' });
  const { complete } = await upload(s3, [Buffer.from('x')]);
  t.equal((await complete()).VersionId, undefined);
});

t.test('checksums of parts and of the whole', async (t) => {
  const s3 = await startS3(t);
  const bodies = [randomBytes(MIN_PART), randomBytes(5)];
  const whole = createHash('sha256');
  for (const body of bodies) whole.update(createHash('sha256').update(body).digest());
  const sha = await upload(s3, bodies, { ChecksumAlgorithm: 'SHA256' });
  const composite = `${whole.digest('base64')}-2`;
  const wrong = `${randomBytes(32).toString('base64')}-2`;
  t.match(await refusalOf(sha.complete(sha.Parts, { ChecksumSHA256: wrong })), {
    code: 'BadDigest',
    status: 400,
  });
  t.match(await refusalOf(sha.complete(sha.Parts.map((part) => ({ ...part, ChecksumSHA256: undefined })))), {
    code: 'InvalidRequest',
    status: 400,
    error: { message: /created using a sha256 checksum.*missing for part 1/ },
  });
  t.match(
    await refusalOf(sha.complete(sha.Parts.map((part) => ({ ...part, ChecksumSHA256: wrong.slice(0, -2) })))),
    {
      code: 'InvalidPart',
      status: 400,
    },
  );
  t.match(await refusalOf(sha.complete(sha.Parts, { ChecksumType: 'FULL_OBJECT' })), {
    code: 'InvalidRequest',
  });
  t.match(await sha.complete(sha.Parts, { ChecksumSHA256: composite }), { ChecksumSHA256: composite });
  t.match(await s3.client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' })), {
    ChecksumSHA256: composite,
    ChecksumType: 'COMPOSITE',
  });

  await s3.client.send(
    new PutObjectCommand({
      Bucket,
      Key: 'whole',
      Body: Buffer.concat(bodies),
      ChecksumAlgorithm: 'CRC64NVME',
    }),
  );
  const { ChecksumCRC64NVME } = await s3.client.send(
    new HeadObjectCommand({ Bucket, Key: 'whole', ChecksumMode: 'ENABLED' }),
  );
  const full = await upload(s3, bodies, { ChecksumAlgorithm: 'CRC64NVME' });
  t.match(await refusalOf(full.complete(full.Parts, { MpuObjectSize: 4 })), {
    code: 'InvalidRequest',
    status: 400,
  });
  const size = { MpuObjectSize: MIN_PART + 5, ChecksumCRC64NVME, ChecksumType: 'FULL_OBJECT' };
  t.match(await full.complete(full.Parts, size), { ChecksumCRC64NVME, ChecksumType: 'FULL_OBJECT' });
});

t.test('checksums that do not go together', async (t) => {
  const { client } = await startS3(t);
  const create = (more: object) =>
    refusalOf(client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more })));
  const refused = { code: 'InvalidRequest', status: 400 };
  t.match(await create({ ChecksumAlgorithm: 'SHA256', ChecksumType: 'FULL_OBJECT' }), refused);
  t.match(await create({ ChecksumAlgorithm: 'CRC64NVME', ChecksumType: 'COMPOSITE' }), refused);
  t.match(await create({ ChecksumAlgorithm: 'CRC32', ChecksumType: 'HALF' }), refused);
  t.match(await create({ ChecksumAlgorithm: 'MD4' }), refused);
  t.match(await create({ ChecksumType: 'COMPOSITE' }), refused);
  const { UploadId } = await client.send(
    new CreateMultipartUploadCommand({ Bucket, Key, ChecksumAlgorithm: 'SHA1' }),
  );
  const part = { Bucket, Key, UploadId, PartNumber: 1, Body: 'x' };
  t.match(await refusalOf(client.send(new UploadPartCommand({ ...part, ChecksumAlgorithm: 'CRC32C' }))), {
    ...refused,
    error: { message: /expected checksum Type: sha1, actual checksum Type: crc32c/ },
  });
});

t.test('a completion that does not fit its parts', async (t) => {
  const s3 = await startS3(t);
  const small = await upload(s3, [randomBytes(10), randomBytes(10)]);
  t.match(await refusalOf(small.complete()), {
    code: 'EntityTooSmall',
    status: 400,
    error: { PartNumber: '1', ProposedSize: '10', MinSizeAllowed: String(MIN_PART) },
  });
  const [first, second] = small.Parts;
  for (const [what, parts, code] of [
    ['in another order', [second ?? {}, first ?? {}], 'InvalidPartOrder'],
    ['one twice', [first ?? {}, first ?? {}], 'InvalidPartOrder'],
    ['one that is not there', [{ ...first, PartNumber: 3 }], 'InvalidPart'],
    ['one of other bytes', [{ ...first, ETag: second?.ETag }], 'InvalidPart'],
    ['none', [], 'MalformedXML'],
  ] as const)
    t.match(await refusalOf(small.complete([...parts])), { code, status: 400 }, what);
  t.same(s3.events, []);
  t.same(s3.storage.versions(Bucket, Key), []);
  t.ok(await small.complete([second ?? {}]), 'parts that are not named are left out');
  t.match(s3.storage.current(Bucket, Key), { sizeBytes: 10 });
  t.equal(await s3.countFiles(), 1);
});

t.test('uploads are listed in pages', async (t) => {
  const s3 = await startS3(t);
  const { client } = s3;
  const { UploadId } = await upload(s3, [Buffer.from('a')]);
  const others = [];
  for (const name of ['a', 'big/object', 'c d']) {
    others.push((await client.send(new CreateMultipartUploadCommand({ Bucket, Key: name }))).UploadId);
  }
  const wanted = [
    { Key: 'a', UploadId: others[0] },
    { Key: 'big/object', UploadId },
    { Key: 'big/object', UploadId: others[1] },
    { Key: 'c d', UploadId: others[2] },
  ];
  const seen = [];
  let markers: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
  for (let more = true; more; ) {
    const page = await client.send(new ListMultipartUploadsCommand({ Bucket, MaxUploads: 1, ...markers }));
    seen.push(...(page.Uploads ?? []).map((one) => ({ Key: one.Key, UploadId: one.UploadId })));
    markers = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
    more = page.IsTruncated ?? false;
  }
  t.same(seen, wanted);
  const encoded = await client.send(
    new ListMultipartUploadsCommand({ Bucket, Prefix: 'c', EncodingType: 'url' }),
  );
  t.match(encoded, { Uploads: [{ Key: 'c%20d' }], EncodingType: 'url' });
  t.match(await refusalOf(client.send(new ListMultipartUploadsCommand({ Bucket, Delimiter: '/' }))), {
    status: 501,
  });
});

t.test('an aborted upload leaves nothing', async (t) => {
  const s3 = await startS3(t);
  const { UploadId, complete } = await upload(s3, [Buffer.from('x')]);
  t.equal(await s3.countFiles(), 1);
  await s3.client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  t.equal(await s3.countFiles(), 0);
  const gone = { code: 'NoSuchUpload', status: 404 };
  t.match(await refusalOf(complete()), gone);
  t.match(await refusalOf(s3.client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }))), gone);
  const part = new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: 'x' });
  t.match(await refusalOf(s3.client.send(part)), gone);
  t.same(s3.events, []);
});
