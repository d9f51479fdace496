import { type ApiKey, allowsContentType } from '@upload-once/access';
import { type LinkedUpload, UploadState } from '@upload-once/uploads';
import { maxBytesFor, type UploadDefaults } from '../issuing/upload-request.ts';

/** What a person who opens a link can do with it. */
export const LinkState = {
  /** A file can be sent. One may have been sent already, and not been found yet. */
  open: 'open',
  /** A file was received. */
  received: 'received',
  /** A file was received, and its processing failed. */
  failed: 'failed',
  expired: 'expired',
  revoked: 'revoked',
  /** The API key that made it was disabled or deleted, or allows none of its content types any more. */
  stopped: 'stopped',
} as const;
export type LinkState = (typeof LinkState)[keyof typeof LinkState];

/** A link whose secret a request has presented. */
export interface PresentedLink extends LinkedUpload {
  /** The key that made it; undefined: it was disabled or deleted. */
  readonly apiKey: ApiKey | undefined;
  /** Just before the upload was read. */
  readonly readAt: Date;
}

export function linkStateOf({ upload, link, apiKey, readAt }: PresentedLink): LinkState {
  if (upload.state === UploadState.revoked) return LinkState.revoked;
  if (upload.state === UploadState.failed) return LinkState.failed;
  if (upload.state !== UploadState.issued) return LinkState.received;
  if (!apiKey || contentTypesOf({ link, apiKey })?.length === 0) return LinkState.stopped;
  // A signature knows whole seconds, and needs one at least.
  return Math.floor(readAt.getTime() / 1000) * 1000 >= upload.expiresAt.getTime()
    ? LinkState.expired
    : LinkState.open;
}

/** The largest file that can be sent: what was asked for, and no more than installation and key allow now. */
export function maxBytesOf({ upload, apiKey }: PresentedLink, defaults: UploadDefaults): number {
  const { maxBytes } = upload.constraints;
  return apiKey ? Math.min(maxBytes, maxBytesFor(apiKey, defaults)) : maxBytes;
}

/**
 * The types and ranges that the link and its API key both allow now; undefined: any type. What is neither in a range nor a type of one of
 * them is in none of these.
 */
export function contentTypesOf({
  link,
  apiKey,
}: Pick<PresentedLink, 'link' | 'apiKey'>): readonly string[] | undefined {
  const [ofLink, ofKey] = [link.contentTypes, apiKey?.allowedContentTypes];
  if (!ofLink || !ofKey) return ofLink ?? ofKey;
  const both = [...within(ofLink, ofKey), ...within(ofKey, ofLink)];
  return [...new Set(both)];
}

/** Those of some types and ranges that others allow as a whole. */
function within(types: readonly string[], others: readonly string[]): string[] {
  const allowing = { allowedContentTypes: others };
  return types.filter((type) =>
    type.endsWith('/*') ? others.includes(type) : allowsContentType(allowing, type),
  );
}
