import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { textTable } from '@upload-once/local-stack/text-table.ts';
import { percentile } from '../percentile.ts';
import { ratiosOf, shownRatios } from '../ratios.ts';
import { machineLine } from '../report.ts';
import { wholeNumber } from '../settings.ts';
import { writeResults } from '../write-results.ts';
import type { Took } from './many-uploads.ts';

/**
 * Many small files side by side by the client library, against node:http that sends the same form. Both open a connection for each
 * file, to a server that reads and forgets; each run is a process of its own.
 */
const FILES = wholeNumber(process.env, 'FILES', 1_000, 10_000);
const ROUNDS = wholeNumber(process.env, 'ROUNDS', 7, 50);
const SIZE_BYTES = 4_096;
const NAMES = ['client', 'node:http'] as const;

const run = promisify(execFile);
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'upload-once-bench-'));
const file = join(folder, 'file');
await writeFile(file, Buffer.alloc(SIZE_BYTES, 'upload-once'));
const sink = spawn(process.execPath, [here('upload-sink.ts')], { stdio: ['ignore', 'pipe', 'inherit'] });
try {
  const machine = machineLine(new Date());
  const load = loadavg()[0]?.toFixed(1);
  const [port] = await once(sink.stdout, 'data');
  const rounds = await measure(`http://127.0.0.1:${String(port).trim()}/bucket`);
  process.stdout.write(`${machine}, load average ${load}\n\n${textTable(rowsOf(rounds))}\n`);
  await writeResults('client-small-files', { machine, loadAverage: Number(load), files: FILES, rounds });
} finally {
  sink.kill();
  await rm(folder, { recursive: true });
}

async function measure(url: string): Promise<Record<string, Took[]>> {
  const rounds: Record<(typeof NAMES)[number], Took[]> = { client: [], 'node:http': [] };
  // One round to warm up, which does not count.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const name of round % 2 === 0 ? NAMES : NAMES.toReversed()) {
      const { stdout } = await run(process.execPath, [
        here('many-uploads.ts'),
        name,
        url,
        file,
        String(FILES),
      ]);
      if (round > 0) rounds[name].push(JSON.parse(stdout));
    }
  }
  return rounds;
}

function rowsOf(rounds: Readonly<Record<string, readonly Took[]>>): string[][] {
  const all = (name: string, of: keyof Took) => (rounds[name] ?? []).map((took) => took[of]);
  const cells = (of: keyof Took) => [
    ...NAMES.map((name) => `${percentile(all(name, of), 50).toFixed(2)} s`),
    shownRatios(ratiosOf(all('client', of), all('node:http', of))),
  ];
  return [
    [
      `${FILES} files of ${SIZE_BYTES / 1024} KiB, median of ${ROUNDS}`,
      'client library',
      'node:http',
      'ratio',
    ],
    ['time', ...cells('seconds')],
    ['CPU', ...cells('cpuSeconds')],
  ];
}
