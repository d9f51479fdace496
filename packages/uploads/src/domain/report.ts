import { UPLOADS_PREFIX } from '@upload-once/text/upload-id';
import { asciiJson } from './ascii-json.ts';
import { timeOf } from './iso-time.ts';
import { ObservedKind, type ObservedVersion } from './upload.ts';

/** The version of the format of a report. A reader ignores fields that it does not know; a field is never removed or reused. */
const REPORT_SCHEMA_VERSION = 1;

/** One version that was kept apart, with what S3 says about it. */
export interface ObservedVersionReport {
  readonly observedVersion: ObservedVersion;
  /** For a refused version: S3 had stored it before the upload was revoked, so its client holds a success. */
  readonly storedBeforeRevocation?: boolean;
}

/** A count of the surplus versions of one key has reached 10, 100, 1,000 … */
export interface SurplusReport {
  readonly key: string;
  readonly kind: ObservedKind;
  /** 10, 100, 1,000 …: at least so many. */
  readonly count: number;
  readonly countedAt: Date;
}

export type Report = ObservedVersionReport | SurplusReport;

/**
 * The outbox of reports, for every reader that has to learn that a form was used more than once. `send` resolves when every
 * reader's queue has the report durably, and rejects when it is not known that all have it; it may be repeated. Readers can get a
 * report more than once, and recognise it by its `id`.
 */
export interface Reports {
  send(report: Report): Promise<void>;
}

/** The id of a report: the same each time that the same thing is reported. */
export function reportIdOf(report: Report): string {
  if ('observedVersion' in report) {
    const { kind, key, versionId } = report.observedVersion;
    return `${kind}#${key}#${versionId}`;
  }
  return `${report.kind}-count#${report.key}#${report.count}`;
}

/** A report as the JSON text that a reader gets: docs/reports.md. It holds no secret, and no word of the client. */
export function writeReport(report: Report): string {
  const head = { schemaVersion: REPORT_SCHEMA_VERSION, id: reportIdOf(report) };
  if (!('observedVersion' in report)) {
    const { kind, key, count, countedAt } = report;
    return asciiJson({ ...head, type: `${kind}-count`, key, count, countedAt: countedAt.toISOString() });
  }
  const { kind, key, versionId, sizeBytes, eTag, storedAt, recordedAt } = report.observedVersion;
  return asciiJson({
    ...head,
    type: kind,
    key,
    versionId,
    sizeBytes,
    eTag,
    storedAt: storedAt.toISOString(),
    recordedAt: recordedAt.toISOString(),
    ...(report.storedBeforeRevocation !== undefined && {
      storedBeforeRevocation: report.storedBeforeRevocation,
    }),
  });
}

/** What the report of a duplicate says. */
export type DuplicateReport = Pick<
  ObservedVersion,
  'key' | 'versionId' | 'sizeBytes' | 'storedAt' | 'recordedAt'
>;

/** The duplicate that a message reports. @param message its JSON, parsed; undefined: it is no report of a duplicate */
export function parseDuplicateReport(message: unknown): DuplicateReport | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  const { schemaVersion, type, key, versionId, sizeBytes, ...times } = message as Record<string, unknown>;
  if (schemaVersion !== REPORT_SCHEMA_VERSION || type !== ObservedKind.duplicate) return undefined;
  if (typeof key !== 'string' || !key.startsWith(UPLOADS_PREFIX) || typeof versionId !== 'string')
    return undefined;
  if (!Number.isSafeInteger(sizeBytes) || (sizeBytes as number) < 0) return undefined;
  const [storedAt, recordedAt] = [timeOf(times['storedAt']), timeOf(times['recordedAt'])];
  if (!storedAt || !recordedAt) return undefined;
  return { key, versionId, sizeBytes: sizeBytes as number, storedAt, recordedAt };
}
