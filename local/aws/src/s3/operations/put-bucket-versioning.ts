import { S3Error } from '../../s3-error.ts';
import type { Operation } from '../call.ts';
import { readCheckedText } from '../checked-text.ts';
import { notImplemented, respondEmpty } from '../responses.ts';
import { parseXml } from '../xml.ts';

/** Amazon S3 API Reference, "PutBucketVersioning". */
export const putBucketVersioning: Operation = async (call, { storage }) => {
  const { bucket, response } = call;
  storage.bucket(bucket);
  const document = parseXml(await readCheckedText(call), 'VersioningConfiguration');
  if (document.textOf('MfaDelete') === 'Enabled') throw notImplemented('PutBucketVersioning with MfaDelete');
  const status = document.textOf('Status');
  if (status !== 'Enabled' && status !== 'Suspended') {
    throw new S3Error(
      'IllegalVersioningConfigurationException',
      400,
      'The Versioning element must be specified',
    );
  }
  await storage.configure(bucket, { versioning: status });
  respondEmpty(response, 200);
};
