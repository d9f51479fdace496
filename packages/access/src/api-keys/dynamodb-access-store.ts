// Over 250 lines, and one thing: each call of the AccessStore as its requests to DynamoDB, with the conditions that make it atomic.
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
  assertSupported,
  type ItemKey,
  type KeyItem,
  keyItem,
  keyItemKey,
  keyWithSecretsFrom,
  listedSecrets,
  type SecretItem,
  secretItem,
  secretItemKey,
  settingAttributes,
} from '../item.ts';
import {
  type AccessStore,
  ApiKeyIdAlreadyInUse,
  ApiKeySettingsChanged,
  type KeyWithSecrets,
  SecretAlreadyInUse,
  SecretsChanged,
  UnknownApiKey,
} from './access-store.ts';
import { inOrderOfMaking } from './in-order-of-making.ts';

/**
 * The table `access` in DynamoDB.
 *
 * A key is its own item, which lists what opens it, and an item for each value that leads to it. A value opens a key only
 * while both are there, so no transaction is needed: a value is first listed and its item comes last, under the condition
 * that there is none that counts; it is first struck from the list and its item goes last. A crash in between leaves a
 * value that opens nothing and can still be imported.
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

  /** Gives the item as it is after the write; undefined when the condition did not hold. */
  async function update(
    keyId: string,
    change: Partial<KeyItem>,
    secretsVersion?: number,
  ): Promise<KeyItem | undefined> {
    const isChange = secretsVersion !== undefined;
    const names = [...Object.keys(change), ...(isChange ? ['secretsVersion'] : [])];
    try {
      const { Attributes } = await documents.send(
        new UpdateCommand({
          TableName,
          Key: keyItemKey(keyId),
          UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(', ')}`,
          ConditionExpression: isChange ? '#secretsVersion = :found' : 'attribute_exists(id)',
          ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
          ExpressionAttributeValues: {
            ...Object.fromEntries(Object.entries(change).map(([name, value]) => [`:${name}`, value])),
            ...(isChange && { ':found': secretsVersion, ':secretsVersion': secretsVersion + 1 }),
          },
          ReturnValues: 'ALL_NEW',
        }),
      );
      return assertSupported(Attributes as KeyItem);
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return undefined;
      throw error;
    }
  }

  /** @throws ConditionalCheckFailedException */
  async function remove(Key: ItemKey, attribute: string, value: string | number): Promise<void> {
    await documents.send(
      new DeleteCommand({
        TableName,
        Key,
        // One that is gone was removed by an attempt of before whose answer was lost.
        ConditionExpression: 'attribute_not_exists(id) OR #attribute = :value',
        ExpressionAttributeNames: { '#attribute': attribute },
        ExpressionAttributeValues: { ':value': value },
      }),
    );
  }

  async function removeSecretItem(sha256: string, keyId: string): Promise<void> {
    try {
      await remove(secretItemKey(sha256), 'keyId', keyId);
    } catch (error) {
      // It leads to another key by now.
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }

  /** Lets a value lead to a key that lists it. */
  async function putSecretItem(sha256: string, keyId: string): Promise<void> {
    const wanted = secretItem(keyId, sha256);
    const standing = await putIfAbsent(wanted);
    if (standing?.keyId === keyId) return;
    const inUse = new SecretAlreadyInUse(`this value is a key already: ${standing?.keyId}`);
    const other = standing && (await get<KeyItem>(keyItemKey(standing.keyId)));
    if (!standing || other?.secrets.some((listed) => listed.sha256 === sha256)) throw inUse;
    try {
      await documents.send(
        new PutCommand({
          TableName,
          Item: wanted,
          ConditionExpression: 'keyId IN (:left, :own)',
          ExpressionAttributeValues: { ':left': standing.keyId, ':own': keyId },
        }),
      );
    } catch (error) {
      throw error instanceof ConditionalCheckFailedException ? inUse : error;
    }
  }

  async function getKey(keyId: string): Promise<KeyWithSecrets> {
    const item = await get<KeyItem>(keyItemKey(keyId));
    if (!item) throw new UnknownApiKey(keyId);
    return keyWithSecretsFrom(item);
  }

  /** The one write that decides. */
  async function putSecrets(
    { key: { keyId }, secretsVersion }: KeyWithSecrets,
    secrets: KeyWithSecrets['secrets'],
  ): Promise<KeyWithSecrets> {
    const written = await update(keyId, { secrets: listedSecrets(secrets) }, secretsVersion);
    if (written) return keyWithSecretsFrom(written);
    const standing = await getKey(keyId);
    const isOwn =
      standing.secretsVersion === secretsVersion + 1 && isDeepStrictEqual(standing.secrets, secrets);
    if (!isOwn) throw new SecretsChanged(keyId);
    return standing;
  }

  async function changeSecrets(found: KeyWithSecrets, secrets: KeyWithSecrets['secrets']) {
    const { keyId } = found.key;
    const changed = await putSecrets(found, secrets);
    for (const { sha256 } of without(found.secrets, secrets)) await removeSecretItem(sha256, keyId);
    try {
      for (const { sha256 } of without(secrets, found.secrets)) await putSecretItem(sha256, keyId);
    } catch (error) {
      if (error instanceof SecretAlreadyInUse) await putSecrets(changed, found.secrets);
      throw error;
    }
    return changed;
  }

  return {
    async addKey(key, sha256) {
      const { keyId, createdAt } = key;
      const wanted = keyItem({ key, secrets: [{ sha256, createdAt }], secretsVersion: 1 });
      if (!isDeepStrictEqual(await putIfAbsent(wanted), wanted)) {
        throw new ApiKeyIdAlreadyInUse(`there is another key with the id ${keyId}`);
      }
      try {
        await putSecretItem(sha256, keyId);
      } catch (error) {
        if (error instanceof SecretAlreadyInUse) {
          await documents.send(new DeleteCommand({ TableName, Key: keyItemKey(keyId) }));
        }
        throw error;
      }
    },

    async findBySecret(secretSha256) {
      const secret = await get<SecretItem>(secretItemKey(secretSha256));
      const item = secret && (await get<KeyItem>(keyItemKey(secret.keyId)));
      if (!item) return undefined;
      const { key, secrets } = keyWithSecretsFrom(item);
      const listed = secrets.find(({ sha256 }) => sha256 === secretSha256);
      if (!listed) return undefined;
      const { sha256, expiresAt } = listed;
      return { secretSha256: sha256, ...(expiresAt && { secretExpiresAt: expiresAt }), key };
    },

    async listKeys() {
      const pages = paginateScan(
        { client: documents },
        {
          TableName,
          ConsistentRead: true,
          FilterExpression: '#item = :key',
          ExpressionAttributeNames: { '#item': 'item' },
          ExpressionAttributeValues: { ':key': keyItemKey('').item },
        },
      );
      const keys: KeyWithSecrets[] = [];
      for await (const { Items = [] } of pages) {
        keys.push(...(Items as KeyItem[]).map((item) => keyWithSecretsFrom(assertSupported(item))));
      }
      return inOrderOfMaking(keys);
    },

    getKey,
    changeSecrets,

    async changeSettings(found, settings) {
      const wanted = settingAttributes(settings);
      const before = Object.entries(settingAttributes(found));
      const standing = before.map(([name, value]) => isAsBefore(name, value));
      const after = Object.entries(wanted);
      const given = (entries: [string, unknown][]) => entries.filter(([, value]) => value !== undefined);
      const absent = after.filter(([, value]) => value === undefined).map(([name]) => `#${name}`);
      try {
        const { Attributes } = await documents.send(
          new UpdateCommand({
            TableName,
            Key: keyItemKey(found.keyId),
            UpdateExpression: [
              `SET ${given(after)
                .map(([name]) => `#${name} = :to_${name}`)
                .join(', ')}`,
              ...(absent.length > 0 ? [`REMOVE ${absent.join(', ')}`] : []),
            ].join(' '),
            ConditionExpression: standing.map(({ text }) => text).join(' AND '),
            ExpressionAttributeNames: Object.fromEntries(before.map(([name]) => [`#${name}`, name])),
            ExpressionAttributeValues: Object.fromEntries([
              ...standing.flatMap(({ values }) => values),
              ...given(after).map(([name, value]) => [`:to_${name}`, value]),
            ]),
            ReturnValues: 'ALL_NEW',
          }),
        );
        return keyWithSecretsFrom(assertSupported(Attributes as KeyItem)).key;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        const { key } = await getKey(found.keyId);
        // The client's own retry found what its first attempt had written.
        if (!isDeepStrictEqual(settingAttributes(key), wanted)) throw new ApiKeySettingsChanged(found.keyId);
        return key;
      }
    },

    async setEnabled(keyId, enabled) {
      const item = await update(keyId, { enabled });
      if (!item) throw new UnknownApiKey(keyId);
      return keyWithSecretsFrom(item).key;
    },

    async deleteKey(keyId) {
      // It goes round again only when somebody else has changed the key meanwhile.
      for (;;) {
        const item = await update(keyId, { enabled: false });
        if (!item) throw new UnknownApiKey(keyId);
        for (const { sha256 } of item.secrets) await removeSecretItem(sha256, keyId);
        try {
          return await remove(keyItemKey(keyId), 'secretsVersion', item.secretsVersion);
        } catch (error) {
          if (!(error instanceof ConditionalCheckFailedException)) throw error;
        }
      }
    },

    // A read of the data plane, with the permission that look-ups have; DescribeTable is throttled per account.
    async ping(abortSignal) {
      const get = new GetCommand({ TableName, Key: { id: 'readiness', item: 'readiness' } });
      await documents.send(get, { ...(abortSignal && { abortSignal }) });
    },
  };
}

/** The condition that an attribute is as it was read; a list member by member, because local stand-ins compare no lists. */
function isAsBefore(name: string, value: unknown) {
  if (value === undefined) return { text: `attribute_not_exists(#${name})`, values: [] };
  if (!Array.isArray(value)) return { text: `#${name} = :was_${name}`, values: [[`:was_${name}`, value]] };
  const members = value.map((_, at) => `#${name}[${at}] = :was_${name}_${at}`);
  return {
    text: [`size(#${name}) = :size_${name}`, ...members].join(' AND '),
    values: [[`:size_${name}`, value.length], ...value.map((member, at) => [`:was_${name}_${at}`, member])],
  };
}

function without(secrets: KeyWithSecrets['secrets'], others: KeyWithSecrets['secrets']) {
  return secrets.filter(({ sha256 }) => !others.some((other) => other.sha256 === sha256));
}
