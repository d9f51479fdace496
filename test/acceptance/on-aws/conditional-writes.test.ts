import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import t from 'tap';
import { deployment, s3 } from '../support/deployment.ts';
import { listVersions } from '../support/objects.ts';

// How the acceptor writes under accepted/: only where nothing is yet. Here beside the prefixes, where no policy is in the way.

const Bucket = deployment.bucket;
const PREFIX = `on-aws/${Date.now()}`;
const source = `${PREFIX}-source`;
const CopySource = `${Bucket}/${source}`;
const REFUSED = { name: 'PreconditionFailed', $metadata: { httpStatusCode: 412 } };

const { ETag, VersionId } = await s3.send(new PutObjectCommand({ Bucket, Key: source, Body: 'the source' }));
const versionOfSource = `${CopySource}?versionId=${VersionId}`;

t.test('CopyObject with If-None-Match writes once', async (t) => {
  const Key = `${PREFIX}-copy`;
  const copy = () =>
    s3.send(
      new CopyObjectCommand({
        Bucket,
        Key,
        CopySource: versionOfSource,
        CopySourceIfMatch: ETag,
        IfNoneMatch: '*',
      }),
    );
  await copy();
  await t.rejects(copy(), REFUSED);
  t.equal((await listVersions(Key)).length, 1);
});

t.test('CopyObject of a source that is another is refused', async (t) => {
  const Key = `${PREFIX}-other`;
  const other = new CopyObjectCommand({ Bucket, Key, CopySource, CopySourceIfMatch: `"${'0'.repeat(32)}"` });
  await t.rejects(s3.send(other), REFUSED);
  t.strictSame(await listVersions(Key), []);
});

t.test('CompleteMultipartUpload with If-None-Match writes once, whichever began first', async (t) => {
  const Key = `${PREFIX}-parts`;
  const begin = async () => {
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const part = new UploadPartCopyCommand({
      ...{ Bucket, Key, UploadId, PartNumber: 1 },
      ...{ CopySource: versionOfSource, CopySourceIfMatch: ETag },
    });
    const { CopyPartResult } = await s3.send(part);
    const Parts = [{ PartNumber: 1, ETag: CopyPartResult?.ETag }];
    return () =>
      s3.send(
        new CompleteMultipartUploadCommand({
          Bucket,
          Key,
          UploadId,
          MultipartUpload: { Parts },
          IfNoneMatch: '*',
        }),
      );
  };
  const [first, second] = [await begin(), await begin()];
  await second();
  await t.rejects(first(), REFUSED);
  t.equal((await listVersions(Key)).length, 1);
});
