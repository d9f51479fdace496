import type { AccessStore } from './access-store.ts';
import type { ApiKey, ApiKeySettings } from './api-key.ts';
import { assertApiKeySettings } from './api-key-settings.ts';

/** What is to change; null takes a limit away. What is not named stays as it is. */
export type ApiKeyChange = {
  readonly [Name in keyof ApiKeySettings]?: undefined extends ApiKeySettings[Name]
    ? ApiKeySettings[Name] | null
    : ApiKeySettings[Name];
};

/**
 * Changes what a key may do, by one conditional write. Requests meet the change once their task asks the table again
 * (API_KEY_CACHE_SECONDS).
 *
 * @returns the key before and after
 * @throws InvalidApiKeySettings, UnknownApiKey, ApiKeySettingsChanged: nothing was done
 */
export async function changeApiKey(
  keyId: string,
  change: ApiKeyChange,
  store: AccessStore,
): Promise<{ readonly before: ApiKey; readonly after: ApiKey }> {
  const { key: before } = await store.getKey(keyId);
  const { keyId: _, createdAt, enabled, ...standing } = before;
  const merged = Object.entries({ ...standing, ...change });
  const settings = Object.fromEntries(
    merged.filter(([, value]) => value !== null && value !== undefined),
  ) as unknown as ApiKeySettings;
  assertApiKeySettings(settings);
  return { before, after: await store.changeSettings(before, settings) };
}
