import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { VersionName } from '@upload-once/uploads';

/** Presigned URLs that read exactly one object version. Signing calls no one, unless credentials are to be renewed. */
export function createDownloadUrls(options: {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly lifetimeSeconds: number;
}): (version: VersionName) => Promise<string> {
  const { s3, bucket: Bucket, lifetimeSeconds: expiresIn } = options;
  return ({ key: Key, versionId: VersionId }) =>
    getSignedUrl(s3, new GetObjectCommand({ Bucket, Key, VersionId }), { expiresIn });
}
