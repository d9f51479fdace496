// Which queues the operator's commands take, on attributes and rules of the test's own: no queue is there to be waited for.
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { EventRule } from '@upload-once/uploads';
import t from 'tap';
import { checkedQueues } from '../src/commands/checked-queues.ts';
import { Pipeline, WrongQueue } from '../src/repair/index.ts';

const ARN = 'arn:aws:sqs:eu-central-1:123456789012:';
const urlOf = (name: string) => `https://sqs.eu-central-1.amazonaws.com/123456789012/${name}`;
const deadLettersOf = (name: string) =>
  JSON.stringify({ deadLetterTargetArn: `${ARN}${name}-dead-letter`, maxReceiveCount: 5 });
const WITH_DEAD_LETTERS = ['upload-events', 'accepted-events', 'another'];
const rule = (prefix: string, name: string): EventRule => ({
  queueArn: ARN + name,
  events: ['s3:ObjectCreated:*'],
  prefix,
});
const RULES = [rule('uploads/', 'upload-events'), rule('accepted/', 'accepted-events')];

/** An SQS that has these queues and their dead-letter queues, and no other. */
const sqs = {
  async send({ input }: { input: { QueueUrl: string } }) {
    const name = input.QueueUrl.slice(input.QueueUrl.lastIndexOf('/') + 1);
    const hasDeadLetters = WITH_DEAD_LETTERS.includes(name);
    if (!hasDeadLetters && !WITH_DEAD_LETTERS.includes(name.replace(/-dead-letter$/, '')))
      throw Object.assign(new Error('The specified queue does not exist.'), { name: 'QueueDoesNotExist' });
    const RedrivePolicy = deadLettersOf(name);
    return { Attributes: { QueueArn: ARN + name, ...(hasDeadLetters && { RedrivePolicy }) } };
  },
} as unknown as SQSClient;

const check = (
  pipeline: Pipeline | undefined,
  name: string,
  { bucket = 'b', rules = RULES }: { bucket?: string | undefined; rules?: readonly EventRule[] } = {},
) => checkedQueues([{ url: urlOf(name), pipeline }], bucket, { sqs, eventRules: async () => rules });

t.test(
  'P3: a queue that the bucket uses otherwise is refused, by the names that the operator gives',
  async (t) => {
    const uploads = '--uploads-queue (or UPLOAD_EVENTS_QUEUE_URL)';
    const accepted = '--accepted-queue (or ACCEPTED_EVENTS_QUEUE_URL)';
    const inPlace = 'region eu-central-1, account 123456789012';
    const cases: [Pipeline | undefined, string, string][] = [
      [
        Pipeline.uploads,
        'accepted-events',
        `${uploads} is ${urlOf('accepted-events')}, but the bucket "b" sends its events under uploads/ to the queue "upload-events" (${inPlace}). The queue that was given takes the events under accepted/: the two queues are swapped. Exchange the values of ${uploads} and ${accepted}`,
      ],
      [
        Pipeline.accepted,
        'another',
        `${accepted} is ${urlOf('another')}, but the bucket "b" sends its events under accepted/ to the queue "accepted-events" (${inPlace}). Give ${accepted} the URL of that queue, or correct the bucket`,
      ],
      [
        undefined,
        'another',
        `the bucket "b" sends no events to ${urlOf('another')} (${ARN}another). Those under uploads/ go to the queue "upload-events" (${inPlace}), those under accepted/ to the queue "accepted-events" (${inPlace}). Give --queue uploads, --queue accepted or the URL of one of these queues, or correct the bucket`,
      ],
      [
        undefined,
        'upload-events-dead-letter',
        `${urlOf('upload-events-dead-letter')} has no dead-letter queue: it may be a dead-letter queue itself. (It has no usable RedrivePolicy.) Give --queue uploads for the queue that the acceptor reads (UPLOAD_EVENTS_QUEUE_URL), --queue accepted for the one that the processor reads (ACCEPTED_EVENTS_QUEUE_URL), or the URL of one of them`,
      ],
      [
        Pipeline.accepted,
        'accepted-events-dead-letter',
        `${urlOf('accepted-events-dead-letter')} has no dead-letter queue: it may be a dead-letter queue itself. (It has no usable RedrivePolicy.) Give ${accepted} the URL of the queue that the processor reads`,
      ],
      [
        Pipeline.uploads,
        'upload-eventss',
        `there is no queue ${urlOf('upload-eventss')} in this region and account. Correct the URL, the region or the account`,
      ],
    ];
    for (const [pipeline, name, message] of cases)
      await t.rejects(check(pipeline, name), new WrongQueue(message), name);
    await t.rejects(check(Pipeline.uploads, 'upload-events', { rules: [] }), {
      message:
        /sends its events under uploads\/ to no queue\. Correct the bucket's notification configuration first$/,
    });
  },
);

t.test('the right queues are taken, with what the bucket uses them for', async (t) => {
  t.match(await check(Pipeline.uploads, 'upload-events'), [
    { deadLetterUrl: urlOf('upload-events-dead-letter'), pipelines: ['uploads'] },
  ]);
  t.match(await check(undefined, 'accepted-events'), [{ pipelines: ['accepted'] }], 'by its URL');
  const forAll = { rules: [rule('', 'upload-events')] };
  t.match(await check(Pipeline.accepted, 'upload-events', forAll), [{ pipelines: ['uploads', 'accepted'] }]);
});

t.test('without a bucket nothing is compared; without the permission nothing is taken', async (t) => {
  const named = [{ url: urlOf('another'), pipeline: Pipeline.uploads }];
  const eventRules = async () => {
    throw Object.assign(new Error('Access Denied'), { $metadata: { httpStatusCode: 403 } });
  };
  t.match(await checkedQueues(named, undefined, { sqs, eventRules }), [{ pipelines: undefined }]);
  await t.rejects(checkedQueues(named, 'b', { sqs, eventRules }), { code: 'QueuesNotCompared' });
});
