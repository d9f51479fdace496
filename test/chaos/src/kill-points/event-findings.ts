import { isDeepStrictEqual } from 'node:util';
import { type Upload, type UploadEvent, UploadEventType } from '@upload-once/uploads';

/**
 * What is wrong about the events that the queue of webhooks has of a processed upload, a line each. There is at least one, and a
 * worker that ended before its acknowledgement leads to more: all are the same.
 */
export function eventFindings(upload: Upload | undefined, events: readonly UploadEvent[]): string[] {
  if (!upload) return ['P3: there is no upload'];
  const { key, acceptedVersionId, processedAt } = upload;
  const ofUpload = events.filter((event) => event.key === key);
  const expected = { type: UploadEventType.processed, key, acceptedVersionId, at: processedAt };
  const others = ofUpload.filter((event) => !isDeepStrictEqual(event, expected));
  return [
    ...(ofUpload.length === 0 ? [`P3: the queue of webhooks has no event of ${key}`] : []),
    ...others.map((event) => `P3: the queue of webhooks has ${JSON.stringify(event)} of ${key}`),
  ];
}
