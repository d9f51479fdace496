import type { CreatedUpload, UploadForm, UploadPut } from '@upload-once/client';
import { inShell } from '../in-shell.ts';

export const FORM_FORMATS = ['json', 'html', 'curl'] as const;
export type FormFormat = (typeof FORM_FORMATS)[number];

/** A form as it is handed on, with a line feed at its end. `html` is for a form only, not for a PUT. */
export function formOutput(created: CreatedUpload, format: FormFormat): string {
  const { form } = created;
  if (format === 'json') return `${JSON.stringify(asResponse(created), null, 2)}\n`;
  if (format === 'curl') return curlScript(form);
  if ('headers' in form) throw new TypeError('a PUT has no HTML form');
  return htmlPage(form);
}

/** As `POST /v1/uploads` gives it, so that whatever reads that reads this. */
function asResponse({ id, state, form }: CreatedUpload): object {
  const { url } = form;
  const expiresAt = form.expiresAt.toISOString();
  if ('fields' in form) return { id, state, method: 'post', url, fields: form.fields, expiresAt };
  return { id, state, method: 'put', url, headers: form.headers, expiresAt };
}

/** A script for the POSIX shell that takes the file as its argument. */
function curlScript(form: UploadForm | UploadPut): string {
  const usage = '$\u007b1:?usage: sh SCRIPT FILE}';
  const options =
    'fields' in form
      ? [
          ...Object.entries(form.fields).map(
            ([name, value]) => `--form-string ${inShell(`${name}=${value}`)}`,
          ),
          `-F "file=@\\"$1\\""`,
        ]
      : [
          ...Object.entries(form.headers).map(([name, value]) => `-H ${inShell(`${name}: ${value}`)}`),
          '--upload-file "$1"',
        ];
  const lines = ['curl -sS -i --fail-with-body', ...options, inShell(form.url)];
  return `#!/bin/sh\n: "${usage}"\n${lines.join(' \\\n  ')}\n`;
}

/** The button works once: S3 would store a second upload, which does not count. */
function htmlPage({ url, fields }: UploadForm): string {
  const inputs = Object.entries(fields).map(
    ([name, value]) => `    <input type="hidden" name="${inHtml(name)}" value="${inHtml(value)}">`,
  );
  return [
    '<!doctype html>',
    '<html lang="en">',
    '  <meta charset="utf-8">',
    '  <meta name="viewport" content="width=device-width">',
    '  <title>Upload a file</title>',
    `  <form action="${inHtml(url)}" method="post" enctype="multipart/form-data" onsubmit="this.send.disabled = true">`,
    ...inputs,
    '    <label>File <input type="file" name="file" required></label>',
    '    <button id="send">Upload</button>',
    '  </form>',
    '</html>',
    '',
  ].join('\n');
}

function inHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
