import type { MultipartUpload } from '../storage/multipart-uploads.ts';
import type { ObjectStorage } from '../storage/object-storage.ts';
import type { S3Call } from './call.ts';
import { invalidArgument } from './responses.ts';

const MAX_PART_NUMBER = 10_000;

/** The upload and the number that a part is for. @throws S3Error NoSuchBucket, NoSuchUpload (404), InvalidArgument (400) */
export function namedPart(
  { bucket, key, query }: S3Call,
  storage: ObjectStorage,
): { upload: MultipartUpload; partNumber: number } {
  storage.bucket(bucket);
  const text = query.get('partNumber') ?? '';
  const partNumber = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (partNumber < 1 || partNumber > MAX_PART_NUMBER) {
    throw invalidArgument(
      `Part number must be an integer between 1 and ${MAX_PART_NUMBER}, inclusive`,
      'partNumber',
      text,
    );
  }
  return { upload: storage.multipart.get(bucket, key, query.get('uploadId') ?? ''), partNumber };
}
