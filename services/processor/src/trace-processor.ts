import type { Delivery, ObjectCreated } from '@upload-once/queue';
import { type Upload, type UploadStore, uploadIdOf, uploadKeyOfAccepted } from '@upload-once/uploads';
import type { MessageTraces } from '@upload-once/worker';
import type { HandlerRunner } from './handler-runner.ts';

type Work = (event: ObjectCreated, delivery: Delivery) => Promise<void>;

/**
 * Watches the processor's work through its ports, so that the work itself knows nothing of spans: `process` with its parts `lease` and
 * `handler`. An attempt is a part of the upload's trace. An event that begins none is a trace of its own with a link to it.
 */
export function traceProcessor<P extends { readonly uploads: UploadStore; readonly runner: HandlerRunner }>(
  ports: P,
  traces: MessageTraces,
): P & { readonly watch: (work: Work) => Work } {
  const { uploads, runner } = ports;

  function found(upload: Upload | undefined): void {
    const work = traces.current();
    if (!work || !upload) return;
    work.traceparent = upload.traceparent;
    if (work.relation === 'none') work.relation = 'link';
  }

  function set(name: 'attempt' | 'outcome', value: string | number): void {
    const work = traces.current();
    if (work) work.attributes[`upload_once.${name}`] = value;
  }

  return {
    ...ports,
    uploads: {
      ...uploads,
      async startProcessing(key, lease, onLeaseRanOut) {
        const start = await traces.step(
          'lease',
          () => uploads.startProcessing(key, lease, onLeaseRanOut),
          ({ applied }) => applied,
        );
        found(start.upload);
        const work = traces.current();
        if (!start.applied || !work) return start;
        work.relation = 'child';
        set('attempt', start.upload.attempt);
        return start;
      },
      async finish(key, attempt) {
        const finished = await uploads.finish(key, attempt);
        if (finished.applied) set('outcome', 'processed');
        return finished;
      },
      async fail(key, attempt, reasons) {
        const failed = await uploads.fail(key, attempt, reasons);
        if (failed.applied) set('outcome', 'failed');
        return failed;
      },
    },
    runner: {
      async start(work, options) {
        const place = traces.placeForStep();
        const run = await runner.start(place ? { ...work, place } : work, options);
        const step = traces.beginStep('handler', place);
        void run.ended.then((end) => step?.end(end.how === 'resolved' ? undefined : end.error));
        return run;
      },
    },

    watch: (work) => (event, delivery) =>
      traces.run(
        'process',
        delivery,
        () => ({
          'upload_once.upload_id': uploadIdOf(uploadKeyOfAccepted(event.key)),
          'upload_once.version_id': event.versionId,
        }),
        () => work(event, delivery),
      ),
  };
}
