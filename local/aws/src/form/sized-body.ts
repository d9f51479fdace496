import type { Readable } from 'node:stream';
import { S3Error } from '../s3-error.ts';
import type { SizeRange } from './post-policy.ts';

/** Amazon S3 User Guide, "Uploading objects": the most that one POST can bring. */
const POST_MAX_BYTES = 5 * 1024 ** 3;

/**
 * The bytes of a form's file, as long as they are within every range.
 * @throws S3Error EntityTooLarge (400) at the first byte that is too many, EntityTooSmall (400) at the end
 */
export async function* sizedBody(file: Readable, ranges: readonly SizeRange[]): AsyncGenerator<Uint8Array> {
  const minBytes = Math.max(0, ...ranges.map((range) => range.minBytes));
  const maxBytes = Math.min(POST_MAX_BYTES, ...ranges.map((range) => range.maxBytes));
  let sizeBytes = 0;
  // Not destroyed when it is too long: the rest of the request must be drained, or the client never reads the response.
  for await (const chunk of file.iterator({ destroyOnReturn: false })) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) {
      throw new S3Error('EntityTooLarge', 400, 'Your proposed upload exceeds the maximum allowed size', {
        ProposedSize: String(sizeBytes),
        MaxSizeAllowed: String(maxBytes),
      });
    }
    yield chunk;
  }
  if (sizeBytes < minBytes) {
    throw new S3Error(
      'EntityTooSmall',
      400,
      'Your proposed upload is smaller than the minimum allowed size',
      {
        ProposedSize: String(sizeBytes),
        MinSizeAllowed: String(minBytes),
      },
    );
  }
}
