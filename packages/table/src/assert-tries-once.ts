import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/**
 * What a client sends again after a response was lost may take effect twice, or late.
 *
 * @param what is done by such a client, for the message: `quotas are counted`
 * @throws Error for a client that tries more than once (`maxAttempts`)
 */
export async function assertTriesOnce(client: DynamoDBClient, what: string): Promise<void> {
  const attempts = await client.config.maxAttempts();
  if (attempts !== 1) throw new Error(`${what} by a client that tries once, not up to ${attempts} times`);
}
