import type { NewUpload } from '../domain/upload.ts';

/** An upload as the url-issuer records it: a form for up to 10 bytes of any type, without metadata; and with these changes. */
export function newUpload(key: string, changes: Partial<NewUpload> = {}): NewUpload {
  return {
    key,
    apiKeyId: 'key-1',
    issuedAt: new Date('2026-01-01T00:00:00.123Z'),
    expiresAt: new Date('2026-01-01T00:00:30.000Z'),
    constraints: { method: 'post', minBytes: 0, maxBytes: 10 },
    metadata: {},
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    ...changes,
  };
}
