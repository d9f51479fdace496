import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getEndpointFromInstructions } from '@smithy/core/endpoints';

/** The origin that signed forms and URLs lead to. */
export async function bucketOriginOf(options: {
  readonly client: S3Client;
  readonly bucket: string;
}): Promise<string> {
  const named = { Bucket: options.bucket, Key: 'any' };
  const { url } = await getEndpointFromInstructions(named, PutObjectCommand, { ...options.client.config });
  return url.origin;
}
