import { printable } from '../printable.ts';

/** SQS itself never says which queue it speaks of. */
export async function aboutQueue<T>(queueUrl: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'QueueDoesNotExist') throw error;
    throw new Error(`there is no queue ${queueUrl} in this region and account`, { cause: error });
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
