import type { IdempotentRequest } from './issue-once.ts';
import type { IssueContext } from './issue-upload.ts';

type Issue<Asked, Issued> = (
  asked: Asked,
  context: IssueContext,
  request: IdempotentRequest,
) => Promise<Issued>;

/**
 * Repeats of a request that come to this task while it is under way are not carried out again: they get the outcome of the
 * first one, its upload or its error, and the next repeat after an error tries again. Another body under the same idempotency key
 * is no repeat: it is refused when the record of the first is found.
 */
export function joinRepeats<Asked, Issued extends { readonly isNew: boolean }>(
  issue: Issue<Asked, Issued>,
): Issue<Asked, Issued> {
  const underWay = new Map<string, Promise<Issued>>();
  return async (asked, context, request) => {
    const name = `${request.key.apiKeyId} ${request.key.sha256} ${request.requestSha256}`;
    const first = underWay.get(name);
    if (first) return { ...(await first), isNew: false };
    const started = issue(asked, context, request).finally(() => underWay.delete(name));
    underWay.set(name, started);
    return await started;
  };
}
