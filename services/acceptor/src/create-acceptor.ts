import type { Clock } from '@upload-once/clock';
import type { Delivery, ObjectCreated } from '@upload-once/queue';
import type { Logger, Metrics } from '@upload-once/runtime';
import type { ObjectStore, Reports, UploadStore } from '@upload-once/uploads';
import type { MessageTraces } from '@upload-once/worker';
import { createAcceptClaimed } from './accept-claimed.ts';
import { joinCopies } from './join-copies.ts';
import { createKeepApart } from './keep-apart.ts';
import { createReconcile } from './reconcile.ts';
import { removeAfterExpiry } from './remove-after-expiry.ts';
import { removeTogether } from './remove-together.ts';
import { traceAcceptor } from './trace-acceptor.ts';

export interface AcceptorPorts {
  readonly uploads: UploadStore;
  readonly objects: ObjectStore;
  readonly reports: Reports;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  /** Undefined: no spans are made. */
  readonly traces?: MessageTraces | undefined;
}

export interface AcceptorSettings {
  /** The service's KEPT_DUPLICATES. */
  readonly keptDuplicates: number;
  /** The service's VISIBILITY_SECONDS. */
  readonly visibilitySeconds: number;
  /** The service's UPLOADS_PROTECTED. */
  readonly uploadsProtected: boolean;
}

/**
 * The acceptor's work on one event, composed from its ports. Create it once for a process: events of one key that
 * are handled at the same time share their calls.
 */
export function createAcceptor(
  ports: AcceptorPorts,
  settings: AcceptorSettings,
): (
  event: ObjectCreated,
  delivery: Pick<Delivery, 'signal' | 'receiveCount' | 'isLastReceive' | 'stepAside'> &
    Partial<Pick<Delivery, 'messageId'>>,
) => Promise<void> {
  if (ports.traces) {
    const { watch, ...traced } = traceAcceptor(ports, ports.traces);
    return watch(createAcceptor({ ...traced, traces: undefined }, settings));
  }
  const { uploads, objects, log, metrics, clock } = ports;
  const { keptDuplicates, visibilitySeconds, uploadsProtected } = settings;
  const remove = removeTogether({ objects, clock });
  const reconcile = createReconcile({
    uploads,
    objects,
    keepApart: createKeepApart({ ...ports, remove, now: clock.now, keptDuplicates }),
    copies: joinCopies(
      createAcceptClaimed({
        ...ports,
        remove,
        removeAfterExpiry: removeAfterExpiry({ remove, clock, log }),
      }),
    ),
    secondLookSeconds: visibilitySeconds,
    uploadsProtected,
  });
  return async (event, delivery) => {
    if (delivery.receiveCount === 1)
      metrics.add('QueueTime', Math.max(0, clock.now().getTime() - event.storedAt.getTime()));
    await reconcile(event, delivery);
  };
}
