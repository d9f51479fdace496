import {
  acceptedKeyOf,
  makeUploadKey,
  ObservedKind,
  type Upload,
  UploadState,
  uploadIdOf,
} from '@upload-once/uploads';
import t from 'tap';
import { shownUpload, shownVersion } from '../src/shown-upload.ts';

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

t.test('an adopted upload says when, by whom and why, and no other does', async (t) => {
  const at = new Date('2030-01-31T12:00:00Z');
  const upload: Upload = {
    key: makeUploadKey('file', at, new Uint8Array(16)),
    apiKeyId: 'k',
    issuedAt: at,
    expiresAt: at,
    constraints: { method: 'post', minBytes: 0, maxBytes: 1 },
    metadata: {},
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    state: UploadState.issued,
    attempt: 0,
  };
  t.notMatch(Object.keys(shownUpload(upload)).join(), /adopt/);
  t.match(shownUpload({ ...upload, adopted: { at, by: 'Ada', reason: 'put back' } }), {
    adoptedAt: at,
    adoptedBy: 'Ada',
    adoptionReason: 'put back',
  });
});
