import type { CliIo } from '../cli-io.ts';
import { UsageError } from '../usage-error.ts';

/** Where the issuer is and who asks, from options or the environment. @throws UsageError */
export function issuerAccess(
  values: { readonly url?: string | undefined; readonly key?: string | undefined },
  env: CliIo['env'],
): { readonly issuerUrl: string; readonly apiKey: string } {
  const issuerUrl = values.url ?? env['UPLOAD_ONCE_URL'];
  if (!issuerUrl) throw new UsageError("the issuer's URL is missing: set UPLOAD_ONCE_URL or give --url");
  const apiKey = values.key ?? env['UPLOAD_ONCE_API_KEY'];
  if (!apiKey) throw new UsageError('the API key is missing: set UPLOAD_ONCE_API_KEY or give --key');
  return { issuerUrl, apiKey };
}
