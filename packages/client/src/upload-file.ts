import { randomBytes } from 'node:crypto';
import { byteSize } from './byte-size.ts';
import { UploadNotSent, UploadOutcomeUnknown } from './errors.ts';
import { multipartFrame } from './multipart-body.ts';
import { readS3Error, refusalOf } from './s3-answer.ts';
import { type SendAnswer, type SendRequest, sendOnce, type Timeouts } from './send-request.ts';
import type { UploadForm, UploadPut } from './upload-form.ts';
import { type FileToUpload, openSource, type UploadSource } from './upload-source.ts';

export interface UploadOptions {
  readonly form: UploadForm | UploadPut;
  readonly file: FileToUpload;
  /** Called with the file's bytes that the connection has taken so far, as they grow; not for an empty file. */
  readonly onProgress?:
    | ((progress: { readonly sentBytes: number; readonly totalBytes: number }) => void)
    | undefined;
  /** Breaks the upload off. Its outcome may then be unknown: see the errors. */
  readonly signal?: AbortSignal | undefined;
  readonly timeouts?: Timeouts | undefined;
}

/** What S3 stored. That it was stored does not mean that it is *the* upload: a form may have been used before. */
export interface UploadResult {
  /** 204, unless the form asks for another status; 200 for a PUT. */
  readonly status: number;
  readonly key: string;
  readonly sizeBytes: number;
  /** Where the bucket keeps versions and the answer names it. */
  readonly versionId?: string;
  /** Without quotation marks. */
  readonly eTag?: string;
  readonly location?: string;
}

/**
 * Sends one file with one form or signed PUT, once: with an exact Content-Length, streamed, whatever its size. It is never
 * sent a second time by itself, because the second one would be a duplicate of the first.
 *
 * @throws FileUnusable the file can't be read
 * @throws FileChanged the file was written to meanwhile; the upload was broken off before its end
 * @throws UploadNotSent no connection; the form has not been used
 * @throws UploadRefused S3 did not store it; nothing more of the file is sent once S3 has said so
 * @throws UploadOutcomeUnknown it broke off (the signal included) after sending had begun, or S3's answer leaves it open
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
  const end = await sendOnce({
    ...requestFor(form, source),
    content: source.read(),
    contentBytes: totalBytes,
    timeouts: options.timeouts,
    signal,
    onSent: (bytes) => {
      sentBytes = bytes;
      onProgress?.({ sentBytes, totalBytes });
    },
  });
  const { began, everythingSent } = end;
  if (end.answer !== undefined)
    return readAnswer(end.answer, { form, sentBytes, totalBytes, everythingSent });
  if (end.causedByContent) throw end.cause;
  if (!began) {
    if (signal?.aborted) throw signal.reason;
    throw new UploadNotSent(
      `no connection to ${new URL(form.url).host}: ${reasonOf(end.cause)}; nothing was sent, the form has not been used`,
      { cause: end.cause },
    );
  }
  const what = signal?.aborted
    ? 'the upload was broken off'
    : `the connection broke (${reasonOf(end.cause)})`;
  throw new UploadOutcomeUnknown(`${what} ${outcome(sentBytes, totalBytes, everythingSent)}`, {
    sentBytes,
    totalBytes,
    everythingSent,
    cause: end.cause,
  });
}

/** How the file is wrapped. @throws UploadNotSent for a PUT that is signed for another size */
function requestFor(
  form: UploadForm | UploadPut,
  source: UploadSource,
): Pick<SendRequest, 'method' | 'url' | 'headers' | 'head' | 'tail'> {
  const { url } = form;
  if ('fields' in form) {
    const frame = multipartFrame(form.fields, source.name, `upload-once-${randomBytes(16).toString('hex')}`);
    const { head, tail, contentType } = frame;
    return { method: 'POST', url, headers: { 'content-type': contentType }, head, tail };
  }
  const { 'content-length': signedBytes, ...headers } = form.headers;
  if (signedBytes !== String(source.sizeBytes)) {
    throw new UploadNotSent(
      `the URL is for a file of ${signedBytes} bytes, ${source.name} has ${source.sizeBytes}; nothing was sent`,
    );
  }
  return { method: 'PUT', url, headers, head: Buffer.alloc(0), tail: Buffer.alloc(0) };
}

function keyOf(form: UploadForm | UploadPut): string {
  return 'fields' in form ? (form.fields['key'] ?? form.key) : form.key;
}

function readAnswer(
  answer: SendAnswer,
  sent: { form: UploadForm | UploadPut; sentBytes: number; totalBytes: number; everythingSent: boolean },
): UploadResult {
  const { form, ...progress } = sent;
  const { status, headers } = answer;
  // 303 is S3's answer to a form with success_action_redirect (Amazon S3 API Reference, "POST Object").
  const success = (status >= 200 && status < 300) || status === 303;
  if (success && sent.everythingSent) {
    const versionId = headers['x-amz-version-id'];
    return {
      status,
      key: keyOf(form),
      sizeBytes: sent.totalBytes,
      ...(typeof versionId === 'string' && { versionId }),
      ...(headers.etag !== undefined && { eTag: headers.etag.replace(/^"(.*)"$/, '$1') }),
      ...(headers.location !== undefined && { location: headers.location }),
    };
  }
  const error = readS3Error(answer.body);
  const said = [status, error.code].filter(Boolean).join(' ');
  const refused = status >= 300 && status < 500;
  // Of the 5xx only this one says that nothing was done; any other may come after S3 has stored the file.
  const tooBusy = status === 503 && (error.code === 'SlowDown' || error.code === 'ServiceUnavailable');
  if (refused || tooBusy) throw refusalOf(status, error, form);
  const after = outcome(sent.sentBytes, sent.totalBytes, sent.everythingSent);
  throw new UploadOutcomeUnknown(`the answer was ${said} ${after}`, { ...progress, status });
}

function outcome(sentBytes: number, totalBytes: number, everythingSent: boolean): string {
  const stored = everythingSent
    ? 'after everything had been sent: it may or may not have been stored'
    : `after ${byteSize(sentBytes)} of ${byteSize(totalBytes)}: S3 keeps no upload that it has not received whole, but no answer says whether anything was stored`;
  return `${stored}. It was not sent again, for a second upload with the same form would count as a duplicate; ask for a new form`;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || (error as NodeJS.ErrnoException).code || error.name;
}
