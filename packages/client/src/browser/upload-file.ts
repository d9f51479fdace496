import { FileUnusable, UploadNotSent, UploadOutcomeUnknown } from '../errors.ts';
import { keyOf, readResponse } from '../read-response.ts';
import { shownReason } from '../shown-reason.ts';
import type { UploadOptions } from '../upload-file.ts';
import type { UploadResult } from '../upload-result.ts';
import type { FileDescription, FileToUpload } from '../upload-source.ts';
import { requestFor } from '../wrap-file.ts';
import { sendByXhr, type Xhr } from './send-by-xhr.ts';

declare const XMLHttpRequest: new () => Xhr;
declare const reportError: (error: unknown) => void;

/**
 * `uploadFile` of a page. The file is a Blob, such as a File that someone has chosen. The same responses prove the same as in Node; but of an
 * upload that breaks, or that the signal ends, nothing is known: a browser does not say whether all of it was sent.
 *
 * @throws as `uploadFile` of Node, but never FileChanged or UploadIncomplete
 */
export async function uploadFile(options: UploadOptions): Promise<UploadResult> {
  const { form, file, signal, onProgress } = options;
  signal?.throwIfAborted();
  const { blob, name } = blobOf(file);
  const totalBytes = blob.size;
  const { method, url, headers, head, tail } = requestFor(form, { name, sizeBytes: totalBytes });
  // A slice has no type, which the browser would send with a PUT and S3 would keep.
  const body = new Blob([head, blob.slice(), tail]);
  const onSent = (sentBytes: number) => {
    const ofFile = Math.min(totalBytes, Math.max(0, sentBytes - head.length));
    if (onProgress && totalBytes > 0)
      new Promise((resolve) => resolve(onProgress({ sentBytes: ofFile, totalBytes }))).catch(reportError);
  };
  const sent = await sendByXhr(
    { method, url, headers, body, timeouts: options.timeouts, signal, onSent },
    new XMLHttpRequest(),
  );
  const notProven = (what: string, details: { readonly status?: number; readonly cause?: unknown }) =>
    new UploadOutcomeUnknown(
      `${what}. A browser does not say how much arrived: the file may or may not have been stored as ${keyOf(form)}. The file was not sent again, because only the first upload with a form is accepted`,
      { key: keyOf(form), totalBytes, ...details },
    );
  switch (sent.end) {
    case 'not sent':
      throw new UploadNotSent(`the form can't be sent (${shownReason(sent.cause)}); nothing was sent`, {
        cause: sent.cause,
      });
    case 'broken':
      throw notProven(
        signal?.aborted ? 'the upload was interrupted' : `the upload broke off (${shownReason(sent.cause)})`,
        { cause: sent.cause },
      );
    case 'responded': {
      const { response, isSentWhole } = sent;
      const upload = { form, response, totalBytes, everythingSent: true };
      const result = readResponse(upload, notProven);
      if (isSentWhole) return result;
      throw notProven(`the response was ${response.status}, and not S3's to the whole file`, {
        status: response.status,
      });
    }
  }
}

/** @throws FileUnusable a page can't read a path: it has no files but those that someone chose. */
export async function describeFile(path: string): Promise<FileDescription> {
  throw blobNeeded(path);
}

/**
 * In hexadecimal digits. The whole file is in memory meanwhile.
 * @throws FileUnusable it can't be read, or the page did not come over https
 */
export async function fileSha256(file: string | Blob, signal?: AbortSignal): Promise<string> {
  if (typeof file === 'string') throw blobNeeded(file);
  if (!globalThis.crypto.subtle)
    throw new FileUnusable(
      'a checksum needs a page that came over https (Web Cryptography API, "SubtleCrypto")',
    );
  const bytes = await file.arrayBuffer().catch((cause: Error) => {
    throw new FileUnusable(`the file can't be read: ${cause.message}`, { cause });
  });
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  signal?.throwIfAborted();
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function blobOf(file: FileToUpload): { readonly blob: Blob; readonly name: string } {
  if (typeof file === 'string') throw blobNeeded(file);
  if (!('blob' in file)) throw blobNeeded(file.name);
  return file;
}

function blobNeeded(name: string): FileUnusable {
  return new FileUnusable(
    `${name}: a page uploads { blob, name }, such as a File that someone has chosen, not a path or a stream`,
  );
}
