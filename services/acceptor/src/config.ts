import {
  awsFields,
  drainFields,
  flag,
  healthFields,
  integer,
  logFields,
  storageFields,
  tracingFields,
} from '@upload-once/runtime';
import { consumerFields, evidenceFields } from '@upload-once/worker';

export const configFields = {
  ...awsFields,
  ...storageFields,
  ...consumerFields,
  ...evidenceFields,
  ...healthFields,
  COPY_PARTS_IN_PARALLEL: integer({
    default: 8,
    minimum: 1,
    maximum: 64,
    description: 'How many parts of one large copy run at once.',
    expected: 'a whole number from 1 to 64',
  }),
  UPLOADS_PROTECTED: flag({
    default: false,
    description:
      'Set "true" only if the bucket policy lets no principal but the acceptor remove anything under uploads/, or cover it with a delete marker. Then the acceptor claims a presigned PUT without a list of versions.',
    expected: '"true" or "false"',
  }),
  ...logFields,
  ...tracingFields,
  ...drainFields,
};
