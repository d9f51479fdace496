import type { Delivery, ObjectCreated } from '@upload-once/queue';
import {
  type ObjectStore,
  type Upload,
  UploadState,
  type UploadStore,
  uploadIdOf,
} from '@upload-once/uploads';
import type { MessageTraces } from '@upload-once/worker';

type Work<D> = (event: ObjectCreated, delivery: D) => Promise<void>;
type Message = Partial<Pick<Delivery, 'messageId'>>;

/** The time of an event has milliseconds; what S3 lists has whole seconds. */
const END_SOURCES = { event: 'measured: S3 event time', list: 'measured: S3 LastModified, whole seconds' };

/**
 * Watches the acceptor's work through its ports, so that the work itself knows nothing of spans: `accept` with its parts `list`, `claim`,
 * `copy` and `record`, and `upload`, which is made when the acceptance is on record.
 */
export function traceAcceptor<P extends { readonly uploads: UploadStore; readonly objects: ObjectStore }>(
  ports: P,
  traces: MessageTraces,
): P & { readonly watch: <D extends Message>(work: Work<D>) => Work<D> } {
  const { uploads, objects } = ports;

  function found<U extends Upload | undefined>(upload: U): U {
    const work = traces.current();
    if (!work || !upload) return upload;
    work.traceparent = upload.traceparent;
    if (work.relation === 'child') return upload;
    work.relation = 'link';
    work.attributes['upload_once.outcome'] = outcomeOf(upload, work.attributes['upload_once.version_id']);
    return upload;
  }

  /** It did something for the upload, or tried to. */
  function did(outcome?: string): void {
    const work = traces.current();
    if (!work) return;
    work.relation = 'child';
    if (outcome !== undefined) work.attributes['upload_once.outcome'] = outcome;
  }

  function recordUpload(upload: Upload): void {
    const { traceparent, claimed } = upload;
    if (!claimed) return;
    const { storedAt, sizeBytes, versionId } = claimed;
    const start = startOf(upload, storedAt);
    traces.recordOf(traceparent, {
      name: 'upload',
      startMs: start.at.getTime(),
      endMs: storedAt.getTime(),
      attributes: {
        'upload_once.start.source': start.source,
        'upload_once.end.source': storedAt.getMilliseconds() === 0 ? END_SOURCES.list : END_SOURCES.event,
        'upload_once.version_id': versionId,
        'upload_once.size_bytes': sizeBytes,
      },
    });
  }

  return {
    ...ports,
    uploads: {
      ...uploads,
      get: async (key) => found(await uploads.get(key)),
      async claim(key, version) {
        const claim = await traces.step('claim', () => uploads.claim(key, version));
        if (claim.applied) did();
        found(claim.upload);
        return claim;
      },
      async accept(key, acceptance) {
        const recorded = await traces.step('record', () => uploads.accept(key, acceptance));
        if (!recorded.applied) return recorded;
        did('accepted');
        recordUpload(recorded.upload);
        return recorded;
      },
    },
    objects: {
      ...objects,
      oldestVersion: (key) => traces.step('list', () => objects.oldestVersion(key)),
      async copyIfAbsent(order, signal) {
        try {
          const copy = await traces.step('copy', () => objects.copyIfAbsent(order, signal));
          if (copy.outcome === 'copied') did();
          return copy;
        } catch (error) {
          did();
          throw error;
        }
      },
    },

    watch: (work) => (event, delivery) =>
      traces.run(
        'accept',
        delivery,
        () => ({ 'upload_once.upload_id': uploadIdOf(event.key) }),
        () => {
          const current = traces.current();
          if (current) current.attributes['upload_once.version_id'] = event.versionId;
          return work(event, delivery);
        },
      ),
  };
}

/** No service sees the client begin. A link can have been made weeks before. */
function startOf({ issuedAt, click, signatureSeconds }: Upload, storedAt: Date) {
  if (click) return { at: click.at, source: 'inferred: not before the click that the URL was signed for' };
  return signatureSeconds === undefined
    ? { at: issuedAt, source: 'inferred: not before the upload was issued' }
    : { at: storedAt, source: 'unknown: the click on the link is not on record' };
}

/** Of an event that finds nothing to do. */
function outcomeOf({ state, claimed }: Upload, versionId: unknown): string {
  if (state === UploadState.revoked) return 'refused';
  return claimed && claimed.versionId !== versionId ? 'duplicate' : 'redelivery';
}
