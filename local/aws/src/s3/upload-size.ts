import { S3Error } from '../s3-error.ts';
import type { RequestBody } from './request-body.ts';

/** Amazon S3 User Guide, "Uploading objects": what one request may carry. */
export const MAX_UPLOAD_BYTES = 5 * 1024 ** 3;

/** @throws S3Error MissingContentLength (411), EntityTooLarge (400) */
export function assertUploadSize({ sizeBytes }: RequestBody): void {
  if (sizeBytes === undefined) {
    throw new S3Error('MissingContentLength', 411, 'You must provide the Content-Length HTTP header.');
  }
  if (sizeBytes > MAX_UPLOAD_BYTES) {
    throw new S3Error('EntityTooLarge', 400, 'Your proposed upload exceeds the maximum allowed size', {
      ProposedSize: String(sizeBytes),
      MaxSizeAllowed: String(MAX_UPLOAD_BYTES),
    });
  }
}
