import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createApiKey, createDynamoDbAccessStore } from '@upload-once/access';
import { type ManagedProcess, startProcess } from '@upload-once/local-stack/child-process.ts';
import { urlOf } from '@upload-once/local-stack/stack.ts';
import { textTable } from '@upload-once/local-stack/text-table.ts';
import autocannon from 'autocannon';
import { cpuSeconds, keepOnCore } from '../process-cpu.ts';
import { serviceProgram } from '../profile/service-program.ts';
import { machineLine } from '../report.ts';
import { wholeNumber } from '../settings.ts';
import { writeResults } from '../write-results.ts';
import { BARE_FASTIFY, type IssuerFigure, issuerRows, PLAIN_ISSUER } from './report.ts';
import { startTableStub, type TableStub } from './table-stub.ts';

/**
 * How many forms a second the url-issuer gives on one core, with all that it has in production, beside two baselines in the same
 * rounds. The load and what stands in for DynamoDB have the other core.
 */
const ROUNDS = wholeNumber(process.env, 'ROUNDS', 3, 1_000);
const SECONDS = wholeNumber(process.env, 'SECONDS', 5, 60);
/** By default as long as V8 goes on optimizing. */
const WARM_UP_SECONDS = wholeNumber(process.env, 'WARM_UP_SECONDS', 8, 60);
const CONNECTIONS = 64;
const RATE = 10_000;
const ACCESS_TABLE = 'access';

// Before the cores are divided.
const machine = machineLine(new Date());
const credentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};

interface Contender {
  readonly name: string;
  readonly process: ManagedProcess;
  readonly url: string;
}

interface Program {
  readonly program: string;
  readonly env?: Readonly<Record<string, string>>;
}

type Round = Record<IssuerFigure, number>;

keepOnCore(process.pid, 1);
const logFolder = await mkdtemp(join(tmpdir(), 'upload-once-bench-'));
const stub = await startTableStub(ACCESS_TABLE);
const apiKey = await makeKey(stub);
const contenders = [
  await start(BARE_FASTIFY, ownProgram('bare-fastify.ts')),
  await start(PLAIN_ISSUER, ownProgram('plain-issuer.ts')),
  await start('url-issuer', serviceProgram('url-issuer')),
];
const results = contenders.map(({ name }) => ({ name, rounds: [] as Round[] }));
for (const contender of contenders) await load(contender, WARM_UP_SECONDS);
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [at, contender] of contenders.entries()) {
    results[at]?.rounds.push(await load(contender, SECONDS));
  }
}
for (const { process } of contenders) await process.stop();
stub.close();
process.stdout.write(`${machine}\n\n${textTable(issuerRows({ machine, results }))}\n`);
await writeResults('issuer', { machine, results });

function ownProgram(file: string): Program {
  return { program: fileURLToPath(new URL(file, import.meta.url)) };
}

async function makeKey({ endpoint }: TableStub): Promise<string> {
  const client = new DynamoDBClient({ endpoint, region: 'eu-central-1', credentials });
  const store = createDynamoDbAccessStore({ client, tableName: ACCESS_TABLE });
  const settings = { name: 'bench', ratePerSecond: RATE, burst: RATE, dailyQuota: 1_000_000_000 };
  const { value } = await createApiKey(settings, { store, randomBytes, now: () => new Date() });
  client.destroy();
  return value;
}

async function start(name: string, { program, env = {} }: Program): Promise<Contender> {
  const child = startProcess({
    name,
    program,
    logFile: join(logFolder, `${name}.log`),
    env: {
      ...env,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_ENDPOINT_URL_DYNAMODB: stub.endpoint,
      UPLOADS_TABLE: 'uploads',
      ACCESS_TABLE,
      BUCKET: 'upload-bucket',
      API_KEY: apiKey,
      HOST: '127.0.0.1',
      PORT: '0',
    },
  });
  const url = await urlOf(child);
  keepOnCore(child.pid, 0);
  return { name, process: child, url };
}

/** @throws Error where a request fails: what is not served is no figure */
async function load({ name, process, url }: Contender, seconds: number): Promise<Round> {
  const before = cpuSeconds(process.pid);
  const result = await autocannon({
    url: `${url}/getpresignedurl`,
    connections: CONNECTIONS,
    duration: seconds,
    headers: { 'x-api-key': apiKey },
  });
  const { '2xx': served, non2xx, errors } = result;
  if (non2xx + errors > 0)
    throw new Error(`${name}: ${non2xx} of ${served + non2xx} responses were no form, ${errors} errors`);
  return {
    perSecond: served / result.duration,
    cpuMicroseconds: ((cpuSeconds(process.pid) - before) * 1e6) / served,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
  };
}
