import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { Stack } from '@upload-once/local-stack/stack.ts';

/** A presigned PUT to the stack's S3, streamed by node:http and nothing else. Resolves when S3 has stored it. */
export async function plainPut(
  stack: Stack,
  target: { readonly bucket: string; readonly key: string },
  content: AsyncIterable<Uint8Array>,
  sizeBytes: number,
): Promise<void> {
  const sent = request(await presignedUrl(stack, target.bucket, target.key), {
    method: 'PUT',
    agent: false,
    headers: { 'content-length': sizeBytes },
  });
  const responded = once(sent, 'response') as Promise<[IncomingMessage]>;
  const [[response]] = await Promise.all([responded, pipeline(content, sent)]);
  const body = await text(response);
  if (response.statusCode !== 200) throw new Error(`the plain PUT got ${response.statusCode}: ${body}`);
}

async function presignedUrl(stack: Stack, Bucket: string, Key: string): Promise<string> {
  const s3 = new S3Client({
    region: stack.region,
    credentials: stack.credentials,
    endpoint: stack.endpoints.s3,
    forcePathStyle: true,
    // The URL would otherwise ask for the checksum of a body that the signer does not see.
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  try {
    return await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key }), { expiresIn: 3600 });
  } finally {
    s3.destroy();
  }
}
