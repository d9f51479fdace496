import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import t from 'tap';
import { BUCKET as Bucket, type RunningS3, refusalOf, startS3 } from './support/s3-server.ts';

const Key = 'accepted/one';

interface Written {
  readonly ETag?: string | undefined;
}

/** The three ways to write, each under conditions. */
const WRITES: Readonly<
  Record<'put' | 'copy' | 'complete', (s3: RunningS3, conditions: object) => Promise<Written>>
> = {
  async put({ client }, conditions) {
    return await client.send(new PutObjectCommand({ Bucket, Key, Body: 'content', ...conditions }));
  },
  async copy({ client }, conditions) {
    await client.send(new PutObjectCommand({ Bucket, Key: 'source', Body: 'content' }));
    const copy = new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/source`, ...conditions });
    return (await client.send(copy)).CopyObjectResult ?? {};
  },
  async complete(s3, conditions) {
    return await s3.client.send(
      new CompleteMultipartUploadCommand({ ...(await multipart(s3)), ...conditions }),
    );
  },
};

async function multipart({ client }: RunningS3) {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const part = await client.send(
    new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: 'content' }),
  );
  const { ETag, ChecksumCRC32 } = part;
  return { Bucket, Key, UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag, ChecksumCRC32 }] } };
}

for (const [name, write] of Object.entries(WRITES)) {
  t.test(`${name} under conditions`, async (t) => {
    const s3 = await startS3(t);
    t.match(
      await refusalOf(write(s3, { IfMatch: '"0123"' })),
      { code: 'NoSuchKey', status: 404 },
      'nothing to match',
    );
    const { ETag: eTag } = await write(s3, { IfNoneMatch: '*' });
    const held = s3.storage.versions(Bucket, Key);
    const seen = s3.events.filter(({ version }) => version.key === Key).length;
    t.match(await refusalOf(write(s3, { IfNoneMatch: '*' })), {
      code: 'PreconditionFailed',
      status: 412,
      error: {
        message: 'At least one of the pre-conditions you specified did not hold',
        Condition: 'If-None-Match',
      },
    });
    t.match(await refusalOf(write(s3, { IfMatch: '"0123"' })), {
      code: 'PreconditionFailed',
      status: 412,
      error: { Condition: 'If-Match' },
    });
    t.same(s3.storage.versions(Bucket, Key), held, 'a refused write leaves nothing');
    t.equal(s3.events.filter(({ version }) => version.key === Key).length, seen, 'and no event');
    await write(s3, { IfMatch: eTag });
    t.equal(s3.storage.versions(Bucket, Key).length, 2);
    await s3.client.send(new DeleteObjectCommand({ Bucket, Key }));
    t.match(
      await refusalOf(write(s3, { IfMatch: eTag })),
      { code: 'NoSuchKey', status: 404 },
      'a marker is nothing',
    );
    await write(s3, { IfNoneMatch: '*' });
    t.equal(s3.storage.versions(Bucket, Key).length, 4, 'a marker does not stand in the way');
  });

  t.test(`of many ${name}s at once that must be the first, one is`, async (t) => {
    const s3 = await startS3(t);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, () => write(s3, { IfNoneMatch: '*' })),
    );
    t.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') t.equal(outcome.reason.name, 'PreconditionFailed');
    }
    t.equal(s3.storage.versions(Bucket, Key).length, 1);
    t.equal(await s3.countFiles(), name === 'put' ? 1 : 10, 'those that were refused leave no bytes');
  });
}

for (const [header, deleted, last] of [
  ['If-None-Match', 'by a delete marker', undefined],
  ['If-None-Match', 'for good', undefined],
  ['If-Match', 'and put again', 'content'],
] as const)
  t.test(`a put under ${header} is a conflict with a delete that overtakes it, ${deleted}`, async (t) => {
    const arrived = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const s3 = await startS3(t, {
      beforeOperation: async ({ request }) => {
        if (request.headers[header.toLowerCase()] === undefined) return;
        arrived.resolve();
        await go.promise;
      },
    });
    const { ETag, VersionId } = await s3.client.send(new PutObjectCommand({ Bucket, Key, Body: 'content' }));
    const conditions = header === 'If-Match' ? { IfMatch: ETag } : { IfNoneMatch: '*' };
    const refused = refusalOf(WRITES.put(s3, conditions));
    await arrived.promise;
    const version = deleted === 'for good' ? { VersionId } : {};
    await s3.client.send(new DeleteObjectCommand({ Bucket, Key, ...version }));
    if (last) await WRITES.put(s3, {});
    go.resolve();
    t.match(await refused, {
      code: 'ConditionalRequestConflict',
      status: 409,
      error: { Condition: header, Key },
    });
  });

t.test('a completion that a delete overtook has to begin anew', async (t) => {
  const s3 = await startS3(t);
  await WRITES.put(s3, {});
  const upload = await multipart(s3);
  await s3.client.send(new DeleteObjectCommand({ Bucket, Key }));
  const complete = () => s3.client.send(new CompleteMultipartUploadCommand({ ...upload, IfNoneMatch: '*' }));
  t.match(await refusalOf(complete()), { code: 'ConditionalRequestConflict', status: 409 });
  t.match(await refusalOf(complete()), { code: 'ConditionalRequestConflict', status: 409 }, 'however often');
  t.ok(await WRITES.complete(s3, { IfNoneMatch: '*' }));
});
