import { randomBytes } from 'node:crypto';

export interface AcceptanceWebhooks {
  /** Signs every webhook. */
  readonly secret: string;
  /** Of the webhook-sender. */
  readonly env: { readonly WEBHOOKS: string; readonly WEBHOOK_ALLOWED_ORIGINS: string };
}

/** Every webhook of a stack goes to this receiver (webhook-receiver.ts), at an address that only an allow-list lets through. */
export function acceptanceWebhooks(receiverOrigin: string): AcceptanceWebhooks {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const endpoint = { url: `${receiverOrigin}/webhooks`, secrets: [secret] };
  return {
    secret,
    env: { WEBHOOKS: JSON.stringify({ default: endpoint }), WEBHOOK_ALLOWED_ORIGINS: receiverOrigin },
  };
}
