import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import t from 'tap';
import { FORM_TYPE, fieldParts, formBody, formEnd, partHead } from './support/form-body.ts';
import { startMain } from './support/main-process.ts';

const MIB = 1024 ** 2;
const FILE_BYTES = 2048 * MIB;
const LIMIT_BYTES = 300 * MIB;
const KEY = 'uploads/big';

t.setTimeout(500_000);

t.test('a form upload of 2 GiB passes through without growing the process', async (t) => {
  const { ready, peakBytes } = await startMain(t, { LOCAL_AWS_DATA: t.testdir() });
  const { endpoints, region, credentials, bucket } = ready;
  const s3 = new S3Client({ endpoint: endpoints.s3, region, credentials, forcePathStyle: true });
  t.teardown(() => s3.destroy());
  const form = await createPresignedPost(s3, { Bucket: bucket, Key: KEY });

  const block = randomBytes(MIB);
  const md5 = createHash('md5');
  const fields = formBody(fieldParts(form.fields)).subarray(0, -formEnd().length);
  const before = Buffer.concat([fields, partHead({ name: 'file', fileName: 'big', content: '' })]);
  const after = Buffer.concat([Buffer.from('\r\n'), formEnd()]);
  function* body(): Generator<Buffer> {
    yield before;
    for (let sent = 0; sent < FILE_BYTES; sent += block.length) {
      md5.update(block);
      yield block;
    }
    yield after;
  }

  const upload = request(form.url, {
    method: 'POST',
    headers: { 'content-type': FORM_TYPE, 'content-length': before.length + FILE_BYTES + after.length },
  });
  const responded = once(upload, 'response') as Promise<[IncomingMessage]>;
  await pipeline(Readable.from(body()), upload);
  const [response] = await responded;
  response.resume();

  t.equal(response.statusCode, 204);
  const head = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: KEY }));
  t.equal(head.ContentLength, FILE_BYTES);
  t.equal(head.ETag, `"${md5.digest('hex')}"`);
  const peak = await peakBytes();
  t.ok(peak > 0 && peak < LIMIT_BYTES, `the process had at most ${Math.round(peak / MIB)} MiB`);
});
