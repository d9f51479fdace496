import { ACCEPTED_PREFIX, type EventRule, UPLOADS_PREFIX } from '@upload-once/uploads';
import { Pipeline } from './finding.ts';

const PREFIX_OF = { uploads: UPLOADS_PREFIX, accepted: ACCEPTED_PREFIX } as const satisfies Record<
  Pipeline,
  string
>;

/** The ARNs of the queues that a bucket notifies of new objects of a pipeline, all or some of them. */
export function eventQueueArns(rules: readonly EventRule[], pipeline: Pipeline): string[] {
  return [...new Set(rules.filter((rule) => isFor(rule, pipeline)).map(({ queueArn }) => queueArn))];
}

/** The pipelines that a bucket uses a queue for. */
export function pipelinesOf(rules: readonly EventRule[], queueArn: string): Pipeline[] {
  return Object.values(Pipeline).filter((pipeline) => eventQueueArns(rules, pipeline).includes(queueArn));
}

function isFor({ events, prefix }: EventRule, pipeline: Pipeline): boolean {
  const ours = PREFIX_OF[pipeline];
  return (
    events.some((event) => event.startsWith('s3:ObjectCreated:')) &&
    (ours.startsWith(prefix) || prefix.startsWith(ours))
  );
}
