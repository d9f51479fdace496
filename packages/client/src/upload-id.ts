import * as uploadId from '@upload-once/text/upload-id';

/** The id of an upload that is named by its id or by its key. Total: it takes any text. */
export function uploadIdIn(given: string): string {
  return uploadId.uploadIdIn(given);
}
