import type { Mutation } from '../mutation.ts';

const CONSUMER = 'packages/queue/src/consumer.ts';
const STOP_TEST = 'packages/queue/test/stop.test.ts';
const UNDELETED_TEST = 'test/simulation/test/undeleted.test.ts';
const ACCEPTOR_PROCESS_TEST = 'services/acceptor/test/process.test.ts';

/** What a service does when it is to stop. */
export const drainMutations: readonly Mutation[] = [
  {
    id: 'exit-without-stop',
    change: 'at SIGTERM the process exits without awaiting its work',
    breaks: 'P3: a deploy breaks copies and handlers off in the middle',
    file: 'packages/runtime/src/lifecycle.ts',
    find: 'await service.stop(limitSeconds);',
    replace: 'void service.stop(limitSeconds);',
    noticedBy: {
      file: ACCEPTOR_PROCESS_TEST,
      test: 'SIGTERM while a copy is held back: no new message, the copy is finished, exit 0',
    },
  },
  {
    id: 'work-not-awaited',
    change: 'a consumer that stops breaks the work in flight off at once',
    breaks: 'P3: a deploy costs every upload in flight one of its receives',
    file: CONSUMER,
    find: 'if (await endsWithin(clock, limitSeconds * 1000, ended)) return;',
    replace: '',
    noticedBy: { file: STOP_TEST, test: 'stop awaits the work in flight, its deletes included' },
  },
  {
    id: 'not-given-back',
    change: 'what is not done at the limit is not given back',
    breaks: 'P3: it is hidden until its visibility timeout is over, for up to an hour',
    file: 'packages/queue/src/delivery-run.ts',
    find: '    await giveBackUnhandled(reason, copyOf(message, facts(), cutOffs), 0);\n',
    replace: '',
    noticedBy: {
      file: ACCEPTOR_PROCESS_TEST,
      test: 'SIGTERM and a copy that takes longer than the limit: given back at once, exit 0',
    },
  },
  {
    id: 'given-back-too-early',
    change: 'a message is given back before its handler has let go',
    breaks: 'P3: the next worker finds the lease held, and waits for it',
    file: 'packages/queue/src/delivery-run.ts',
    find: 'await endsWithin(clock, settleSeconds * 1000, settled.promise);',
    replace: '',
    noticedBy: {
      file: STOP_TEST,
      test: 'a handler frees what it holds before another consumer has its message',
    },
  },
  {
    id: 'late-response-begun',
    change: 'a message that arrives together with the stop is begun',
    breaks: 'P3: it is broken off right away',
    file: 'packages/queue/src/delivery-run.ts',
    find: 'if (cutOffReason !== undefined) throw cutOffReason;',
    replace: '',
    noticedBy: {
      file: STOP_TEST,
      test: 'messages that arrive together with the stop are given back, and none is begun',
    },
  },
  {
    id: 'poll-cut-off',
    change: 'a stop cuts off the poll in flight',
    breaks:
      'P3: what SQS gives to that poll is hidden and has used up a receive: deploys alone make it a dead letter',
    file: CONSUMER,
    find: '{ abortSignal: polledLongEnough.signal }',
    replace: '{ abortSignal: stopping.signal }',
    noticedBy: {
      file: STOP_TEST,
      test: 'P3: what SQS gives to the last poll is back at once, with its receives',
    },
  },
  {
    id: 'poll-never-cut-off',
    change: 'a poll that gets no response from SQS is not cancelled',
    breaks: 'P3: the time to give back the rest goes by while nothing is done',
    file: CONSUMER,
    find: '() => polledLongEnough.abort()',
    replace: '() => undefined',
    noticedBy: {
      file: STOP_TEST,
      test: 'a poll to which SQS does not respond is cut off two seconds after the limit',
    },
  },
  {
    id: 'deleted-without-copy',
    change: 'what is given back is deleted, and no copy of it sent',
    breaks: 'P3: a deploy loses every upload that it cuts off',
    file: 'packages/queue/src/send-copy-held.ts',
    find: 'return copies.send(copy).then(',
    replace: 'return Promise.resolve().then(',
    noticedBy: {
      file: STOP_TEST,
      test: 'after the limit the rest is aborted, and given back although its handler does not settle',
    },
  },
  {
    id: 'copied-while-undeleted',
    change: 'copies are sent while SQS deletes no messages',
    breaks: 'P3: each message that waits becomes two, then four, as long as deletions fail',
    file: 'packages/queue/src/send-copy-held.ts',
    find: 'if (deleter.isFailing)',
    replace: 'if (false)',
    noticedBy: {
      file: UNDELETED_TEST,
      test: 'P3: while SQS deletes nothing, no message is copied a second time',
    },
  },
  {
    id: 'copied-once',
    change: 'a copy that SQS does not take is not sent again',
    breaks: 'P3: a message on its last receive is a dead letter, although it only waited',
    file: 'packages/queue/src/send-copy-held.ts',
    find: 'const MAX_ATTEMPTS = 5;',
    replace: 'const MAX_ATTEMPTS = 1;',
    noticedBy: {
      file: UNDELETED_TEST,
      test: 'P3: a message on its last receive outlasts a minute in which SQS takes no copy',
    },
  },
  {
    id: 'stop-costs-a-receive',
    change: 'a copy counts the receive that the stop has cut off',
    breaks: 'P3: work longer than a drain is a dead letter after eight deploys, although nothing has failed',
    file: 'packages/queue/src/receives.ts',
    find: 'String(receiveCount - 1)',
    replace: 'String(receiveCount)',
    noticedBy: {
      file: 'packages/queue/test/copies.test.ts',
      test: 'P3: work that every deploy cuts off keeps its receives, and ends well',
    },
  },
  {
    id: 'copy-forgets-failures',
    change: 'a copy brings no receives along',
    breaks:
      'P3: a message that always fails is retried without end while there are deploys, and never becomes a dead letter',
    file: 'packages/queue/src/receives.ts',
    find: 'String(receiveCount - 1)',
    replace: "'0'",
    noticedBy: {
      file: 'packages/queue/test/copies.test.ts',
      test: 'P3: failures count from copy to copy, and the last is reported once',
    },
  },
  {
    id: 'spent-handled',
    change: 'a copy is handled again after its last receive, as long as SQS gives it out',
    breaks: 'P3: an upload is FAILED, then processed again, and reported as dead-lettered more than once',
    file: 'packages/queue/src/delivery-run.ts',
    find: 'if (isSpent(message, limit.maxReceiveCount)) return leaveToQueue();',
    replace: '',
    noticedBy: {
      file: 'packages/queue/test/copies.test.ts',
      test: 'P3: failures count from copy to copy, and the last is reported once',
    },
  },
  {
    id: 'observer-throws',
    change: 'what an observer throws reaches the consumer',
    breaks: 'P3: a failed message is not given back, and the process ends',
    file: 'packages/queue/src/consumer.ts',
    find: 'const observe = neverThrows(options.observe);',
    replace: 'const observe = options.observe;',
    noticedBy: {
      file: 'packages/queue/test/outcomes.test.ts',
      test: 'P3: an observer that throws keeps no message from coming back, and is reported',
    },
  },
  {
    id: 'stop-waits-for-limit',
    change: 'a message waits for its limit to be read although the consumer stops',
    breaks: 'P3: no copy is sent in time, and a receive is used up',
    file: 'packages/queue/src/delivery-run.ts',
    find: 'Promise.race([renewal, gaveUp.promise])',
    replace: 'renewal',
    noticedBy: {
      file: 'packages/queue/test/receive-limit.test.ts',
      test: 'P3: a stop does not wait for the limit to be read, and costs what has not begun no receive',
    },
  },
];
