export { createMemoryAccessStore } from './memory-access-store.ts';
export { createMemoryIdempotencyStore } from './memory-idempotency-store.ts';
export { createMemoryQuotaCounters } from './memory-quota-counters.ts';
