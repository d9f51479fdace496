import type { ObjectCreated, S3Services } from '../s3/call.ts';
import { S3Error } from '../s3-error.ts';
import type { ObjectStorage } from '../storage/object-storage.ts';
import type { ObjectVersion } from '../storage/object-version.ts';
import { EventGate } from './event-gate.ts';
import { eventMessage, testEventMessage } from './event-message.ts';
import { Outbox, type OutboxOptions } from './outbox.ts';
import type { QueueSender } from './queue-sender.ts';
import { isAskedFor } from './rule-match.ts';
import { createSequencer } from './sequencer.ts';

export interface BucketEventsOptions {
  readonly storage: ObjectStorage;
  readonly queues: QueueSender;
  readonly region: string;
  readonly now: () => Date;
  readonly ids: () => string;
  readonly pause: OutboxOptions['pause'];
}

/** From a new version to a message in each queue that the bucket's notifications name. */
export interface BucketEvents extends Pick<S3Services, 'onCreated' | 'testDestinations'> {
  readonly gate: EventGate;
  readonly outbox: Outbox;
  /**
   * Sends one event for each stored version, oldest first. The queues do not outlive a process. A process that starts on
   * an old folder calls this to restore S3's at-least-once delivery.
   */
  announceStored(): void;
}

export function createBucketEvents(options: BucketEventsOptions): BucketEvents {
  const { storage, queues, region, now, ids } = options;
  const nextSequencer = createSequencer(now);
  const outbox = new Outbox({
    send: (event) => queues.send(event.queueArn, event.body),
    pause: options.pause,
  });
  const gate = new EventGate((event) => outbox.put(event));

  function announce(version: ObjectVersion): void {
    const eventName: ObjectCreated['type'] = `ObjectCreated:${version.origin}`;
    const sequencer = nextSequencer();
    for (const rule of storage.bucket(version.bucket).queueRules) {
      if (!isAskedFor(rule, eventName, version.key)) continue;
      gate.pass({
        id: ids(),
        queueArn: rule.queueArn,
        eventName,
        key: version.key,
        versionId: version.versionId,
        sequencer,
        body: eventMessage(version, { region, rule, sequencer, requestId: ids() }),
      });
    }
  }

  return {
    gate,
    outbox,
    onCreated: ({ version }) => announce(version),
    announceStored() {
      const versions = storage
        .buckets()
        .flatMap(({ name }) => storage.keys(name).flatMap((key) => storage.versions(name, key)))
        .filter((version) => !version.deleteMarker);
      for (const version of versions.sort((left, right) => left.sequence - right.sequence)) announce(version);
    },
    async testDestinations(bucket, rules) {
      for (const { queueArn } of rules) {
        if (!(await queues.exists(queueArn))) {
          throw new S3Error(
            'InvalidArgument',
            400,
            'Unable to validate the following destination configurations',
            { ArgumentName: queueArn, ArgumentValue: 'The destination queue does not exist' },
          );
        }
      }
      for (const queueArn of new Set(rules.map((rule) => rule.queueArn))) {
        await queues.send(queueArn, testEventMessage(bucket, now(), ids()));
      }
    },
  };
}
