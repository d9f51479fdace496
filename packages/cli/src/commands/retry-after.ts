import { IssuerUnavailable, RequestRefused } from '@upload-once/client';

/** How long the issuer asks to wait, at least a second: 0 would ask again without end. Undefined: it does not ask to. */
export function retryAfterOf(error: unknown): number | undefined {
  if (!(error instanceof RequestRefused || error instanceof IssuerUnavailable)) return undefined;
  return error.retryAfterSeconds === undefined ? undefined : Math.max(error.retryAfterSeconds, 1);
}
