import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { MetricValue } from './code-alarm.ts';
import type { LocalCloud } from './local-cloud.ts';

const NOW_MS = Date.parse('2026-01-01T00:00:00.000Z');

/** What SQS measures of a queue at this moment as ApproximateNumberOfMessagesVisible. */
export async function visibleMessages(
  { sqs }: Pick<LocalCloud, 'sqs'>,
  QueueUrl: string,
): Promise<MetricValue[]> {
  const AttributeNames = ['ApproximateNumberOfMessages' as const];
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
  return [{ atMs: NOW_MS, value: Number(Attributes?.ApproximateNumberOfMessages) }];
}

/** What SQS has counted as NumberOfMessagesSent, of a queue from which nothing was received. */
export const sentMessages = visibleMessages;
