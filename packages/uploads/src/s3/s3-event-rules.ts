import { GetBucketNotificationConfigurationCommand, type S3Client } from '@aws-sdk/client-s3';

/** One rule of a bucket's notification configuration that names a queue. */
export interface EventRule {
  readonly queueArn: string;
  /** Such as `s3:ObjectCreated:*`. */
  readonly events: readonly string[];
  /** The rule is for the keys that begin with it; '' is for all. */
  readonly prefix: string;
}

/**
 * To which queues a bucket sends its events (Amazon S3 API Reference, "GetBucketNotificationConfiguration"). Rules for topics, functions and
 * EventBridge are left out. It needs `s3:GetBucketNotification`; rejects with S3's own error.
 */
export async function readEventRules(client: S3Client, bucket: string): Promise<readonly EventRule[]> {
  const ask = new GetBucketNotificationConfigurationCommand({ Bucket: bucket });
  const { QueueConfigurations = [] } = await client.send(ask);
  return QueueConfigurations.map(({ QueueArn = '', Events = [], Filter }) => ({
    queueArn: QueueArn,
    events: Events,
    // S3 takes the name in either case, and gives it back as it likes.
    prefix: Filter?.Key?.FilterRules?.find(({ Name }) => Name?.toLowerCase() === 'prefix')?.Value ?? '',
  }));
}
