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

/** These match every key, form and URL of the run, whatever made them. */
const PATTERNS = {
  'an API key': /uo_[0-9a-f]{16}_[0-9a-f]{48}/i,
  'a signature': /x-amz-signature[^0-9a-f]{1,12}[0-9a-f]{64}/i,
  'a policy': /eyJ[\w+/=-]{24,}/,
  'a secret of webhooks': /whsec_[\w+/=]{32,}/,
  'a signature of a webhook': /\bv1,[\w+/]{43}=/,
} as const;

/** local-aws prints one line with its credentials, for the process that started it. */
const FACTS = { file: 'local-aws.log', line: /^\{"endpoints":\{.*"credentials":\{/ } as const;

/**
 * Looks through the logs of a folder for what must never stand there: keys, signatures and policies by their looks, and what is
 * known. Of local-aws its one line of facts is left out, and nothing else.
 *
 * @param known values by what they are; of each its SHA-256 is looked for too, and how it is written in a URL
 * @throws Error where there is no log, or nothing in one: that is no log without secrets
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
  const files = (await readdir(logFolder)).filter((file) => file.endsWith('.log'));
  const found: SecretInLog[] = [];
  for (const file of files) {
    const lines = (await readFile(join(logFolder, file), 'utf8')).split('\n');
    if (lines.every((line) => line === '')) throw new Error(`there is nothing in ${join(logFolder, file)}`);
    const facts = file === FACTS.file ? lines.findIndex((line) => FACTS.line.test(line)) : -1;
    for (const [at, text] of lines.entries()) {
      if (at === facts) continue;
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

/** As `findSecrets`, saying in a line each where it stands. Resolves to whether there is any. */
export async function reportSecrets(
  logFolder: string,
  known: Readonly<Record<string, string>>,
  say: (line: string) => void,
): Promise<boolean> {
  const secrets = await findSecrets(logFolder, known);
  for (const { file, line, what } of secrets) {
    say(`${what} stands in a log: ${join(logFolder, file)}, line ${line}`);
  }
  return secrets.length > 0;
}
