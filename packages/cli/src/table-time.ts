import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/**
 * The time as the last response to this client has it, and this machine's own before there is any. The services go by clocks that AWS
 * keeps right: an end that a clock ahead sets comes too late for them.
 *
 * @returns to the second, as the header Date has it
 */
export function createTableTime(client: DynamoDBClient, now: () => Date): () => Date {
  let aheadMs = 0;
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { headers } = result.response as { headers?: Readonly<Record<string, string>> };
      const ms = Date.parse(headers?.['date'] ?? '');
      if (!Number.isNaN(ms)) aheadMs = now().getTime() - ms;
      return result;
    },
    { step: 'deserialize', name: 'readTableTime' },
  );
  return () => new Date(now().getTime() - aheadMs);
}
