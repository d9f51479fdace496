import { createMemoryTable } from '@upload-once/table/testing';
import type { AccessStore } from '../api-keys/access-store.ts';
import { createTableAccessStore } from '../api-keys/table-access-store.ts';
import type { IdempotencyItem } from '../idempotency/idempotency-item.ts';
import type { IdempotencyStore } from '../idempotency/idempotency-store.ts';
import { createTableIdempotencyStore } from '../idempotency/table-idempotency-store.ts';
import { type ItemKey, PARTITION_KEY } from '../item.ts';
import type { QuotaCounters } from '../quotas/quota-counters.ts';
import { createTableQuotaCounters } from '../quotas/table-quota-counters.ts';

// The fakes of the table `access`: the same rules as in DynamoDB, each over a table in memory of its own.

export function createMemoryAccessStore(): AccessStore {
  return createTableAccessStore(createMemoryTable({ partitionKey: PARTITION_KEY }));
}

export function createMemoryIdempotencyStore(options: { readonly now: () => Date }): IdempotencyStore {
  const table = createMemoryTable<ItemKey, IdempotencyItem>({ partitionKey: PARTITION_KEY });
  return createTableIdempotencyStore({ table, ...options });
}

export function createMemoryQuotaCounters(): QuotaCounters {
  return createTableQuotaCounters(createMemoryTable({ partitionKey: PARTITION_KEY }));
}
