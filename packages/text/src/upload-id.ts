/** Where clients may write: every issued form is for exactly one key under this prefix. */
export const UPLOADS_PREFIX = 'uploads/';

/**
 * The end of a sharded key. A random part has 26 base32 characters for 128 bits. The last character stands for 3 of them, and has 2 bits
 * to spare: 01 in a sharded key, 00 in any other. So the id alone says which key it belongs to, and no table is asked.
 */
const SHARDED_END = /-\d{8}_\d{6}-([a-z2-7])[a-z2-7]{24}[bfjnrvz5]$/;

/** The characters that the random part of a sharded key can begin with, each of which is a shard. */
export const SHARD_COUNT = 32;

/**
 * The shard of an id: the first character of its random part, if its key is sharded. S3 can divide such keys between its partitions at any
 * moment, because those of one moment do not begin alike (Amazon S3 User Guide, "Best practices design patterns: optimizing Amazon S3
 * performance").
 */
export function shardOfId(uploadId: string): string | undefined {
  return uploadId.includes('/') ? undefined : SHARDED_END.exec(uploadId)?.[1];
}

/**
 * The id that the HTTP API shows: the key without `uploads/`, and without its shard. So no id of an upload has a slash.
 * @throws RangeError for a key that is not under `uploads/`
 */
export function uploadIdOf(uploadKey: string): string {
  if (!uploadKey.startsWith(UPLOADS_PREFIX))
    throw new RangeError(`a key under ${UPLOADS_PREFIX} was expected, not ${JSON.stringify(uploadKey)}`);
  const path = uploadKey.slice(UPLOADS_PREFIX.length);
  const slash = path.indexOf('/');
  const name = path.slice(slash + 1);
  return slash > 0 && shardOfId(name) === path.slice(0, slash) ? name : path;
}

/** The id of an upload that is named by its id or by its key. Total: it takes any text. */
export function uploadIdIn(given: string): string {
  return uploadIdOf(given.startsWith(UPLOADS_PREFIX) ? given : UPLOADS_PREFIX + given);
}

/**
 * The key that belongs to an id, whether or not there is such an upload. Of every key that was issued, the id leads back to that key. An id
 * that has its shard before it leads there as well.
 */
export function uploadKeyOfId(uploadId: string): string {
  const shard = shardOfId(uploadId);
  return UPLOADS_PREFIX + (shard === undefined ? uploadId : `${shard}/${uploadId}`);
}
