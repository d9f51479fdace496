export { type AwsClients, type Provisioned, type ProvisionOptions, provision } from './provision.ts';
export type { Credential } from './s3/call.ts';
export {
  DEFAULT_REGION,
  EXAMPLE_CREDENTIAL,
  type LocalAws,
  type LocalAwsOptions,
  startLocalAws,
} from './start.ts';
