import type { NewUpload } from '../domain/upload.ts';

/** Where new uploads are recorded. */
export interface IssuedUploads {
  /**
   * Records ISSUED durably, before the form is given away. What is recorded in one turn of the event loop is written together.
   *
   * The write has no condition: the key must have been made for this upload, with 128 random bits, and never been used before. After a
   * rejection the item may be there or not. So its form is not given away, and another attempt needs another key.
   *
   * @param beforeWrite called once, when the write is ready to be sent: an upload that cannot be written never gets there. Nothing is
   *   written when it rejects, and `record` rejects with the same error.
   * @throws TableBusy where the table had no capacity for it: it was not written
   */
  record(upload: NewUpload, beforeWrite?: () => Promise<void>): Promise<void>;
}

/** The table had no capacity for an item, several times in a row. */
export class TableBusy extends Error {
  readonly code = 'TableBusy';
}
