import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const command = fileURLToPath(new URL('../../packages/cli/bin/upload-once.mjs', import.meta.url));

/**
 * Makes an API key as an operator does, with `upload-once keys create`.
 * @param env where AWS is, for the AWS SDK
 * @param rate requests a second, and at once
 * @returns the key's value
 */
export async function createKey(
  env: Readonly<Record<string, string>>,
  table: string,
  rate: number,
): Promise<string> {
  const args = ['keys', 'create', '--name', 'local', '--table', table];
  const limits = ['--rate', String(rate), '--burst', String(rate)];
  const { stdout } = await promisify(execFile)(process.execPath, [command, ...args, ...limits], { env });
  return stdout.trim();
}
