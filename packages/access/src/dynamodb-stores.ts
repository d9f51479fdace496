import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { assertTriesOnce, createDynamoDbTable } from '@upload-once/table';
import type { AccessStore } from './api-keys/access-store.ts';
import { createTableAccessStore } from './api-keys/table-access-store.ts';
import type { IdempotencyItem } from './idempotency/idempotency-item.ts';
import type { IdempotencyStore } from './idempotency/idempotency-store.ts';
import { createTableIdempotencyStore } from './idempotency/table-idempotency-store.ts';
import { type ItemKey, PARTITION_KEY } from './item.ts';
import type { QuotaCounters } from './quotas/quota-counters.ts';
import { createTableQuotaCounters } from './quotas/table-quota-counters.ts';

/** The table `access` in DynamoDB. */
export interface DynamoDbAccessOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
}

/** The keys of the table `access` in DynamoDB. The client's own retries may repeat a write. */
export function createDynamoDbAccessStore(options: DynamoDbAccessOptions): AccessStore {
  return createTableAccessStore(createDynamoDbTable({ ...options, partitionKey: PARTITION_KEY }));
}

/** The idempotency keys of the table `access` in DynamoDB. The client's own retries may repeat a write. */
export function createDynamoDbIdempotencyStore(
  options: DynamoDbAccessOptions & { readonly now: () => Date },
): IdempotencyStore {
  const table = createDynamoDbTable<ItemKey, IdempotencyItem>({ ...options, partitionKey: PARTITION_KEY });
  return createTableIdempotencyStore({ table, now: options.now });
}

/**
 * The counters of the table `access` in DynamoDB, one item for each key and day.
 *
 * @param options.client one that tries once (`maxAttempts: 1`): what the SDK sends again after a response was lost could be
 *   counted twice. Another is refused with each call.
 */
export function createDynamoDbQuotaCounters(options: DynamoDbAccessOptions): QuotaCounters {
  const counters = createTableQuotaCounters(createDynamoDbTable({ ...options, partitionKey: PARTITION_KEY }));
  return {
    ...counters,
    async add(counter, units, quota) {
      await assertTriesOnce(options.client, 'quotas are counted');
      return counters.add(counter, units, quota);
    },
  };
}
