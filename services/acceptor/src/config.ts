import { awsFields, drainFields, healthFields, logFields, storageFields } from '@upload-once/runtime';
import { consumerFields, evidenceFields } from '@upload-once/worker';
import { Type } from 'typebox';

export const configSchema = Type.Object({
  ...awsFields,
  ...storageFields,
  ...consumerFields,
  ...evidenceFields,
  ...healthFields,
  COPY_PARTS_IN_PARALLEL: Type.Integer({
    default: 8,
    minimum: 1,
    maximum: 64,
    description: 'How many parts of one large copy run at once.',
    expected: 'a whole number from 1 to 64',
  }),
  ...logFields,
  ...drainFields,
});
