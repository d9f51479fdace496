import type { NewUpload } from '../domain/upload.ts';

/** Where new uploads are recorded. */
export interface IssuedUploads {
  /**
   * Records ISSUED durably, before the form is given away. What comes at the same time is written together (`createGroups`).
   *
   * The write has no condition: the key must have been made for this upload, with 128 random bits, and never been used before. After a
   * rejection the item may be there or not. So its form is not given away, and another attempt needs another key.
   *
   * @param beforeWrite called once, when the write is ready to be sent: an upload that cannot be written never gets there. Nothing is
   *   written when it rejects, and `record` rejects with the same error.
   * @throws TableBusy where it was not written: the table had no capacity for it, or took too long for those before it
   */
  record(upload: NewUpload, beforeWrite?: () => Promise<void>): Promise<void>;
}

/** The item was not written, for all else that the table had to do. */
export class TableBusy extends Error {
  readonly code = 'TableBusy';
}
