import type { ApiKey } from '@upload-once/access';
import { byteSize } from '@upload-once/text/byte-size';

/** A key in a sentence: its id, and in brackets its name and limits. */
export function describeKey(key: ApiKey): string {
  const limits = [`${key.ratePerSecond} requests per second`, `burst ${key.burst}`];
  if (key.dailyQuota !== undefined) limits.push(`${key.dailyQuota} uploads a day`);
  if (key.maxBytes !== undefined) limits.push(`at most ${byteSize(key.maxBytes)} each`);
  if (key.allowedContentTypes !== undefined) limits.push(`only ${key.allowedContentTypes.join(', ')}`);
  return `key ${key.keyId} (${[JSON.stringify(key.name), ...limits].join(', ')})`;
}
