import type { ObjectCreated } from './s3-event.ts';

/** Who says so, in the fields where S3 would name itself. */
const SENDER = 'upload-once:repair';

/**
 * The message for a version whose own event was lost, as S3 would send it (Amazon S3 User Guide, "Event message structure", version
 * 2.1): `parseS3Event` reads it, and so does every other reader of S3's events. It has no sequencer, because only S3 can give
 * one, and does not claim to be S3's: `eventSource` says that it was made here.
 *
 * @param event what the message reports; `storedAt` becomes the event's time
 * @param region of the bucket, for example `eu-central-1`
 */
export function writeS3Event(event: Omit<ObjectCreated, 'sequencer'>, region: string): string {
  return JSON.stringify({
    Records: [
      {
        eventVersion: '2.1',
        eventSource: SENDER,
        awsRegion: region,
        eventTime: event.storedAt.toISOString(),
        eventName: event.eventName,
        s3: {
          s3SchemaVersion: '1.0',
          configurationId: SENDER,
          bucket: { name: event.bucket, arn: `arn:aws:s3:::${event.bucket}` },
          object: {
            key: urlEncoded(event.key),
            size: event.sizeBytes,
            eTag: event.eTag,
            versionId: event.versionId,
          },
        },
      },
    ],
  });
}

/** As an HTML form would encode it, a space as `+`, but with the slashes left as they are. */
function urlEncoded(key: string): string {
  return encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/');
}
