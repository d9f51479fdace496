import { filenameOf, type LinkedUpload, uploadIdOf } from '@upload-once/uploads';
import type { Static } from 'typebox';
import type { linkResponse } from './responses.ts';

/** What its maker may know of a link: not its secret, nor the hash of it. */
export function linkView({ upload, link }: LinkedUpload): Static<typeof linkResponse> {
  const { claimed, constraints, revokedAt } = upload;
  const { title, message, from, returnUrl, language } = link;
  const filename = filenameOf(upload);
  const texts = { title, message, from, returnUrl, language };
  return {
    id: uploadIdOf(upload.key),
    state: upload.state,
    createdAt: link.createdAt.toISOString(),
    expiresAt: upload.expiresAt.toISOString(),
    method: constraints.method,
    minBytes: constraints.minBytes,
    maxBytes: constraints.maxBytes,
    ...(link.contentTypes && { contentTypes: [...link.contentTypes] }),
    metadata: { ...upload.metadata },
    ...(Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined)) as Pick<
      Static<typeof linkResponse>,
      keyof typeof texts
    >),
    ...(filename !== undefined && { filename }),
    ...(claimed && { sizeBytes: claimed.sizeBytes, receivedAt: claimed.storedAt.toISOString() }),
    ...(revokedAt && { revokedAt: revokedAt.toISOString() }),
  };
}
