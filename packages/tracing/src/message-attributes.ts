import type { SpanAttributes } from './span.ts';

/**
 * What a span says of the message that was worked on (OpenTelemetry, "Semantic conventions for messaging", 1.45: "Amazon SQS"). Such a span
 * is the processing of one message, and so a CONSUMER. The receive has no span: a poll can begin before the upload is issued, and bring ten messages.
 *
 * @param operation what this service calls the processing
 */
export function messageAttributes(
  operation: string,
  queueUrl: string,
  messageId: string | undefined,
): SpanAttributes {
  return {
    'messaging.system.name': 'aws.sqs',
    'messaging.operation.type': 'process',
    'messaging.operation.name': operation,
    'messaging.destination.name': queueUrl.slice(queueUrl.lastIndexOf('/') + 1),
    'aws.sqs.queue.url': queueUrl,
    ...(messageId !== undefined && { 'messaging.message.id': messageId }),
  };
}
