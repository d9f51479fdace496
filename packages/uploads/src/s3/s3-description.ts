import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import type { VersionDescription } from '../ports/object-store.ts';
import { describedAttributes } from './described-attributes.ts';
import { unquoted } from './s3-answers.ts';

/** S3's response to HEAD with checksum mode ENABLED, as the product's own description. */
export function toDescription(answer: HeadObjectCommandOutput, versionId: string): VersionDescription {
  return {
    versionId,
    eTag: unquoted(answer.ETag),
    sizeBytes: answer.ContentLength ?? 0,
    storedAt: answer.LastModified ?? new Date(0),
    digests: digestsOf(answer),
    attributes: describedAttributes(
      {
        'content-type': answer.ContentType,
        'content-encoding': answer.ContentEncoding,
        'content-disposition': answer.ContentDisposition,
        'content-language': answer.ContentLanguage,
        'cache-control': answer.CacheControl,
        expires: answer.Expires?.toISOString(),
      },
      answer.Metadata ?? {},
    ),
  };
}

/**
 * Only what is a digest of the whole object. A checksum of type COMPOSITE is one of the parts' checksums and depends on where the parts
 * end (Amazon S3 User Guide, "Checking object integrity in Amazon S3"). An ETag is an MD5 where the object was stored in one request,
 * and is encrypted with SSE-S3 or not at all (Amazon S3 API Reference, "Object").
 */
function digestsOf(answer: HeadObjectCommandOutput): Record<string, string> {
  const { ChecksumType, ServerSideEncryption, SSECustomerAlgorithm } = answer;
  const eTag = unquoted(answer.ETag);
  const isPlain = ServerSideEncryption === undefined || ServerSideEncryption === 'AES256';
  const isMd5 = /^[0-9a-f]{32}$/.test(eTag) && isPlain && SSECustomerAlgorithm === undefined;
  const isOfWhole = ChecksumType === 'FULL_OBJECT';
  const digests = {
    MD5: isMd5 ? eTag : undefined,
    ...(isOfWhole && {
      CRC32: answer.ChecksumCRC32,
      CRC32C: answer.ChecksumCRC32C,
      CRC64NVME: answer.ChecksumCRC64NVME,
      'SHA-1': answer.ChecksumSHA1,
      'SHA-256': answer.ChecksumSHA256,
    }),
  };
  return Object.fromEntries(
    Object.entries(digests).flatMap(([name, value]) => (value ? [[name, value]] : [])),
  );
}
