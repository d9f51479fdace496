import type { Mutation } from '../mutation.ts';

const CONSUMER = 'packages/queue/src/consumer.ts';
const STOP_TEST = 'packages/queue/test/stop.test.ts';
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
    noticedIn: ACCEPTOR_PROCESS_TEST,
    noticedBy: 'SIGTERM while a copy is held back: no new message, the copy is finished, exit 0',
  },
  {
    id: 'work-not-awaited',
    change: 'a consumer that stops breaks the work in flight off at once',
    breaks: 'P3: a deploy costs every upload in flight one of its receives',
    file: CONSUMER,
    find: 'if (await endsWithin(clock, limitSeconds * 1000, ended)) return;',
    replace: '',
    noticedIn: STOP_TEST,
    noticedBy: 'stop awaits the work in flight, its deletes included',
  },
  {
    id: 'poll-cut-off',
    change: 'a stop cuts off the poll in flight',
    breaks:
      'P3: what SQS gives to that poll is hidden and has used up a receive: deploys alone make it a dead letter',
    file: CONSUMER,
    find: '{ abortSignal: polledLongEnough.signal }',
    replace: '{ abortSignal: stopping.signal }',
    noticedIn: STOP_TEST,
    noticedBy: 'P3: what SQS gives to the last poll is back at once, with its receives',
  },
  {
    id: 'poll-never-cut-off',
    change: 'a poll that gets no response from SQS is not cancelled',
    breaks: 'P3: the time to give back the rest goes by while nothing is done',
    file: CONSUMER,
    find: '() => polledLongEnough.abort()',
    replace: '() => undefined',
    noticedIn: STOP_TEST,
    noticedBy: 'a poll to which SQS does not respond is cut off two seconds after the limit',
  },
  {
    id: 'deleted-without-copy',
    change: 'what is given back is deleted, and no copy of it sent',
    breaks: 'P3: a deploy loses every upload that it cuts off',
    file: 'packages/queue/src/send-copy-held.ts',
    find: 'return copies.send(copy).then(',
    replace: 'return Promise.resolve().then(',
    noticedIn: STOP_TEST,
    noticedBy: 'after the limit the rest is aborted, and given back although its handler does not settle',
  },
  {
    id: 'observer-throws',
    change: 'what an observer throws reaches the consumer',
    breaks: 'P3: a failed message is not given back, and the process ends',
    file: 'packages/queue/src/consumer.ts',
    find: 'const observe = neverThrows(options.observe);',
    replace: 'const observe = options.observe;',
    noticedIn: 'packages/queue/test/outcomes.test.ts',
    noticedBy: 'P3: an observer that throws keeps no message from coming back, and is reported',
  },
];
