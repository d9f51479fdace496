import { asciiJson, parseDuplicateReport, parseUploadEvent } from '@upload-once/uploads';
import type { LetterEvent } from './dead-letter.ts';

/** What a message of the webhook-sender's queue is about, and how it is sent once more. */
export interface WebhookLetter {
  readonly event: LetterEvent;
  /** The event as it came first, in printable ASCII: the schedule of its attempts begins anew. */
  readonly body: string;
}

/** Undefined: the webhook-sender can't handle it. */
export function readWebhookLetter(body: string): WebhookLetter | undefined {
  const message = parse(body);
  if (!isObject(message)) return undefined;
  const original = isObject(message['event']) ? message['event'] : message;
  const event = eventOf(original);
  return event && { event, body: asciiJson(original) };
}

function eventOf(original: object): LetterEvent | undefined {
  const event = parseUploadEvent(original);
  if (event) return { what: event.type, key: event.key, versionId: event.acceptedVersionId };
  const duplicate = parseDuplicateReport(original);
  return duplicate && { what: 'upload.duplicate', key: duplicate.key, versionId: duplicate.versionId };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
