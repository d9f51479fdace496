import type { UploadForm, UploadPut } from '@upload-once/client';
import { createUpload, fileSha256, requestUpload } from '@upload-once/client';
import { printable } from '@upload-once/text/printable';
import type { CliIo } from '../cli-io.ts';
import type { Proxies } from './proxies.ts';
import { retryAfterOf } from './retry-after.ts';
import type { UploadCommandOptions } from './upload-options.ts';

/** How long one form is waited for in all, where the issuer asks to wait. */
export const FORM_WAIT_MAX_SECONDS = 300;

/** What a batch has waited so far, so that it is told once and not for each file. */
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
 * Asks for a form, and again as long as the issuer answers with `Retry-After`: it has given no form then.
 *
 * @throws as `requestUpload` and `createUpload`; FileUnusable, FileChanged; the signal's reason
 */
export async function receiveForm(order: FormRequest): Promise<UploadForm | UploadPut> {
  const ask = await asking(order);
  for (let waitedSeconds = 0; ; ) {
    try {
      return await ask();
    } catch (error) {
      const waitSeconds = retryAfterOf(error);
      if (waitSeconds === undefined || waitedSeconds + waitSeconds > FORM_WAIT_MAX_SECONDS) throw error;
      waitedSeconds += waitSeconds;
      await wait(waitSeconds, error as Error, order);
    }
  }
}

async function wait(seconds: number, { message }: Error, { io, signal, waits }: FormRequest): Promise<void> {
  if (waits.seconds === 0) {
    io.stderr.write(
      `upload-once: ${printable(message)}. It waits, and goes on; at most ${FORM_WAIT_MAX_SECONDS} s for one form\n`,
    );
  }
  waits.seconds += seconds;
  await io.sleep(seconds, signal);
}

async function asking({
  file,
  sizeBytes,
  options,
  proxies,
  signal,
}: FormRequest): Promise<() => Promise<UploadForm | UploadPut>> {
  const { issuerUrl, apiKey, issuerTimeoutSeconds: timeoutSeconds, wanted } = options;
  const access = { issuerUrl, apiKey, timeoutSeconds, signal, fetch: proxies.fetch };
  if (wanted === undefined) return () => requestUpload(access);
  const { sha256, ...asked } = wanted;
  const request = {
    ...access,
    ...asked,
    ...(wanted.method === 'put' && { minBytes: sizeBytes, maxBytes: sizeBytes }),
    ...(sha256 && { sha256: await fileSha256(file, signal) }),
  };
  return async () => (await createUpload(request)).form;
}
