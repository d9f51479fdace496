import {
  awsFields,
  drainFields,
  healthFields,
  integer,
  logFields,
  optional,
  storageFields,
  text,
  tracingFields,
} from '@upload-once/runtime';
import { consumerFields, evidenceFields } from '@upload-once/worker';

export const configFields = {
  ...awsFields,
  ...storageFields,
  ...consumerFields,
  ...evidenceFields,
  ...healthFields,
  PROCESSOR_HANDLER: text({
    default: '',
    description:
      'The module with your handler: a path or the name of a package. Without one, each upload is logged.',
    expected: 'a path to a module ("./handler.mjs"), or the name of a package',
  }),
  HANDLER_LIMIT_SECONDS: integer({
    default: 3600,
    minimum: 1,
    maximum: 39_600,
    description: 'How long the handler can work on one upload.',
    expected: 'a whole number of seconds from 1 to 39600 (11 hours)',
  }),
  HANDLER_GRACE_SECONDS: integer({
    default: 10,
    minimum: 1,
    maximum: 600,
    description:
      'How long a handler can continue after HANDLER_LIMIT_SECONDS, when its signal is aborted. Then its thread is ended.',
    expected: 'a whole number of seconds from 1 to 600',
  }),
  HANDLER_THREADS: integer({
    default: 2,
    minimum: 1,
    maximum: 64,
    description:
      'How many threads the handlers share. The service can start up to as many again: for uploads that must run alone, and in place of threads that are ending.',
    expected: 'a whole number from 1 to 64',
  }),
  HANDLER_HEAP_MIB: integer({
    default: 192,
    minimum: 32,
    maximum: 65_536,
    description:
      'The heap of a handler thread (V8’s old generation, without the bytes of Buffers). A thread that needs more is ended. One large allocation far beyond it ends the process.',
    expected: 'a whole number of MiB from 32 to 65536',
  }),
  WEBHOOK_QUEUE_URL: optional(
    text({
      pattern: '^https?://[^/?#,\\s]+/[^?#,\\s]+$',
      description:
        'The queue of the webhook sender: it receives an event of each upload that is processed or has failed. By default there are no webhooks.',
      expected:
        'the URL of an SQS queue, for example "https://sqs.eu-central-1.amazonaws.com/123456789012/name"',
    }),
  ),
  ...logFields,
  ...tracingFields,
  ...drainFields,
};
