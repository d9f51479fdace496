import type { AwsCall } from './aws-call.ts';

/** What becomes of one call. */
export type CallOutcome =
  /** It is carried out. `beforeResponse` is awaited once it has taken effect, before the caller gets to know. */
  | { readonly kind: 'pass'; readonly beforeResponse?: () => Promise<void> | void }
  /** DynamoDB has capacity for every second item of a BatchWriteItem, and returns the others in `UnprocessedItems`. */
  | { readonly kind: 'write-half' }
  /** The proxy returns an error of that service, and the call is never carried out. */
  | { readonly kind: 'refuse'; readonly error: RefusalKind }
  /** Its connection is reset, and it is never carried out. */
  | { readonly kind: 'cut' }
  /** All of it is taken in, and it is carried out once `meanwhile` has resolved, whether its client is still there or not. */
  | { readonly kind: 'late'; readonly meanwhile: () => Promise<void> }
  /** It is carried out; then `meanwhile` is awaited, and the connection reset. */
  | { readonly kind: 'lose-response'; readonly meanwhile?: () => Promise<void> | void };

export const RefusalKind = {
  /** 500. */
  internal: 'internal',
  /** 503. */
  unavailable: 'unavailable',
  /** S3: 503 SlowDown; DynamoDB: ProvisionedThroughputExceeded; SQS: RequestThrottled. */
  throttled: 'throttled',
} as const;
export type RefusalKind = (typeof RefusalKind)[keyof typeof RefusalKind];

/** Decides the outcome of a call. The call is held while the promise is pending: so a slow service is one that responds late. */
export type Judge = (call: AwsCall) => CallOutcome | Promise<CallOutcome>;

export const PASS: CallOutcome = { kind: 'pass' };
