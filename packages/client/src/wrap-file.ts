import { UploadNotSent } from './errors.ts';
import { sizeLimitsOf } from './form-limits.ts';
import { multipartFrame } from './multipart-body.ts';
import { randomHex } from './random-hex.ts';
import type { UploadForm, UploadPut } from './upload-form.ts';
import type { FileDescription } from './upload-source.ts';

/** A request, all but the file's bytes. */
export interface WrappedFile {
  /** POST for a form, PUT for a URL that is signed for one. */
  readonly method: 'POST' | 'PUT';
  readonly url: string;
  /** In lower case; all but content-length. */
  readonly headers: Readonly<Record<string, string>>;
  readonly head: Uint8Array<ArrayBuffer>;
  readonly tail: Uint8Array<ArrayBuffer>;
}

/** What is sent before and after a file. @throws UploadNotSent for a form that can't be sent with this file */
export function requestFor(form: UploadForm | UploadPut, source: FileDescription): WrappedFile {
  const { url } = form;
  if ('fields' in form) {
    assertFits(form, source);
    const frame = multipartFrame(form.fields, source.name, `upload-once-${randomHex(16)}`);
    const { head, tail, contentType } = frame;
    return { method: 'POST', url, headers: { 'content-type': contentType }, head, tail };
  }
  const headers = Object.fromEntries(
    Object.entries(form.headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const signedBytes = headers['content-length'];
  if (signedBytes !== String(source.sizeBytes)) {
    throw new UploadNotSent(
      `the URL is for a file of ${signedBytes} bytes, ${source.name} has ${source.sizeBytes}; nothing was sent`,
    );
  }
  delete headers['content-length'];
  return { method: 'PUT', url, headers, head: new Uint8Array(), tail: new Uint8Array() };
}

/** @throws UploadNotSent */
export function assertFits(form: UploadForm, { name, sizeBytes }: FileDescription): void {
  const limits = sizeLimitsOf(form);
  if (limits && (sizeBytes < limits.minBytes || sizeBytes > limits.maxBytes)) {
    throw new UploadNotSent(
      `${name} has ${sizeBytes} bytes, the form allows from ${limits.minBytes} to ${limits.maxBytes}; nothing was sent`,
    );
  }
  // S3 takes the first field of that name for the file, and ignores what follows (Amazon S3 API Reference, "POST Object").
  if (Object.keys(form.fields).some((field) => field.toLowerCase() === 'file')) {
    throw new UploadNotSent(
      'the form has a field "file", which would take the place of the file itself; nothing was sent',
    );
  }
}
