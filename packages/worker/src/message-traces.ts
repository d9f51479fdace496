import { randomBytes } from 'node:crypto';
import { systemClock } from '@upload-once/clock';
import { type DeliveryFacts, DrainLimitReached, RetryLater, VisibilityLost } from '@upload-once/queue';
import {
  createWorkTraces,
  messageAttributes,
  type SpanAttributes,
  type Traces,
  type WorkTraces,
} from '@upload-once/tracing';

/** The spans of a service's work on the messages of its queue. */
export interface MessageTraces extends Omit<WorkTraces, 'run'> {
  /**
   * Runs the work on a message, as a span. It settles as `work` does.
   * @param operation the name of the span
   * @param attributes what is known of the work before it begins; made only if the span is recorded
   */
  run<T>(
    operation: string,
    message: Partial<Pick<DeliveryFacts, 'messageId'>>,
    attributes: () => SpanAttributes,
    work: () => Promise<T>,
  ): Promise<T>;
}

/** Work that ends with one of these has not failed: its message has to wait, the service stops, or SQS gives the message to another worker. */
const NO_FAILURES = [RetryLater, DrainLimitReached, VisibilityLost];

/** Undefined without traces. */
export function createMessageTraces(traces: Traces | undefined, queueUrl: string): MessageTraces | undefined {
  if (!traces) return undefined;
  const ofWork = createWorkTraces({
    traces,
    clock: systemClock,
    randomBytes,
    isFailure: (error) => !NO_FAILURES.some((noFailure) => error instanceof noFailure),
  });
  return {
    ...ofWork,
    run: (operation, { messageId }, attributes, work) =>
      ofWork.run(
        operation,
        () => ({ ...messageAttributes(operation, queueUrl, messageId), ...attributes() }),
        work,
      ),
  };
}
