export { createTable } from './create-table.ts';
export { DEFAULT_REGION, EXAMPLE_CREDENTIAL } from './defaults.ts';
export { startDynamoDb } from './dynamodb.ts';
export { type AwsClients, type Provisioned, type ProvisionOptions, provision } from './provision.ts';
export type { Credential } from './s3/call.ts';
export { operationOf, readAddress } from './s3/router.ts';
export { type LocalAws, type LocalAwsOptions, startLocalAws } from './start.ts';
