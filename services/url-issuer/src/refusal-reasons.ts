/**
 * Why a request is refused, or a connection closed: the dimension Reason of the metric RequestsRefused, and `reason` in the log. All but
 * those that only the operator learns are codes in responses.
 */
export const REFUSAL_REASONS = [
  // By the status alone.
  'BadRequest',
  'Forbidden',
  'NotFound',
  'RequestTimeout',
  'PayloadTooLarge',
  'URITooLong',
  'UnsupportedMediaType',
  'ExpectationFailed',
  'TooManyRequests',
  'RequestHeaderFieldsTooLarge',
  // What was asked for.
  'AlreadyClaimed',
  'ContentTypeNeeded',
  'ContentTypeNotAllowed',
  'FileTooLarge',
  'FileTooSmall',
  'IdempotencyKeyReused',
  'LimitExceeded',
  'LinkChanged',
  'LinkExpired',
  'LinkNotFound',
  'LinkRevoked',
  'LinkStopped',
  'LinkUsed',
  'LinksDisabled',
  'TooLargeForKey',
  'TooManyBadKeys',
  'UploadNotFound',
  'UploadRevoked',
  // For the operator.
  'ClientLeft',
  'MistypedApiKey',
  // A connection that was closed.
  'TooLongBody',
  'TooManyAtOnce',
  'TooManyConnections',
  'TooManyHeaderBytes',
] as const;

export type RefusalReason = (typeof REFUSAL_REASONS)[number];
