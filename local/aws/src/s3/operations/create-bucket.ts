import { S3Error } from '../../s3-error.ts';
import type { Operation } from '../call.ts';
import { readCheckedText } from '../checked-text.ts';
import { respondEmpty } from '../responses.ts';
import { parseXml } from '../xml.ts';

/** Where a second CreateBucket of a bucket of one's own succeeds. */
const RECREATING_REGION = 'us-east-1';

/**
 * Amazon S3 API Reference, "CreateBucket". For a bucket that you own it returns 200 in us-east-1 and keeps its settings,
 * elsewhere BucketAlreadyOwnedByYou (409): the page's "Errors".
 */
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
  try {
    await storage.createBucket(call.bucket);
  } catch (error) {
    const isOwned = error instanceof S3Error && error.code === 'BucketAlreadyOwnedByYou';
    if (!isOwned || region !== RECREATING_REGION) throw error;
  }
  respondEmpty(call.response, 200, { location: `/${call.bucket}` });
};
