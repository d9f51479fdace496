import type { Operation } from '../call.ts';
import { respondXml } from '../responses.ts';
import { xmlDocument } from '../xml.ts';

/** Amazon S3 API Reference, "GetBucketVersioning": no status where versioning was never switched on. */
export const getBucketVersioning: Operation = async ({ bucket, response }, { storage }) => {
  const { versioning } = storage.bucket(bucket);
  respondXml(
    response,
    xmlDocument('VersioningConfiguration', versioning === 'Off' ? [] : [['Status', versioning]]),
  );
};
