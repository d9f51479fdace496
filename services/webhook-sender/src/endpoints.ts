import type { WebhookType } from './webhook-event.ts';

/** Where events are sent. */
export interface Endpoint {
  readonly url: URL;
  /** Two while one is replaced by the other. */
  readonly secrets: readonly Uint8Array[];
  readonly types: ReadonlySet<WebhookType>;
  /** It is in WEBHOOK_ALLOWED_ORIGINS: its address can be private, and its URL http. */
  readonly isAllowed: boolean;
}

export interface Endpoints {
  readonly default: Endpoint | undefined;
  readonly byApiKey: ReadonlyMap<string, Endpoint>;
}

/** Where an event is to be sent: to the endpoint of the API key, or else to the default one. Undefined: to none. */
export function endpointFor(endpoints: Endpoints, apiKeyId: string, type: WebhookType): Endpoint | undefined {
  const endpoint = endpoints.byApiKey.get(apiKeyId) ?? endpoints.default;
  return endpoint?.types.has(type) ? endpoint : undefined;
}

/** How many different URLs there are. */
export function countUrls({ default: one, byApiKey }: Endpoints): number {
  const all = [...byApiKey.values(), ...(one ? [one] : [])];
  return new Set(all.map(({ url }) => url.href)).size;
}
