import type { QueueRule } from '../../storage/bucket.ts';
import type { Operation } from '../call.ts';
import { readCheckedText } from '../checked-text.ts';
import { invalidArgument, notImplemented, respondEmpty } from '../responses.ts';
import { malformedXml, type ParsedXml, parseXml } from '../xml.ts';

const OFFERED_EVENTS = new Set(
  ['*', 'Put', 'Post', 'Copy', 'CompleteMultipartUpload'].map((type) => `s3:ObjectCreated:${type}`),
);
const NOT_OFFERED = ['TopicConfiguration', 'CloudFunctionConfiguration', 'EventBridgeConfiguration'];

/** Amazon S3 API Reference, "PutBucketNotificationConfiguration", as far as it is about queues. */
export const putBucketNotificationConfiguration: Operation = async (call, { storage, testDestinations }) => {
  const { bucket, request, response } = call;
  storage.bucket(bucket);
  const document = parseXml(await readCheckedText(call), 'NotificationConfiguration');
  for (const name of NOT_OFFERED) if (document.all(name).length > 0) throw notImplemented(name);
  const queueRules = document
    .all('QueueConfiguration')
    .map((rule, at) => readRule(rule, `${call.requestId}-${at}`));
  assertNoOverlap(queueRules);
  if (request.headers['x-amz-skip-destination-validation'] !== 'true')
    await testDestinations(bucket, queueRules);
  await storage.configure(bucket, { queueRules });
  respondEmpty(response, 200);
};

function readRule(rule: ParsedXml, defaultId: string): QueueRule {
  const queueArn = rule.textOf('Queue');
  const events = rule.all('Event').map(({ text }) => text);
  if (queueArn === undefined || events.length === 0) throw malformedXml();
  if (!/^arn:aws[a-z-]*:sqs:[^:]+:[^:]+:[^:]+$/.test(queueArn)) {
    throw invalidArgument('The ARN could not be parsed', 'Queue', queueArn);
  }
  for (const event of events) {
    if (!OFFERED_EVENTS.has(event)) throw notImplemented(`A notification of ${event}`);
  }
  const filters = rule
    .all('Filter')
    .flatMap((filter) => filter.all('S3Key').flatMap((key) => key.all('FilterRule')));
  const [prefix, suffix] = ['prefix', 'suffix'].map((name) => {
    const values = filters.filter((filter) => filter.textOf('Name')?.toLowerCase() === name);
    if (values.length > 1) {
      throw invalidArgument(
        `Cannot specify more than one ${name} rule in a filter.`,
        'FilterRule.Name',
        name,
      );
    }
    return values[0]?.textOf('Value') ?? '';
  });
  return { id: rule.textOf('Id') || defaultId, queueArn, events, prefix: prefix ?? '', suffix: suffix ?? '' };
}

/** S3 would not know which of two queues an event is for. */
function assertNoOverlap(rules: readonly QueueRule[]): void {
  for (const [at, rule] of rules.entries()) {
    const other = rules.slice(at + 1).find((candidate) => overlap(rule, candidate));
    if (other === undefined) continue;
    throw invalidArgument(
      'Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type.',
      'Id',
      `${rule.id}, ${other.id}`,
    );
  }
}

function overlap(a: QueueRule, b: QueueRule): boolean {
  const anyEvent = 's3:ObjectCreated:*';
  return (
    a.events.some((event) => event === anyEvent || b.events.includes(anyEvent) || b.events.includes(event)) &&
    (a.prefix.startsWith(b.prefix) || b.prefix.startsWith(a.prefix)) &&
    (a.suffix.endsWith(b.suffix) || b.suffix.endsWith(a.suffix))
  );
}
