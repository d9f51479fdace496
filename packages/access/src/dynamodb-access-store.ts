import { isDeepStrictEqual } from 'node:util';
import { ConditionalCheckFailedException, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { type AccessStore, ApiKeyIdAlreadyInUse, SecretAlreadyInUse } from './access-store.ts';
import {
  apiKeyFrom,
  assertSupported,
  type ItemKey,
  type KeyItem,
  keyItem,
  keyItemKey,
  type SecretItem,
  secretItem,
  secretItemKey,
} from './item.ts';

/**
 * The table `access` in DynamoDB.
 *
 * A key is two items. No transaction is needed: the key's item comes first, the secret's last and under the condition
 * that there is none. A value opens nothing before its secret item is there, and then the key is there too. A crash in
 * between leaves a key that no value opens, and a value that can still be imported.
 *
 * The client's own retries may repeat a write whose answer was lost; the second attempt then finds its own item.
 */
export function createDynamoDbAccessStore(options: {
  readonly client: DynamoDBClient;
  readonly tableName: string;
}): AccessStore {
  const { client, tableName: TableName } = options;
  const documents = DynamoDBDocumentClient.from(client);

  async function get<T extends SecretItem | KeyItem>(Key: ItemKey): Promise<T | undefined> {
    const answer = await documents.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
    const item = answer.Item as T | undefined;
    if (item) assertSupported(item);
    return item;
  }

  /** Gives the item that stands there after the call: the given one, or the one that was there before. */
  async function putIfAbsent<T extends SecretItem | KeyItem>(item: T): Promise<T | undefined> {
    try {
      await documents.send(
        new PutCommand({ TableName, Item: item, ConditionExpression: 'attribute_not_exists(id)' }),
      );
      return item;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return get<T>({ id: item.id, item: item.item });
    }
  }

  return {
    async addKey(key, secretSha256) {
      const wantedKey = keyItem(key);
      if (!isDeepStrictEqual(await putIfAbsent(wantedKey), wantedKey)) {
        throw new ApiKeyIdAlreadyInUse(`there is another key with the id ${key.keyId}`);
      }
      const secret = await putIfAbsent(secretItem(key, secretSha256));
      if (secret?.keyId !== key.keyId) {
        await documents.send(new DeleteCommand({ TableName, Key: keyItemKey(key.keyId) }));
        throw new SecretAlreadyInUse(`this value is a key already: ${secret?.keyId}`);
      }
    },

    async findBySecret(secretSha256) {
      const secret = await get<SecretItem>(secretItemKey(secretSha256));
      if (!secret) return undefined;
      const item = await get<KeyItem>(keyItemKey(secret.keyId));
      return item && { secretSha256: secret.sha256, key: apiKeyFrom(secret.keyId, item) };
    },

    // A read of the data plane, with the permission that look-ups have; DescribeTable is throttled per account.
    async ping(abortSignal) {
      const get = new GetCommand({ TableName, Key: { id: 'readiness', item: 'readiness' } });
      await documents.send(get, { ...(abortSignal && { abortSignal }) });
    },
  };
}
