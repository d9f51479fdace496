import { quoted } from '../../storage/e-tag.ts';
import { answerEmpty } from '../answers.ts';
import type { Operation } from '../call.ts';
import { checksumHeaders } from '../describe-object.ts';
import { expectedDigests } from '../expected-digests.ts';
import { namedPart } from '../named-part.ts';
import { headerValues } from '../named-values.ts';
import { choosePartAlgorithms } from '../part-checksums.ts';
import { assertUploadSize, MAX_UPLOAD_BYTES } from '../upload-size.ts';

/** Amazon S3 API Reference, "UploadPart". */
export const uploadPart: Operation = async (call, { storage }) => {
  const { body, request, response } = call;
  const { upload, partNumber } = namedPart(call, storage);
  const expected = expectedDigests(headerValues(request), body.announcedTrailers);
  const checksums = choosePartAlgorithms(upload, expected.algorithms);
  assertUploadSize(body);
  const staged = await storage.stage(body, { maxBytes: MAX_UPLOAD_BYTES, checksums });
  try {
    expected.check(staged, body.trailers);
    const part = await storage.multipart.putPart(upload, partNumber, staged);
    answerEmpty(response, 200, {
      etag: quoted(part.eTag),
      'x-amz-server-side-encryption': 'AES256',
      ...checksumHeaders(part.checksums),
    });
  } finally {
    await staged.discard();
  }
};
