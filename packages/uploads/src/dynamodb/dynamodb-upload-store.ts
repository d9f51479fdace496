import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createDynamoDbTable } from '@upload-once/table';
import { type Item, type ItemKey, PARTITION_KEY } from '../domain/item.ts';
import { createTableUploadStore } from '../domain/table-upload-store.ts';
import type { UploadStore } from '../ports/upload-store.ts';

export interface DynamoDbUploadStoreOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly recordRetentionSeconds: number;
  readonly now: () => Date;
  readonly newToken: () => string;
}

/** The table `uploads` in DynamoDB. Reads are strongly consistent; the client's own retries may repeat a write. */
export function createDynamoDbUploadStore(options: DynamoDbUploadStoreOptions): UploadStore {
  const table = createDynamoDbTable<ItemKey, Item>({ ...options, partitionKey: PARTITION_KEY });
  return createTableUploadStore({ ...options, table });
}
