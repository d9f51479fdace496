import type { Mutation } from '../mutation.ts';

const CREATE = 'packages/runtime/src/create-metrics.ts';
const CREATE_TEST = 'packages/runtime/test/create-metrics.test.ts';

/** What is counted, and gathered until a line is written. */
export const metricMutations: readonly Mutation[] = [
  {
    id: 'gathered-unwritten',
    change: 'a process exits before the metrics that it gathered are written',
    breaks: 'P4: each deployment loses a second of what services count',
    file: 'packages/runtime/src/lifecycle.ts',
    find: '    endMetrics();\n',
    replace: '',
    noticedBy: {
      file: 'packages/runtime/test/lifecycle.test.ts',
      test: 'the metrics that were gathered are written before the end',
    },
  },
  {
    id: 'array-too-long',
    change: 'a line has more values of a metric than CloudWatch takes',
    breaks: 'P4: under load nothing is counted at all',
    file: CREATE,
    find: '?.length === MAX_VALUES)',
    replace: '?.length === 2 * MAX_VALUES)',
    noticedBy: {
      file: CREATE_TEST,
      test: 'an array has 100 values at most: the line with the hundredth does not wait',
    },
  },
  {
    id: 'alarm-gathered',
    change: 'duplicates wait for a line with others',
    breaks: 'P4: a crash loses the count of a duplicate that is marked as reported',
    file: 'packages/runtime/src/metrics.ts',
    find: '  DuplicateUploads: {\n    ...RARE_COUNT,',
    replace: '  DuplicateUploads: {\n    ...RARE_COUNT,\n    isGathered: true,',
    noticedBy: {
      file: 'scripts/test/metrics-in-terraform.test.ts',
      test: 'a metric whose values may be lost in a crash has no alarm, but on a percentile',
    },
  },
  {
    id: 'link-upload-time',
    change: 'an upload by a link has an UploadTime',
    breaks: 'metrics: one link that was open for weeks hides the time of all clients',
    file: 'services/acceptor/src/accept-claimed.ts',
    find: '...(upload.signatureSeconds === undefined && {',
    replace: '...(upload.issuedAt && {',
    noticedBy: {
      file: 'services/acceptor/test/step-times.test.ts',
      test: 'an upload by a link has no UploadTime: the link can have been open for weeks',
    },
  },
  {
    id: 'upload-time',
    change: 'UploadTime ends when the upload is accepted',
    breaks: 'metrics: the acceptor’s own time counts as the client’s',
    file: 'services/acceptor/src/accept-claimed.ts',
    find: 'UploadTime: Math.max(0, storedAt.getTime() -',
    replace: 'UploadTime: Math.max(0, acceptedAt.getTime() -',
    noticedBy: {
      file: 'services/acceptor/test/step-times.test.ts',
      test: 'UploadTime and AcceptTime are the client’s part of an upload, and the acceptor’s',
    },
  },
  {
    id: 'acceptor-queue-time',
    change: 'the acceptor counts QueueTime with each receive',
    breaks: 'metrics: the time until a retry counts as a wait in the queue',
    file: 'services/acceptor/src/create-acceptor.ts',
    find: 'if (delivery.receiveCount === 1)',
    replace: 'if (delivery.receiveCount > 0)',
    noticedBy: {
      file: 'services/acceptor/test/step-times.test.ts',
      test: 'QueueTime is the wait of an event for its first receive, and is counted once',
    },
  },
  {
    id: 'processor-queue-time',
    change: 'the processor counts QueueTime with each receive',
    breaks: 'metrics: the time until a retry counts as a wait in the queue',
    file: 'services/processor/src/create-processor.ts',
    find: 'if (delivery.receiveCount === 1)',
    replace: 'if (delivery.receiveCount > 0)',
    noticedBy: {
      file: 'services/processor/test/step-times.test.ts',
      test: 'after an attempt that failed, only the one that succeeded has a HandlerTime',
    },
  },
  {
    id: 'handler-time',
    change: 'HandlerTime begins when the upload was stored',
    breaks: 'metrics: the wait in the queue counts as the handler’s time',
    file: 'services/processor/src/work-under-lease.ts',
    find: 'const { leadTimeMs: LeadTime, durationMs: HandlerTime } = facts;',
    replace: 'const { leadTimeMs: LeadTime, leadTimeMs: HandlerTime } = facts;',
    noticedBy: {
      file: 'services/processor/test/step-times.test.ts',
      test: 'QueueTime, HandlerTime and LeadTime are the wait, the attempt, and both',
    },
  },
  {
    id: 'messages-together',
    change: 'MessagesTogether counts receives',
    breaks: 'metrics: how full a receive is cannot be seen',
    file: 'packages/worker/src/consumer-service.ts',
    find: "metrics.add('MessagesTogether', messages)",
    replace: "metrics.add('MessagesTogether', messages && 1)",
    noticedBy: {
      file: 'packages/worker/test/consumer-service.test.ts',
      test: 'each outcome of a message has its log line, and its metric',
    },
  },
  {
    id: 'messages-in-flight',
    change: 'MessagesInFlight never decreases',
    breaks: 'metrics: each task seems to be full',
    file: 'packages/worker/src/consumer-service.ts',
    find: 'inFlight -= 1;',
    replace: 'inFlight -= 0;',
    noticedBy: {
      file: 'packages/worker/test/consumer-service.test.ts',
      test: 'its metrics have the messages of each receive, and those that are in flight',
    },
  },
  {
    id: 'uploads-together',
    change: 'UploadsTogether counts writes',
    breaks: 'metrics: how many uploads share a write cannot be seen',
    file: 'packages/uploads/src/domain/grouped-issue.ts',
    find: 'onWrite?.(group.length);',
    replace: 'onWrite?.(1);',
    noticedBy: {
      file: 'packages/uploads/test/grouped-issue.test.ts',
      test: 'what is recorded in one turn of the event loop is written together, 25 by a call',
    },
  },
];
