export {
  type AccessStore,
  ApiKeyIdAlreadyInUse,
  type ApiKeySecret,
  ApiKeySettingsChanged,
  type KeyBySecret,
  type KeyWithSecrets,
  SecretAlreadyInUse,
  SecretsChanged,
  UnknownApiKey,
} from './access-store.ts';
export { createApiKey, InvalidApiKeyValue, importApiKey, type KeyMaking } from './add-api-key.ts';
export { allowsContentType, isExecutedByBrowsers } from './allows-content-type.ts';
export type { ApiKey, ApiKeySettings } from './api-key.ts';
export { type ApiKeyFinder, type ApiKeyFinderOptions, createApiKeyFinder } from './api-key-finder.ts';
export { isMistypedApiKey } from './api-key-format.ts';
export { InvalidApiKeySettings } from './api-key-settings.ts';
export { type ApiKeyChange, changeApiKey } from './change-api-key.ts';
export { createDailyQuota, type DailyQuota, type QuotaAnswer, QuotaCounterWentBack } from './daily-quota.ts';
export { createDynamoDbAccessStore } from './dynamodb-access-store.ts';
export { createDynamoDbIdempotencyStore } from './dynamodb-idempotency-store.ts';
export { createDynamoDbQuotaCounters } from './dynamodb-quota-counters.ts';
export { API_KEY_MAX_BYTES, hashApiKey } from './hash-api-key.ts';
export {
  IDEMPOTENCY_SECONDS,
  type IdempotencyKey,
  type IdempotencyRecord,
  type IdempotencyStore,
} from './idempotency-store.ts';
export { UnsupportedSchemaVersion } from './item.ts';
export { createMemoryAccessStore } from './memory-access-store.ts';
export { createMemoryIdempotencyStore } from './memory-idempotency-store.ts';
export { createMemoryQuotaCounters } from './memory-quota-counters.ts';
export type { QuotaCounter, QuotaCounters } from './quota-counters.ts';
export {
  endOlderSecrets,
  liveSecrets,
  NoRotationUnderWay,
  RotationUnderWay,
  removeSecrets,
  rotateApiKey,
} from './rotate-api-key.ts';
