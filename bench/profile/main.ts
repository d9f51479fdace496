import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ServiceName } from '../uploads/results.ts';
import { makeCommitTree } from './commit-tree.ts';
import { flameGraph } from './flame-graph.ts';

/**
 * Runs a service under the load of its bench with Node's profiler, and draws its main thread's time as docs/flame-<service>.svg. With
 * COMMIT, the service of that commit runs under the load of today's bench, and the file's name ends with -before.
 */
interface Bench {
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
}

const uploads: Bench = {
  program: 'uploads',
  env: { ROUNDS: '3', UPLOADS: '150', IDLE_UPLOADS: '1', PUT_ITEMS: '50' },
};
const BENCHES: Readonly<Record<ServiceName, Bench>> = {
  'url-issuer': { program: 'issuer', env: { ROUNDS: '1', SECONDS: '10', WARM_UP_SECONDS: '3' } },
  acceptor: uploads,
  processor: uploads,
};
/** As Node names the file of a process's main thread: date, time, process, thread, number. */
const MAIN_THREAD = /^CPU\.\d+\.\d+\.\d+\.0\.\d+\.cpuprofile$/;

const { SERVICE = '', COMMIT = '' } = process.env;
if (!isService(SERVICE)) {
  process.stderr.write(`SERVICE: one of ${Object.keys(BENCHES).join(', ')} was expected, not "${SERVICE}"\n`);
  process.exit(1);
}
const folder = await mkdtemp(join(tmpdir(), 'upload-once-profile-'));
try {
  const tree = COMMIT && join(folder, 'tree');
  if (tree) await makeCommitTree(COMMIT, tree);
  await runBench(SERVICE, { PROFILE_SERVICE: SERVICE, ...(tree && { PROFILE_TREE: tree }) });
  await draw(SERVICE);
} finally {
  await rm(folder, { recursive: true });
}

function isService(name: string): name is ServiceName {
  return Object.hasOwn(BENCHES, name);
}

async function runBench(service: ServiceName, profile: Readonly<Record<string, string>>): Promise<void> {
  const { program, env } = BENCHES[service];
  const main = fileURLToPath(new URL(`../${program}/main.ts`, import.meta.url));
  const bench = spawn(process.execPath, [main], {
    env: { ...process.env, ...env, ...profile, PROFILE_FOLDER: folder, RESULTS_FOLDER: folder },
    stdio: 'inherit',
  });
  const [code, signal] = await once(bench, 'close');
  if (code !== 0) throw new Error(`the bench ended with ${signal ?? `exit code ${code}`}`);
}

async function draw(service: ServiceName): Promise<void> {
  const name = (await readdir(folder)).find((file) => MAIN_THREAD.test(file));
  if (!name) throw new Error(`the ${service} wrote no profile`);
  const profile = JSON.parse(await readFile(join(folder, name), 'utf8'));
  const title = COMMIT ? `${service}, commit ${COMMIT}` : service;
  const file = `docs/flame-${service}${COMMIT && '-before'}.svg`;
  await writeFile(
    fileURLToPath(new URL(`../../${file}`, import.meta.url)),
    flameGraph(profile, `CPU of the ${title}, main thread`),
  );
  process.stdout.write(`${file}\n`);
}
