import type { NewUploadOptions } from '@upload-once/client';
import type { CliIo } from '../cli-io.ts';
import { UsageError } from '../usage-error.ts';
import { bytesOf } from './bytes-option.ts';
import { FORM_FORMATS, type FormFormat } from './form-output.ts';
import { assertNoApiKey, type GivenAccess, ISSUER_OPTIONS, issuerAccess } from './issuer-access.ts';
import { termsOfName } from './named-file.ts';
import { parseCommandLine } from './parse-command-line.ts';
import { timeoutOf } from './time-option.ts';
import { termsOf, WANTED_OPTIONS } from './wanted-options.ts';

export const FORM_HELP = `Usage: upload-once form [options]

Asks the issuer for a form, and prints it to hand on. It is good for one upload, and needs no API key. Everyone who
has it can upload a file with it until it expires, but only the first one counts. For a person,
"upload-once link create" prints a link to a page instead.

  --as json|html|curl what to print: JSON for "upload-once upload --form", a page with a form, or a script for the
                      shell that takes a file (default json)
  --url URL           the issuer, with its path prefix; default: $UPLOAD_ONCE_URL
  --key KEY           the API key; default: $UPLOAD_ONCE_API_KEY
  --timeout SECONDS   how long the issuer can take to respond (default 30)
  --help              this text

What the upload must match:
  --method put        a URL that S3 accepts once, for exactly --bytes; not with --as html
  --bytes N           the exact size
  --max-bytes N       the largest size
  --sha256 DIGEST     the SHA-256 in 64 hexadecimal digits, or in base64
  --content-type T    the content type, such as application/pdf. "guess": by --filename, as without this
                      option; "none": any
  --filename NAME     the name of the file, for the handler
  --name NAME         the beginning of the upload's id
  --metadata N=V      metadata of the object; you can give it several times
  --expires SECONDS   how long an upload can start with the form

What S3 responds to the stored file, for a form:
  --success-status S  200, 201 or 204 (default 204; with --as html 201). After 204 a browser stays on its page. After 201 it
                      shows S3's response
  --success-redirect URL  where S3 sends the browser; the installation limits the origins

Exit code: 0 done; 1 the issuer refused, or sent no usable response; 2 the command line can't be carried out;
5 standard output could not be written; 130 interrupted. A form that was made and not printed expires by itself.
`;

export interface FormCommandOptions {
  readonly issuer: GivenAccess;
  readonly timeoutSeconds: number | undefined;
  readonly format: FormFormat;
  readonly asked: NewUploadOptions;
}

/** @throws UsageError */
export function readFormOptions(args: readonly string[], env: CliIo['env']): FormCommandOptions | 'help' {
  const { values, positionals } = parse(args);
  if (values.help) return 'help';
  const issuer = issuerAccess(values, env);
  assertNoApiKey(positionals, issuer.apiKey);
  if (positionals.length > 0)
    throw new UsageError(
      'form takes no FILE: anyone can upload any file with the form, and the first one counts',
    );
  const { isTypeGuessed, ...terms } = termsOf(values);
  const { filename, sha256 } = values;
  const named = filename === undefined ? {} : termsOfName(filename, { isTypeGuessed, ...terms });
  const format = formatOf(values.as);
  if (format === 'html' && terms.method === 'put')
    throw new UsageError('--as html is for a form: a page can’t PUT without a script');
  return {
    issuer,
    timeoutSeconds: timeoutOf(values.timeout),
    format,
    asked: {
      ...terms,
      ...named,
      ...(filename !== undefined && { filename }),
      ...sizesOf(values.bytes, values['max-bytes']),
      ...(sha256 !== undefined && { sha256 }),
      ...successOf(values['success-status'], values['success-redirect'], format),
    },
  };
}

function parse(args: readonly string[]) {
  return parseCommandLine({
    args: [...args],
    allowPositionals: true,
    options: {
      ...ISSUER_OPTIONS,
      ...WANTED_OPTIONS,
      as: { type: 'string' },
      bytes: { type: 'string' },
      'max-bytes': { type: 'string' },
      sha256: { type: 'string' },
      filename: { type: 'string' },
      'success-status': { type: 'string' },
      'success-redirect': { type: 'string' },
    },
  });
}

function formatOf(text = 'json'): FormFormat {
  const format = FORM_FORMATS.find((known) => known === text);
  if (format !== undefined) return format;
  throw new UsageError(`--as takes json, html or curl, not ${JSON.stringify(text)}`);
}

function sizesOf(exact: string | undefined, most: string | undefined): NewUploadOptions {
  if (exact !== undefined && most !== undefined)
    throw new UsageError('--bytes is exact: --max-bytes can’t be given too');
  if (exact !== undefined) return { minBytes: bytesOf('bytes', exact), maxBytes: bytesOf('bytes', exact) };
  return most === undefined ? {} : { maxBytes: bytesOf('max-bytes', most) };
}

/** A page that does not change after an upload makes people press the button again. */
function successOf(
  status: string | undefined,
  successRedirect: string | undefined,
  format: FormFormat,
): Pick<NewUploadOptions, 'successStatus' | 'successRedirect'> {
  const isShown = format === 'html' && successRedirect === undefined;
  return { successStatus: statusOf(status) ?? (isShown ? 201 : undefined), successRedirect };
}

function statusOf(text: string | undefined): 200 | 201 | 204 | undefined {
  if (text === undefined) return undefined;
  const status = ([200, 201, 204] as const).find((known) => String(known) === text);
  if (status !== undefined) return status;
  throw new UsageError(`--success-status takes 200, 201 or 204, not ${JSON.stringify(text)}`);
}
