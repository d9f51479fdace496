import { ConditionalCheckFailedException, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import {
  type IdempotencyItem,
  idempotencyItem,
  idempotencyItemKey,
  idempotencyRecordFrom,
} from './idempotency-item.ts';
import type { IdempotencyKey, IdempotencyRecord, IdempotencyStore } from './idempotency-store.ts';

/** Between a write that found an item and the read of that item the TTL may have taken it: then all begins again, once. */
const ATTEMPTS = 2;

export function createDynamoDbIdempotencyStore(options: {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly now: () => Date;
}): IdempotencyStore {
  const { client, tableName: TableName, now } = options;
  const documents = DynamoDBDocumentClient.from(client);

  /** False: another record stands there. The client's own retry finds the item of its first attempt, and takes it for its own. */
  async function put(item: IdempotencyItem, replacing: string | undefined): Promise<boolean> {
    try {
      await documents.send(
        new PutCommand({
          TableName,
          Item: item,
          ConditionExpression: 'attribute_not_exists(id) OR deleteAt <= :now OR writer IN (:own, :replacing)',
          ExpressionAttributeValues: {
            ':now': Math.floor(now().getTime() / 1000),
            ':own': item.writer,
            ':replacing': replacing ?? item.writer,
          },
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  async function get(key: IdempotencyKey): Promise<IdempotencyRecord | undefined> {
    const read = new GetCommand({ TableName, Key: idempotencyItemKey(key), ConsistentRead: true });
    const { Item } = await documents.send(read);
    return Item && idempotencyRecordFrom(Item as IdempotencyItem);
  }

  return {
    async reserve(key, record, replacing) {
      const item = idempotencyItem(key, record);
      for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
        if (await put(item, replacing)) return record;
        const found = await get(key);
        if (found) return found;
      }
      throw new Error(`the item ${item.id} was there for every write and for no read`);
    },
  };
}
