import { HttpError } from '../http-error.ts';
import type { RefusalReason } from '../refusal-reasons.ts';

/** Something that can't be asked for: 403 with a code where only this key must not. */
export interface Violation {
  readonly message: string;
  readonly forbidden?: RefusalReason;
}

/** @throws HttpError with all messages: 400, or 403 where nothing is wrong but what this key must not ask for */
export function refuseAny(violations: readonly Violation[]): void {
  const [first] = violations;
  if (!first) return;
  const message = violations.map((violation) => violation.message).join('. ');
  const isForbiddenOnly =
    first.forbidden !== undefined && violations.every(({ forbidden }) => forbidden !== undefined);
  throw isForbiddenOnly
    ? new HttpError(403, message, { code: first.forbidden as RefusalReason })
    : new HttpError(400, message);
}
