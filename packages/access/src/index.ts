export {
  type AccessStore,
  ApiKeyIdAlreadyInUse,
  type KeyBySecret,
  SecretAlreadyInUse,
} from './access-store.ts';
export { createApiKey, InvalidApiKeyValue, importApiKey, type KeyMaking } from './add-api-key.ts';
export { type ApiKey, type ApiKeySettings, InvalidApiKeySettings } from './api-key.ts';
export { createDynamoDbAccessStore } from './dynamodb-access-store.ts';
export { API_KEY_MAX_BYTES, findApiKey, hashApiKey } from './find-api-key.ts';
export { UnsupportedSchemaVersion } from './item.ts';
export { createMemoryAccessStore } from './memory-access-store.ts';
