import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { FaultStack } from './fault-stack.ts';

const command = fileURLToPath(new URL('../../../packages/cli/bin/upload-once.mjs', import.meta.url));

/** Of `upload-once audit`, called as an operator calls it when everything is at rest: what it names, a line each. */
export async function operatorAudit({
  awsEnv,
  bucket,
  tables,
}: Pick<FaultStack, 'awsEnv' | 'bucket' | 'tables'>): Promise<string[]> {
  const env = { ...awsEnv, S3_FORCE_PATH_STYLE: 'true', BUCKET: bucket, UPLOADS_TABLE: tables.uploads };
  try {
    await promisify(execFile)(process.execPath, [command, 'audit', '--older-than', '0', '--json'], { env });
    return [];
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as Error & Record<string, string>;
    const lines = stdout === '' ? stderr : stdout;
    return lines
      .trim()
      .split('\n')
      .map((line) => `upload-once audit (exit code ${code}): ${line}`);
  }
}
