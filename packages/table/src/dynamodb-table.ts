import {
  type AttributeValue,
  BatchWriteItemCommand,
  type BatchWriteItemCommandOutput,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  DynamoDBServiceException,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  paginateQuery,
  paginateScan,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { assertTriesOnce } from './assert-tries-once.ts';
import { conditionExpression, updateExpressions } from './expressions.ts';
import { type Condition, ItemsRefused, type PartitionKey, type PreparedItem, type Table } from './table.ts';

interface DynamoDbTableOptions<Key> {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly partitionKey: PartitionKey<Key>;
}

/** Also for a response whose body comes byte by byte, which the SDK's time-outs do not end. Its connection is closed. */
const PUT_ALL_LIMIT_MS = 2_000;

const THROTTLINGS: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
]);

type Attributes = Record<string, AttributeValue>;
type Unprocessed = Pick<BatchWriteItemCommandOutput, 'UnprocessedItems'>;

/** A table in DynamoDB. The client's own retries may repeat a write; `putAll` takes a client that has none (`maxAttempts: 1`). */
export function createDynamoDbTable<Key extends object, Item extends Key>(
  options: DynamoDbTableOptions<Key>,
): Table<Key, Item> {
  const { client, tableName: TableName, partitionKey } = options;
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });

  const isThere = `attribute_exists(${partitionKey})`;
  const isAbsent = `attribute_not_exists(${partitionKey})`;

  const placeOf = (attributes: Attributes = {}) => `${attributes[partitionKey]?.S}\0${attributes['item']?.S}`;

  /** @throws Error for a response that leaves open which items were written */
  function unwrittenOf({ UnprocessedItems }: Unprocessed, items: readonly PreparedItem[]): PreparedItem[] {
    if (!UnprocessedItems || Object.keys(UnprocessedItems).some((name) => name !== TableName))
      throw new Error('BatchWriteItem responded without UnprocessedItems of its table');
    const unprocessed = UnprocessedItems[TableName] ?? [];
    const places = new Set(unprocessed.map(({ PutRequest }) => placeOf(PutRequest?.Item)));
    const unwritten = items.filter((item) => places.has(placeOf(attributesOfPrepared(item))));
    if (unwritten.length === unprocessed.length) return unwritten;
    throw new Error('BatchWriteItem responded with UnprocessedItems that are none of its request');
  }

  const inPartition = (partition: string) => ({
    TableName,
    ConsistentRead: true,
    KeyConditionExpression: `${partitionKey} = :key`,
    ExpressionAttributeValues: { ':key': partition },
  });

  return {
    async get(Key) {
      const response = await documents.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
      return response.Item as Item | undefined;
    },

    async putIfAbsent(item, { orReplace, beforeWrite } = {}) {
      const put = new PutItemCommand({
        TableName,
        Item: attributesOf(item),
        ConditionExpression: isAbsent,
        ...(orReplace && orReplace.length > 0 && putConditions(isAbsent, orReplace)),
      });
      await beforeWrite?.();
      return (await unlessConditionFailed(client.send(put))) !== undefined;
    },

    prepare: (item) => ({ prepared: attributesOf(item) }),

    async putAll(items) {
      await assertTriesOnce(client, 'items are put together');
      const requests = items.map((item) => ({ PutRequest: { Item: attributesOfPrepared(item) } }));
      const write = new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } });
      const abortSignal = AbortSignal.timeout(PUT_ALL_LIMIT_MS);
      const response = await client.send(write, { abortSignal }).catch((error) => {
        if (isThrottling(error)) return { UnprocessedItems: { [TableName]: requests } };
        throw isRefusal(error) ? new ItemsRefused(error.message, { cause: error }) : error;
      });
      return unwrittenOf(response, items);
    },

    async update(Key, change) {
      const expressions = updateExpressions(isThere, change);
      const update = new UpdateCommand({ TableName, Key, ...expressions, ReturnValues: 'ALL_NEW' });
      const response = await unlessConditionFailed(documents.send(update));
      return response?.Attributes as Item | undefined;
    },

    async delete(Key, when = []) {
      const { text, ...placeholders } = conditionExpression(when, 'AND');
      const command = new DeleteCommand({
        TableName,
        Key,
        ...(text !== undefined && { ConditionExpression: text }),
        ...placeholders,
      });
      return (await unlessConditionFailed(documents.send(command))) !== undefined;
    },

    async query(partition) {
      const pages = paginateQuery({ client: documents }, inPartition(partition));
      const items: Item[] = [];
      for await (const page of pages) items.push(...((page.Items ?? []) as Item[]));
      return items;
    },

    async queryLast(partition, most) {
      const query = new QueryCommand({ ...inPartition(partition), ScanIndexForward: false, Limit: most });
      const response = await documents.send(query);
      return (response.Items ?? []) as Item[];
    },

    async getSome(keys) {
      const response = await documents.send(
        new BatchGetCommand({ RequestItems: { [TableName]: { Keys: [...keys], ConsistentRead: true } } }),
      );
      return {
        items: (response.Responses?.[TableName] ?? []) as Item[],
        unread: (response.UnprocessedKeys?.[TableName]?.Keys ?? []) as unknown as Key[],
      };
    },

    async *scan(where = []) {
      const { text, ...placeholders } = conditionExpression(where, 'AND');
      const pages = paginateScan(
        { client: documents },
        {
          TableName,
          ConsistentRead: true,
          ...(text !== undefined && { FilterExpression: text }),
          ...placeholders,
        },
      );
      for await (const page of pages) yield (page.Items ?? []) as Item[];
    },

    // A read of the data plane, with a permission that every service has; DescribeTable is throttled per account.
    async ping(abortSignal) {
      const Key = { [partitionKey]: 'readiness', item: 'readiness' };
      await documents.send(new GetCommand({ TableName, Key }), { ...(abortSignal && { abortSignal }) });
    },
  };
}

function putConditions<Item>(isAbsent: string, orReplace: readonly Condition<Item>[]) {
  const { text, ExpressionAttributeNames, ExpressionAttributeValues } = conditionExpression(orReplace, 'OR');
  return {
    ConditionExpression: `${isAbsent} OR ${text}`,
    ExpressionAttributeNames,
    ...(ExpressionAttributeValues && { ExpressionAttributeValues: marshall(ExpressionAttributeValues) }),
  };
}

/**
 * An item as DynamoDB has it. The SDK's `marshall` takes three times as long, and takes the type of an object from its `constructor`, which
 * in metadata can be the name of an entry.
 */
function attributesOf(item: object): Attributes {
  const written = Object.entries(item).filter(([, value]) => value !== undefined);
  return Object.fromEntries(written.map(([name, value]) => [name, attributeOf(value)]));
}

/** @throws TypeError for what no item of ours has */
function attributeOf(value: unknown): AttributeValue {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number' && Number.isFinite(value)) return { N: String(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  if (value instanceof Set) return { SS: [...value] };
  if (Array.isArray(value)) return { L: value.map(attributeOf) };
  if (typeof value === 'object' && value !== null) return { M: attributesOf(value) };
  throw new TypeError(`no attribute is made of ${String(value)}`);
}

function attributesOfPrepared({ prepared }: PreparedItem): Attributes {
  return prepared as Attributes;
}

/** DynamoDB looks at all of a request before it writes any of it (Amazon DynamoDB API Reference, "BatchWriteItem"). */
function isRefusal(error: unknown): error is Error {
  return (
    error instanceof DynamoDBServiceException &&
    error.name === 'ValidationException' &&
    error.$fault === 'client'
  );
}

/** Nothing of the request was written (Amazon DynamoDB API Reference, "BatchWriteItem", "Errors", and "Common Errors"). */
function isThrottling(error: unknown): boolean {
  return error instanceof Error && THROTTLINGS.has(error.name);
}

async function unlessConditionFailed<T>(response: Promise<T>): Promise<T | undefined> {
  try {
    return await response;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
}
