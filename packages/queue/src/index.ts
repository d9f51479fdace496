export { RETRY_BACKOFF } from './backoff.ts';
export { type Consumer, type ConsumerOptions, createConsumer, GIVE_BACK_SECONDS } from './consumer.ts';
export { DeleteFailed } from './delete-batcher.ts';
export type { Delivery, DeliveryFacts } from './delivery.ts';
export { DrainLimitReached, RetryLater, Unprocessable, VisibilityLost } from './failures.ts';
export type { ConsumerObserver, MessageRequest } from './observer.ts';
export { QueueWithoutRedrivePolicy } from './redrive-policy.ts';
export { type ObjectCreated, parseS3Event } from './s3-event.ts';
export { systemTimers, type Timers } from './timers.ts';
