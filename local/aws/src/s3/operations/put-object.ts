import { quoted } from '../../storage/e-tag.ts';
import type { Operation } from '../call.ts';
import { checksumHeaders } from '../describe-object.ts';
import { expectedDigests } from '../expected-digests.ts';
import { headerValues } from '../named-values.ts';
import { madeVersionHeader } from '../named-version.ts';
import { readAttributes } from '../object-attributes.ts';
import { respondEmpty } from '../responses.ts';
import { assertUploadSize, MAX_UPLOAD_BYTES } from '../upload-size.ts';
import { readWriteConditions } from '../write-condition-headers.ts';

/** Amazon S3 API Reference, "PutObject". */
export const putObject: Operation = async (call, { storage, onCreated }) => {
  const { bucket, key, body, began, response } = call;
  storage.bucket(bucket);
  const given = headerValues(call.request);
  const attributes = readAttributes(given);
  const conditions = readWriteConditions(given);
  const expected = expectedDigests(given, body.announcedTrailers);
  assertUploadSize(body);
  const staged = await storage.stage(body, { maxBytes: MAX_UPLOAD_BYTES, checksums: expected.algorithms });
  try {
    expected.check(staged, body.trailers);
    const order = { bucket, key, origin: 'Put', staged, attributes, began, ...conditions } as const;
    const version = await storage.commit(order);
    onCreated({ type: 'ObjectCreated:Put', bucket, version });
    respondEmpty(response, 200, {
      etag: quoted(version.eTag),
      'x-amz-version-id': madeVersionHeader(version.versionId),
      'x-amz-server-side-encryption': 'AES256',
      ...checksumHeaders(version.checksums, version.checksumType),
    });
  } finally {
    await staged.discard();
  }
};
