import type { IncomingMessage } from 'node:http';
import { operationOf, readAddress } from '@upload-once/local-aws';

export const AWS_SERVICES = ['s3', 'sqs', 'dynamodb'] as const;
export type AwsService = (typeof AWS_SERVICES)[number];

/** One request of a process to AWS; what its client tries again is a call of its own. */
export interface AwsCall {
  readonly service: AwsService;
  /** As AWS's API reference names it. */
  readonly operation: string;
  /** `<service> <operation>`. */
  readonly name: string;
  /** Of all calls over this proxy, from 1. */
  readonly number: number;
  /** Of the calls of this name, from 1. */
  readonly occurrence: number;
  /** Which attempt of its client's this is, from 1. */
  readonly attempt: number;
  /** The object's key; empty for a call on no object, and for the other services. */
  readonly key: string;
  /** Aborted when the process has given the call up, or is gone. */
  readonly gone: AbortSignal;
}

/** What a request is about, from its first line and headers alone. */
export function describeRequest(
  service: AwsService,
  request: IncomingMessage,
): Pick<AwsCall, 'operation' | 'attempt' | 'key'> {
  const attempt = attemptOf(request);
  if (service !== 's3') {
    // `DynamoDB_20120810.GetItem`, `AmazonSQS.ReceiveMessage`.
    const target = request.headers['x-amz-target'];
    return { operation: String(target).replace(/^.*\./, ''), attempt, key: '' };
  }
  const address = readAddress(request);
  return { operation: operationOf(request, address), attempt, key: address.key };
}

/** As the SDK's clients say it: `amz-sdk-request: attempt=2; max=3`. */
function attemptOf({ headers }: IncomingMessage): number {
  return Number(/\battempt=(\d+)/.exec(String(headers['amz-sdk-request']))?.[1] ?? 1);
}
