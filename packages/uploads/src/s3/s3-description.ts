import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import type { VersionDescription } from '../ports/object-store.ts';
import { describedAttributes } from './described-attributes.ts';
import { unquoted } from './s3-responses.ts';

/** S3's response to HEAD with checksum mode ENABLED, as the product's own description. */
export function toDescription(response: HeadObjectCommandOutput, versionId: string): VersionDescription {
  return {
    versionId,
    eTag: unquoted(response.ETag),
    sizeBytes: response.ContentLength ?? 0,
    storedAt: response.LastModified ?? new Date(0),
    digests: digestsOf(response),
    attributes: describedAttributes(
      {
        'content-type': response.ContentType,
        'content-encoding': response.ContentEncoding,
        'content-disposition': response.ContentDisposition,
        'content-language': response.ContentLanguage,
        'cache-control': response.CacheControl,
        expires: response.Expires?.toISOString(),
      },
      response.Metadata ?? {},
    ),
  };
}

/**
 * Only what is a digest of the whole object. A checksum of type COMPOSITE is one of the parts' checksums and depends on where the parts
 * end (Amazon S3 User Guide, "Checking object integrity in Amazon S3"). An ETag is an MD5 where the object was stored in one request,
 * and is encrypted with SSE-S3 or not at all (Amazon S3 API Reference, "Object").
 */
function digestsOf(response: HeadObjectCommandOutput): Record<string, string> {
  const { ChecksumType, ServerSideEncryption, SSECustomerAlgorithm } = response;
  const eTag = unquoted(response.ETag);
  const isPlain = ServerSideEncryption === undefined || ServerSideEncryption === 'AES256';
  const isMd5 = /^[0-9a-f]{32}$/.test(eTag) && isPlain && SSECustomerAlgorithm === undefined;
  const isOfWhole = ChecksumType === 'FULL_OBJECT';
  const digests = {
    MD5: isMd5 ? eTag : undefined,
    ...(isOfWhole && {
      CRC32: response.ChecksumCRC32,
      CRC32C: response.ChecksumCRC32C,
      CRC64NVME: response.ChecksumCRC64NVME,
      'SHA-1': response.ChecksumSHA1,
      'SHA-256': response.ChecksumSHA256,
    }),
  };
  return Object.fromEntries(
    Object.entries(digests).flatMap(([name, value]) => (value ? [[name, value]] : [])),
  );
}
