import { UploadState } from '@upload-once/uploads';
import t from 'tap';
import { HttpError } from '../src/http-error.ts';
import type { IdempotentRequest } from '../src/issuing/issue-once.ts';
import type { IssuedUpload } from '../src/issuing/issue-upload.ts';
import { joinRepeats } from '../src/issuing/join-repeats.ts';
import { plainUploadRequest } from '../src/issuing/plain-upload-request.ts';
import { DEFAULTS } from './app-under-test.ts';

const ORDER = plainUploadRequest({ keyId: 'k1' }, DEFAULTS);
const CONTEXT = { apiKeyId: 'k1', traceparent: '', takeQuota: async () => {} };
const REQUEST = { key: { apiKeyId: 'k1', sha256: 'a' }, requestSha256: 'b', isCounted: true };

function upload(key: string): IssuedUpload {
  const signed = { method: 'post', url: 'https://bucket.example', fields: {} } as const;
  return { key, state: UploadState.issued, signed, expiresAt: new Date(0), isNew: true };
}

/** Requests that get their response when the test says so. */
function joining() {
  const begun: PromiseWithResolvers<IssuedUpload>[] = [];
  const issue = joinRepeats(async () => {
    const response = Promise.withResolvers<IssuedUpload>();
    begun.push(response);
    return await response.promise;
  });
  return { begun, issue: (request: IdempotentRequest = REQUEST) => issue(ORDER, CONTEXT, request) };
}

t.test('who repeats a request that is under way gets what it comes to; it is new once', async (t) => {
  const { begun, issue } = joining();
  const responses = [issue(), issue(), issue()];
  t.equal(begun.length, 1);
  begun[0]?.resolve(upload('one'));
  t.strictSame(await Promise.all(responses), [
    upload('one'),
    { ...upload('one'), isNew: false },
    { ...upload('one'), isNew: false },
  ]);
  const later = issue();
  t.equal(begun.length, 2, 'it is asked again once it had its response');
  begun[1]?.resolve(upload('two'));
  t.strictSame(await later, upload('two'));
});

t.test('all fail together, and the next one tries again', async (t) => {
  const { begun, issue } = joining();
  const responses = Promise.allSettled([issue(), issue()]);
  begun[0]?.reject(new HttpError(503));
  for (const response of await responses)
    t.match(response, { status: 'rejected', reason: { statusCode: 503 } });
  const next = issue();
  begun[1]?.resolve(upload('one'));
  t.strictSame(await next, upload('one'));
});

t.test('another client’s, another idempotency key, another body: none of them is a repeat', async (t) => {
  const { begun, issue } = joining();
  const requests = [
    REQUEST,
    { ...REQUEST, key: { ...REQUEST.key, apiKeyId: 'k2' } },
    { ...REQUEST, key: { ...REQUEST.key, sha256: 'c' } },
    { ...REQUEST, requestSha256: 'd' },
  ];
  const responses = requests.map(issue);
  begun.forEach(({ resolve }, at) => {
    resolve(upload(String(at)));
  });
  t.strictSame(
    (await Promise.all(responses)).map(({ key }) => key),
    ['0', '1', '2', '3'],
  );
});
