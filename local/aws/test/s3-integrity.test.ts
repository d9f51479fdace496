import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import t from 'tap';
import { decodeAwsChunked } from '../src/s3/aws-chunked.ts';
import { presign, type RawRequest, send, sign } from './support/raw-request.ts';
import { BUCKET as Bucket, refusalOf, startS3 } from './support/s3-server.ts';

const PUT = { method: 'PUT', path: `/${Bucket}/k`, body: 'hello' };
const CRC32 = 'NhCmhg==';
const CHUNKS = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';

t.test('checksums and digests that are not those of the bytes', async (t) => {
  const { client, endpoint, events, countFiles, storage } = await startS3(t);
  const put = (more: object) =>
    refusalOf(client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'hello', ...more })));
  for (const [more, code] of [
    [{ ChecksumCRC32: 'AAAAAA==' }, 'BadDigest'],
    [{ ChecksumCRC32C: 'AAAAAA==' }, 'BadDigest'],
    [{ ChecksumCRC64NVME: 'AAAAAAAAAAA=' }, 'BadDigest'],
    [{ ChecksumSHA1: Buffer.alloc(20).toString('base64') }, 'BadDigest'],
    [{ ChecksumSHA256: Buffer.alloc(32).toString('base64') }, 'BadDigest'],
    [{ ChecksumSHA256: 'c2hvcnQ=' }, 'InvalidRequest'],
    [{ ChecksumCRC32: 'not base64!' }, 'InvalidRequest'],
    [{ ContentMD5: Buffer.alloc(16).toString('base64') }, 'BadDigest'],
    [{ ContentMD5: 'c2hvcnQ=' }, 'InvalidDigest'],
  ] as const) {
    t.match(await put(more), { code, status: 400 }, JSON.stringify(more));
  }
  const raw = async (headers: Record<string, string>) =>
    send(endpoint, await sign(endpoint, { ...PUT, headers }));
  t.match(await raw({ 'x-amz-checksum-crc32': CRC32, 'x-amz-checksum-crc32c': 'mnG7TA==' }), {
    status: 400,
    code: 'InvalidRequest',
    body: /Expecting a single x-amz-checksum- header/,
  });
  t.match(await raw({ 'x-amz-sdk-checksum-algorithm': 'SHA256' }), { status: 400, code: 'InvalidRequest' });
  t.match(await raw({ 'x-amz-checksum-xxhash64': 'AAAAAAAAAAA=' }), { status: 501, code: 'NotImplemented' });
  t.same(events, []);
  t.same(storage.keys(Bucket), []);
  t.equal(await countFiles(), 0);
  t.match(await raw({ 'content-md5': 'XUFAKrxLKna5cZ2REBfFkg==' }), { status: 200 });
});

/** A body in chunks, with what trails it. */
function chunked(
  pieces: readonly (string | Uint8Array)[],
  trailers: Readonly<Record<string, string>>,
): Buffer {
  const chunks = pieces.map((piece) =>
    Buffer.concat([
      Buffer.from(`${Buffer.byteLength(piece).toString(16)}\r\n`),
      Buffer.from(piece as Uint8Array),
      Buffer.from('\r\n'),
    ]),
  );
  const lines = Object.entries(trailers).map(([name, value]) => `${name}:${value}\r\n`);
  return Buffer.concat([...chunks, Buffer.from(`0\r\n${lines.join('')}\r\n`)]);
}

t.test('chunks with a trailer', async (t) => {
  const { endpoint, events, countFiles, storage } = await startS3(t);
  const trailed = async (body: string | Uint8Array, more: Record<string, string> = {}) =>
    send(
      endpoint,
      await sign(endpoint, {
        ...PUT,
        body,
        headers: {
          'content-encoding': 'aws-chunked',
          'x-amz-content-sha256': CHUNKS,
          'x-amz-decoded-content-length': '5',
          'x-amz-trailer': 'x-amz-checksum-crc32',
          ...more,
        },
      }),
    );
  const good = chunked(['he', 'llo'], { 'x-amz-checksum-crc32': CRC32 });
  t.match(await trailed(chunked(['hello'], { 'x-amz-checksum-crc32': 'AAAAAA==' })), {
    status: 400,
    code: 'BadDigest',
  });
  t.match(await trailed(chunked(['hello'], {})), { status: 400, code: 'InvalidRequest' }, 'no trailer');
  t.match(await trailed('5\r\nhello\r\n0\r\nno trailer\r\n\r\n'), {
    status: 400,
    code: 'MalformedTrailerError',
  });
  t.match(await trailed('x\r\nhello\r\n0\r\n\r\n'), { status: 400, code: 'InvalidChunkSizeError' });
  t.match(await trailed('5\r\nhel'), { status: 400, code: 'IncompleteBody' });
  t.match(await trailed('5\r\nhello'), { status: 400, code: 'IncompleteBody' });
  t.match(await trailed('2\r\nhello\r\n0\r\n\r\n'), { status: 400, code: 'IncompleteBody' });
  t.match(await trailed('5'.repeat(40_000)), { status: 400, code: 'IncompleteBody' }, 'a line without end');
  t.match(await trailed(good, { 'x-amz-decoded-content-length': '6' }), {
    status: 400,
    code: 'IncompleteBody',
  });
  t.match(await trailed(good, { 'x-amz-decoded-content-length': 'five' }), {
    status: 400,
    code: 'InvalidArgument',
  });
  t.match(await trailed(good, { 'x-amz-checksum-crc32': CRC32 }), { status: 400, code: 'InvalidRequest' });
  t.same(events, []);
  t.equal(await countFiles(), 0);
  t.match(await trailed(good), { status: 200, headers: { 'x-amz-checksum-crc32': CRC32 } });
  t.match(storage.current(Bucket, 'k'), { sizeBytes: 5, attributes: { contentEncoding: undefined } });
  t.match(await trailed(good, { 'content-encoding': 'gzip, aws-chunked' }), { status: 200 });
  t.match(storage.current(Bucket, 'k'), { attributes: { contentEncoding: 'gzip' } });
});

t.test('chunks may be cut anywhere on their way', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 5 }),
      fc.array(fc.nat(300), { maxLength: 12 }),
      fc.boolean(),
      async (pieces, cuts, ended) => {
        const whole = chunked(pieces, { 'X-Amz-Checksum-Crc32': ` ${CRC32} ` });
        const sent = ended ? whole : whole.subarray(0, -2);
        const at = [0, ...cuts.map((cut) => Math.min(cut, sent.length)).sort((a, b) => a - b), sent.length];
        const wire = at.slice(1).map((end, n) => sent.subarray(at[n], end));
        const trailers = new Map<string, string>();
        const decoded: Uint8Array[] = [];
        for await (const piece of decodeAwsChunked(
          Readable.from(wire.filter(({ length }) => length > 0)),
          trailers,
        )) {
          decoded.push(piece);
        }
        t.ok(Buffer.concat(decoded).equals(Buffer.concat(pieces)));
        t.same([...trailers], [['x-amz-checksum-crc32', CRC32]]);
      },
    ),
    { numRuns: 60 },
  );
});

t.test('a body without a declared length', async (t) => {
  const { endpoint, events } = await startS3(t);
  const url = await presign(endpoint, { method: 'PUT', path: `/${Bucket}/k` });
  const response = await send(endpoint, { ...url, headers: { 'transfer-encoding': 'chunked' } });
  t.match(response, { status: 411, code: 'MissingContentLength' });
  t.same(events, []);
});

t.test('an upload that is cut off leaves nothing', async (t) => {
  const staged = Promise.withResolvers<void>();
  const s3 = await startS3(t);
  const { stage } = s3.storage;
  const finished = Promise.withResolvers<unknown>();
  s3.storage.stage = async (body, options) => {
    const watched = (async function* () {
      for await (const piece of body) {
        staged.resolve();
        yield piece;
      }
    })();
    try {
      return await stage.call(s3.storage, watched, options);
    } catch (error) {
      finished.resolve(error);
      throw error;
    }
  };
  const url: RawRequest = await presign(s3.endpoint, { method: 'PUT', path: `/${Bucket}/k` });
  const sent = request(s3.endpoint, {
    method: 'PUT',
    path: `${url.path}?${new URLSearchParams(url.query)}`,
    headers: { 'content-length': '1000000' },
    agent: false,
  });
  sent.on('error', () => undefined);
  sent.write(randomBytes(1000));
  await staged.promise;
  sent.destroy();
  t.match(await finished.promise, { code: 'ECONNRESET' });
  t.equal(await s3.countFiles(), 0);
  t.same(s3.storage.keys(Bucket), []);
  t.same([s3.events, s3.faults], [[], []]);
});

t.test('a refusal finds its way back while the client is still sending', async (t) => {
  const { endpoint, faults } = await startS3(t);
  const body = randomBytes(4_000_000);
  const url = await presign(endpoint, { method: 'PUT', path: `/${Bucket}/k`, body });
  t.match(await send(endpoint, { ...url, path: '/no-such-bucket/k' }), {
    status: 403,
    code: 'SignatureDoesNotMatch',
  });
  const chunks = await sign(endpoint, {
    method: 'PUT',
    path: `/${Bucket}/k`,
    body: Buffer.concat([Buffer.from('zz\r\n'), body]),
    headers: { 'x-amz-content-sha256': CHUNKS, 'x-amz-decoded-content-length': '4000000' },
  });
  t.match(await send(endpoint, chunks), { status: 400, code: 'InvalidChunkSizeError' });
  t.same(faults, []);
});
