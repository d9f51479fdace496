import { createHash, createHmac } from 'node:crypto';
import { versionOf, type WebhookEvent, WebhookType } from './webhook-event.ts';

/**
 * The idempotency key of an event: the same for each attempt to deliver it, and for each message about the same thing. An upload that fails
 * again after a redrive has another.
 */
export function webhookIdOf(event: WebhookEvent): string {
  const attempt = event.type === WebhookType.duplicate ? undefined : event.attempt;
  const name = JSON.stringify([event.type, event.key, versionOf(event), attempt]);
  return `msg_${createHash('sha256').update(name).digest('base64url')}`;
}

/**
 * The headers that prove where a request comes from (Standard Webhooks, "Verifying webhook authenticity"), with a signature by each secret:
 * while one is replaced by another, a receiver may know either.
 */
export function signedHeaders(
  webhookId: string,
  sentAt: Date,
  body: string,
  secrets: readonly Uint8Array[],
): Record<string, string> {
  const timestamp = String(Math.floor(sentAt.getTime() / 1000));
  const signatures = secrets.map((secret) => {
    const mac = createHmac('sha256', secret).update(`${webhookId}.${timestamp}.${body}`);
    return `v1,${mac.digest('base64')}`;
  });
  return {
    'webhook-id': webhookId,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}
