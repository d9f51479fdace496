import { randomBytes } from 'node:crypto';
import { createFaultScript } from '@upload-once/table/testing';
import { TableBusy } from '@upload-once/uploads';
import { createMemoryUploadStore } from '@upload-once/uploads/testing';
import t from 'tap';
import { createUploadIssuer } from '../src/issuing/issue-upload.ts';
import { plainUploadRequest } from '../src/issuing/plain-upload-request.ts';
import { DEFAULTS, NOW, signerOf } from './app-under-test.ts';

const ORDER = plainUploadRequest({ keyId: 'k' }, { ...DEFAULTS, namePart: 'a name' });
const REQUEST = {
  apiKeyId: 'k',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  takeQuota: async () => {},
};

function issuer() {
  const faults = createFaultScript();
  let writes = 0;
  const uploadStore = createMemoryUploadStore({
    now: () => NOW,
    newToken: () => `write ${writes++}`,
    recordRetentionSeconds: 1000,
    faults,
  });
  const issueUpload = createUploadIssuer({
    issuedUploads: uploadStore.issued,
    signer: signerOf(),
    now: () => NOW,
    randomBytes,
  });
  return { issueUpload, uploadStore, faults };
}

for (const side of ['before', 'after'] as const) {
  t.test(
    `P1: a write that gets no response ${side} it took effect is tried once more, with another key`,
    async (t) => {
      const { issueUpload, uploadStore, faults } = issuer();
      faults.failNext(side, 'putAll', new Error('no response'));
      const { key, signed } = await issueUpload(ORDER, REQUEST);
      t.match(signed, { method: 'post', fields: { key } });
      t.match(await uploadStore.get(key), { state: 'ISSUED', apiKeyId: 'k' });
      const pages = await Array.fromAsync(uploadStore.records.pages());
      const issued = pages.flat().flatMap((record) => ('upload' in record ? [record.upload.key] : []));
      t.equal(issued.length, side === 'after' ? 2 : 1);
      t.equal(issued.filter((one) => one === key).length, 1);
    },
  );
}

t.test('what the table had no capacity for is not tried with another key', async (t) => {
  let records = 0;
  const issueUpload = createUploadIssuer({
    issuedUploads: {
      async record() {
        records += 1;
        throw new TableBusy('no capacity');
      },
    },
    signer: signerOf(),
    now: () => NOW,
    randomBytes,
  });
  await t.rejects(issueUpload(ORDER, REQUEST), { statusCode: 503, cause: { code: 'TableBusy' } });
  t.equal(records, 1);
});
