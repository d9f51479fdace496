import type { Mutation } from '../mutation.ts';

const VERDICT = 'packages/client/src/upload-verdict.ts';
const VERDICT_TEST = 'packages/client/test/upload-verdict.test.ts';

/** What a client says of an upload: a person acts on it. */
export const clientMutations: readonly Mutation[] = [
  {
    id: 'any-success-is-stored',
    change: 'the client takes any status of success for S3’s, a login page’s too',
    breaks: 'P3: an upload that S3 never got counts as stored, and is not sent again',
    file: VERDICT,
    find: 'if (everythingSent && isSuccess(form, response))',
    replace: 'if (everythingSent && status >= 200 && status < 300)',
    noticedIn: VERDICT_TEST,
    noticedBy: 'what a response proves',
  },
  {
    id: 'early-success-is-stored',
    change: 'the client accepts a success response that arrives before it has sent everything',
    breaks: 'P3: an upload that S3 never got whole counts as stored',
    file: VERDICT,
    find: 'if (everythingSent && isSuccess(form, response))',
    replace: 'if (isSuccess(form, response))',
    noticedIn: VERDICT_TEST,
    noticedBy: 'what a response proves',
  },
  {
    id: 'gateway-refuses',
    change: 'the client takes every 4xx for a refusal, one that a proxy wrote too',
    breaks: 'P4: what was stored is sent again, and is a duplicate of the sender’s own',
    file: VERDICT,
    find: 'if (!everythingSent && status >= 400) return true;',
    replace: 'if (!everythingSent || (status >= 400 && status < 500)) return true;',
    noticedIn: VERDICT_TEST,
    noticedBy: 'what a response proves',
  },
  {
    id: 'broken-is-not-stored',
    change: 'the client takes every connection that breaks for one that broke before the end was sent',
    breaks: 'P4: what was stored is sent again, and is a duplicate of the sender’s own',
    file: 'packages/client/src/upload-file.ts',
    find: '  if (!everythingSent) {',
    replace: '  if (sentBytes <= totalBytes) {',
    noticedIn: 'packages/client/test/upload-file.test.ts',
    noticedBy: 'a connection that breaks after everything was sent: it may or may not have been stored',
  },
  {
    id: 'page-believes-an-early-success',
    change:
      'a page takes a success response for S3’s before the browser reports that it has sent the whole file',
    breaks: 'P4: a file that was not stored is reported as stored',
    file: 'packages/client/src/browser/upload-file.ts',
    find: '      if (isSentWhole) return result;',
    replace: '      if (result) return result;',
    noticedIn: 'packages/client/test/browser-upload.test.ts',
    noticedBy: 'P4: nothing is known after a success before the browser has said that all was sent',
  },
  {
    id: 'refusal-lost-with-the-connection',
    change: 'a failed write discards the response that S3 had sent by then',
    breaks: 'P4: a rejection is not reported, and the sender does not know whether to send again',
    file: 'packages/client/src/send-request.ts',
    find: '    readAfterWriteError(socket);\n',
    replace: '    void readAfterWriteError;\n',
    noticedIn: 'packages/client/test/early-refusal.test.ts',
    noticedBy: 'a refusal is read, though the connection is closed behind it: http',
  },
  {
    id: 'any-queue-will-do',
    change: 'the operator’s commands take any queue that has a dead-letter queue, swapped ones too',
    breaks: 'P3: a repair sends a lost event to a service that can’t handle it, and records it as sent',
    file: 'packages/cli/src/commands/checked-queues.ts',
    find: 'if (pipeline === undefined ? pipelines.length > 0 : pipelines.includes(pipeline))',
    replace: 'if (pairs.length > 0)',
    noticedIn: 'packages/cli/test/checked-queues.test.ts',
    noticedBy: 'P3: a queue that the bucket uses otherwise is refused, by the names that the operator gives',
  },
];
