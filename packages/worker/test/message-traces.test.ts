import { DrainLimitReached, NotBegun, RetryLater, VisibilityLost } from '@upload-once/queue';
import t from 'tap';
import { recordSpans } from '../../../test/support/record-spans.ts';
import { createMessageTraces } from '../src/index.ts';

const QUEUE_URL = 'https://sqs.eu-central-1.amazonaws.com/123456789012/events';
const SAMPLED = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

t.test('without traces there are none', async (t) => {
  t.equal(createMessageTraces(undefined, QUEUE_URL), undefined);
});

t.test(
  'a span says of which message of which queue it is; work that waits, or that a stop or SQS ends, has not failed',
  async (t) => {
    const { traces, spans } = recordSpans();
    const ofMessages = createMessageTraces(traces, QUEUE_URL);
    const fail = (error: Error) =>
      ofMessages?.run(
        'accept',
        { messageId: 'm' },
        () => ({ own: 1 }),
        async () => {
          const work = ofMessages.current();
          if (work) Object.assign(work, { traceparent: SAMPLED, relation: 'child' });
          await ofMessages.step('handler', () => Promise.reject(error));
        },
      );
    for (const error of [
      new RetryLater(1, 'later'),
      new NotBegun(1, 'later'),
      new DrainLimitReached('the service stops'),
      new VisibilityLost('another worker has it'),
      new TypeError('no'),
    ])
      await t.rejects(fail(error) ?? Promise.resolve(), error);
    t.strictSame(spans[0]?.attributes, {
      'messaging.system.name': 'aws.sqs',
      'messaging.operation.type': 'process',
      'messaging.operation.name': 'accept',
      'messaging.destination.name': 'events',
      'aws.sqs.queue.url': QUEUE_URL,
      'messaging.message.id': 'm',
      own: 1,
    });
    for (const name of ['accept', 'handler'])
      t.strictSame(
        spans.filter((span) => span.name === name).map(({ hasFailed }) => hasFailed === true),
        [false, false, false, false, true],
        name,
      );
  },
);
