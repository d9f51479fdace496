import { createUpload, InvalidArgument, IssuerUnavailable, RequestRefused } from '@upload-once/client';
import { printable } from '@upload-once/text/printable';
import type { CliIo } from '../cli-io.ts';
import { ExitCode } from '../exit-code.ts';
import { UsageError } from '../usage-error.ts';
import { FORM_HELP, readFormOptions } from './form-options.ts';
import { formOutput } from './form-output.ts';
import { openProxies } from './proxies.ts';

/** `upload-once form`. @returns the exit code that the help documents @throws UsageError, OutputFailed */
export async function formCommand(args: readonly string[], io: CliIo): Promise<number> {
  const options = readFormOptions(args, io.env);
  if (options === 'help') {
    io.stdout.write(FORM_HELP);
    return ExitCode.done;
  }
  const { issuer, timeoutSeconds, format, asked } = options;
  const { issuerUrl, apiKey } = issuer;
  const signal = io.interruptSignal();
  const retries = { sleep: (seconds: number) => io.sleep(seconds, signal) };
  const { fetch } = openProxies(io.env);
  try {
    const created = await createUpload({
      issuerUrl,
      apiKey,
      timeoutSeconds,
      fetch,
      signal,
      retries,
      ...asked,
    });
    await io.stdout.write(formOutput(created, format));
    io.stderr.write(
      `${printable(`upload-once: everyone who has this form can upload a file with it until ${created.form.expiresAt.toISOString()}. Only the first one counts, as ${created.form.key}`)}\n`,
    );
    return ExitCode.done;
  } catch (error) {
    if (signal.aborted) {
      io.stderr.write('upload-once: interrupted. No form is printed; one that was made expires by itself\n');
      return ExitCode.interrupted;
    }
    if (error instanceof InvalidArgument) throw new UsageError(error.message, { cause: error });
    if (!(error instanceof RequestRefused || error instanceof IssuerUnavailable)) throw error;
    io.stderr.write(`upload-once: ${printable(error.message)}. There is no form\n`);
    return ExitCode.failed;
  }
}
