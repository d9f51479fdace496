import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createDynamoDbTable } from '@upload-once/table';
import { createGroupedIssue } from '../domain/grouped-issue.ts';
import type { Item } from '../domain/item.ts';
import { type ItemKey, PARTITION_KEY } from '../domain/item-key.ts';
import type { IssuedUploads } from '../ports/issued-uploads.ts';

export interface DynamoDbIssuedUploadsOptions {
  /** It sends each request once (`maxAttempts: 1`): a repeated write that comes late would take back what has become of an upload. */
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly recordRetentionSeconds: number;
  readonly newToken: () => string;
  /** See `GroupedIssueOptions`. */
  readonly onWrite?: (uploads: number) => void;
}

/** New uploads in the table `uploads` of DynamoDB. */
export function createDynamoDbIssuedUploads(options: DynamoDbIssuedUploadsOptions): IssuedUploads {
  const table = createDynamoDbTable<ItemKey, Item>({ ...options, partitionKey: PARTITION_KEY });
  return createGroupedIssue({ ...options, table });
}
