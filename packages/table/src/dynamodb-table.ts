import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  type BatchWriteItemCommandOutput,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  DynamoDBServiceException,
  GetItemCommand,
  PutItemCommand,
  paginateQuery,
  paginateScan,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { assertTriesOnce } from './assert-tries-once.ts';
import { type Attributes, attributesOf, itemOf } from './attributes.ts';
import { conditionExpression, updateExpressions } from './expressions.ts';
import { createFastSend } from './fast-send.ts';
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

type Unprocessed = Pick<BatchWriteItemCommandOutput, 'UnprocessedItems'>;

/** A table in DynamoDB. The client's own retries may repeat a write; `putAll` takes a client that has none (`maxAttempts: 1`). */
export function createDynamoDbTable<Key extends object, Item extends Key>(
  options: DynamoDbTableOptions<Key>,
): Table<Key, Item> {
  const { client, tableName: TableName, partitionKey } = options;
  const send = createFastSend(client);

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

  const inPartition = (partition: string, before?: string) => ({
    TableName,
    ConsistentRead: true,
    KeyConditionExpression: `${partitionKey} = :key${before === undefined ? '' : ' AND #item < :before'}`,
    ExpressionAttributeValues: {
      ':key': { S: partition },
      ...(before !== undefined && { ':before': { S: before } }),
    },
    ...(before !== undefined && { ExpressionAttributeNames: { '#item': 'item' } }),
  });

  const itemsOf = (found: readonly Attributes[] = []) =>
    found.map((attributes) => itemOf(attributes) as Item);

  return {
    async get(key) {
      const get = new GetItemCommand({ TableName, Key: attributesOf(key), ConsistentRead: true });
      const { Item } = await send(get);
      return itemsOf(Item && [Item])[0];
    },

    async putIfAbsent(item, { orReplace, beforeWrite } = {}) {
      const put = new PutItemCommand({
        TableName,
        Item: attributesOf(item),
        ConditionExpression: isAbsent,
        ...(orReplace && orReplace.length > 0 && putConditions(isAbsent, orReplace)),
      });
      await beforeWrite?.();
      return (await unlessConditionFailed(send(put))) !== undefined;
    },

    prepare: (item) => ({ prepared: attributesOf(item) }),

    async putAll(items) {
      await assertTriesOnce(client, 'items are put together');
      const requests = items.map((item) => ({ PutRequest: { Item: attributesOfPrepared(item) } }));
      const write = new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } });
      const abortSignal = AbortSignal.timeout(PUT_ALL_LIMIT_MS);
      const response = await send(write, { abortSignal }).catch((error) => {
        if (isThrottling(error)) return { UnprocessedItems: { [TableName]: requests } };
        throw isRefusal(error) ? new ItemsRefused(error.message, { cause: error }) : error;
      });
      return unwrittenOf(response, items);
    },

    async update(key, change) {
      const expressions = updateExpressions(isThere, change);
      const update = new UpdateItemCommand({
        TableName,
        Key: attributesOf(key),
        ...expressions,
        ReturnValues: 'ALL_NEW',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      try {
        const { Attributes: written } = await send(update);
        if (!written) throw new Error('UpdateItem responded without the item that it wrote');
        return { isWritten: true, item: itemOf(written) as Item };
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        return { isWritten: false, item: itemsOf(error.Item && [error.Item])[0] };
      }
    },

    async delete(key, when = []) {
      const { text, ...placeholders } = conditionExpression(when, 'AND');
      const command = new DeleteItemCommand({
        TableName,
        Key: attributesOf(key),
        ...(text !== undefined && { ConditionExpression: text }),
        ...placeholders,
      });
      return (await unlessConditionFailed(send(command))) !== undefined;
    },

    async query(partition) {
      const items: Item[] = [];
      for await (const { Items } of paginateQuery({ client }, inPartition(partition)))
        items.push(...itemsOf(Items));
      return items;
    },

    async queryLast(partition, most, before) {
      const query = new QueryCommand({
        ...inPartition(partition, before),
        ScanIndexForward: false,
        Limit: most,
      });
      return itemsOf((await send(query)).Items);
    },

    async getSome(keys) {
      const Keys = keys.map(attributesOf);
      const get = new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys, ConsistentRead: true } } });
      const { Responses, UnprocessedKeys } = await send(get);
      const found = Responses?.[TableName];
      const unread = UnprocessedKeys?.[TableName]?.Keys;
      // What is in neither does not exist.
      if (!found && !unread) throw new Error('BatchGetItem responded without Responses of its table');
      return { items: itemsOf(found), unread: (unread ?? []).map((key) => itemOf(key) as Key) };
    },

    async *scan(where = []) {
      const { text, ...placeholders } = conditionExpression(where, 'AND');
      const filter = { ...(text !== undefined && { FilterExpression: text }), ...placeholders };
      const pages = paginateScan({ client }, { TableName, ConsistentRead: true, ...filter });
      for await (const { Items } of pages) yield itemsOf(Items);
    },

    // A read of the data plane, with a permission that every service has; DescribeTable is throttled per account.
    async ping(abortSignal) {
      const Key = attributesOf({ [partitionKey]: 'readiness', item: 'readiness' });
      await send(new GetItemCommand({ TableName, Key }), { ...(abortSignal && { abortSignal }) });
    },
  };
}

function putConditions<Item>(isAbsent: string, orReplace: readonly Condition<Item>[]) {
  const { text, ...placeholders } = conditionExpression(orReplace, 'OR');
  return { ConditionExpression: `${isAbsent} OR ${text}`, ...placeholders };
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
