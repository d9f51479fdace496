import type { Delivery, ObjectCreated } from '@upload-once/queue';
import type { Logger, Metrics } from '@upload-once/runtime';
import type { ObjectStore, Reports, UploadStore } from '@upload-once/uploads';
import { createAcceptClaimed } from './accept-claimed.ts';
import { joinCopies } from './join-copies.ts';
import { createKeepApart } from './keep-apart.ts';
import { createReconcile } from './reconcile.ts';

/**
 * The acceptor's work on one event, put together from its ports: once for a process, since events of one key that are handled at
 * the same time share their calls.
 * @param options.keptDuplicates the service's KEPT_DUPLICATES @param options.visibilitySeconds the service's VISIBILITY_SECONDS
 */
export function createAcceptor(options: {
  readonly uploads: UploadStore;
  readonly objects: ObjectStore;
  readonly reports: Reports;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly now: () => Date;
  readonly keptDuplicates: number;
  readonly visibilitySeconds: number;
}): (
  event: ObjectCreated,
  delivery: Pick<Delivery, 'signal' | 'receiveCount' | 'isLastReceive' | 'stepAside'>,
) => Promise<void> {
  const { uploads, objects, visibilitySeconds } = options;
  return createReconcile({
    uploads,
    objects,
    keepApart: createKeepApart(options),
    copies: joinCopies(createAcceptClaimed(options)),
    secondLookSeconds: visibilitySeconds,
  });
}
