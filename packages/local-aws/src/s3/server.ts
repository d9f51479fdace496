import type { Server } from 'node:http';
import type { Operation, S3Call, S3Services } from './call.ts';

export interface S3ServerOptions extends S3Services {
  /** Answers POST multipart/form-data on a bucket; it checks signature, expiry and policy itself. */
  readonly postObject: Operation;
  readonly requestIds: () => string;
  /** Awaited before an operation is carried out, after its signature was checked (PostObject: before); a test holds calls with it. */
  readonly beforeOperation?: (call: S3Call) => Promise<void>;
}

/** S3 over HTTP, path style. The caller listens and closes. */
export declare function createS3Server(options: S3ServerOptions): Server;
