import type { SQSClient } from '@aws-sdk/client-sqs';
import type { EventRule, ObjectListing, ObjectStore, UploadRecords } from '@upload-once/uploads';

export interface OperationsSettings {
  readonly bucket: string;
  readonly table: string;
  /** The services' RECORD_RETENTION_DAYS, in seconds. */
  readonly recordRetentionSeconds: number;
}

/** What the commands of operators reach on AWS. */
export interface Operations {
  readonly sqs: SQSClient;
  readonly records: UploadRecords;
  readonly listing: ObjectListing;
  readonly objects: ObjectStore;
  /** To which queues the bucket sends its events. */
  readonly eventRules: () => Promise<readonly EventRule[]>;
  /** The region of all of it. */
  readonly region: () => Promise<string>;
}

export type OpenOperations = (settings: OperationsSettings) => Operations;
