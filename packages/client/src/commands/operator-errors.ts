import { printable } from '../printable.ts';

/** What AWS said, as one line for an operator. */
export function operatorError(
  error: unknown,
  of: { readonly table: string; readonly bucket?: string },
): string {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const here = 'in this region and account';
  if (name === 'ResourceNotFoundException')
    return `there is no table "${of.table}" ${here}; --table names another`;
  if (name === 'NoSuchBucket') return `there is no bucket "${of.bucket}" ${here}; --bucket names another`;
  return printable(message || name);
}
