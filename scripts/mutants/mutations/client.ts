import type { Mutation } from '../mutation.ts';

/** What a client says of an upload: a person acts on it. */
export const clientMutations: readonly Mutation[] = [
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
    noticedIn: 'packages/cli/test/audit-command.test.ts',
    noticedBy: 'P3: queues that the bucket does not use so: nothing is sent, the right ones are named',
  },
];
