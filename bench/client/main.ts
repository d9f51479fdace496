import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { textTable } from '@upload-once/local-stack/text-table.ts';
import { percentile } from '../percentile.ts';
import { ratiosOf } from '../ratios.ts';
import { machineLine } from '../report.ts';
import { wholeNumber } from '../settings.ts';

/**
 * The client library against curl: one large file on loopback, to a server that reads and forgets. Each round has one upload of each, in
 * turn first, and a ratio of its own, so that other work on the machine falls on both. Exit code 0 also when the aim is missed, which the
 * report says.
 */
const AIM = 1.2;
const MIB = 1024 * 1024;
const run = promisify(execFile);
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const sizeMib = wholeNumber(process.env, 'SIZE_MIB', 1024, 99_999);
const rounds = wholeNumber(process.env, 'ROUNDS', 7, 99_999);
const folder = await mkdtemp(join(tmpdir(), 'upload-once-bench-'));
const file = join(folder, 'file');
const sink = spawn(process.execPath, [here('upload-sink.ts')], { stdio: ['ignore', 'pipe', 'inherit'] });

try {
  console.log(machineLine(new Date()));
  const [port] = await once(sink.stdout, 'data');
  const url = `http://127.0.0.1:${String(port).trim()}/bucket`;
  const sizeBytes = await writeFile();
  const kinds = {
    form: {
      form: { url, fields: { key: 'a', policy: 'p' }, key: 'a' },
      curl: ['-F', 'key=a', '-F', 'policy=p', '-F', `file=@${file}`, url],
    },
    PUT: {
      form: { url, headers: { 'content-length': String(sizeBytes) }, key: 'a' },
      curl: ['-T', file, url],
    },
  };
  const rows = [['', 'client library', 'curl', 'ratio', 'rounds’ ratios', 'aim']];
  for (const [kind, { form, curl }] of Object.entries(kinds)) {
    const seconds = { client: [] as number[], curl: [] as number[] };
    const uploads = {
      client: () => secondsOf(process.execPath, [here('one-upload.ts'), JSON.stringify(form), file]),
      curl: () => secondsOf('curl', ['-s', '-o', '/dev/null', '-w', '%{time_total}', ...curl]),
    };
    // One to warm up, which does not count.
    for (let round = 0; round <= rounds; round++) {
      const names = round % 2 === 0 ? (['client', 'curl'] as const) : (['curl', 'client'] as const);
      for (const name of names) {
        const took = await uploads[name]();
        if (round > 0) seconds[name].push(took);
      }
    }
    const [ours, theirs] = [percentile(seconds.client, 50), percentile(seconds.curl, 50)];
    const ratio = ratiosOf(seconds.client, seconds.curl);
    rows.push([
      `${sizeMib} MiB by ${kind}, median of ${rounds}`,
      `${ours.toFixed(2)} s`,
      `${theirs.toFixed(2)} s`,
      `${ratio.median.toFixed(2)} ×`,
      `${ratio.least.toFixed(2)}–${ratio.most.toFixed(2)}`,
      `≤ ${AIM} ×: ${ratio.median <= AIM ? 'met' : 'missed'}`,
    ]);
  }
  console.log(`\n${textTable(rows)}`);
} finally {
  sink.kill();
  await rm(folder, { recursive: true, force: true });
}

async function writeFile(): Promise<number> {
  const handle = await open(file, 'w');
  const piece = Buffer.alloc(MIB, 'upload-once');
  for (let written = 0; written < sizeMib; written++) await handle.write(piece);
  await handle.close();
  return sizeMib * MIB;
}

async function secondsOf(command: string, args: readonly string[]): Promise<number> {
  return Number((await run(command, args)).stdout);
}
