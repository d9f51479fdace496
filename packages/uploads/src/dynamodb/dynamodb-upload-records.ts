import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createTableUploadRecords } from '../domain/table-upload-records.ts';
import type { UploadRecords } from '../ports/upload-records.ts';
import { dynamoDbItemTable } from './dynamodb-item-table.ts';

export interface DynamoDbUploadRecordsOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly recordRetentionSeconds: number;
  readonly now: () => Date;
  /** Waits before the so-many-th attempt at keys for which DynamoDB had no capacity, 2 or more. */
  readonly pause: (attempt: number) => Promise<void>;
}

/** The table `uploads` in DynamoDB, for those who look after it. */
export function createDynamoDbUploadRecords(options: DynamoDbUploadRecordsOptions): UploadRecords {
  return createTableUploadRecords({
    ...options,
    table: dynamoDbItemTable(options.client, options.tableName),
  });
}
