import { printable } from '@upload-once/text/printable';

/**
 * SQS itself never says which queue it speaks of.
 *
 * @param missing the error for a queue that does not exist; default: an Error
 */
export async function aboutQueue<T>(
  queueUrl: string,
  work: Promise<T>,
  missing = (message: string): Error => new Error(message),
): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (!(cause instanceof Error) || cause.name !== 'QueueDoesNotExist') throw cause;
    throw Object.assign(
      missing(
        `there is no queue ${queueUrl} in this region and account. Correct the URL, the region or the account`,
      ),
      { cause },
    );
  }
}

/** What AWS said, as one line for an operator. */
export function operatorError(
  error: unknown,
  of: { readonly table: string; readonly bucket?: string | undefined },
): string {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const here = 'in this region and account';
  if (name === 'ResourceNotFoundException')
    return `there is no table "${of.table}" ${here}; --table names another`;
  if (name === 'NoSuchBucket') return `there is no bucket "${of.bucket}" ${here}; --bucket names another`;
  return printable(message || name);
}
