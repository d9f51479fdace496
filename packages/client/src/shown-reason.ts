import { withoutUserInfo } from '@upload-once/text/hidden-secrets';

/** Why something failed, in one line, without the user name and password of a URL (a proxy's, for one). */
export function shownReason(error: unknown): string {
  if (!(error instanceof Error)) return withoutUserInfo(String(error));
  // fetch hides the reason, such as ECONNREFUSED, in the cause; one host's several addresses each have an error.
  const inner = error.cause instanceof Error && error.message === 'fetch failed' ? error.cause : error;
  return withoutUserInfo(inner.message || (inner as NodeJS.ErrnoException).code || inner.name);
}
