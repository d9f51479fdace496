import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/**
 * `make fuzz`: runs the tests of what reads from others with one seed after the other, on more input than `make test` gives them.
 * It begins no further seed once `MINUTES=` (1) are over, and ends with the first seed that finds something: exit code 1,
 * and how to see it again. `SEED=` chooses the first seed; without it each run makes up its own.
 */
const FILES = [
  'packages/queue/test/s3-event-fuzz.test.ts',
  'packages/access/test/api-key-fuzz.test.ts',
  'local/aws/test/form-fuzz.test.ts',
  'services/url-issuer/test/malformed-requests.test.ts',
  'services/url-issuer/test/upload-body-fuzz.test.ts',
];
const INPUTS = { FUZZ_RUNS: '10000', FUZZ_REQUESTS: '10000' };
const LARGEST_SEED = 2 ** 31 - 1;

const minutes = numberFrom('MINUTES', 1, 24 * 60);
const firstSeed = numberFrom('SEED', Math.floor(Math.random() * LARGEST_SEED), LARGEST_SEED);
const startedAtMs = performance.now();
let seed = firstSeed;
let tried = 0;
do {
  process.stdout.write(`seed ${seed}\n`);
  const tap = spawn('tap', ['--disable-coverage', '--reporter=terse', ...FILES], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    stdio: 'inherit',
    env: { ...process.env, ...INPUTS, FUZZ_SEED: String(seed) },
  });
  const [code] = await once(tap, 'close');
  if (code !== 0) {
    process.stderr.write(`seed ${seed} found something; see it again: make fuzz SEED=${seed} MINUTES=0\n`);
    process.exit(1);
  }
  seed = (seed + 1) % LARGEST_SEED;
  tried += 1;
} while (performance.now() - startedAtMs < minutes * 60_000);
process.stdout.write(`${tried} ${tried === 1 ? 'seed' : 'seeds'}, nothing found\n`);

function numberFrom(name: string, otherwise: number, largest: number): number {
  const text = process.env[name] ?? '';
  const value = text === '' ? otherwise : Number(text);
  if (value >= 0 && value <= largest && (name === 'MINUTES' || Number.isInteger(value))) return value;
  process.stderr.write(`${name}: "${text}" is not a number from 0 to ${largest}\n`);
  process.exit(2);
}
