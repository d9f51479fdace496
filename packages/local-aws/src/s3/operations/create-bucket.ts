import { S3Error } from '../../s3-error.ts';
import { answerEmpty } from '../answers.ts';
import type { Operation } from '../call.ts';
import { readCheckedText } from '../checked-text.ts';
import { parseXml } from '../xml.ts';

/** Amazon S3 API Reference, "CreateBucket". */
export const createBucket: Operation = async (call, { storage, region }) => {
  const body = await readCheckedText(call);
  const wanted =
    body === '' ? undefined : parseXml(body, 'CreateBucketConfiguration').textOf('LocationConstraint');
  if (wanted !== undefined && wanted !== region) {
    throw new S3Error(
      'IllegalLocationConstraintException',
      400,
      `The ${wanted} location constraint is incompatible for the region specific endpoint this request was sent to.`,
    );
  }
  await storage.createBucket(call.bucket);
  answerEmpty(call.response, 200, { location: `/${call.bucket}` });
};
