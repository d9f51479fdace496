import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createDynamoDbTable, groupReads } from '@upload-once/table';
import type { Item } from '../domain/item.ts';
import { type ItemKey, PARTITION_KEY } from '../domain/item-key.ts';
import { createTableLinkStore } from '../domain/table-link-store.ts';
import type { LinkStore } from '../ports/link-store.ts';

export interface DynamoDbLinkStoreOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly recordRetentionSeconds: number;
  readonly newToken: () => string;
}

/** The links of the table `uploads` in DynamoDB. A link and its upload are read in one BatchGetItem. */
export function createDynamoDbLinkStore(options: DynamoDbLinkStoreOptions): LinkStore {
  const table = createDynamoDbTable<ItemKey, Item>({ ...options, partitionKey: PARTITION_KEY });
  return createTableLinkStore({ ...options, table: groupReads(table, PARTITION_KEY) });
}
