import {
  acceptedKeyOf,
  describeUpload,
  type Upload,
  UploadEventType,
  UploadState,
} from '@upload-once/uploads';
import { type WebhookEvent, WebhookType } from './webhook-event.ts';

/**
 * The body of a request, as JSON text: docs/webhooks.md. `data` is what `GET /v1/uploads/{id}` says of the upload at the moment of the
 * attempt, without its counts, and what belongs to the event.
 * @param options.downloadUrl for the accepted version of a processed upload
 */
export function webhookBody(
  event: WebhookEvent,
  upload: Upload,
  options: { readonly bucket: string; readonly downloadUrl: string | undefined },
): string {
  const { type, at } = event;
  const data = { ...describeUpload(upload), ...dataOf(event, upload, options) };
  return JSON.stringify({ type, timestamp: at.toISOString(), data });
}

function dataOf(
  event: WebhookEvent,
  { key }: Upload,
  { bucket, downloadUrl }: { readonly bucket: string; readonly downloadUrl: string | undefined },
): object {
  if (event.type === WebhookType.duplicate) {
    const { versionId, sizeBytes, storedAt } = event;
    return { duplicate: { versionId, sizeBytes, storedAt: storedAt.toISOString() } };
  }
  const { type, acceptedVersionId, at, reason } = event;
  if (type === UploadEventType.processed)
    return {
      bucket,
      acceptedKey: acceptedKeyOf(key),
      acceptedVersionId,
      ...(downloadUrl !== undefined && { downloadUrl }),
    };
  // The event is sent before FAILED is recorded.
  return {
    state: UploadState.failed,
    failedAt: at.toISOString(),
    ...(reason !== undefined && { failureReason: reason }),
  };
}
