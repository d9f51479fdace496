import type { UploadForm, UploadPut } from '@upload-once/client';
import { IssuerUnavailable, RequestRefused } from '@upload-once/client';
import { printable } from '@upload-once/text/printable';
import type { CliIo, TextOutput } from '../cli-io.ts';
import { OutputFailed } from '../output-failed.ts';
import { createProgressBars, type ProgressBars } from '../progress-bars.ts';
import type { IssuerWaits } from './form-request.ts';
import type { Proxies } from './proxies.ts';
import { resumeOne } from './resume-one.ts';
import { uploadOne } from './upload-one.ts';
import type { UploadCommandOptions } from './upload-options.ts';
import type { UploadRecord } from './upload-record.ts';
import { type FileOutcome, outcomeLine, reportOutcome } from './upload-report.ts';

export interface BatchRequest {
  readonly options: UploadCommandOptions;
  /** One that was handed on; undefined: each file gets its own. */
  readonly form: UploadForm | UploadPut | undefined;
  readonly sizes: ReadonlyMap<string, number>;
  readonly record: UploadRecord | undefined;
  readonly signal: AbortSignal;
  readonly waits: IssuerWaits;
  readonly proxies: Proxies;
  readonly io: CliIo;
}

export interface BatchResult {
  /** In the order in which the files ended. */
  readonly outcomes: readonly FileOutcome[];
  /** Files that were not tried. */
  readonly notBegun: readonly string[];
  readonly reasonToStop: string | undefined;
  readonly isOutputLost: boolean;
}

/**
 * Sends the files of one command, as many side by side as it says, and reports each when it ends. The others begin when the first one has
 * its form: an issuer that gives none is asked once.
 *
 * @throws UsageError for what can't be asked or sent at all
 */
export async function sendBatch(request: BatchRequest): Promise<BatchResult> {
  const { options, sizes, record, signal } = request;
  const { files } = options;
  const bars = barsOf(request);
  const io = bars === undefined ? request.io : withBars(request.io, bars);
  const outcomes: FileOutcome[] = [];
  const firstForm = Promise.withResolvers<void>();
  let begun = 0;
  let reasonToStop: string | undefined;
  let isOutputLost = false;
  /** The same for all: that of `--times`, or one that was handed on. */
  let shared = request.form;

  async function uploadNext(file: string): Promise<FileOutcome> {
    const sizeBytes = sizes.get(file) ?? 0;
    const order = { ...request, io, bars, file, sizeBytes };
    const resumed = record && (await resumeOne({ ...order, record }));
    if (resumed) {
      bars?.skip(sizeBytes);
      return resumed;
    }
    const { outcome, form } = await uploadOne({
      ...order,
      form: shared,
      formUsedBy: shared && outcomes.find(({ outcome }) => outcome === 'stored')?.file,
      onForm({ key }) {
        record?.begin(file, key);
        firstForm.resolve();
      },
    });
    record?.end(file, outcome);
    if (options.times !== undefined) shared = form;
    return outcome;
  }

  async function worker(): Promise<void> {
    while (reasonToStop === undefined && begun < files.length) {
      const file = files[begun] ?? '';
      begun += 1;
      try {
        const outcome = await uploadNext(file);
        outcomes.push(outcome);
        const isReported = report(outcome, options.json, io);
        if (!isReported) isOutputLost = true;
        reasonToStop ??= isReported
          ? reasonAfter(outcome, options, signal)
          : 'results can’t be written any more';
      } catch (error) {
        reasonToStop ??= 'the command failed';
        throw error;
      } finally {
        firstForm.resolve();
      }
    }
  }

  const first = worker();
  await Promise.race([firstForm.promise, first]);
  const others = Array.from({ length: options.parallel - 1 }, worker);
  const failed = (await Promise.allSettled([first, ...others])).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
  return { outcomes, notBegun: files.slice(begun), reasonToStop, isOutputLost };
}

function barsOf({ options, sizes, io }: BatchRequest): ProgressBars | undefined {
  if (!io.stderr.isTTY || io.env['TERM'] === 'dumb') return undefined;
  const { files } = options;
  const totalBytes = files.reduce((sum, file) => sum + (sizes.get(file) ?? 0), 0);
  return createProgressBars({ terminal: io.stderr, now: io.now, files: { count: files.length, totalBytes } });
}

/** What is written stands above the bars. */
function withBars(io: CliIo, bars: ProgressBars): CliIo {
  const above = (output: TextOutput): TextOutput => ({
    isTTY: output.isTTY ?? false,
    write: (text) => bars.aside(() => output.write(text)),
  });
  return { ...io, stdout: above(io.stdout), stderr: above(io.stderr) };
}

/** @returns false when the result could not be written to standard output; standard error has it then */
function report(outcome: FileOutcome, json: boolean, io: CliIo): boolean {
  try {
    reportOutcome(outcome, json, io);
    return true;
  } catch (error) {
    if (!(error instanceof OutputFailed)) throw error;
    io.stderr.write(
      `upload-once: ${printable(error.message)}; what it was to say: ${outcomeLine(outcome, json)}\n`,
    );
    return false;
  }
}

/** Why the files that are left are not tried; undefined: they are. */
function reasonAfter(
  outcome: FileOutcome,
  options: UploadCommandOptions,
  signal: AbortSignal,
): string | undefined {
  if (signal.aborted) return 'interrupted';
  if (outcome.outcome === 'stored') return undefined;
  if (outcome.error instanceof RequestRefused || outcome.error instanceof IssuerUnavailable)
    return 'there is no form';
  if (outcome.outcome === 'unknown' && options.times !== undefined) {
    return 'a form is not used again while it is unknown what became of it';
  }
  return undefined;
}
