import type { Agent } from 'node:http';
import { byteSize } from '@upload-once/text/byte-size';
import { UploadIncomplete, UploadNotSent, UploadOutcomeUnknown } from './errors.ts';
import { keyOf, readResponse } from './read-response.ts';
import { sendOnce } from './send-request.ts';
import { shownReason } from './shown-reason.ts';
import type { Timeouts } from './time-limits.ts';
import type { UploadForm, UploadPut } from './upload-form.ts';
import type { UploadResult } from './upload-result.ts';
import { type FileToUpload, openSource, type UploadSource } from './upload-source.ts';
import type { UploadWithResponse } from './upload-verdict.ts';
import { requestFor } from './wrap-file.ts';

/** Node's `http.Agent` or `https.Agent`, in a type that needs no types of Node. */
export interface ConnectionAgent {
  destroy(): void;
}

export interface UploadOptions {
  readonly form: UploadForm | UploadPut;
  readonly file: FileToUpload;
  /**
   * Called with the file's bytes that the connection has taken so far, as they grow; not for an empty file. What it throws becomes a
   * warning of the process (Node.js, "process.emitWarning"), and the upload goes on.
   */
  readonly onProgress?:
    | ((progress: { readonly sentBytes: number; readonly totalBytes: number }) => void)
    | undefined;
  /** Breaks the upload off. Its outcome may then be unknown: see the errors. */
  readonly signal?: AbortSignal | undefined;
  readonly timeouts?: Timeouts | undefined;
  /**
   * Makes the connection: an `http.Agent` for an http URL, an `https.Agent` for an https one, such as one with `proxyEnv`. It must not
   * keep connections alive. Default: a connection to S3 itself; no environment variable is read.
   */
  readonly agent?: ConnectionAgent | undefined;
}

/**
 * Sends one file with one form or signed PUT, once: with an exact Content-Length, streamed, whatever its size. It is never
 * sent a second time by itself, because the second one would be a duplicate of the first. It ends within `timeouts`, whatever
 * the other side does.
 *
 * Holds no more than 2 MiB of a file in memory, however large it is: two pieces of 1 MiB. For a `stream` or a `blob` it holds two chunks,
 * as large as they come.
 *
 * @throws InvalidArgument a time limit is none; nothing was sent
 * @throws FileUnusable the file can't be read
 * @throws FileChanged the file was written to meanwhile; the upload was stopped before its end
 * @throws UploadNotSent no connection, or the form can't be sent with this file; the form has not been used
 * @throws UploadRefused it was not stored; nothing more of the file is sent once S3 has said so
 * @throws UploadIncomplete it broke off (the signal included) before everything was sent, so that it was not stored
 * @throws UploadOutcomeUnknown it broke off (the signal included) after everything was sent, or the response leaves it open
 * @throws the signal's reason, when it is aborted before sending began
 */
export async function uploadFile(options: UploadOptions): Promise<UploadResult> {
  options.signal?.throwIfAborted();
  const source = await openSource(options.file);
  try {
    return await send(source, options);
  } finally {
    await source.close();
  }
}

async function send(source: UploadSource, options: UploadOptions): Promise<UploadResult> {
  const { form, signal, onProgress } = options;
  const totalBytes = source.sizeBytes;
  let sentBytes = 0;
  let isWarned = false;
  const warnOnce = (reason: unknown) => {
    if (isWarned) return;
    isWarned = true;
    process.emitWarning(`onProgress of uploadFile failed, the upload goes on: ${String(reason)}`);
  };
  const end = await sendOnce({
    ...requestFor(form, source),
    content: source.read(),
    contentBytes: totalBytes,
    timeouts: options.timeouts,
    signal,
    agent: options.agent as Agent | undefined,
    onSent: (bytes) => {
      sentBytes = bytes;
      // It only watches: its fault ends no upload, and takes no result away.
      if (onProgress)
        new Promise((resolve) => resolve(onProgress({ sentBytes, totalBytes }))).catch(warnOnce);
    },
  });
  const { began, everythingSent } = end;
  const sent = { form, sentBytes, totalBytes, everythingSent };
  if (end.response !== undefined)
    return readResponse({ ...sent, response: end.response }, (what, details) =>
      notProven(what, sent, details),
    );
  if (end.causedByContent) throw end.cause;
  if (!began) {
    if (signal?.aborted) throw signal.reason;
    throw new UploadNotSent(
      `no connection to ${new URL(form.url).host}: ${shownReason(end.cause)}; nothing was sent, the form has not been used`,
      { cause: end.cause },
    );
  }
  const what = signal?.aborted
    ? 'the upload was interrupted'
    : `the connection broke (${shownReason(end.cause)})`;
  throw notProven(what, sent, { cause: end.cause });
}

/** Nothing proves that it was stored; that it was not is proven where the end was never handed over. */
function notProven(
  what: string,
  sent: Pick<UploadWithResponse, 'form' | 'everythingSent'> & { sentBytes: number; totalBytes: number },
  details: { readonly status?: number; readonly cause?: unknown },
): UploadIncomplete | UploadOutcomeUnknown {
  const { form, sentBytes, totalBytes, everythingSent } = sent;
  if (!everythingSent) {
    return new UploadIncomplete(
      `${what}. About ${byteSize(sentBytes)} of ${byteSize(totalBytes)} were sent. The file was not stored: S3 stores nothing of an incomplete upload. Upload the file again`,
      { sentBytes, totalBytes, ...details },
    );
  }
  const key = keyOf(form);
  return new UploadOutcomeUnknown(
    `${what}. Everything was sent: the file may or may not have been stored as ${key}. The file was not sent again, because only the first upload with a form is accepted`,
    { key, totalBytes, ...details },
  );
}
