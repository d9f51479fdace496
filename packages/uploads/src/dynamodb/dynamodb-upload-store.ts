import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createTableUploadStore } from '../domain/table-upload-store.ts';
import type { UploadStore } from '../ports/upload-store.ts';
import { dynamoDbItemTable } from './dynamodb-item-table.ts';

export interface DynamoDbUploadStoreOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly recordRetentionSeconds: number;
  readonly now: () => Date;
  readonly newToken: () => string;
}

/** The table `uploads` in DynamoDB. Reads are strongly consistent; the client's own retries may repeat a write. */
export function createDynamoDbUploadStore(options: DynamoDbUploadStoreOptions): UploadStore {
  return createTableUploadStore({ ...options, table: dynamoDbItemTable(options.client, options.tableName) });
}
