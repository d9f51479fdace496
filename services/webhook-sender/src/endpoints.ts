import type { WebhookType } from './webhook-event.ts';

/** Where events are sent. */
export interface Endpoint {
  readonly url: URL;
  /** Two while one is replaced by the other. */
  readonly secrets: readonly Uint8Array[];
  /** The events that it wants. */
  readonly types: ReadonlySet<WebhookType>;
  /** It is in WEBHOOK_ALLOWED_ORIGINS: its address can be private, and its URL http. */
  readonly isAllowed: boolean;
}

export interface Endpoints {
  readonly default: Endpoint | undefined;
  readonly byApiKey: ReadonlyMap<string, Endpoint>;
}

/** Where the events of an API key's uploads are to be sent: to its own endpoint, or else to the default one. Undefined: to none. */
export function endpointFor(endpoints: Endpoints, apiKeyId: string): Endpoint | undefined {
  return endpoints.byApiKey.get(apiKeyId) ?? endpoints.default;
}

/** How many different URLs there are. */
export function countUrls({ default: one, byApiKey }: Endpoints): number {
  const all = [...byApiKey.values(), ...(one ? [one] : [])];
  return new Set(all.map(({ url }) => url.href)).size;
}
