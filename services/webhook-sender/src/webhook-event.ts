import { type UploadEvent, UploadEventType } from '@upload-once/uploads';

/** What an endpoint can be sent. */
export const WebhookType = { ...UploadEventType, duplicate: 'upload.duplicate' } as const;
export type WebhookType = (typeof WebhookType)[keyof typeof WebhookType];

/** A file that came with a form that had been used. */
export interface DuplicateEvent {
  readonly type: typeof WebhookType.duplicate;
  readonly key: string;
  readonly versionId: string;
  readonly sizeBytes: number;
  readonly storedAt: Date;
  /** When it was recorded. */
  readonly at: Date;
}

export type WebhookEvent = UploadEvent | DuplicateEvent;

/** The version that an event is about. */
export function versionOf(event: WebhookEvent): string {
  return event.type === WebhookType.duplicate ? event.versionId : event.acceptedVersionId;
}
