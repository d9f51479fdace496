// Over 250 lines: a list, one entry a mutation.
import type { Mutation } from '../mutation.ts';

const RUN = 'services/processor/src/run-handler.ts';
const THREAD = 'services/processor/src/start-handler-thread.ts';
const RUNNER = 'services/processor/src/thread-runner.ts';
const WORK = 'services/processor/src/work-under-lease.ts';
const RUN_TEST = 'services/processor/test/run-handler.test.ts';
const RUNNER_TEST = 'services/processor/test/thread-runner.test.ts';
const OUTPUT = 'packages/runtime/src/output.ts';
const THREAD_TEST = 'services/processor/test/start-handler-thread.test.ts';

/** Handlers in threads: what one of them does to those beside it. */
export const threadMutations: readonly Mutation[] = [
  {
    id: 'printed-is-written',
    change: 'what a handler prints counts as written when it arrives',
    breaks: 'P8: a handler that prints faster than its output is read fills the memory of the service',
    file: THREAD,
    find: 'return onOutput(message, () => countOff(message, underWay));',
    replace: 'return void (countOff(message, underWay), onOutput(message, () => undefined));',
    noticedBy: {
      file: THREAD_TEST,
      test: 'P3: a handler that prints more than is read waits, and fills no memory',
    },
  },
  {
    id: 'streams-unbounded',
    change: 'a handler has as many streams open as it likes',
    breaks: 'P8: the others of its thread get no connection, and fail',
    file: 'services/processor/src/call-handler.ts',
    find: 'if (bodies.length + opening >= MOST_OPEN_STREAMS) {',
    replace: 'if (bodies.length + opening >= Number.POSITIVE_INFINITY) {',
    noticedBy: {
      file: 'services/processor/test/call-handler.test.ts',
      test: 'P8: a handler has four streams open at most, and one more for each that is closed',
    },
  },
  {
    id: 'deaf-left-behind',
    change: 'the attempt of a deaf handler ends while the handler goes on',
    breaks: 'P3: the next attempt runs beside it',
    file: RUN,
    find: '    const end = await run.ended;',
    replace:
      "    const end = await Promise.race([run.ended, new Promise<RunEnd>((resolve) => timers.push(clock.after(graceSeconds * 1000, () => resolve({ how: 'resolved' }))))]);",
    noticedBy: { file: RUN_TEST, test: 'P3: the attempt of a deaf handler lasts until its thread has ended' },
  },
  {
    id: 'blocked-neighbour-fails',
    change: 'a limit that passes in a blocked thread fails the upload',
    breaks: 'P3: it may have been a neighbour that blocked the thread',
    file: RUN,
    find: 'if (failure !== undefined && !isExcused) throw',
    replace: 'if (failure !== undefined) throw',
    noticedBy: {
      file: RUN_TEST,
      test: 'P3: a limit that passes in a blocked thread is no proof: the upload runs again, alone',
    },
  },
  {
    id: 'blocked-taken-for-deaf',
    change: 'whose limit passes first in a blocked thread is taken for the one that blocks it',
    breaks: 'P3: an upload fails because of a neighbour',
    file: THREAD,
    find: 'isKiller && !isAborting',
    replace: 'isKiller && isAborting === undefined',
    noticedBy: { file: THREAD_TEST, test: 'P3: in a blocked thread nothing tells who blocks it' },
  },
  {
    id: 'held-up-fails',
    change: 'a limit that passes while another handler blocks the thread for a while fails the upload',
    breaks: 'P3: an upload fails because of a neighbour',
    file: RUN,
    find: "isHeldUp || (end.how === 'thread-ended' && end.blame === 'unknown')",
    replace: "end.how === 'thread-ended' && end.blame === 'unknown'",
    noticedBy: { file: RUN_TEST, test: 'P3: in a thread that was blocked the limit fails no attempt' },
  },
  {
    id: 'held-up-and-ended-fails',
    change: 'a handler that was held up fails where it does not heed its signal',
    breaks: 'P3: an upload fails because of a neighbour',
    file: RUN,
    find: 'const isBlocked = isHeldUp ||',
    replace: "const isBlocked = (end.how !== 'thread-ended' && isHeldUp) ||",
    noticedBy: { file: RUN_TEST, test: 'P3: in a thread that was blocked the limit fails no attempt' },
  },
  {
    id: 'broken-off-is-done',
    change:
      'a handler that returns because its signal was aborted, late by a block of its thread, has done its work',
    breaks: 'P3: an upload is PROCESSED whose work is half done',
    file: RUN,
    find: "const isDone = end.how === 'resolved' && !end.isAfterAbort;",
    replace: "const isDone = end.how === 'resolved';",
    noticedBy: {
      file: 'services/processor/test/threads-and-leases.test.ts',
      test: 'P3: a handler that returns because of its signal, late by a block, runs again',
    },
  },
  {
    id: 'abort-unread',
    change: 'a thread’s run that resolves counts as one that settled before its signal was aborted',
    breaks: 'P3: an upload is PROCESSED whose work is half done',
    file: THREAD,
    find: '...(run.isAborting && { isAfterAbort: true })',
    replace: '',
    noticedBy: {
      file: 'services/processor/test/threads-and-leases.test.ts',
      test: 'P3: a handler that returns because of its signal, late by a block, runs again',
    },
  },
  {
    id: 'empty-output-free',
    change: 'output without text costs nothing',
    breaks: 'P3: a handler that prints nothing in a loop keeps the main thread from its leases',
    file: 'services/processor/src/thread-port.ts',
    find: 'return text.length + COST_OF_MESSAGE;',
    replace: 'return text.length;',
    noticedBy: {
      file: THREAD_TEST,
      test: 'P3: empty output without an end comes in turns, and the main thread does other work between them',
    },
  },
  {
    id: 'thrown-unbounded',
    change: 'bytes in an error that a handler throws are logged one by one, up to the budget for values',
    breaks: 'P3: the log of an upload’s failure says nothing of the error but bytes',
    file: 'packages/runtime/src/bounded-data.ts',
    find: 'bytesOf(value) ?? ',
    replace: '',
    noticedBy: {
      file: THREAD_TEST,
      test: 'P3: what a handler throws is small and without secrets when the main thread gets it',
    },
  },
  {
    id: 'long-text-thrown-whole',
    change: 'a text in an error that a handler throws is logged whole, however long it is',
    breaks: 'P3: the main thread redacts it for seconds, and loses the leases of others',
    file: 'packages/runtime/src/bounded-data.ts',
    find: 'Math.min(mostCharacters, Math.max(0, budget.characters))',
    replace: 'text.length',
    noticedBy: {
      file: THREAD_TEST,
      test: 'P3: what a handler throws is small and without secrets when the main thread gets it',
    },
  },
  {
    id: 'odd-value-unrecorded',
    change: 'the reason of FAILED is made by converting what was thrown to a text',
    breaks: 'P3: a value that has no text is dead-lettered without FAILED',
    file: WORK,
    find: 'textOfThrown(error, { isNamed: true })',
    replace: 'String(error)',
    noticedBy: {
      file: 'services/processor/test/process-accepted.test.ts',
      test: 'P3: FAILED is recorded whatever a handler throws',
    },
  },
  {
    id: 'opens-after-end',
    change: 'a handler opens its object also after its end',
    breaks: 'P8: the connections of its thread run out, and other uploads fail',
    file: 'services/processor/src/call-handler.ts',
    find: 'AbortSignal.any([signal, ending.signal])',
    replace: 'signal',
    noticedBy: {
      file: 'services/processor/test/call-handler.test.ts',
      test: 'P8: after its end a handler opens nothing, and the error says why',
    },
  },
  {
    id: 'left-behind-goes-on',
    change: 'the attempt of a handler that ends with its signal ends before its thread',
    breaks: 'P3: what it left behind runs beside the next attempt',
    file: THREAD,
    find: 'if (run.isAborting && isLast) return;',
    replace: '',
    noticedBy: {
      file: THREAD_TEST,
      test: 'P3: a run that ends with its signal ends when nothing of it runs any more',
    },
  },
  {
    id: 'retired-thread-kept',
    change: 'a thread in which work was left behind takes more uploads',
    breaks: 'P3: an upload’s next attempt runs beside what its last one left behind',
    file: RUNNER,
    find: '(({ isEnding, isRetired }) => isEnding || isRetired)',
    replace: '(({ isEnding }) => isEnding)',
    noticedBy: { file: RUNNER_TEST, test: 'a retired thread is replaced, and closed with the others' },
  },
  {
    id: 'threads-unbounded',
    change: 'a retired thread needs no place',
    breaks: 'P8: each of them has a heap of its own, and the process runs out of memory',
    file: RUNNER,
    find: 'if (placesTaken >= aloneThreads) return;',
    replace: '',
    noticedBy: {
      file: RUNNER_TEST,
      test: 'P8: there are never more threads than those that are shared, and as many places',
    },
  },
  {
    id: 'alone-begins-late',
    change:
      'an upload that runs alone begins when its thread is loaded, although another worker may own it by then',
    breaks: 'P3: it begins a minute after its lease was lost, beside the next attempt',
    file: RUNNER,
    find: `      await orAborted(thread.loaded, signal);
      assertHeld();`,
    replace: '      await thread.loaded;',
    noticedBy: {
      file: RUNNER_TEST,
      test: 'P3: what must be alone begins only where it is still this worker’s when its thread is loaded',
    },
  },
  {
    id: 'posted-to-silent',
    change: 'what waits is posted to a silent thread, again after each second',
    breaks: 'P8: the messages of all that waits fill the memory of the service',
    file: RUNNER,
    find: '.filter(({ isEnding, isSilent }) => !isEnding && !isSilent)',
    replace: '.filter(({ isEnding }) => !isEnding)',
    noticedBy: {
      file: RUNNER_TEST,
      test: 'P8: what waits for a blocked thread is posted to it when it answers, and once',
    },
  },
  {
    id: 'crash-without-limit',
    change: 'a thread that has crashed may take as long as it likes to end',
    breaks: 'P8: the uploads in it wait for as long as a handler may take, though nothing of it runs',
    file: THREAD,
    find: 'if (!isTerminated) cancelEndLimit ??= clock.after(endLimitSeconds * 1000, terminate);',
    replace: '',
    noticedBy: {
      file: THREAD_TEST,
      test: 'P8: a thread that crashes and blocks in an exit listener is ended after a while',
    },
  },
  {
    id: 'limit-read-before-failure-only',
    change: 'FAILED goes by what maxReceiveCount was before the handler began',
    breaks: 'P3: a message is dead-lettered without FAILED',
    file: 'packages/queue/src/delivery-run.ts',
    find: 'renewReceiveLimit: () => within(limit.renew(LIMIT_AGE_OF_REPEATED_SECONDS)),',
    replace: 'renewReceiveLimit: async () => undefined,',
    noticedBy: {
      file: 'packages/queue/test/receive-limit.test.ts',
      test: 'P3: a handler that asks before it records a failure knows of a limit that was lowered meanwhile',
    },
  },
  {
    id: 'dead-worker-forgotten',
    change: 'an upload whose worker has died runs among others',
    breaks: 'P3: its handler ends their thread as well, or their process again',
    file: 'services/processor/src/process-accepted.ts',
    find: 'started.lastLeaseRanOut',
    replace: 'false',
    noticedBy: {
      file: 'services/processor/test/process-accepted.test.ts',
      test: 'P3: an upload whose worker has died runs alone: its handler may have ended the process',
    },
  },
  {
    id: 'not-begun-counts',
    change: 'a message that was not begun comes back itself',
    breaks: 'P3: it is a dead letter after a few receives, though no handler has seen it',
    file: 'packages/queue/src/delivery-run.ts',
    find: 'else if (failure.error instanceof NotBegun) await giveBackUncounted(failure.error);',
    replace: '',
    noticedBy: {
      file: 'packages/queue/test/copies.test.ts',
      test: 'P3: what has not begun comes back as a copy after a while, and keeps its receives',
    },
  },
  {
    id: 'withdrawn-begins',
    change: 'a thread begins what was withdrawn from it',
    breaks: 'P3: two handlers work on one upload',
    file: 'services/processor/src/run-in-thread.ts',
    find: 'if (!beginOnce(beginning)) return;',
    replace: 'beginOnce(beginning);',
    noticedBy: {
      file: THREAD_TEST,
      test: 'P8: what a blocked thread has not begun is withdrawn, and never begins there',
    },
  },
  {
    id: 'waits-in-silent-thread',
    change: 'what a silent thread has not begun stays in it',
    breaks: 'P8: it waits for another upload’s handler, for up to an hour',
    file: THREAD,
    find: 'if (run.isMovable) run.withdraw();',
    replace: '',
    noticedBy: {
      file: THREAD_TEST,
      test: 'P8: what a blocked thread has not begun is withdrawn, and never begins there',
    },
  },
  {
    id: 'names-by-the-pool',
    change: 'names are looked up in the thread pool of the process',
    breaks: 'P3: a handler that fills the pool costs every upload of the process its lease',
    file: 'packages/runtime/src/aws-clients.ts',
    find: '    httpAgent: { lookup: lookupName },',
    replace: '',
    noticedBy: {
      file: 'packages/runtime/test/lookup-name.test.ts',
      test: 'P3, P8: a service reaches AWS by name while a handler fills the thread pool',
    },
  },
  {
    id: 'visibility-lost-is-failure',
    change: 'with the last receive a message whose visibility was lost records FAILED',
    breaks: 'P3: an upload fails whose handler has not',
    file: WORK,
    find: ' || error instanceof VisibilityLost',
    replace: '',
    noticedBy: {
      file: 'services/processor/test/process-accepted.test.ts',
      test: 'P3: a message that SQS may give to another worker never leaves FAILED behind',
    },
  },
  {
    id: 'unprintable-error-throws',
    change: 'an error that pino cannot show throws where it is logged',
    breaks:
      'P3: a file that a handler parses ends the process, and the uploads beside it become dead letters',
    file: 'packages/runtime/src/shown-error.ts',
    find: '  try {\n    return stdSerializers.err(fromPlain(plain) as Error);\n  } catch {',
    replace: "  if (plain.kind === 'error') return stdSerializers.err(fromPlain(plain) as Error);\n  {",
    noticedBy: {
      file: 'packages/runtime/test/plain-error.test.ts',
      test: 'P3: no error that a handler can throw keeps its line from being written',
    },
  },
  {
    id: 'unread-lines-unbounded',
    change: 'log lines that nothing reads wait without a bound',
    breaks: 'P8: a log that nothing reads fills the memory of the service',
    file: OUTPUT,
    find: 'isKept || waiting + line.length <= MOST_WAITING',
    replace: 'true',
    noticedBy: {
      file: 'packages/runtime/test/lifecycle.test.ts',
      test: 'a reader that stands still holds nothing up: lines are dropped, and counted',
    },
  },
  {
    id: 'unread-output-holds-up',
    change: 'a handler waits without an end for who reads what it logs',
    breaks: 'P3: uploads fail while nothing reads the log',
    file: OUTPUT,
    find: 'if (isStandingStill()) dropPrinted();',
    replace: '',
    noticedBy: {
      file: 'services/processor/test/handler-threads.test.ts',
      test: 'P3, P8: where nothing reads, a handler that is told to log much costs no upload its lease',
    },
  },
  {
    id: 'last-words-lost',
    change: 'a process exits before what waits is written',
    breaks: 'P8: who reads the log late does not learn why a service ended',
    file: 'packages/runtime/src/lifecycle.ts',
    find: 'await settled();\n    return exitNow(',
    replace: 'return exitNow(',
    noticedBy: {
      file: 'packages/runtime/test/lifecycle.test.ts',
      test: 'what waits is written before it exits',
    },
  },
  {
    id: 'cut-off-line-forgotten',
    change: 'a line that was written in part counts as one that was not begun',
    breaks: 'P8: a metric or log line that follows it when the disk has room again can not be read',
    file: 'packages/runtime/src/output.ts',
    find: "if (written === 'all') begun",
    replace: "if (written !== 'a part') begun",
    noticedBy: {
      file: 'packages/runtime/test/lifecycle.test.ts',
      test: 'a line that was cut off is ended, also when what came behind it was lost',
    },
  },
  {
    id: 'last-dropped-untold',
    change: 'what is dropped while the report of an earlier drop waits is not told of before an exit',
    breaks: 'P8: who reads the log late does not learn how much of it is missing',
    file: 'packages/runtime/src/output.ts',
    find: "if (settling.size > 0 && written === 'all') report();",
    replace: '',
    noticedBy: {
      file: 'packages/runtime/test/lifecycle.test.ts',
      test: 'all that was dropped is told of before it exits',
    },
  },
  {
    id: 'lines-glued',
    change: 'a log line is written behind what a handler printed without a line feed',
    breaks: 'P8: metrics and log lines of other uploads can not be read',
    file: OUTPUT,
    find: "willBeBegun && (source === undefined || willBeBegun.by !== source) ? '\\n' : ''",
    replace: "''",
    noticedBy: {
      file: 'packages/runtime/test/lifecycle.test.ts',
      test: 'what is printed without an end of its line leaves the lines of others whole',
    },
  },
];
