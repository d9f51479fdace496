import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { textTable } from '@upload-once/local-stack/text-table.ts';
import type { Compared } from '../compared.ts';
import { machineLine } from '../report.ts';
import { wholeNumber } from '../settings.ts';
import { writeResults } from '../write-results.ts';
import { CLIENT, NODE_HTTP, type SmallFilesFigure, smallFilesRows } from './report.ts';

/**
 * Many small files side by side by the client library, against node:http that sends the same form. Both open a connection for each
 * file, to a server that reads and forgets; each run is a process of its own.
 */
const FILES = wholeNumber(process.env, 'FILES', 1_000, 10_000);
const ROUNDS = wholeNumber(process.env, 'ROUNDS', 7, 50);
const SIZE_BYTES = 4_096;

const run = promisify(execFile);
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'upload-once-bench-'));
const file = join(folder, 'file');
await writeFile(file, Buffer.alloc(SIZE_BYTES, 'upload-once'));
const sink = spawn(process.execPath, [here('upload-sink.ts')], { stdio: ['ignore', 'pipe', 'inherit'] });
try {
  const machine = machineLine(new Date());
  const [port] = await once(sink.stdout, 'data');
  const results = await measure(`http://127.0.0.1:${String(port).trim()}/bucket`);
  const compared: Compared<SmallFilesFigure> = { machine, results };
  process.stdout.write(`${machine}\n\n${textTable(smallFilesRows(compared))}\n`);
  await writeResults('client-small-files', compared);
} finally {
  sink.kill();
  await rm(folder, { recursive: true });
}

async function measure(url: string) {
  const results = [NODE_HTTP, CLIENT].map((name) => ({
    name,
    rounds: [] as Readonly<Record<SmallFilesFigure, number>>[],
  }));
  // One round to warm up, which does not count.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const { name, rounds } of round % 2 === 0 ? results : results.toReversed()) {
      const { stdout } = await run(process.execPath, [
        here('many-uploads.ts'),
        name,
        url,
        file,
        String(FILES),
      ]);
      if (round > 0) rounds.push(JSON.parse(stdout));
    }
  }
  return results;
}
