import {
  asciiJson,
  parseDuplicateReport,
  parseUploadEvent,
  type UploadEventType,
} from '@upload-once/uploads';

/** What a message of the webhook-sender's queue is about, and how it is sent once more. */
export interface WebhookLetter {
  readonly event: {
    readonly what: UploadEventType | 'upload.duplicate';
    readonly key: string;
    readonly versionId: string;
  };
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

function eventOf(original: object): WebhookLetter['event'] | undefined {
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
