import t from 'tap';
import { inPlainWords } from '../src/index.ts';

const failed = (name: string, message = 'said by AWS', more = {}) =>
  Object.assign(new Error(message), { name, ...more });

t.test('failures of AWS in plain words', async (t) => {
  for (const [error, words] of [
    [failed('ExpiredTokenException'), /^your AWS credentials have expired/],
    [failed('CredentialsProviderError'), /^there are no AWS credentials/],
    [failed('UnrecognizedClientException'), /^AWS does not know these credentials/],
    [
      failed('AccessDeniedException', 'User: me is not authorized to perform: sqs:GetQueueAttributes'),
      /^AWS does not allow this: .*sqs:GetQueueAttributes.*operator-policy\.json/,
    ],
    [failed('AccessDenied'), /^AWS does not allow this/],
    [failed('ThrottlingException'), /^AWS has too many requests/],
    [failed('RequestLimitExceeded'), /^AWS has too many requests/],
    [failed('QueueDoesNotExist'), /^the queue does not exist/],
    [failed('TimeoutError'), /^AWS did not respond in time/],
    [
      failed('Error', 'connect', { code: 'ECONNREFUSED' }),
      /^the connection failed \(ECONNREFUSED\): connect/,
    ],
    [failed('Forbidden', 'Forbidden'), /^AWS does not allow this, .*operator-policy\.json/],
    [failed('UnknownError', 'UnknownError'), /^AWS responded with an error that has no name/],
    [failed('SlowDown', 'Please reduce your request rate.'), /^AWS has too many requests/],
    [failed('InternalError', 'We encountered an internal error'), /^AWS failed by itself\. Wait/],
    [failed('ServiceUnavailable'), /^the service of AWS is not available now/],
    [failed('Error', 'Region is missing'), /^there is no AWS region\. Set AWS_REGION/],
    [failed('TypeError', 'fetch failed'), /^the connection failed\. Try again$/],
    [
      failed('TypeError', 'fetch failed', { cause: failed('Error', 'connect', { code: 'ECONNREFUSED' }) }),
      /^the connection failed \(ECONNREFUSED\): connect$/,
    ],
    [failed('Other', 'as it is'), /^as it is$/],
    [failed('toString'), /^said by AWS$/],
    [failed('Nameless', ''), /^Nameless$/],
    ['thrown text', /^thrown text$/],
    [failed('Error', 'of \u001b[31m red'), /^of \?\[31m red$/],
  ] as const)
    t.match(inPlainWords(error), words);
});

t.test('whatever was thrown has words', async (t) => {
  for (const [thrown, words] of [
    [undefined, 'undefined'],
    [null, 'null'],
    [7, '7'],
    ['', ''],
    [{ name: 7, message: {}, code: null }, '[object Object]'],
    [Object.create(null), 'something that has no text was thrown'],
  ] as const)
    t.equal(inPlainWords(thrown), words);
});
