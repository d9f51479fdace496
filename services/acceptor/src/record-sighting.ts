import type { ObjectCreated } from '@upload-once/queue';
import type { Logger, MetricName, Metrics } from '@upload-once/runtime';
import { SightingKind, type UploadStore } from '@upload-once/uploads';

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

/**
 * Writes down a version that will never be accepted, and reports it. The item is the record, made once; log line and
 * metric follow it at least once, once where nothing crashes in between. The version itself is left to the bucket's
 * lifecycle, as evidence.
 */
export function createRecordSighting(options: {
  readonly uploads: UploadStore;
  readonly log: Logger;
  readonly metrics: Metrics;
}) {
  const { uploads, log, metrics } = options;

  return async function recordSighting(event: ObjectCreated, kind: SightingKind): Promise<void> {
    const sighting = await uploads.recordSighting(event.key, kind, event);
    if (sighting.reported) return;
    const { metric, message } = REPORTS[kind];
    metrics.add(metric, 1);
    log.warn({ key: event.key, versionId: event.versionId, sizeBytes: event.sizeBytes, kind }, message);
    await uploads.markReported(event.key, kind, event.versionId);
  };
}
