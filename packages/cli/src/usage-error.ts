/** The command line can't be carried out as it stands; nothing was done. */
export class UsageError extends Error {
  readonly code = 'UsageError';
}
