import type { Operation } from '../call.ts';
import { readCheckedText } from '../checked-text.ts';
import { invalidArgument, invalidRequest, respondXml } from '../responses.ts';
import { malformedXml, parseXml, type XmlElement, xmlDocument } from '../xml.ts';
import { remove } from './delete-object.ts';

const MAX_OBJECTS = 1000;

/** Amazon S3 API Reference, "DeleteObjects". */
export const deleteObjects: Operation = async (call, { storage }) => {
  const { bucket, response, request } = call;
  storage.bucket(bucket);
  const { headers } = request;
  const isChecked = Object.keys(headers).some((name) =>
    /^(content-md5|x-amz-checksum-.*|x-amz-trailer)$/.test(name),
  );
  if (!isChecked) throw invalidRequest('Missing required header for this request: Content-MD5');
  const document = parseXml(await readCheckedText(call), 'Delete');
  const objects = document.all('Object');
  if (objects.length === 0 || objects.length > MAX_OBJECTS) throw malformedXml();
  const results: XmlElement[] = [];
  for (const object of objects) {
    const key = object.textOf('Key');
    if (!key) throw malformedXml();
    const versionId = object.textOf('VersionId');
    if (versionId === '') throw invalidArgument('Version id cannot be the empty string', 'VersionId', '');
    const outcome = await remove(storage, bucket, key, versionId);
    results.push([
      'Deleted',
      [
        ['Key', key],
        versionId === undefined ? undefined : ['VersionId', versionId],
        outcome.deleteMarker ? ['DeleteMarker', true] : undefined,
        outcome.deleteMarker ? ['DeleteMarkerVersionId', outcome.versionId ?? ''] : undefined,
      ],
    ]);
  }
  respondXml(response, xmlDocument('DeleteResult', document.textOf('Quiet') === 'true' ? [] : results));
};
