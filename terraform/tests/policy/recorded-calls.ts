import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DynamoDBClient,
} from '@aws-sdk/client-dynamodb';

/** A call on a table as IAM is asked about it. */
export interface RecordedCall {
  readonly action: string;
  readonly context: {
    readonly 'dynamodb:LeadingKeys': readonly string[];
    readonly 'dynamodb:Attributes': readonly string[];
  };
}

interface GroupedRead {
  readonly Keys: readonly Readonly<Record<string, unknown>>[];
}

/** What of a request to DynamoDB is looked at. */
interface TableRequest {
  readonly Key?: Readonly<Record<string, unknown>>;
  readonly Item?: Readonly<Record<string, unknown>>;
  /** Of BatchWriteItem and BatchGetItem: the requests by table. */
  readonly RequestItems?: Readonly<
    Record<string, readonly { readonly PutRequest?: Pick<TableRequest, 'Item'> }[] | GroupedRead>
  >;
  readonly ConditionExpression?: string;
  readonly UpdateExpression?: string;
  readonly KeyConditionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Readonly<Record<string, unknown>>;
}

const KNOWN_PARTS = new Set([
  'TableName',
  'ConsistentRead',
  'Limit',
  'ScanIndexForward',
  'ReturnValues',
  'ReturnValuesOnConditionCheckFailure',
  'Key',
  'Item',
  'RequestItems',
  'ConditionExpression',
  'UpdateExpression',
  'KeyConditionExpression',
  'ExpressionAttributeNames',
  'ExpressionAttributeValues',
]);
const MOST_CALLS = 200;
const WORDS_OF_EXPRESSIONS = /^(?:SET|REMOVE|ADD|AND|OR|NOT|IN|size|attribute_exists|attribute_not_exists)$/;

/**
 * Records the calls that code makes on a table with the partition key `partitionKey`, and sends none. A read returns `item`.
 * A write succeeds, and an update returns `item`, or what it has made.
 *
 * @param refused the condition of so many first calls does not hold for `item`
 * @throws Error for a part of a request that is not known here, and for code that asks again and again
 */
export async function recordCalls(
  partitionKey: string,
  item: Readonly<Record<string, AttributeValue>> | undefined,
  work: (client: DynamoDBClient) => Promise<unknown>,
  refused = 0,
): Promise<readonly RecordedCall[]> {
  const client = new DynamoDBClient({
    region: 'eu-central-1',
    credentials: { accessKeyId: 'of-no-account', secretAccessKey: 'of-no-account' },
    maxAttempts: 1,
  });
  const calls: RecordedCall[] = [];
  client.middlewareStack.add(
    (_next, { commandName }) =>
      async ({ input }) => {
        const action = `dynamodb:${String(commandName).replace(/Command$/, '')}`;
        calls.push({ action, context: contextOf(input as TableRequest, partitionKey) });
        if (calls.length > MOST_CALLS) {
          throw new Error(
            `more than ${MOST_CALLS} calls, the last one ${action}: the code waits for another response`,
          );
        }
        if (calls.length <= refused) {
          throw new ConditionalCheckFailedException({
            message: 'as it was asked for',
            $metadata: {},
            ...(item && { Item: item }),
          });
        }
        const output = {
          $metadata: {},
          UnprocessedItems: {},
          Responses: Object.fromEntries(
            Object.keys((input as TableRequest).RequestItems ?? {}).map((table) => [table, []]),
          ),
          ...(item && { Item: item }),
          // An update of an item that is not there has made one.
          Attributes: item ?? (input as TableRequest).Key,
        };
        return { response: {}, output };
      },
    { step: 'build', priority: 'high' },
  );
  await work(client);
  client.destroy();
  return calls;
}

/** DynamoDB Developer Guide, "Using IAM policy conditions for fine-grained access control". */
function contextOf(request: TableRequest, partitionKey: string): RecordedCall['context'] {
  const unknown = Object.entries(request)
    .filter(([part, value]) => value !== undefined && !KNOWN_PARTS.has(part))
    .map(([part]) => part);
  if (unknown.length > 0)
    throw new Error(`a part of a request that is not known here: ${unknown.join(', ')}`);
  const { RequestItems = {}, ExpressionAttributeNames = {}, ExpressionAttributeValues = {} } = request;
  const [together] = Object.values(RequestItems).flat();
  const Key = request.Key ?? (together && 'Keys' in together ? together.Keys[0] : undefined);
  const Item = request.Item ?? (together && 'PutRequest' in together ? together.PutRequest?.Item : undefined);
  const expressions = [request.ConditionExpression, request.UpdateExpression, request.KeyConditionExpression];
  const named = expressions
    .flatMap((expression) => expression?.match(/[:#]?\w+/g) ?? [])
    .filter((word) => !word.startsWith(':') && !WORDS_OF_EXPRESSIONS.test(word) && !/^\d+$/.test(word))
    .map((word) => (word.startsWith('#') ? String(ExpressionAttributeNames[word]) : word));
  const leadingKey = Key?.[partitionKey] ?? Item?.[partitionKey] ?? ExpressionAttributeValues[':key'];
  return {
    'dynamodb:LeadingKeys': [(leadingKey as { S: string }).S],
    'dynamodb:Attributes': [...new Set([...Object.keys({ ...Key, ...Item }), ...named])],
  };
}
