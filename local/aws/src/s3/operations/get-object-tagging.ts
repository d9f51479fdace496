import type { Operation } from '../call.ts';
import { namedVersion, versionHeader } from '../named-version.ts';
import { respondXml } from '../responses.ts';
import { tagElements } from '../tags.ts';
import { xmlDocument } from '../xml.ts';

/** Amazon S3 API Reference, "GetObjectTagging". */
export const getObjectTagging: Operation = async (call, { storage }) => {
  const version = namedVersion(call, storage);
  respondXml(call.response, xmlDocument('Tagging', [tagElements(version.attributes.tags)]), {
    'x-amz-version-id': versionHeader(storage, call.bucket, version.versionId),
  });
};
