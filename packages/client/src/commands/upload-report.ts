import { byteSize } from '../byte-size.ts';
import type { CliIo } from '../cli-io.ts';
import { FileChanged, FileUnusable, UploadOutcomeUnknown, UploadRefused } from '../errors.ts';
import { printable } from '../printable.ts';
import type { UploadResult } from '../upload-file.ts';

/** What became of one file. */
export type FileOutcome =
  | {
      readonly outcome: 'stored';
      readonly file: string;
      readonly url: string;
      readonly result: UploadResult;
      readonly seconds: number;
    }
  | {
      /** refused: S3 said no; unknown: it may have been stored; failed: it did not come to S3's saying anything. */
      readonly outcome: 'refused' | 'unknown' | 'failed';
      readonly file: string;
      /** The key that was sent; undefined when no form was received. */
      readonly key: string | undefined;
      readonly error: Error;
    };

/** Writes one file's outcome: results to standard output, what went wrong to standard error. */
export function reportOutcome(outcome: FileOutcome, json: boolean, io: CliIo): void {
  if (json) io.stdout.write(`${JSON.stringify(jsonOf(outcome))}\n`);
  else if (outcome.outcome === 'stored') io.stdout.write(`${storedLine(outcome)}\n`);
  if (outcome.outcome !== 'stored')
    io.stderr.write(`upload-once: ${failedLine(outcome.file, outcome.error)}\n`);
}

/** What using one form several times came to. */
export function timesNote(outcomes: readonly FileOutcome[]): string | undefined {
  const stored = outcomes.filter((outcome) => outcome.outcome === 'stored');
  if (stored.length < 2) return undefined;
  const statuses = [...new Set(stored.map(({ result }) => result.status))].join(' and ');
  const which =
    stored.length === outcomes.length
      ? `each of the ${stored.length}`
      : `${stored.length} of the ${outcomes.length}`;
  const others =
    stored.length === 2
      ? 'the other one is reported as a duplicate'
      : 'the others are reported as duplicates';
  return `S3 answered ${statuses} to ${which} uploads with this form, for S3 takes a form until it expires. Only the first is accepted; ${others}.`;
}

function storedLine({ file, url, result, seconds }: Extract<FileOutcome, { outcome: 'stored' }>): string {
  const rate = seconds > 0 && result.sizeBytes > 0 ? ` (${byteSize(result.sizeBytes / seconds)}/s)` : '';
  const version = result.versionId === undefined ? '' : `, version ${result.versionId}`;
  return printable(
    `${file} stored as ${result.key} at ${url}, ${byteSize(result.sizeBytes)} in ${seconds.toFixed(2)} s${rate}${version}`,
  );
}

function failedLine(file: string, error: Error): string {
  const said =
    error instanceof UploadRefused ? ` (S3: ${[error.status, error.s3Code].filter(Boolean).join(' ')})` : '';
  const namesIt = error instanceof FileUnusable || error instanceof FileChanged;
  const line = namesIt ? error.message : `${file}: ${error.message}`;
  return printable(line + said);
}

function jsonOf(outcome: FileOutcome): Record<string, unknown> {
  if (outcome.outcome === 'stored') {
    const { file, url, result, seconds } = outcome;
    return { file, outcome: 'stored', url, ...result, seconds };
  }
  const { file, key, error } = outcome;
  return {
    file,
    outcome: outcome.outcome,
    key,
    ...('code' in error && { code: error.code }),
    ...(error instanceof UploadRefused && {
      status: error.status,
      s3Code: error.s3Code,
      s3Message: error.s3Message,
    }),
    ...(error instanceof UploadOutcomeUnknown && {
      status: error.status,
      everythingSent: error.everythingSent,
    }),
    message: error.message,
  };
}
