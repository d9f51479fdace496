import { acceptedKeyOf, makeUploadKey, ObservedKind, uploadIdOf } from '@upload-once/uploads';
import t from 'tap';
import { shownVersion } from '../src/shown-upload.ts';

t.test('an observed version has the id of its upload, wherever its object lies', async (t) => {
  const at = new Date('2030-01-31T12:00:00Z');
  for (const isSharded of [false, true]) {
    const key = makeUploadKey('file', at, new Uint8Array(16), { isSharded });
    const facts = { versionId: 'v', eTag: 'e', sizeBytes: 1, storedAt: at, recordedAt: at, reported: true };
    for (const objectKey of [key, acceptedKeyOf(key)])
      t.equal(
        shownVersion({ ...facts, key: objectKey, kind: ObservedKind.orphan }).uploadId,
        uploadIdOf(key),
      );
  }
});
