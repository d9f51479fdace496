import { ConditionalCheckFailedException, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { quotaItemKey } from '../item.ts';
import { assertUnits, counterDeleteAt, type QuotaCounter, type QuotaCounters } from './quota-counters.ts';

/**
 * The counters in the table `access`, one item for each key and day.
 *
 * @param options.client one that tries once (`maxAttempts: 1`): what the SDK sends again after an answer was lost could be
 *   counted twice. Another is refused with each call.
 */
export function createDynamoDbQuotaCounters(options: {
  readonly client: DynamoDBClient;
  readonly tableName: string;
}): QuotaCounters {
  const { client, tableName: TableName } = options;
  const documents = DynamoDBDocumentClient.from(client);

  async function assertTriesOnce(): Promise<void> {
    const attempts = await client.config.maxAttempts();
    if (attempts !== 1) {
      throw new Error(`quotas are counted by a client that tries once, not up to ${attempts} times`);
    }
  }

  return {
    async add(counter: QuotaCounter, units: number, quota: number) {
      assertUnits(units, quota);
      await assertTriesOnce();
      const update = new UpdateCommand({
        TableName,
        Key: quotaItemKey(counter),
        UpdateExpression: 'SET deleteAt = :deleteAt, schemaVersion = :version ADD #used :units',
        // `units` is not more than the quota, so that the first of a day fit.
        ConditionExpression: 'attribute_not_exists(#used) OR #used <= :most',
        ExpressionAttributeNames: { '#used': 'used' },
        ExpressionAttributeValues: {
          ':units': units,
          ':most': quota - units,
          ':deleteAt': counterDeleteAt(counter.day),
          ':version': 1,
        },
        ReturnValues: 'UPDATED_NEW',
      });
      try {
        const { Attributes } = await documents.send(update);
        return Number(Attributes?.['used']);
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return undefined;
        throw error;
      }
    },

    async used(counter: QuotaCounter) {
      const get = new GetCommand({ TableName, Key: quotaItemKey(counter), ConsistentRead: true });
      const { Item } = await documents.send(get);
      return Number(Item?.['used'] ?? 0);
    },
  };
}
