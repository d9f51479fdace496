import type { Mutation } from '../mutation.ts';

const DYNAMODB_TABLE = 'packages/table/src/dynamodb-table.ts';
const ISSUE = 'services/url-issuer/src/issuing/issue-upload.ts';
const GROUPED_ISSUE = 'packages/uploads/src/domain/grouped-issue.ts';

/** What is recorded of an upload, and when, before its form is given away. */
export const issuingMutations: readonly Mutation[] = [
  {
    id: 'form-before-item',
    change: 'the form is returned before its item is durable',
    breaks: 'P3: an upload is made with it, and taken for an orphan',
    file: ISSUE,
    find: 'await issuedUploads.record(upload, context.takeQuota);',
    replace: 'void issuedUploads.record(upload, context.takeQuota);',
    noticedIn: 'services/url-issuer/test/get-presigned-url.test.ts',
    noticedBy: 'no response before the upload is durable',
  },
  {
    id: 'key-tried-again',
    change: 'the item of an upload whose write had no response is written again under the same key',
    breaks:
      'P1: the first write may come late, and sets an upload that was claimed or revoked since back to ISSUED',
    file: ISSUE,
    find: '    for (let attempt = 1; ; attempt += 1) {\n      const { upload, signed } = await prepare(uploadRequest, context);',
    replace:
      '    const { upload, signed } = await prepare(uploadRequest, context);\n    for (let attempt = 1; ; attempt += 1) {',
    noticedIn: 'services/url-issuer/test/issue-upload.test.ts',
    noticedBy: 'P1: a write that gets no response after it took effect is tried once more, with another key',
  },
  {
    id: 'group-before-written',
    change: 'uploads that are written together resolve before the table has responded',
    breaks: 'P3: a form is given away whose upload is not recorded',
    file: GROUPED_ISSUE,
    find: 'const unwritten = new Set(await table.putAll(group));',
    replace: 'void table.putAll(group);\n      const unwritten = new Set();',
    noticedIn: 'packages/uploads/test/grouped-issue.test.ts',
    noticedBy: 'P1: nothing resolves before its item is written',
  },
  {
    id: 'unwritten-taken-as-written',
    change: 'what the table had no capacity for counts as written',
    breaks: 'P3: a form is given away whose upload is not recorded',
    file: DYNAMODB_TABLE,
    find: 'if (unwritten.length === unprocessed.length) return unwritten;',
    replace: 'if (unwritten.length === unprocessed.length) return [];',
    noticedIn: 'packages/table/test/dynamodb-table.test.ts',
    noticedBy: 'what the table had no capacity for is said, item by item',
  },
  {
    id: 'issued-sent-again',
    change: 'the client that records issued uploads sends a request again',
    breaks:
      'P1: a write without a response comes late, and sets an upload that was claimed or revoked since back to ISSUED',
    file: 'services/url-issuer/src/main.ts',
    find: '      maxAttempts: 1,',
    replace: '      maxAttempts: 2,',
    noticedIn: 'services/url-issuer/test/main.test.ts',
    noticedBy: 'P1: a record whose write gets no response is never written again: the form is for another',
  },
  {
    id: 'quota-before-item',
    change: 'a unit of the quota is taken before it is known that the upload can be written',
    breaks: 'P7: a request that fails before its write is sent uses the quota up',
    file: ISSUE,
    find: 'await issuedUploads.record(upload, context.takeQuota);',
    replace: 'await context.takeQuota();\n        await issuedUploads.record(upload);',
    noticedIn: 'services/url-issuer/test/quota.test.ts',
    noticedBy: 'P7: a request that fails before its write is sent uses none of it',
  },
  {
    id: 'unit-for-a-group',
    change: 'requests that ask for the quota together take one unit for all',
    breaks: 'P7: a key gets more forms than its quota',
    file: 'packages/access/src/quotas/daily-quota.ts',
    find: 'used = await counters.add({ keyId, day }, fitting, quota);',
    replace: 'used = await counters.add({ keyId, day }, 1, quota);',
    noticedIn: 'test/chaos/test/kill-url-issuer.test.ts',
    noticedBy: 'P7: forms of a key with a quota: the url-issuer ended at its calls, and calls that fail',
  },
  {
    id: 'metadata-by-constructor',
    change:
      'items are written as the SDK makes attributes, which takes the type of an object from an entry named constructor',
    breaks: 'P7: a key gets no form for metadata that it may ask for, and its quota is used up',
    file: DYNAMODB_TABLE,
    find: '        Item: attributesOf(item),',
    replace: '        Item: marshall(item, { removeUndefinedValues: true }),',
    noticedIn: 'packages/uploads/test/dynamodb-upload-store.test.ts',
    noticedBy: 'the contract > metadata keeps any name, also one that every object has',
  },
];
