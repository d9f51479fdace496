import type { QueueRule } from '../storage/bucket.ts';
import type { ObjectVersion } from '../storage/object-version.ts';

/** The local S3 belongs to one owner, and every call is made by that owner. */
const OWNER = 'local-aws';

export interface EventContext {
  readonly region: string;
  readonly rule: QueueRule;
  readonly sequencer: string;
  readonly requestId: string;
}

/**
 * The message that S3 sends to a queue for a new version, as JSON (Amazon S3 User Guide, "Event message structure",
 * version 2.5): the key URL-encoded, the time with milliseconds, the event's name without `s3:`.
 */
export function eventMessage(version: ObjectVersion, context: EventContext): string {
  return JSON.stringify({
    Records: [
      {
        eventVersion: '2.5',
        eventSource: 'aws:s3',
        awsRegion: context.region,
        eventTime: version.storedAt.toISOString(),
        eventName: `ObjectCreated:${version.origin}`,
        userIdentity: { principalId: OWNER },
        requestParameters: { sourceIPAddress: '127.0.0.1' },
        responseElements: { 'x-amz-request-id': context.requestId, 'x-amz-id-2': OWNER },
        s3: {
          s3SchemaVersion: '1.0',
          configurationId: context.rule.id,
          bucket: {
            name: version.bucket,
            ownerIdentity: { principalId: OWNER },
            arn: `arn:aws:s3:::${version.bucket}`,
          },
          object: {
            key: encodeEventKey(version.key),
            size: version.sizeBytes,
            eTag: version.eTag,
            ...(version.versionId === 'null' ? {} : { versionId: version.versionId }),
            sequencer: context.sequencer,
          },
        },
      },
    ],
  });
}

/** What S3 sends to a queue when a bucket's notifications are configured (Amazon S3 User Guide, "Granting permissions to publish event notification messages"). */
export function testEventMessage(bucket: string, time: Date, requestId: string): string {
  return JSON.stringify({
    Service: 'Amazon S3',
    Event: 's3:TestEvent',
    Time: time.toISOString(),
    Bucket: bucket,
    RequestId: requestId,
    HostId: OWNER,
  });
}

/** As an HTML form would encode it, a space as `+`, but with the slashes left as they are. */
function encodeEventKey(key: string): string {
  return new URLSearchParams({ key }).toString().slice('key='.length).replaceAll('%2F', '/');
}
