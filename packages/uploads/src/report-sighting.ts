import type { ObjectVersion, SightingKind } from './upload.ts';
import type { UploadStore } from './upload-store.ts';

/**
 * Writes down a version that will never be accepted, and has it reported. The item is the record, made once; `report` follows
 * it at least once: once where nothing crashes in between, the mark behind it does not fail, and no two deliveries of the same
 * event are at it at once. To mark it before it is reported would leave it unreported by a crash, and twice is better than never.
 */
export async function reportSighting(
  uploads: UploadStore,
  sighted: { readonly key: string; readonly kind: SightingKind; readonly version: ObjectVersion },
  report: () => void,
): Promise<void> {
  const { key, kind, version } = sighted;
  const sighting = await uploads.recordSighting(key, kind, version);
  if (sighting.reported) return;
  report();
  await uploads.markReported(key, kind, version.versionId);
}
