import type { Retries, UploadForm, UploadPut } from '@upload-once/client';
import { createUpload, fileSha256 } from '@upload-once/client';
import { printable } from '@upload-once/text/printable';
import type { CliIo } from '../cli-io.ts';
import { termsOfName } from './named-file.ts';
import type { Proxies } from './proxies.ts';
import type { UploadCommandOptions } from './upload-options.ts';

/** How long one form is waited for in all, where the issuer asks to wait. */
const FORM_WAIT_MAX_SECONDS = 300;

/** What a batch has waited so far, so that it is reported once and not for each file. */
export interface IssuerWaits {
  seconds: number;
}

export interface FormRequest {
  readonly file: string;
  readonly sizeBytes: number;
  readonly options: UploadCommandOptions;
  readonly signal: AbortSignal;
  readonly io: CliIo;
  readonly waits: IssuerWaits;
  readonly proxies: Proxies;
}

/**
 * Asks for a form, again as the client library does, and says so when the issuer asked to wait.
 *
 * @throws as `createUpload`; FileUnusable, FileChanged; the signal's reason
 */
export async function receiveForm(request: FormRequest): Promise<UploadForm | UploadPut> {
  const { file, sizeBytes, options, proxies, signal } = request;
  const { issuer, issuerTimeoutSeconds: timeoutSeconds, wanted } = options;
  if (issuer === undefined) throw new Error('the form was handed on: none is asked for');
  const { issuerUrl, apiKey } = issuer;
  const access = {
    issuerUrl,
    apiKey,
    timeoutSeconds,
    signal,
    fetch: proxies.fetch,
    retries: retriesOf(request),
  };
  const { sha256, isForOneFile, isTypeGuessed: _, ...asked } = wanted;
  const { form } = await createUpload({
    ...access,
    ...asked,
    ...(isForOneFile && termsOfName(file, wanted)),
    ...(wanted.method === 'put' && { minBytes: sizeBytes, maxBytes: sizeBytes }),
    ...(sha256 && { sha256: await fileSha256(file, signal) }),
  });
  return form;
}

function retriesOf({ io, signal, waits }: FormRequest): Retries {
  return {
    maxSeconds: FORM_WAIT_MAX_SECONDS,
    sleep: (seconds) => io.sleep(seconds, signal),
    onWait({ seconds, error }) {
      if (error.retryAfterSeconds === undefined) return;
      if (waits.seconds === 0) {
        io.stderr.write(
          `upload-once: ${printable(error.message)}. The command waits and asks again, for at most ${FORM_WAIT_MAX_SECONDS} s for one form\n`,
        );
      }
      waits.seconds += seconds;
    },
  };
}
