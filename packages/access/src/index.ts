export {
  type AccessStore,
  ApiKeyIdAlreadyInUse,
  type KeyBySecret,
  SecretAlreadyInUse,
} from './access-store.ts';
export { createApiKey, InvalidApiKeyValue, importApiKey, type KeyMaking } from './add-api-key.ts';
export { allowsContentType } from './allows-content-type.ts';
export type { ApiKey, ApiKeySettings } from './api-key.ts';
export { InvalidApiKeySettings } from './api-key-settings.ts';
export { createDynamoDbAccessStore } from './dynamodb-access-store.ts';
export { API_KEY_MAX_BYTES, findApiKey, hashApiKey } from './find-api-key.ts';
export { UnsupportedSchemaVersion } from './item.ts';
export { createMemoryAccessStore } from './memory-access-store.ts';
