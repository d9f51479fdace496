import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  DynamoDBDocumentClient,
  GetCommand,
  paginateQuery,
  QueryCommand,
  ScanCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Item, ItemKey } from '../domain/item.ts';
import type { Change, ItemTable } from '../ports/item-table.ts';

/** A table of DynamoDB. Reads are strongly consistent; the client's own retries may repeat a write. */
export function dynamoDbItemTable(client: DynamoDBClient, TableName: string): ItemTable {
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  return {
    async get(Key) {
      const answer = await documents.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
      return answer.Item as Item | undefined;
    },

    async putIfAbsent(item, beforeWrite) {
      const put = new PutItemCommand({
        TableName,
        Item: marshall(withMaps(item), { removeUndefinedValues: true }),
        ConditionExpression: 'attribute_not_exists(FullFilename)',
      });
      await beforeWrite?.();
      return (await unlessConditionFailed(client.send(put))) !== undefined;
    },

    async update(Key, change) {
      const update = new UpdateCommand({ TableName, Key, ...expressionsOf(change), ReturnValues: 'ALL_NEW' });
      const answer = await unlessConditionFailed(documents.send(update));
      return answer?.Attributes as Item | undefined;
    },

    async query(fullFilename) {
      const pages = paginateQuery(
        { client: documents },
        {
          TableName,
          ConsistentRead: true,
          KeyConditionExpression: 'FullFilename = :key',
          ExpressionAttributeValues: { ':key': fullFilename },
        },
      );
      const items: Item[] = [];
      for await (const page of pages) items.push(...((page.Items ?? []) as Item[]));
      return items;
    },

    async queryLast(fullFilename, most) {
      const answer = await documents.send(
        new QueryCommand({
          TableName,
          ConsistentRead: true,
          KeyConditionExpression: 'FullFilename = :key',
          ExpressionAttributeValues: { ':key': fullFilename },
          ScanIndexForward: false,
          Limit: most,
        }),
      );
      return (answer.Items ?? []) as Item[];
    },

    async getSome(keys) {
      const answer = await documents.send(
        new BatchGetCommand({ RequestItems: { [TableName]: { Keys: [...keys], ConsistentRead: true } } }),
      );
      return {
        items: (answer.Responses?.[TableName] ?? []) as Item[],
        unread: (answer.UnprocessedKeys?.[TableName]?.Keys ?? []) as unknown as ItemKey[],
      };
    },

    async scan(after) {
      const answer = await documents.send(
        new ScanCommand({ TableName, ConsistentRead: true, ...(after && { ExclusiveStartKey: after }) }),
      );
      const next = answer.LastEvaluatedKey as ItemKey | undefined;
      return { items: (answer.Items ?? []) as Item[], ...(next && { next }) };
    },

    // A read of the data plane, with a permission that every service has; DescribeTable is throttled per account.
    async ping(abortSignal) {
      const Key = { FullFilename: 'readiness', item: 'readiness' };
      await documents.send(new GetCommand({ TableName, Key }), { ...(abortSignal && { abortSignal }) });
    },
  };
}

/**
 * The item with each object in it as a Map. The SDK takes the type of an object from its `constructor`, which in metadata can be the
 * name of an entry.
 */
function withMaps(item: Item): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(item).map(([name, value]) => {
      const isObject = typeof value === 'object' && value !== null && !(value instanceof Set);
      return [name, isObject ? new Map(Object.entries(value)) : value];
    }),
  );
}

/** Every name goes through a placeholder: `state` and `item` are among DynamoDB's reserved words. */
function expressionsOf(change: Change) {
  const names: Record<string, string> = {};
  const values: Record<string, unknown> = {};
  const name = (attribute: string) => {
    names[`#${attribute}`] = attribute;
    return `#${attribute}`;
  };
  const value = (given: unknown) => {
    const placeholder = `:v${Object.keys(values).length}`;
    values[placeholder] = given;
    return placeholder;
  };
  const conditions = change.when.map((condition) => {
    const attribute = name(condition.attribute);
    if ('below' in condition) return `${attribute} < ${value(condition.below)}`;
    if ('equals' in condition) return `${attribute} = ${value(condition.equals)}`;
    if ('absent' in condition) return `attribute_not_exists(${attribute})`;
    // A comparison with what is not there is false.
    if ('notAtLeast' in condition) return `NOT ${attribute} >= ${value(condition.notAtLeast)}`;
    const isAbsent = `attribute_not_exists(${attribute})`;
    return `(${isAbsent} OR size(${attribute}) < ${value(condition.fewerMembersThan)})`;
  });
  // An update of an item that is not there would create one.
  if (!change.orCreate) conditions.unshift('attribute_exists(FullFilename)');
  const assignments = Object.entries(change.set).map(
    ([attribute, given]) => `${name(attribute)} = ${value(given)}`,
  );
  const additions = [
    ...Object.entries(change.add ?? {}),
    ...Object.entries(change.include ?? {}).map(
      ([attribute, member]) => [attribute, new Set([member])] as const,
    ),
  ].map(([attribute, given]) => `${name(attribute)} ${value(given)}`);
  return {
    ...(conditions.length > 0 && { ConditionExpression: conditions.join(' AND ') }),
    UpdateExpression: [
      `SET ${assignments.join(', ')}`,
      ...(additions.length > 0 ? [`ADD ${additions.join(', ')}`] : []),
    ].join(' '),
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  };
}

async function unlessConditionFailed<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
}
