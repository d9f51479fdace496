import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import t from 'tap';
import { toDescription } from '../src/s3/s3-description.ts';

const MD5 = '5d41402abc4b2a76b9719d911017c592';
const CRC64 = 'M3eFcAZSQlc=';

function digestsOf(response: Partial<HeadObjectCommandOutput>) {
  return toDescription({ $metadata: {}, ETag: `"${MD5}"`, ...response }, 'v').digests;
}

t.test(
  'an ETag is an MD5 only of what was stored at once, and not with KMS or a key of the client',
  async (t) => {
    t.strictSame(digestsOf({}), { MD5 });
    t.strictSame(digestsOf({ ServerSideEncryption: 'AES256' }), { MD5 });
    for (const ServerSideEncryption of ['aws:kms', 'aws:kms:dsse'] as const) {
      t.strictSame(digestsOf({ ServerSideEncryption }), {});
    }
    t.strictSame(digestsOf({ SSECustomerAlgorithm: 'AES256' }), {});
    t.strictSame(digestsOf({ ETag: `"${MD5}-2"` }), {}, 'of parts');
    t.strictSame(digestsOf({ ETag: undefined }), {});
  },
);

t.test('a checksum of the whole object is a digest of it', async (t) => {
  const whole = { ETag: `"${MD5}-2"`, ChecksumType: 'FULL_OBJECT' } as const;
  t.strictSame(digestsOf({ ...whole, ChecksumCRC64NVME: CRC64 }), { CRC64NVME: CRC64 });
  t.strictSame(digestsOf({ ...whole, ChecksumCRC32: 'a', ChecksumCRC32C: 'b' }), { CRC32: 'a', CRC32C: 'b' });
  t.strictSame(digestsOf({ ...whole, ChecksumSHA1: 'a', ChecksumSHA256: 'b' }), {
    'SHA-1': 'a',
    'SHA-256': 'b',
  });
});

t.test('a checksum of the parts says nothing of the whole', async (t) => {
  t.strictSame(digestsOf({ ChecksumType: 'COMPOSITE', ChecksumSHA256: 'a-2', ETag: `"${MD5}-2"` }), {});
  t.strictSame(digestsOf({ ChecksumSHA256: 'a', ETag: `"${MD5}-2"` }), {}, 'nor does one of an unknown kind');
});

t.test(
  'everything that was said of an object is in its attributes, but for tags that not every caller sees',
  async (t) => {
    const { attributes } = toDescription(
      {
        $metadata: {},
        ContentType: 'a/b',
        ContentEncoding: 'gzip',
        ContentDisposition: 'inline',
        ContentLanguage: 'de',
        CacheControl: 'no-store',
        Expires: new Date(0),
        Metadata: { camera: '7' },
        TagCount: 2,
      },
      'v',
    );
    t.strictSame(attributes, {
      'content-type': 'a/b',
      'content-encoding': 'gzip',
      'content-disposition': 'inline',
      'content-language': 'de',
      'cache-control': 'no-store',
      expires: '1970-01-01T00:00:00.000Z',
      'x-amz-meta-camera': '7',
    });
  },
);
