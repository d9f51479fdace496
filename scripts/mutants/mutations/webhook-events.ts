import type { Mutation } from '../mutation.ts';

const PROCESS = 'services/processor/src/process-accepted.ts';
const WORK = 'services/processor/src/work-under-lease.ts';
const SENDER = 'services/processor/src/event-sender.ts';
const EVENTS_TEST = 'services/processor/test/webhook-events.test.ts';
const RULES_TEST = 'test/simulation/test/rules.test.ts';

/** The events of uploads that the sender of webhooks gets. */
export const webhookEventMutations: readonly Mutation[] = [
  {
    id: 'event-not-sent-on-redelivery',
    change: 'the event of a processed upload is sent by the delivery that records it, and by no later one',
    breaks: 'P3: a crash or an outage of SQS between the record and the send loses the event',
    file: PROCESS,
    find: '      return heldUnlessProcessed(upload, event);\n',
    replace:
      '      return upload.state === UploadState.processed ? undefined : heldUnlessProcessed(upload, event);\n',
    noticedIn: RULES_TEST,
    noticedBy: 'P3: the event is sent whatever becomes of the first call',
  },
  {
    id: 'event-not-awaited',
    change: 'the message is acknowledged while its event is being sent',
    breaks: 'P3: an event that SQS does not take is lost',
    file: PROCESS,
    find: 'await sendEvent.processed(upload, event.versionId);',
    replace: 'sendEvent.processed(upload, event.versionId).catch(() => undefined);',
    noticedIn: EVENTS_TEST,
    noticedBy: 'P3: the event is sent when PROCESSED is recorded, before the acknowledgement',
  },
  {
    id: 'failed-event-after-the-record',
    change: 'upload.failed is sent after FAILED is recorded',
    breaks:
      'P3: a worker that ends in between leaves FAILED without an event, and nothing reads the message again',
    file: WORK,
    find: '      await sendEvent.failed(upload, event.versionId, clientFailureReason);\n',
    replace:
      '      queueMicrotask(() => void uploads.fail(key, attempt, { failureReason: reasonOf(error), clientFailureReason }));\n      await sendEvent.failed(upload, event.versionId, clientFailureReason);\n',
    noticedIn: EVENTS_TEST,
    noticedBy: 'upload.failed is sent with the last receive, before FAILED is recorded',
  },
  {
    id: 'unsent-event-keeps-failed-away',
    change: 'an event upload.failed that can’t be sent ends the record of FAILED',
    breaks: 'P3: the upload stays PROCESSING, and nothing shows why it failed',
    file: SENDER,
    find: "        metrics.add('WebhookEventsLost', 1);\n",
    replace: '        throw err;\n',
    noticedIn: EVENTS_TEST,
    noticedBy: 'P3: FAILED is recorded though its event could not be sent, which is counted',
  },
];
