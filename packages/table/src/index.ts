export { createDynamoDbTable } from './dynamodb-table.ts';
export { assertSupported, UnsupportedSchemaVersion } from './schema-version.ts';
export type { Change, Condition, Table } from './table.ts';
