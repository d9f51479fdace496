import type { ObjectVersion } from '@upload-once/uploads';
import type { FakeQueue } from './fake-queue.ts';
import type { VirtualTime } from './virtual-time.ts';

export const BUCKET = 'bucket';

/** How S3's event of one stored version comes. */
export interface EventPlan {
  /** One message after each of these times; at least one, because S3 delivers an event at least once. */
  readonly delaysMs: readonly number[];
  /** Together with other events in one message. */
  readonly isBatched: boolean;
  readonly sequencer: 'rising' | 'constant' | 'none';
}

export const AT_ONCE: EventPlan = { delaysMs: [0], isBatched: false, sequencer: 'rising' };

const BATCH_MS = 1_000;
const BATCH_RECORDS = 3;

/** S3's event notifications for one queue. */
export function createBucketEvents(time: VirtualTime, queue: FakeQueue) {
  let batch: object[] = [];
  let rising = 0;

  function flush(): void {
    if (batch.length > 0) queue.send(JSON.stringify({ Records: batch }));
    batch = [];
  }

  function addToBatch(record: object): void {
    batch.push(record);
    if (batch.length === BATCH_RECORDS) flush();
    else if (batch.length === 1) time.after(BATCH_MS, flush);
  }

  function sequencer(kind: EventPlan['sequencer']): { sequencer?: string } {
    if (kind === 'none') return {};
    rising += 1;
    return { sequencer: (kind === 'constant' ? 1 : rising).toString(16).toUpperCase().padStart(18, '0') };
  }

  return function send(key: string, version: ObjectVersion, eventName: string, plan: EventPlan): void {
    const record = {
      eventVersion: '2.1',
      eventSource: 'aws:s3',
      eventName,
      eventTime: version.storedAt.toISOString(),
      s3: {
        bucket: { name: BUCKET },
        object: {
          key: encodeURIComponent(key),
          size: version.sizeBytes,
          eTag: version.eTag,
          versionId: version.versionId,
          ...sequencer(plan.sequencer),
        },
      },
    };
    for (const delayMs of plan.delaysMs) {
      time.after(delayMs, () => {
        if (plan.isBatched) addToBatch(record);
        else queue.send(JSON.stringify({ Records: [record] }));
      });
    }
  };
}
