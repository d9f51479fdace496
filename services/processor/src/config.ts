import { awsFields, consumerFields, healthFields, storageFields } from '@upload-once/runtime';
import { Type } from 'typebox';

export const configSchema = Type.Object({
  ...awsFields,
  ...storageFields,
  ...consumerFields,
  ...healthFields,
  PROCESSOR_HANDLER: Type.String({
    default: '',
    description: 'The module that does the final work; without one, each upload is logged.',
    expected: 'a path to a module ("./handler.mjs"), or the name of a package',
  }),
  HANDLER_LIMIT_SECONDS: Type.Integer({
    default: 3600,
    minimum: 1,
    maximum: 39_600,
    description: 'How long the handler may work on one upload. SQS hides a message for 12 hours at most.',
    expected: 'a whole number of seconds from 1 to 39600 (11 hours)',
  }),
});
