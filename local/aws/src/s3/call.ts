import type { IncomingMessage, ServerResponse } from 'node:http';
import type { QueueRule } from '../storage/bucket.ts';
import type { ObjectStorage } from '../storage/object-storage.ts';
import type { ObjectVersion, Origin } from '../storage/object-version.ts';
import type { RequestBody } from './request-body.ts';

export interface Credential {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Where there is one, every request made with this key must carry it. */
  readonly sessionToken?: string;
}

/** A version came to be. */
export interface ObjectCreated {
  readonly type: `ObjectCreated:${Origin}`;
  readonly bucket: string;
  readonly version: ObjectVersion;
}

/** One request, as far as its address says what it is about. */
export interface S3Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  /** When the request began: expiry is judged by this. */
  readonly startedAt: Date;
  /** The storage's `moment()` at that time. */
  readonly began: number;
  /** The operation's name as AWS's API reference has it. */
  readonly operation: string;
  /** Empty for a call on no bucket. */
  readonly bucket: string;
  /** Decoded; empty for a call on a bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
  /** Checked against the signature while it is read. PostObject reads `request` instead. */
  readonly body: RequestBody;
}

/** What every operation may use. */
export interface S3Services {
  readonly storage: ObjectStorage;
  readonly region: string;
  readonly credentials: readonly Credential[];
  readonly now: () => Date;
  /** Called once for each new version, after it is durable and before the response; never for a rejected request. */
  readonly onCreated: (created: ObjectCreated) => void;
  /**
   * Called before a notification configuration is stored: sends `s3:TestEvent` to each queue.
   * @throws S3Error InvalidArgument when a queue is not there
   */
  readonly testDestinations: (bucket: string, rules: readonly QueueRule[]) => Promise<void>;
}

/** Responds to a call, or throws an S3Error before it has written anything. */
export type Operation = (call: S3Call, services: S3Services) => Promise<void>;
