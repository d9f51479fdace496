import { createFaultScript } from '@upload-once/table/testing';
import { createMemoryUploadStore } from '@upload-once/uploads/testing';
import t from 'tap';
import { limitExceeded } from '../src/http-error.ts';
import { createUploadIssuer } from '../src/issuing/issue-upload.ts';
import { plainUploadRequest } from '../src/issuing/plain-upload-request.ts';
import { DEFAULTS, NOW, signerOf } from './app-under-test.ts';

const ORDER = plainUploadRequest({ keyId: 'k' }, { ...DEFAULTS, namePart: 'a name' });
const REQUEST = {
  apiKeyId: 'k',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  takeQuota: async () => {},
};

/** An issuer whose keys' random parts are made of these bytes, one after the other. */
function issuerWith(randomParts: number[]) {
  const faults = createFaultScript();
  let writes = 0;
  const uploadStore = createMemoryUploadStore({
    now: () => NOW,
    newToken: () => `write ${writes++}`,
    recordRetentionSeconds: 1000,
    faults,
  });
  const issueUpload = createUploadIssuer({
    uploadStore,
    signer: signerOf(),
    now: () => NOW,
    randomBytes: (count) => Buffer.alloc(count, randomParts.shift() ?? 0),
  });
  return { issueUpload, uploadStore, faults };
}

t.test('a key that is taken is replaced by another, with a form of its own', async (t) => {
  const { issueUpload, uploadStore } = issuerWith([7, 7, 8]);
  const first = await issueUpload(ORDER, REQUEST);
  const second = await issueUpload(ORDER, REQUEST);
  t.not(second.key, first.key);
  t.match(second.signed, { method: 'post', fields: { key: second.key } });
  t.match(await uploadStore.get(second.key), { state: 'ISSUED', apiKeyId: 'k' });
});

t.test('a quota that is used up lets nothing be recorded, and is reported as it is', async (t) => {
  const { issueUpload, faults } = issuerWith([1]);
  const takeQuota = async () => {
    throw limitExceeded(60);
  };
  await t.rejects(issueUpload(ORDER, { ...REQUEST, takeQuota }), {
    statusCode: 429,
    code: 'LimitExceeded',
    retryAfterSeconds: 60,
  });
  t.strictSame(faults.calls, []);
});

t.test('it does not try for ever', async (t) => {
  const { issueUpload, faults } = issuerWith([7, 7, 7]);
  await issueUpload(ORDER, REQUEST);
  await t.rejects(issueUpload(ORDER, REQUEST), { code: 'UploadAlreadyIssued' });
  t.equal(faults.calls.filter((call) => call.operation === 'putIfAbsent').length, 3);
});

t.test('a write whose outcome is unknown is not tried with another key', async (t) => {
  const { issueUpload, faults } = issuerWith([1, 2]);
  faults.failNext('after', 'putIfAbsent', new Error('no response'));
  await t.rejects(issueUpload(ORDER, REQUEST), { statusCode: 503, cause: { message: 'no response' } });
  t.equal(faults.calls.length, 1);
});
