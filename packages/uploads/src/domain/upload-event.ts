import { UPLOADS_PREFIX } from '@upload-once/text/upload-id';
import { asciiJson } from './ascii-json.ts';
import { timeOf } from './iso-time.ts';

/** The version of the format of an event. A reader ignores fields that it does not know; a field is never removed or reused. */
const UPLOAD_EVENT_SCHEMA_VERSION = 1;

/** What the processing of an accepted upload came to. */
export const UploadEventType = {
  processed: 'upload.processed',
  failed: 'upload.failed',
} as const;
export type UploadEventType = (typeof UploadEventType)[keyof typeof UploadEventType];

/** What the sender of webhooks is told of an upload. It reads the rest from the table. */
export interface UploadEvent {
  readonly type: UploadEventType;
  readonly key: string;
  readonly acceptedVersionId: string;
  /** When it was recorded as PROCESSED, or when its handler failed with the last receive. */
  readonly at: Date;
  /** The attempt that failed: after a redrive an upload can fail again. Absent for one that was processed, which it is once. */
  readonly attempt?: number;
  /** Why it failed, in the handler's words for the upload's client; absent where the handler has none. */
  readonly reason?: string;
}

/**
 * The queue of webhooks. `send` resolves when the queue has the event durably, and rejects when that is not known; it may be
 * repeated. So the sender can get an event more than once: it is the same one if type, key, version and attempt are.
 */
export interface UploadEvents {
  send(event: UploadEvent): Promise<void>;
}

/** An event as the text of its message: no secret, and of all words only those that the handler has for the upload's client. */
export function writeUploadEvent(event: UploadEvent): string {
  const { type, key, acceptedVersionId, at, attempt, reason } = event;
  return asciiJson({
    schemaVersion: UPLOAD_EVENT_SCHEMA_VERSION,
    type,
    key,
    acceptedVersionId,
    at: at.toISOString(),
    ...(attempt !== undefined && { attempt }),
    ...(reason !== undefined && { reason }),
  });
}

/** The event that a message holds. @param message its JSON, parsed; undefined: it is no event of this format, such as a report */
export function parseUploadEvent(message: unknown): UploadEvent | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  const { schemaVersion, type, key, acceptedVersionId, attempt, reason } = message as Record<string, unknown>;
  if (schemaVersion !== UPLOAD_EVENT_SCHEMA_VERSION || !isUploadEventType(type)) return undefined;
  if (typeof key !== 'string' || !key.startsWith(UPLOADS_PREFIX)) return undefined;
  if (typeof acceptedVersionId !== 'string' || acceptedVersionId === '') return undefined;
  const at = timeOf((message as Record<string, unknown>)['at']);
  if (!at) return undefined;
  if (attempt !== undefined && !isAttempt(attempt)) return undefined;
  if (reason !== undefined && typeof reason !== 'string') return undefined;
  return {
    type,
    key,
    acceptedVersionId,
    at,
    ...(attempt !== undefined && { attempt }),
    ...(reason !== undefined && { reason }),
  };
}

function isAttempt(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function isUploadEventType(type: unknown): type is UploadEventType {
  return Object.values<unknown>(UploadEventType).includes(type);
}
