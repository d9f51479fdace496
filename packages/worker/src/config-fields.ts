import {
  type ConfigChecks,
  type ConfigOf,
  checkUrl,
  type drainFields,
  type healthFields,
  integer,
  optional,
  text,
} from '@upload-once/runtime';
import type { ConsumerSettings } from './consumer-service.ts';

/** What a service that lives on one queue needs to know of it. */
export const consumerFields = {
  QUEUE_URL: text({
    pattern: '^https?://[^/?#]+/.',
    description: 'The queue that the service reads. It needs a redrive policy.',
    expected:
      'the URL of an SQS queue, for example "https://sqs.eu-central-1.amazonaws.com/123456789012/name"',
  }),
  CONCURRENCY: integer({
    default: 40,
    minimum: 1,
    maximum: 256,
    description:
      'How many messages are worked on at once. Set it lower for a handler that holds whole files in memory.',
    expected: 'a whole number from 1 to 256',
  }),
  VISIBILITY_SECONDS: integer({
    default: 60,
    minimum: 2,
    maximum: 43_200,
    description:
      'The visibility timeout of a message. Heartbeats extend it during the work. If the worker dies, the message comes back after this time.',
    expected: 'a whole number of seconds from 2 to 43200',
  }),
  POLL_WAIT_SECONDS: integer({
    default: 20,
    minimum: 1,
    maximum: 20,
    description:
      'How long a poll waits for a message (WaitTimeSeconds of SQS), at most DRAIN_LIMIT_SECONDS. An idle service takes this long to stop.',
    expected: 'a whole number of seconds from 1 to 20',
  }),
  PROTECT_AFTER_SECONDS: optional(
    integer({
      minimum: 1,
      maximum: 39_600,
      description:
        'On Amazon ECS: work that takes longer protects its task against scale-in and deployments. The task receives nothing new until that work ends. Recommended: DRAIN_LIMIT_SECONDS. By default never.',
      expected: 'a whole number of seconds from 1 to 39600 (11 hours)',
    }),
  ),
  ECS_AGENT_URI: optional(
    text({
      pattern: '^https?://[^/?#]',
      description: 'The ECS agent that PROTECT_AFTER_SECONDS needs. ECS sets it.',
      expected: 'what Amazon ECS sets: http://, an address and a path',
    }),
  ),
};

/** What is kept of versions that are not accepted, and where they are reported. */
export const evidenceFields = {
  REPORT_QUEUE_URLS: text({
    pattern: '^https?://[^/?#,\\s]+/[^?#,\\s]+(,https?://[^/?#,\\s]+/[^?#,\\s]+)*$',
    description:
      'The queues that receive each report of a duplicate, a refused version or an orphan: one URL for each reader, separated by commas.',
    expected:
      'the URLs of one or more SQS queues, separated by commas, for example "https://sqs.eu-central-1.amazonaws.com/123456789012/name"',
  }),
  KEPT_DUPLICATES: integer({
    default: 10,
    minimum: 1,
    maximum: 1_000,
    description:
      'How many duplicates of an upload are kept, recorded and reported one by one. The same holds for refused versions and orphans of a key. More are counted, and removed from uploads/.',
    expected: 'a whole number from 1 to 1000',
  }),
};

type ConsumerConfig = ConfigOf<typeof consumerFields & typeof healthFields & typeof drainFields>;

export function consumerSettingsFrom(config: ConsumerConfig): ConsumerSettings {
  return {
    queueUrl: config.QUEUE_URL,
    concurrency: config.CONCURRENCY,
    visibilitySeconds: config.VISIBILITY_SECONDS,
    // A stop must be able to let the last poll end.
    pollWaitSeconds: Math.min(config.POLL_WAIT_SECONDS, config.DRAIN_LIMIT_SECONDS),
    host: config.HOST,
    port: config.PORT,
    protectAfterSeconds: config.PROTECT_AFTER_SECONDS,
    ecsAgentUri: config.ECS_AGENT_URI,
  };
}

/** For `runService`: what the schema cannot say of these variables. */
export const consumerChecks: ConfigChecks<typeof consumerFields> = {
  QUEUE_URL: checkUrl,
  ECS_AGENT_URI: checkUrl,
};
