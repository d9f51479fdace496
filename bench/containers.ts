import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePorts } from '@upload-once/local-stack/ports.ts';
import { textTable } from '@upload-once/local-stack/text-table.ts';
import { nodeImage } from '@upload-once/localstack/node-image.ts';
import { percentile } from './percentile.ts';
import { machineLine } from './report.ts';

/**
 * Measures the size of the services' images, and the time of a container from its start to ready, against a bare Node HTTP server.
 * Needs a running `make local`: the measured containers run beside those and are configured like them.
 */
const PROJECT = process.env.COMPOSE_PROJECT_NAME || 'upload-once-local';
const BASE = nodeImage(process.env);
const STARTS = 7;
const READY_AIM_MS = 1500;
const SIZE_AIM_MB = 100;
const READY_LIMIT_MS = 60_000;
const MB = 1_000_000;

const BARE_NODE = [
  BASE,
  'node',
  '-e',
  'require("node:http").createServer((_, response) => response.end()).listen(8080)',
];

const run = promisify(execFile);

async function docker(...args: readonly string[]): Promise<string> {
  return (await run('docker', args)).stdout.trim();
}

/** Milliseconds from the start of a new container's process until /readyz returns success. */
async function startUpMs(args: readonly string[]): Promise<number> {
  const [port = 0] = await freePorts(1);
  const restricted = ['--read-only', '--init', '--publish', `127.0.0.1:${port}:8080`];
  const id = await docker('run', '--detach', ...restricted, ...args);
  try {
    const giveUpAt = Date.now() + READY_LIMIT_MS;
    while (!(await isReady(port))) {
      if (Date.now() > giveUpAt) throw new Error(`not ready:\n${await docker('logs', id)}`);
      await delay(5);
    }
    const readyAtMs = Date.now();
    return readyAtMs - Date.parse(await docker('inspect', '--format', '{{.State.StartedAt}}', id));
  } finally {
    await docker('rm', '--force', id);
  }
}

async function isReady(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).ok;
  } catch {
    return false;
  }
}

async function medianStartUpMs(args: readonly string[]): Promise<number> {
  const times: number[] = [];
  for (let start = 0; start < STARTS; start += 1) times.push(await startUpMs(args));
  return percentile(times, 50);
}

async function sizeBytes(image: string): Promise<number> {
  return Number(await docker('image', 'inspect', '--format', '{{.Size}}', image));
}

interface Container {
  readonly Config: { readonly Image: string; readonly Env: readonly string[] };
}

const bareMs = await medianStartUpMs(BARE_NODE);
const baseBytes = await sizeBytes(BASE);
const rows: string[][] = [['', `on top of ${BASE}`, 'start to ready', `bare Node: ${bareMs} ms`]];
for (const service of ['url-issuer', 'acceptor', 'processor']) {
  const name = `${PROJECT}-${service}-1`;
  let container: Container | undefined;
  try {
    [container] = JSON.parse(await docker('inspect', name)) as Container[];
  } catch {
    process.stderr.write(`there is no container ${name}: run \`make local\` first\n`);
    process.exit(1);
  }
  const { Image = '', Env = [] } = container?.Config ?? {};
  const environment = Env.flatMap((setting) => ['--env', setting]);
  const readyMs = await medianStartUpMs(['--network', `${PROJECT}_default`, ...environment, Image]);
  rows.push([
    service,
    `${(((await sizeBytes(Image)) - baseBytes) / MB).toFixed(1)} MB`,
    `${readyMs} ms`,
    `${(readyMs / bareMs).toFixed(1)} ×`,
  ]);
}
rows.push(['aim', `< ${SIZE_AIM_MB} MB`, `< ${READY_AIM_MS} ms`, '']);
process.stdout.write(`${machineLine(new Date())}\n\n${textTable(rows)}\n\n  median of ${STARTS} starts\n`);
