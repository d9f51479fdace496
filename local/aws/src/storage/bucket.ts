/** `Off`: never switched on; once on, it can only be suspended. */
export type Versioning = 'Off' | 'Enabled' | 'Suspended';

/** One QueueConfiguration of a bucket's notifications. */
export interface QueueRule {
  readonly id: string;
  readonly queueArn: string;
  /** For example `s3:ObjectCreated:*`. */
  readonly events: readonly string[];
  /** Of the key as it is, not URL-encoded; empty: every key. */
  readonly prefix: string;
  readonly suffix: string;
}

export interface CorsRule {
  readonly allowedOrigins: readonly string[];
  readonly allowedMethods: readonly string[];
  readonly allowedHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly maxAgeSeconds?: number;
}

export interface BucketSettings {
  readonly versioning: Versioning;
  readonly queueRules: readonly QueueRule[];
  readonly corsRules: readonly CorsRule[];
}

export interface Bucket extends BucketSettings {
  readonly name: string;
  readonly createdAt: Date;
}
