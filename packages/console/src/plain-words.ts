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
  TimeoutError: 'AWS did not respond in time. Try again',
};
const THROTTLED = /Throttl|TooManyRequests|RequestLimitExceeded|ProvisionedThroughput/;
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
  const { name, message, code } = error as {
    readonly name?: string;
    readonly message?: string;
    readonly code?: string;
  };
  const text = printable(message || name || String(error));
  if (name !== undefined && Object.hasOwn(WORDS, name)) return WORDS[name] ?? text;
  if (DENIED.test(name ?? ''))
    return `AWS does not allow this: ${text}. docs/operator-policy.json has all permissions`;
  if (THROTTLED.test(name ?? '')) return 'AWS has too many requests of this account now. Wait, and try again';
  if (code !== undefined && UNREACHABLE.includes(code)) return `the connection failed (${code}): ${text}`;
  return text;
}
