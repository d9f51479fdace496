import type { CliIo } from '../cli-io.ts';
import { UsageError } from '../usage-error.ts';

/** What every command that asks the issuer takes, as `parseArgs` of Node describes it. */
export const ISSUER_OPTIONS = {
  url: { type: 'string' },
  key: { type: 'string' },
  timeout: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

export interface GivenAccess {
  readonly issuerUrl: string;
  readonly apiKey: string;
  /** Whether an option gave part of it: another command then needs the option too. */
  readonly byOption: boolean;
}

/** Where the issuer is and who asks, from options or the environment. @throws UsageError */
export function issuerAccess(
  values: { readonly url?: string | undefined; readonly key?: string | undefined },
  env: CliIo['env'],
): GivenAccess {
  const issuerUrl = values.url ?? env['UPLOAD_ONCE_URL'];
  if (!issuerUrl) throw new UsageError("the issuer's URL is missing: set UPLOAD_ONCE_URL or give --url");
  const apiKey = values.key ?? env['UPLOAD_ONCE_API_KEY'];
  if (!apiKey) throw new UsageError('the API key is missing: set UPLOAD_ONCE_API_KEY or give --key');
  return { issuerUrl, apiKey, byOption: values.url !== undefined || values.key !== undefined };
}

/** What a command that is going to be copied needs beside what it names, as it stands behind a verb. */
export function sameAccessWords(byOption: boolean): string {
  return byOption ? ', with the same --url and --key' : '';
}

/** @param texts what stands where files or ids should @throws UsageError when one is an API key; it is not repeated */
export function assertNoApiKey(texts: readonly string[], apiKey: string | undefined): void {
  if (!texts.some((text) => text === apiKey || /^["']?(?:Bearer\s+)?uo_[0-9a-f]{16}_/i.test(text))) return;
  throw new UsageError(
    'an API key stands where a file or an id should. Set UPLOAD_ONCE_API_KEY, or give it behind --key. Your shell may have kept what you typed: replace this key',
  );
}
