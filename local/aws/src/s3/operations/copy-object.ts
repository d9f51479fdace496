import { quoted } from '../../storage/e-tag.ts';
import type { ObjectAttributes, ObjectVersion } from '../../storage/object-version.ts';
import type { Operation } from '../call.ts';
import { type CopySource, MAX_COPY_BYTES, readCopySource } from '../copy-source.ts';
import { checksumAlgorithms, checksumElements, wholeSeconds } from '../describe-object.ts';
import { readAlgorithm } from '../expected-digests.ts';
import { headerValues, type NamedValues } from '../named-values.ts';
import { versionHeader } from '../named-version.ts';
import { readAttributes } from '../object-attributes.ts';
import { invalidArgument, invalidRequest, respondXml } from '../responses.ts';
import { readWriteConditions } from '../write-condition-headers.ts';
import { xmlDocument } from '../xml.ts';

/** Amazon S3 API Reference, "CopyObject". */
export const copyObject: Operation = async (call, { storage, onCreated }) => {
  const { bucket, key, began, response } = call;
  storage.bucket(bucket);
  const given = headerValues(call.request);
  const conditions = readWriteConditions(given);
  const source = readCopySource(given, storage);
  if (source.version.sizeBytes > MAX_COPY_BYTES) {
    throw invalidRequest(
      `The specified copy source is larger than the maximum allowable size for a copy source: ${MAX_COPY_BYTES}`,
    );
  }
  const attributes = chooseAttributes(given, source, { bucket, key });
  const staged = await storage.stageFrom(source.version, {
    checksums: chooseAlgorithms(given, source.version),
  });
  try {
    const order = { bucket, key, origin: 'Copy', staged, attributes, began, ...conditions } as const;
    const version = await storage.commit(order);
    onCreated({ type: 'ObjectCreated:Copy', bucket, version });
    const result = xmlDocument('CopyObjectResult', [
      ['LastModified', wholeSeconds(version.storedAt)],
      ['ETag', quoted(version.eTag)],
      ...checksumElements(version.checksums, version.checksumType),
    ]);
    respondXml(response, result, {
      'x-amz-version-id': versionHeader(storage, bucket, version.versionId),
      'x-amz-copy-source-version-id': versionHeader(storage, source.version.bucket, source.version.versionId),
      'x-amz-server-side-encryption': 'AES256',
    });
  } finally {
    await staged.discard();
  }
};

function chooseAttributes(
  given: NamedValues,
  { version, byVersionId }: CopySource,
  target: { readonly bucket: string; readonly key: string },
): ObjectAttributes {
  const said = readAttributes(given);
  const newMetadata = isReplaced(given, 'x-amz-metadata-directive');
  const newTags = isReplaced(given, 'x-amz-tagging-directive');
  const toItself = version.bucket === target.bucket && version.key === target.key && !byVersionId;
  if (toItself && !newMetadata && !newTags) {
    throw invalidRequest(
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  }
  const tags = newTags ? said.tags : version.attributes.tags;
  return { ...(newMetadata ? said : version.attributes), tags };
}

function isReplaced(given: NamedValues, directive: string): boolean {
  const value = given.get(directive) ?? 'COPY';
  if (value !== 'COPY' && value !== 'REPLACE') {
    throw invalidArgument(`Unknown ${directive.replace('x-amz-', '').replace('-', ' ')}.`, directive, value);
  }
  return value === 'REPLACE';
}

/** A copy is one object, however the source was put together; it keeps the source's kind of checksum. */
function chooseAlgorithms(given: NamedValues, source: ObjectVersion) {
  const named = given.get('x-amz-checksum-algorithm');
  return named === undefined ? checksumAlgorithms(source.checksums) : [readAlgorithm(named)];
}
