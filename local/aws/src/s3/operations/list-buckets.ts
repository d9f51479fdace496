import type { Operation } from '../call.ts';
import { OWNER, wholeSeconds } from '../describe-object.ts';
import { respondXml } from '../responses.ts';
import { type XmlElement, xmlDocument } from '../xml.ts';

/** Amazon S3 API Reference, "ListBuckets"; always all of them. */
export const listBuckets: Operation = async ({ response }, { storage }) => {
  const buckets = storage.buckets().map(
    ({ name, createdAt }): XmlElement => [
      'Bucket',
      [
        ['Name', name],
        ['CreationDate', wholeSeconds(createdAt)],
      ],
    ],
  );
  respondXml(response, xmlDocument('ListAllMyBucketsResult', [OWNER, ['Buckets', buckets]]));
};
