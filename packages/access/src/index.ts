export { isMistypedApiKey } from '@upload-once/text/api-key-format';
export {
  type AccessStore,
  type ApiKeySecret,
  ApiKeySettingsChanged,
  type KeyWithSecrets,
  SecretAlreadyInUse,
  SecretsChanged,
  UnknownApiKey,
} from './api-keys/access-store.ts';
export { createApiKey, InvalidApiKeyValue, importApiKey, type KeyMaking } from './api-keys/add-api-key.ts';
export { allowsContentType, isExecutedByBrowsers } from './api-keys/allows-content-type.ts';
export type { ApiKey, ApiKeySettings } from './api-keys/api-key.ts';
export {
  type ApiKeyFinder,
  type ApiKeyFinderOptions,
  createApiKeyFinder,
} from './api-keys/api-key-finder.ts';
export { InvalidApiKeySettings } from './api-keys/api-key-settings.ts';
export { type ApiKeyChange, changeApiKey } from './api-keys/change-api-key.ts';
export { API_KEY_MAX_BYTES, hashApiKey } from './api-keys/hash-api-key.ts';
export {
  endOlderSecrets,
  liveSecrets,
  NoRotationUnderWay,
  RotationUnderWay,
  removeOlderSecrets,
  removeSecrets,
  rotateApiKey,
} from './api-keys/rotate-api-key.ts';
export {
  createDynamoDbAccessStore,
  createDynamoDbIdempotencyStore,
  createDynamoDbQuotaCounters,
} from './dynamodb-stores.ts';
export {
  IDEMPOTENCY_SECONDS,
  type IdempotencyKey,
  type IdempotencyRecord,
  type IdempotencyStore,
} from './idempotency/idempotency-store.ts';
export { createDailyQuota, type DailyQuota, type QuotaResult } from './quotas/daily-quota.ts';
export type { QuotaCounters } from './quotas/quota-counters.ts';
