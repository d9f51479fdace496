import type { ObjectCreated } from '@upload-once/queue';
import type { Logger, MetricName, Metrics } from '@upload-once/runtime';
import { reportSighting, SightingKind, type UploadStore } from '@upload-once/uploads';

const REPORTS: Record<SightingKind, { metric: MetricName; message: string }> = {
  [SightingKind.duplicate]: { metric: 'DuplicateUploads', message: 'a form was used again: kept apart' },
  [SightingKind.refused]: {
    metric: 'RevokedUploads',
    message: 'a version came for a revoked upload: kept apart',
  },
  [SightingKind.stray]: {
    metric: 'StrayObjects',
    message: 'an object that no form was issued for: kept apart',
  },
};

/** Records and reports what the acceptor keeps apart. The version itself is left to the bucket's lifecycle, as evidence. */
export function createRecordSighting(options: {
  readonly uploads: UploadStore;
  readonly log: Logger;
  readonly metrics: Metrics;
}) {
  const { uploads, log, metrics } = options;

  return async function recordSighting(event: ObjectCreated, kind: SightingKind): Promise<void> {
    const { metric, message } = REPORTS[kind];
    await reportSighting(uploads, { key: event.key, kind, version: event }, () => {
      metrics.add(metric, 1);
      log.warn({ key: event.key, versionId: event.versionId, sizeBytes: event.sizeBytes, kind }, message);
    });
  };
}
