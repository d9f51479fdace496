import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface SecretInLog {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** What it is; the secret itself is not repeated. */
  readonly what: string;
}

/** Whoever made them: every form and URL of the run. */
const PATTERNS = {
  'a signature': /x-amz-signature[^0-9a-f]{1,12}[0-9a-f]{64}/i,
  'a policy': /eyJ[\w+/=-]{24,}/,
} as const;

/** local-aws prints the credentials that it takes: they are its answer to whoever started it, and no one's. */
const NO_SERVICE = new Set(['local-aws.log']);

/**
 * Looks through the logs of services for what must never stand there: signatures and policies by their looks, and what is known.
 * @param known values by what they are; of each its SHA-256 is looked for too, and how it is written in a URL
 */
export async function findSecrets(
  logFolder: string,
  known: Readonly<Record<string, string>>,
): Promise<readonly SecretInLog[]> {
  const values = Object.entries(known).flatMap(([what, value]) => [
    [what, value],
    [what, encodeURIComponent(value)],
    [`${what}, as SHA-256`, createHash('sha256').update(value).digest('hex')],
  ]) as [string, string][];
  const files = (await readdir(logFolder)).filter((file) => file.endsWith('.log') && !NO_SERVICE.has(file));
  const found: SecretInLog[] = [];
  for (const file of files) {
    const lines = (await readFile(join(logFolder, file), 'utf8')).split('\n');
    for (const [at, text] of lines.entries()) {
      const whats = [
        ...values.filter(([, value]) => text.includes(value)).map(([what]) => what),
        ...Object.entries(PATTERNS).flatMap(([what, pattern]) => (pattern.test(text) ? [what] : [])),
      ];
      for (const what of new Set(whats)) found.push({ file, line: at + 1, what });
    }
  }
  if (files.length === 0) throw new Error(`there are no logs in ${logFolder}`);
  return found;
}
