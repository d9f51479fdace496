export { assertTriesOnce } from './assert-tries-once.ts';
export { createDynamoDbTable } from './dynamodb-table.ts';
export { type GroupedReadsOptions, groupReads } from './grouped-reads.ts';
export { createGroups, type Groups, WaitedTooLong } from './groups.ts';
export { assertSupported } from './schema-version.ts';
export { type Change, type Condition, ItemsRefused, type PreparedItem, type Table } from './table.ts';
