import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createDynamoDbTable } from '@upload-once/table';
import type { Item } from '../domain/item.ts';
import { type ItemKey, PARTITION_KEY } from '../domain/item-key.ts';
import { createTableUploadRecords } from '../domain/table-upload-records.ts';
import type { UploadRecords } from '../ports/upload-records.ts';

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
  const table = createDynamoDbTable<ItemKey, Item>({ ...options, partitionKey: PARTITION_KEY });
  return createTableUploadRecords({ ...options, table });
}
