import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createDynamoDbTable, groupReads } from '@upload-once/table';
import type { Item } from '../domain/item.ts';
import { type ItemKey, PARTITION_KEY } from '../domain/item-key.ts';
import { createTableUploadStore } from '../domain/table-upload-store.ts';
import type { UploadStore } from '../ports/upload-store.ts';

export interface DynamoDbUploadStoreOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly recordRetentionSeconds: number;
  readonly now: () => Date;
  readonly newToken: () => string;
  /** Items that are read in one turn of the event loop are read in one BatchGetItem, which needs that permission. The default is false. */
  readonly readsTogether?: boolean;
}

/** The table `uploads` in DynamoDB. Reads are strongly consistent; the client's own retries may repeat a write. */
export function createDynamoDbUploadStore(options: DynamoDbUploadStoreOptions): UploadStore {
  const table = createDynamoDbTable<ItemKey, Item>({ ...options, partitionKey: PARTITION_KEY });
  return createTableUploadStore({
    ...options,
    table: options.readsTogether ? groupReads(table, PARTITION_KEY) : table,
  });
}
