import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { textTable } from '@upload-once/local-stack/text-table.ts';
import { readCheckedResults, readResults } from '../read-results.ts';
import { compare, isPassed } from './compare.ts';
import { checkRows, tally } from './report.ts';

/** Runs the benches for a minute and a half in all, and compares their ratios and counts with the committed ones. Exit code 1 when one is worse than allowed. */
const SHORT_RUNS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  issuer: { ROUNDS: '3', SECONDS: '2', WARM_UP_SECONDS: '2' },
  consumer: { ROUNDS: '1', SECONDS: '3' },
  uploads: { ROUNDS: '1', UPLOADS: '40', IDLE_UPLOADS: '1', PUT_ITEMS: '50' },
  'start-up': { ROUNDS: '3' },
  'traces/unsampled': {},
};

const folder = await mkdtemp(join(tmpdir(), 'upload-once-bench-check-'));
try {
  for (const [name, parameters] of Object.entries(SHORT_RUNS)) await runBench(name, parameters);
  const checks = compare(readCheckedResults(folder), readResults());
  process.stdout.write(`\n${textTable(checkRows(checks))}\n${tally(checks)}\n`);
  if (!checks.every(isPassed)) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true });
}

async function runBench(name: string, parameters: Readonly<Record<string, string>>): Promise<void> {
  const file = name.includes('/') ? `${name}.ts` : `${name}/main.ts`;
  const program = fileURLToPath(new URL(`../${file}`, import.meta.url));
  const env = { ...process.env, ...parameters, RESULTS_FOLDER: folder };
  const bench = spawn(process.execPath, [program], { env, stdio: 'inherit' });
  const [code, signal] = await once(bench, 'close');
  if (code !== 0) throw new Error(`the bench of ${name} ended with ${signal ?? `exit code ${code}`}`);
}
