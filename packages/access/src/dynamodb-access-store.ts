import { isDeepStrictEqual } from 'node:util';
import { ConditionalCheckFailedException, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateScan,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import {
  type AccessStore,
  ApiKeyIdAlreadyInUse,
  type ApiKeySecret,
  SecretAlreadyInUse,
  UnknownApiKey,
} from './access-store.ts';
import {
  apiKeyFrom,
  assertSupported,
  type ItemKey,
  isKeyItem,
  isSecretItem,
  type KeyItem,
  keyIdOf,
  keyItem,
  keyItemKey,
  NO_SECRET_END,
  type SecretItem,
  secretEnd,
  secretFrom,
  secretItem,
  secretItemKey,
} from './item.ts';
import { keysWithSecrets } from './keys-with-secrets.ts';

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
    return item && assertSupported(item);
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

  /** Sets what has a value and removes what has none. Gives the item as it is then; undefined when there is none. */
  async function updateIfPresent<T extends SecretItem | KeyItem>(
    Key: ItemKey,
    change: { readonly [Name in keyof T]?: T[Name] | undefined },
  ) {
    const set = Object.entries(change).filter(([, value]) => value !== undefined);
    const names = Object.keys(change);
    const removed = names.filter((name) => !set.some(([given]) => given === name));
    try {
      const { Attributes } = await documents.send(
        new UpdateCommand({
          TableName,
          Key,
          UpdateExpression: [
            `SET ${set.map(([name]) => `#${name} = :${name}`).join(', ')}`,
            ...(removed.length > 0 ? [`REMOVE ${removed.map((name) => `#${name}`).join(', ')}`] : []),
          ].join(' '),
          ConditionExpression: 'attribute_exists(id)',
          ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
          ExpressionAttributeValues: Object.fromEntries(set.map(([name, value]) => [`:${name}`, value])),
          ReturnValues: 'ALL_NEW',
        }),
      );
      return Attributes as T;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return undefined;
      throw error;
    }
  }

  async function scan(): Promise<{ keys: KeyItem[]; secrets: SecretItem[] }> {
    const pages = paginateScan(
      { client: documents },
      {
        TableName,
        ConsistentRead: true,
        FilterExpression: '#item IN (:key, :secret)',
        ExpressionAttributeNames: { '#item': 'item' },
        ExpressionAttributeValues: { ':key': keyItemKey('').item, ':secret': secretItemKey('').item },
      },
    );
    const keys: KeyItem[] = [];
    const secrets: SecretItem[] = [];
    for await (const { Items = [] } of pages) {
      for (const item of Items as ItemKey[]) {
        if (isKeyItem(item)) keys.push(assertSupported(item));
        else if (isSecretItem(item)) secrets.push(assertSupported(item));
      }
    }
    return { keys, secrets };
  }

  async function addSecretItem(keyId: string, secret: ApiKeySecret): Promise<void> {
    const standing = await putIfAbsent(secretItem(keyId, secret));
    if (standing?.keyId !== keyId)
      throw new SecretAlreadyInUse(`this value is a key already: ${standing?.keyId}`);
  }

  return {
    async addKey(key, sha256) {
      const wantedKey = keyItem(key);
      if (!isDeepStrictEqual(await putIfAbsent(wantedKey), wantedKey)) {
        throw new ApiKeyIdAlreadyInUse(`there is another key with the id ${key.keyId}`);
      }
      try {
        await addSecretItem(key.keyId, { sha256, createdAt: key.createdAt });
      } catch (error) {
        if (error instanceof SecretAlreadyInUse) {
          await documents.send(new DeleteCommand({ TableName, Key: keyItemKey(key.keyId) }));
        }
        throw error;
      }
    },

    async findBySecret(secretSha256) {
      const secret = await get<SecretItem>(secretItemKey(secretSha256));
      if (!secret) return undefined;
      const item = await get<KeyItem>(keyItemKey(secret.keyId));
      if (!item) return undefined;
      const { sha256, expiresAt } = secretFrom(secret);
      return {
        secretSha256: sha256,
        ...(expiresAt && { secretExpiresAt: expiresAt }),
        key: apiKeyFrom(secret.keyId, item),
      };
    },

    async listKeys() {
      const { keys, secrets } = await scan();
      return keysWithSecrets(
        keys.map((item) => apiKeyFrom(keyIdOf(item), item)),
        secrets.map((item) => ({ keyId: item.keyId, secret: secretFrom(item) })),
      );
    },

    async addSecret(keyId, secret) {
      if (!(await get<KeyItem>(keyItemKey(keyId)))) throw new UnknownApiKey(keyId);
      await addSecretItem(keyId, secret);
    },

    async expireSecret(secretSha256, expiresAt) {
      await updateIfPresent<SecretItem>(
        secretItemKey(secretSha256),
        expiresAt ? secretEnd(expiresAt) : NO_SECRET_END,
      );
    },

    async removeSecret(secretSha256) {
      await documents.send(new DeleteCommand({ TableName, Key: secretItemKey(secretSha256) }));
    },

    async setEnabled(keyId, enabled) {
      const item = await updateIfPresent<KeyItem>(keyItemKey(keyId), { enabled });
      if (!item) throw new UnknownApiKey(keyId);
      return apiKeyFrom(keyId, assertSupported(item));
    },

    async deleteKey(keyId) {
      const secrets = (await scan()).secrets.filter((secret) => secret.keyId === keyId);
      const Key = keyItemKey(keyId);
      const { Attributes: removed } = await documents.send(
        new DeleteCommand({ TableName, Key, ReturnValues: 'ALL_OLD' }),
      );
      if (!removed && secrets.length === 0) throw new UnknownApiKey(keyId);
      for (const { sha256 } of secrets) {
        await documents.send(new DeleteCommand({ TableName, Key: secretItemKey(sha256) }));
      }
    },

    // A read of the data plane, with the permission that look-ups have; DescribeTable is throttled per account.
    async ping(abortSignal) {
      const get = new GetCommand({ TableName, Key: { id: 'readiness', item: 'readiness' } });
      await documents.send(get, { ...(abortSignal && { abortSignal }) });
    },
  };
}
