import { answerEmpty } from '../answers.ts';
import type { Operation } from '../call.ts';
import { readCheckedText } from '../checked-text.ts';
import { namedVersion, versionHeader } from '../named-version.ts';
import { readTagXml } from '../tags.ts';

/** Amazon S3 API Reference, "PutObjectTagging". */
export const putObjectTagging: Operation = async (call, { storage }) => {
  const tags = readTagXml(await readCheckedText(call));
  const version = await storage.putTags(namedVersion(call, storage), tags);
  answerEmpty(call.response, 200, {
    'x-amz-version-id': versionHeader(storage, call.bucket, version.versionId),
  });
};
