import type { Delivery, ObjectCreated } from '@upload-once/queue';
import {
  type ObjectStore,
  type Upload,
  UploadState,
  type UploadStore,
  uploadIdOf,
} from '@upload-once/uploads';
import type { MessageTraces } from '@upload-once/worker';

type WorkOfTrace = NonNullable<ReturnType<MessageTraces['current']>>;
type Work<D> = (event: ObjectCreated, delivery: D) => Promise<void>;
type Message = Partial<Pick<Delivery, 'messageId'>>;

/** What one piece of work has come to. */
interface Progress {
  readonly event: ObjectCreated;
  /** As it was seen last. */
  upload: Upload | undefined;
  hasTried: boolean;
  hasAccepted: boolean;
}

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

  const underWay = new WeakMap<WorkOfTrace, Progress>();

  function progress(): Progress | undefined {
    const work = traces.current();
    return work && underWay.get(work);
  }

  function found<U extends Upload | undefined>(upload: U): U {
    const now = progress();
    if (now && upload) now.upload = upload;
    return upload;
  }

  /** It did something for the upload, or tried to. */
  function did(): void {
    const now = progress();
    if (now) now.hasTried = true;
  }

  /** A call that fails was a try, whatever it would have found. */
  async function step<T>(name: string, call: () => Promise<T>): Promise<T> {
    try {
      return await traces.step(name, call);
    } catch (error) {
      did();
      throw error;
    }
  }

  /** Only at its end is it known what the work was for its upload. */
  function conclude(work: WorkOfTrace, { upload, hasTried, hasAccepted }: Progress, versionId: string): void {
    if (!upload) return;
    work.traceparent = upload.traceparent;
    work.relation = hasTried ? 'child' : 'link';
    const outcome = hasAccepted ? 'accepted' : outcomeOf(upload, versionId, hasTried);
    if (outcome !== undefined) work.attributes['upload_once.outcome'] = outcome;
  }

  function recordUpload(upload: Upload): void {
    const { traceparent, claimed } = upload;
    if (!claimed) return;
    const { storedAt, sizeBytes, versionId } = claimed;
    const start = startOf(upload, storedAt);
    const event = progress()?.event;
    const isOfEvent = event?.versionId === versionId && event.storedAt.getTime() === storedAt.getTime();
    traces.recordOf(traceparent, {
      name: 'upload',
      startMs: start.at.getTime(),
      endMs: storedAt.getTime(),
      attributes: {
        'upload_once.start.source': start.source,
        'upload_once.end.source':
          isOfEvent || storedAt.getMilliseconds() !== 0 ? END_SOURCES.event : END_SOURCES.list,
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
        const claim = await step('claim', () => uploads.claim(key, version));
        if (claim.applied) did();
        found(claim.upload);
        return claim;
      },
      async accept(key, acceptance) {
        const recorded = await step('record', () => uploads.accept(key, acceptance));
        found(recorded.upload);
        if (!recorded.applied) return recorded;
        did();
        const now = progress();
        if (now) now.hasAccepted = true;
        recordUpload(recorded.upload);
        return recorded;
      },
    },
    objects: {
      ...objects,
      async oldestVersion(key) {
        const oldest = await step('list', () => objects.oldestVersion(key));
        // The work can't go on without one.
        if (!oldest) did();
        return oldest;
      },
      async copyIfAbsent(order, signal) {
        const copy = await step('copy', () => objects.copyIfAbsent(order, signal));
        if (copy.outcome === 'copied') did();
        return copy;
      },
    },

    watch: (work) => (event, delivery) =>
      traces.run(
        'accept',
        delivery,
        () => ({
          'upload_once.upload_id': uploadIdOf(event.key),
          'upload_once.version_id': event.versionId,
        }),
        async () => {
          const current = traces.current();
          if (!current) return work(event, delivery);
          const now: Progress = { event, upload: undefined, hasTried: false, hasAccepted: false };
          underWay.set(current, now);
          try {
            await work(event, delivery);
          } finally {
            conclude(current, now, event.versionId);
          }
        },
      ),
  };
}

/**
 * No service sees the client begin. A link can have been made weeks before. A time after `storedAt` is not that of the beginning: a person
 * clicked again, or a clock differs from S3's.
 */
function startOf({ issuedAt, click, signatureSeconds }: Upload, storedAt: Date) {
  const unknown = (why: string) => ({ at: storedAt, source: `unknown: ${why}` });
  if (click && click.at <= storedAt) return { at: click.at, source: 'inferred: the last click on record' };
  if (click) return unknown('the last click on record is after S3’s time of the file');
  if (signatureSeconds !== undefined) return unknown('the click on the link is not on record');
  return issuedAt <= storedAt
    ? { at: issuedAt, source: 'inferred: not before the upload was issued' }
    : unknown('the upload was issued after S3’s time of the file');
}

/**
 * Of an event whose work has not accepted the upload; undefined: it failed, or left the rest to another worker. An event of the claimed
 * version that finds the upload ACCEPTED is taken for a redelivery.
 */
function outcomeOf({ state, claimed }: Upload, versionId: string, hasTried: boolean): string | undefined {
  if (state === UploadState.revoked) return 'refused';
  if (!claimed) return undefined;
  if (claimed.versionId !== versionId) return 'duplicate';
  return hasTried || state === UploadState.claimed ? undefined : 'redelivery';
}
