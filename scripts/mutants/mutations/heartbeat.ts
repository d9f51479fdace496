// Over 250 lines: a list, one entry a mutation.
import type { Mutation } from '../mutation.ts';

const HELD = 'packages/queue/src/held-message.ts';
const RUN = 'packages/queue/src/delivery-run.ts';
const CONSUMER = 'packages/queue/src/consumer.ts';
const HEARTBEAT_TEST = 'packages/queue/test/heartbeat.test.ts';
const PROCESS_TEST = 'services/processor/test/process-accepted.test.ts';
const CONCURRENCY_TEST = 'packages/queue/test/concurrency.test.ts';
const LIMIT_TEST = 'packages/queue/test/receive-limit.test.ts';
const DELETES_TEST = 'packages/queue/test/deletes.test.ts';

/** How a message is held while its handler works, and given up. */
export const heartbeatMutations: readonly Mutation[] = [
  {
    id: 'never-extended',
    change: 'a heartbeat does not extend the visibility timeout',
    breaks: 'P3: long work is given to a second worker',
    file: HELD,
    find: 'const extending = changeVisibility(seconds);',
    replace: 'const extending = Promise.resolve();',
    noticedBy: {
      file: HEARTBEAT_TEST,
      test: 'a message stays invisible for as long as its handler works, far beyond its timeout',
    },
  },
  {
    id: 'extended-once',
    change: 'an extension that fails is not tried again',
    breaks: 'P3: one failed call, and long work is given to a second worker',
    file: HELD,
    find: '        cancelBeat = clock.after(visibilitySeconds * 125, beat);\n',
    replace: '',
    noticedBy: {
      file: HEARTBEAT_TEST,
      test: 'an extension that fails is tried again, and the message is kept',
    },
  },
  {
    id: 'loss-untold',
    change: 'a handler is not notified that its message was lost',
    breaks: 'P3: it goes on beside the next worker',
    file: HELD,
    find: '    controller.abort(error);\n    onLost(error);',
    replace: '    onLost(error);',
    noticedBy: {
      file: HEARTBEAT_TEST,
      test: 'extensions that fail until the timeout is over lose the message',
    },
  },
  {
    id: 'extension-overtakes',
    change: 'a message is given back while an extension of it is under way',
    breaks: 'P3: it lands later, and hides the message again',
    file: HELD,
    find: '      await extension;\n',
    replace: '',
    noticedBy: {
      file: HEARTBEAT_TEST,
      test: 'what becomes of a message waits for the extension that is under way',
    },
  },
  {
    id: 'lease-not-renewed',
    change: 'a heartbeat does not renew the lease',
    breaks: 'P3: long work is taken over while it goes on',
    file: 'services/processor/src/work-under-lease.ts',
    find: 'delivery.onHeartbeat(lease.renew)',
    replace: 'delivery.onHeartbeat(async () => {})',
    noticedBy: { file: PROCESS_TEST, test: 'heartbeats keep the lease of long work' },
  },
  {
    id: 'renewal-tried-once',
    change: 'a renewal that fails waits for the next heartbeat',
    breaks: 'P3: the lease ends before that, and is taken under a living worker',
    file: 'services/processor/src/lease-keeper.ts',
    find: '        cancelRetry = clock.after((leaseSeconds * 1000) / RETRIES_PER_LEASE, renew);\n',
    replace: '',
    noticedBy: {
      file: PROCESS_TEST,
      test: 'P3: a renewal that fails is made again soon: no other worker takes the lease of a living one',
    },
  },
  {
    id: 'lapse-unnoticed',
    change: 'a handler whose lease ended unrenewed goes on',
    breaks: 'P3: two handlers work on one upload',
    file: 'services/processor/src/lease-keeper.ts',
    find: 'else cancelLapse = clock.after(leftMs, lapse);',
    replace: 'else cancelLapse = clock.after(leftMs, () => void lapse);',
    noticedBy: {
      file: PROCESS_TEST,
      test: 'P3: a handler whose lease could not be renewed is stopped before another begins',
    },
  },
  {
    id: 'lease-kept-after-work',
    change: 'the heartbeats go on renewing a lease whose work has ended',
    breaks: 'P8: what is done costs the table a write with every heartbeat of what is not',
    file: 'services/processor/src/work-under-lease.ts',
    find: '\n        .finally(stopBeats)',
    replace: '',
    noticedBy: {
      file: PROCESS_TEST,
      test: 'of several records in one message the first one’s lease does not outlive its work',
    },
  },
  {
    id: 'failed-deleted',
    change: 'a message is deleted although its handler failed',
    breaks: 'P3: an upload is lost',
    file: RUN,
    find: 'if (failure === undefined) await deleteMessage();',
    replace: 'if (true) await deleteMessage();',
    noticedBy: {
      file: 'packages/queue/test/outcomes.test.ts',
      test: 'a failed message comes back after a wait that grows with each receive',
    },
  },
  {
    id: 'delete-not-awaited',
    change: 'what ends a message does not wait for its deletion',
    breaks: 'P3: a service that stops exits before the delete, and the work is done again',
    file: RUN,
    find: 'if (failure === undefined) await deleteMessage();',
    replace: 'if (failure === undefined) void deleteMessage();',
    noticedBy: { file: CONCURRENCY_TEST, test: 'P8: a message that is only to be deleted takes no slot' },
  },
  {
    id: 'lost-given-back',
    change: 'a message that was lost is given back',
    breaks: 'P3: it is taken from the worker that has it now',
    file: RUN,
    find: "if (!held.isLost) await attempt('give-back', () => held.giveBack(waitSeconds));",
    replace: "await attempt('give-back', () => held.giveBack(waitSeconds));",
    noticedBy: {
      file: HEARTBEAT_TEST,
      test: 'a message that the queue no longer knows as held aborts the delivery',
    },
  },
  {
    id: 'last-receive-unknown',
    change: 'the last receive that the queue allows is taken for one before it',
    breaks: 'P3: a dead letter without its alarm, an upload without FAILED',
    file: 'packages/queue/src/receives.ts',
    find: 'isLastReceive: receiveCount >= maxReceiveCount,',
    replace: 'isLastReceive: receiveCount > maxReceiveCount,',
    noticedBy: {
      file: 'packages/queue/test/outcomes.test.ts',
      test: 'an Unprocessable message is in the dead-letter queue without a wait, its reason logged once',
    },
  },
  {
    id: 'receives-uncounted',
    change: 'a poll does not ask how often a message was received',
    breaks: 'P3: every receive is taken for the first',
    file: CONSUMER,
    find: "        MessageSystemAttributeNames: ['ApproximateReceiveCount'],\n",
    replace: '',
    noticedBy: {
      file: 'packages/queue/test/outcomes.test.ts',
      test: 'an Unprocessable message is in the dead-letter queue without a wait, its reason logged once',
    },
  },
  {
    id: 'queue-decides-visibility',
    change: 'a poll leaves the visibility timeout to the queue',
    breaks: 'P3: it can run out before the first heartbeat',
    file: CONSUMER,
    find: '        VisibilityTimeout: visibilitySeconds,\n',
    replace: '',
    noticedBy: {
      file: CONCURRENCY_TEST,
      test: 'it never asks for more messages than it has free slots, nor for more than ten',
    },
  },
  {
    id: 'first-record-only',
    change: 'of several records in a message only the first is handled',
    breaks: 'P3: the others are lost',
    file: 'packages/queue/src/s3-event-handler.ts',
    find: 'await handleOwn(event, delivery);',
    replace: 'return await handleOwn(event, delivery);',
    noticedBy: {
      file: 'packages/queue/test/s3-event-handler.test.ts',
      test: 'every record of a message is handled, in order',
    },
  },
  {
    id: 'nothing-is-no-failure',
    change: 'a handler that rejects with undefined has not failed',
    breaks: 'P3: its message is deleted, and the upload stays PROCESSING without a word',
    file: 'packages/queue/src/s3-event-handler.ts',
    find: 'if (failure !== undefined) throw failure.error;',
    replace: 'if (failure?.error !== undefined) throw failure.error;',
    noticedBy: {
      file: 'packages/queue/test/s3-event-handler.test.ts',
      test: 'P3: a record that fails with nothing has failed as well',
    },
  },
  {
    id: 'records-not-awaited',
    change: 'a message is deleted before its records are handled',
    breaks: 'P3: a crash loses them',
    file: 'packages/queue/src/s3-event-handler.ts',
    find: 'await handle(event, delivery);',
    replace: 'void handle(event, delivery).catch(() => undefined);',
    noticedBy: {
      file: 'packages/queue/test/s3-event-handler.test.ts',
      test: 'P3: a message is done only when all of its records are, and none waits for one that fails',
    },
  },
  {
    id: 'undeleted-is-deleted',
    change: 'a message that SQS did not delete is taken for deleted',
    breaks: 'P3: it comes back, and the reason is not reported',
    file: 'packages/queue/src/delete-batcher.ts',
    find: 'if (failure === undefined) entry.settled.resolve();',
    replace: 'if (true) entry.settled.resolve();',
    noticedBy: {
      file: 'packages/queue/test/deletes.test.ts',
      test: 'one entry that fails is tried again alone',
    },
  },
  {
    id: 'unnamed-is-deleted',
    change: 'a message that SQS’s response does not name is taken for deleted',
    breaks: 'P3: it comes back, and the reason is not reported',
    file: 'packages/queue/src/delete-batcher.ts',
    find: 'for (const index of batch.keys()) all.set(index, unnamed);',
    replace: '',
    noticedBy: {
      file: 'packages/queue/test/deletes.test.ts',
      test: 'P3: a message that the response does not name is not deleted: it is tried again',
    },
  },
  {
    id: 'unnamed-is-sent',
    change: 'a message that SQS’s response does not name is taken for sent',
    breaks: 'P3: a redrive deletes a dead letter that is in no other queue',
    file: 'packages/queue/src/send-messages.ts',
    find: 'for (const index of batch) failures.set(index, { reason: UNNAMED, mayBeSent: true });',
    replace: '',
    noticedBy: {
      file: 'packages/queue/test/send-messages.test.ts',
      test: 'what a success response does not name is not known to be sent',
    },
  },
  {
    id: 'batches',
    change: 'the next poll waits for all that is in flight',
    breaks: 'P8: a large copy holds up the uploads behind it',
    file: CONSUMER,
    find: 'if (slots.free === 0 ||',
    replace: 'if (slots.work.size > 0 ||',
    noticedBy: {
      file: CONCURRENCY_TEST,
      test: 'P8: a message that takes for ever holds up its own slot and nothing else',
    },
  },
  {
    id: 'more-than-concurrency',
    change: 'a poll asks for ten messages, however many slots are free',
    breaks: 'P8: messages wait behind slow work, unseen by other workers',
    file: CONSUMER,
    find: 'const count = Math.min(MAX_RECEIVED, slots.free);',
    replace: 'const count = MAX_RECEIVED;',
    noticedBy: {
      file: CONCURRENCY_TEST,
      test: 'it never asks for more messages than it has free slots, nor for more than ten',
    },
  },
  {
    id: 'uncopied-takes-slot',
    change: 'a message keeps its slot while its copy is tried again',
    breaks: 'P8: where SQS takes no copies, messages wait behind one that only waits',
    file: RUN,
    find: '      tell(error);\n      stepAside();',
    replace: '      tell(error);',
    noticedBy: {
      file: 'packages/queue/test/copies.test.ts',
      test: 'P8: a message whose copy SQS does not take holds up no slot',
    },
  },
  {
    id: 'slot-until-deleted',
    change: 'a message keeps its slot until it is deleted',
    breaks: 'P8: where SQS is slow to delete, messages wait behind work that is done',
    file: RUN,
    find: '    if (failure === undefined) stepAside();\n',
    replace: '',
    noticedBy: { file: CONCURRENCY_TEST, test: 'P8: a message that is only to be deleted takes no slot' },
  },
  {
    id: 'wait-without-bound',
    change: 'a message waits for as long as its handler asks',
    breaks: 'P3: it is in its queue for longer than the queue keeps it, and is gone without a dead letter',
    file: RUN,
    find: 'Math.min(seconds, longestWaitSeconds(visibilitySeconds), held.longestWaitSeconds())',
    replace: 'Math.min(seconds, held.longestWaitSeconds())',
    noticedBy: {
      file: 'packages/queue/test/longest-time-in-queue.test.ts',
      test: 'P3: with a visibility timeout of 60 s no wait is longer than 900 s, whatever a handler asks for',
    },
  },
  {
    id: 'accepts-without-limit',
    change: 'the acceptor works on a message for as long as S3 takes',
    breaks:
      'P3: the message is in its queue for longer than the queue keeps it, and is gone without a dead letter',
    file: 'services/acceptor/src/limit-work.ts',
    find: 'await Promise.race([handle(limited), expired.promise]);',
    replace: 'await handle(limited);',
    noticedBy: {
      file: 'services/acceptor/test/limit-work.test.ts',
      test: 'P3: a copy that does not end is given up after the limit, and its calls are aborted',
    },
  },
  {
    id: 'limit-read-once',
    change: 'maxReceiveCount is read at the start alone',
    breaks:
      'P3: after it was lowered a last receive is not known: a dead letter without FAILED, log and metric',
    file: 'packages/queue/src/receive-limit.ts',
    find: 'reading ??= read();',
    replace: '',
    noticedBy: {
      file: LIMIT_TEST,
      test: 'P3: a maxReceiveCount that is lowered shows with the next receive of a failed message',
    },
  },
  {
    id: 'unheld-while-limit-is-read',
    change: 'the heartbeats of a failed message end before maxReceiveCount is read',
    breaks: 'P3: another consumer has the message, and its receive is given back',
    file: RUN,
    find: '    if (failure !== undefined) await within(limit.renew(LIMIT_AGE_OF_REPEATED_SECONDS));\n',
    replace: `    const ending = held.endHeartbeats();
    if (failure !== undefined) await within(limit.renew(LIMIT_AGE_OF_REPEATED_SECONDS));
    await ending;
`,
    noticedBy: {
      file: LIMIT_TEST,
      test: 'P3: a message is held while its failure waits for the limit to be read',
    },
  },
  {
    id: 'limit-reads-uncounted',
    change: 'the longest time in the queue leaves out the reads of maxReceiveCount',
    breaks: 'P3: an event whose retention is over meanwhile expires without a dead letter',
    file: 'packages/queue/src/longest-time-in-queue.ts',
    find: ' + readSeconds',
    replace: '',
    noticedBy: {
      file: 'packages/queue/test/longest-time-in-queue.test.ts',
      test: 'P3: the longest time counts the reads of maxReceiveCount that get no response',
    },
  },
  {
    id: 'impossible-receive-believed',
    change:
      'a message that was received more often than is known to be allowed does not have maxReceiveCount read again',
    breaks:
      'P3: after it was raised a message is reported as dead-lettered with each receive, and comes back',
    file: RUN,
    find: 'receives > limit.maxReceiveCount',
    replace: 'false',
    noticedBy: {
      file: LIMIT_TEST,
      test: 'P3: a receive that can not be has maxReceiveCount read again, however young it is',
    },
  },
  {
    id: 'undeleted-let-go',
    change: 'a message that was handled is not held while SQS does not delete it',
    breaks: 'P3: it uses up its receives, and is a dead letter although its upload is PROCESSED',
    file: 'packages/queue/src/delete-held.ts',
    find: '    held.resumeHeartbeats();\n',
    replace: '',
    noticedBy: {
      file: DELETES_TEST,
      test: 'P3: what was handled is held until SQS deletes it, and uses up no receive',
    },
  },
  {
    id: 'undeleted-untold',
    change:
      'a last receive that was handled and not deleted goes to the dead-letter queue without a log line',
    breaks: 'P3: a dead letter that no log line explains',
    file: RUN,
    find: 'if (!facts().isLastReceive) return;',
    replace: 'return;',
    noticedBy: {
      file: DELETES_TEST,
      test: 'P3: who stops waiting for the deletion of a last receive says so',
    },
  },
];
