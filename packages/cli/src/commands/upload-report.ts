import type { UploadResult, UploadState } from '@upload-once/client';
import {
  FileChanged,
  FileUnusable,
  UploadIncomplete,
  UploadOutcomeUnknown,
  UploadRefused,
} from '@upload-once/client';
import { byteSize } from '@upload-once/text/byte-size';
import { printable } from '@upload-once/text/printable';
import { uploadIdIn } from '@upload-once/text/upload-id';
import type { CliIo } from '../cli-io.ts';
import { inShell } from '../in-shell.ts';

/** What is known of a stored file; S3's response has more of it than the issuer has. */
export type StoredFile = Omit<UploadResult, 'status'> & Partial<Pick<UploadResult, 'status'>>;

/** What became of one file. */
export type FileOutcome =
  | {
      readonly outcome: 'stored';
      readonly file: string;
      /** Undefined for what an earlier run has stored. */
      readonly url?: string;
      readonly result: StoredFile;
      readonly seconds?: number;
      /** S3's response left it open, the issuer reported it. */
      readonly issuerReport?: {
        readonly error: UploadOutcomeUnknown;
        /** The form takes no other content (`--sha256`). Otherwise the issuer's word is for a file of this size. */
        readonly isThisContent: boolean;
        readonly state: UploadState;
      };
    }
  | {
      /** refused: it was not stored, or will not be accepted; unknown: it may have been stored; failed: it was not sent, or not to its end. */
      readonly outcome: 'refused' | 'unknown' | 'failed';
      readonly file: string;
      /** The key that was sent; undefined when no form was received. */
      readonly key: string | undefined;
      readonly error: Error;
      /** What else is known, such as by the issuer, and what to do, in printable lines. */
      readonly found?: string;
    };

/** Writes one file's outcome: results to standard output, what went wrong to standard error. @throws OutputFailed */
export function reportOutcome(outcome: FileOutcome, json: boolean, io: CliIo): void {
  if (outcome.outcome !== 'stored') io.stderr.write(`upload-once: ${failedLine(outcome)}\n`);
  if (json || outcome.outcome === 'stored') io.stdout.write(`${outcomeLine(outcome, json)}\n`);
  if (outcome.outcome === 'stored' && outcome.issuerReport?.state === 'FAILED')
    io.stderr.write(
      `upload-once: ${printable(`${outcome.file}: it was stored, and its state is FAILED: the handler that processes it failed. Do not upload it again. Tell the people who run the service, with the id ${outcome.result.key}`)}\n`,
    );
}

/** One line for one outcome. */
export function outcomeLine(outcome: FileOutcome, json: boolean): string {
  if (json) return JSON.stringify(jsonOf(outcome));
  return outcome.outcome === 'stored' ? storedLine(outcome) : failedLine(outcome);
}

/** Where the whole command must not be repeated. */
export function partlyStoredNote(
  outcomes: readonly FileOutcome[],
  fileCount: number,
  record: string | undefined,
): string | undefined {
  const stored = outcomes.filter(({ outcome }) => outcome === 'stored').length;
  if (stored === fileCount) return undefined;
  if (record !== undefined)
    return `upload-once: ${stored} of ${fileCount} files were stored. Run the same command again, with --record ${printable(inShell(record))}: it sends only the others`;
  if (stored === 0) return undefined;
  return `upload-once: ${stored} of the files ${stored === 1 ? 'was' : 'were'} stored. Do not repeat the whole command: it would send ${stored === 1 ? 'it' : 'them'} again. Give only the files that are still to be uploaded`;
}

/** What using one form several times came to. */
export function timesNote(outcomes: readonly FileOutcome[]): string | undefined {
  const stored = outcomes.filter((outcome) => outcome.outcome === 'stored');
  if (stored.length < 2) return undefined;
  const statuses = [...new Set(stored.map(({ result }) => result.status ?? 'nothing'))].join(' and ');
  const which =
    stored.length === outcomes.length
      ? `each of the ${stored.length}`
      : `${stored.length} of the ${outcomes.length}`;
  const others =
    stored.length === 2
      ? 'the other one is reported as a duplicate'
      : 'the others are reported as duplicates';
  return `S3 responded ${statuses} to ${which} uploads with this form, because S3 accepts a form until it expires. Only the first upload counts; ${others}.`;
}

function storedLine(outcome: Extract<FileOutcome, { outcome: 'stored' }>): string {
  const { file, url, result, seconds, issuerReport } = outcome;
  if (url === undefined && !issuerReport)
    return printable(`${file} was stored before as ${result.key}, and is not sent again`);
  const at = url === undefined ? '' : ` at ${url}`;
  const stored = `${file} stored as ${result.key}${at}, ${byteSize(result.sizeBytes)}`;
  if (issuerReport) {
    const { error, isThisContent } = issuerReport;
    const { status } = error;
    const said = status === undefined ? 'no response of S3 came' : `S3's response was ${status}`;
    const what = isThisContent
      ? 'this file was stored'
      : 'a file of this size was stored with this form: do not upload it again. Next time, --sha256 proves that it is this file';
    return printable(`${stored} (${said}; the issuer confirms that ${what})`);
  }
  if (seconds === undefined) return printable(stored);
  const rate = seconds > 0 && result.sizeBytes > 0 ? ` (${byteSize(result.sizeBytes / seconds)}/s)` : '';
  const version = result.versionId === undefined ? '' : `, version ${result.versionId}`;
  return printable(`${stored} in ${seconds.toFixed(2)} s${rate}${version}`);
}

function failedLine({ file, error, found }: Exclude<FileOutcome, { outcome: 'stored' }>): string {
  const namesIt = error instanceof FileUnusable || error instanceof FileChanged;
  const line = namesIt ? error.message : `${file}: ${error.message}`;
  const said = printable(line + saidBy(error));
  return found === undefined ? said : `${said}.\n${found}`;
}

/** ` (S3: 403 AccessDenied)`, ` (HTTP 403)` where it was not S3. */
function saidBy(error: Error): string {
  if (!(error instanceof UploadRefused)) return '';
  return error.s3Code === undefined ? ` (HTTP ${error.status})` : ` (S3: ${error.status} ${error.s3Code})`;
}

function jsonOf(outcome: FileOutcome): Record<string, unknown> {
  if (outcome.outcome === 'stored') {
    const { file, url, result, seconds, issuerReport } = outcome;
    return {
      file,
      outcome: 'stored',
      url,
      id: uploadIdIn(result.key),
      ...result,
      seconds,
      ...(issuerReport && {
        reportedBy: 'issuer',
        state: issuerReport.state,
        message: issuerReport.error.message,
      }),
    };
  }
  const { file, key, error, found } = outcome;
  return {
    file,
    outcome: outcome.outcome,
    ...(key !== undefined && { id: uploadIdIn(key) }),
    key,
    ...('code' in error && { code: error.code }),
    ...(error instanceof UploadRefused && {
      status: error.status,
      s3Code: error.s3Code,
      s3Message: error.s3Message,
    }),
    ...((error instanceof UploadOutcomeUnknown || error instanceof UploadIncomplete) && {
      status: error.status,
    }),
    message: found === undefined ? error.message : `${error.message}.\n${found}`,
  };
}
