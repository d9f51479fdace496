import { printable } from '@upload-once/text/printable';

/** What each call needs, as IAM names it: docs/operator-policy.json has them. */
const WORDS: Readonly<Record<string, string>> = {
  ExpiredToken: 'your AWS credentials have expired. Sign in again, and start the console again',
  ExpiredTokenException: 'your AWS credentials have expired. Sign in again, and start the console again',
  CredentialsProviderError:
    'there are no AWS credentials. Sign in, or set AWS_PROFILE, and start the console again',
  UnrecognizedClientException: 'AWS does not know these credentials. Check AWS_PROFILE and AWS_REGION',
  InvalidClientTokenId: 'AWS does not know these credentials. Check AWS_PROFILE and AWS_REGION',
  InvalidSignatureException: 'AWS refuses the signature. Check the credentials and the clock of this machine',
  QueueDoesNotExist: 'the queue does not exist in this region and account',
  NoSuchBucket: 'the bucket does not exist in this region and account',
  ResourceNotFoundException: 'the table or the log group does not exist in this region and account',
  LimitExceededException: 'AWS allows no more of this at once. Wait, and try again',
  // What S3 says to a HEAD request has no body, so the SDK knows no more than its status.
  Forbidden: 'AWS does not allow this, and says no more. docs/operator-policy.json has all permissions',
  NotFound: 'what was asked for does not exist in this region and account',
  UnknownError: 'AWS responded with an error that has no name. Try again',
  InternalError: 'AWS failed by itself. Wait, and try again',
  InternalFailure: 'AWS failed by itself. Wait, and try again',
  InternalServerError: 'AWS failed by itself. Wait, and try again',
  ServiceUnavailable: 'the service of AWS is not available now. Wait, and try again',
  TimeoutError: 'AWS did not respond in time. Try again',
};
const THROTTLED = /Throttl|SlowDown|TooManyRequests|RequestLimitExceeded|ProvisionedThroughput/;
const UNREACHABLE: readonly string[] = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ETIMEDOUT',
];
const DENIED = /AccessDenied|NotAuthorized|AuthorizationError/;

/**
 * What went wrong, in one sentence for an operator, whatever was thrown. AWS's own message is kept where it says more: it names the
 * action that is not allowed.
 */
export function inPlainWords(error: unknown): string {
  const { name, message, code, cause } = factsOf(error);
  const text = printable(message || name || textOf(error));
  if (name !== undefined && Object.hasOwn(WORDS, name)) return WORDS[name] ?? text;
  if (DENIED.test(name ?? ''))
    return `AWS does not allow this: ${text}. docs/operator-policy.json has all permissions`;
  if (THROTTLED.test(name ?? '')) return 'AWS has too many requests of this account now. Wait, and try again';
  if (code !== undefined && UNREACHABLE.includes(code)) return `the connection failed (${code}): ${text}`;
  // The error of `fetch` says nothing itself.
  if (text === 'fetch failed')
    return cause instanceof Error && cause.message !== text
      ? inPlainWords(cause)
      : 'the connection failed. Try again';
  if (text === 'Region is missing')
    return 'there is no AWS region. Set AWS_REGION, and start the console again';
  return text;
}

/** Anything can be thrown, and a property of it can be anything. */
function factsOf(error: unknown) {
  const textAt = (name: string) => {
    const value: unknown = (error as Readonly<Record<string, unknown>> | null | undefined)?.[name];
    return typeof value === 'string' ? value : undefined;
  };
  const cause = error instanceof Error ? error.cause : undefined;
  return { name: textAt('name'), message: textAt('message'), code: textAt('code'), cause };
}

function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return 'something that has no text was thrown';
  }
}
