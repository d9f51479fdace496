export { type Backoff, POLL_BACKOFF, RETRY_BACKOFF } from './backoff.ts';
export { type Consumer, type ConsumerOptions, createConsumer, GIVE_BACK_SECONDS } from './consumer.ts';
export { createDeleteBatcher, type DeleteBatcher, DeleteFailed } from './delete-batcher.ts';
export type { Delivery, DeliveryFacts } from './delivery.ts';
export {
  DrainLimitReached,
  MAX_DELAY_SECONDS,
  NotBegun,
  Postponed,
  RetryLater,
  Unprocessable,
  VisibilityLost,
} from './failures.ts';
export { gather } from './gather.ts';
export { longestTimeInQueueSeconds } from './longest-time-in-queue.ts';
export type { ConsumerObserver } from './observer.ts';
export { CUT_OFFS_ATTRIBUTE, RECEIVES_ATTRIBUTE } from './receives.ts';
export {
  deadLetterQueueUrl,
  QueueWithoutRedrivePolicy,
  readRedrivePolicy,
  redrivePolicyOf,
} from './redrive-policy.ts';
export { type ObjectCreated, objectKeysIn, parseS3Event } from './s3-event.ts';
export { createS3EventHandler } from './s3-event-handler.ts';
export { type SendFailure, sendMessages } from './send-messages.ts';
export { sendToEach } from './send-to-each.ts';
export { writeS3Event } from './write-s3-event.ts';
