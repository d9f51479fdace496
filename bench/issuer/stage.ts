import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createApiKey, createDynamoDbAccessStore } from '@upload-once/access';
import { type ManagedProcess, startProcess } from '@upload-once/local-stack/child-process.ts';
import { urlOf } from '@upload-once/local-stack/stack.ts';
import { keepOnCore } from '../process-cpu.ts';
import { startTableStub, type TableStub } from './table-stub.ts';

const RATE = 10_000;
const ACCESS_TABLE = 'access';
const credentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};

export interface Program {
  readonly program: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A running server. */
export interface Issuer {
  readonly process: ManagedProcess;
  readonly url: string;
}

export interface IssuerStage {
  /** For whom the url-issuer, and the plain one, sign. */
  readonly apiKey: string;
  start(name: string, program: Program): Promise<Issuer>;
  /** Calls of DynamoDB, by all that were started. */
  calls(): number;
  /** Ends all that were started. */
  stop(): Promise<void>;
}

/** Servers on the first core. The caller and what stands in for DynamoDB are on the second. */
export async function startIssuerStage(): Promise<IssuerStage> {
  keepOnCore(process.pid, 1);
  const logFolder = await mkdtemp(join(tmpdir(), 'upload-once-bench-'));
  const stub = await startTableStub();
  const apiKey = await makeKey(stub);
  stub.forgetWrites();
  const started: ManagedProcess[] = [];
  return {
    apiKey,
    calls: stub.calls,

    async start(name, { program, env = {} }) {
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
      started.push(child);
      const url = await urlOf(child);
      keepOnCore(child.pid, 0);
      return { process: child, url };
    },

    async stop() {
      for (const child of started) await child.stop();
      stub.close();
      await rm(logFolder, { recursive: true });
    },
  };
}

async function makeKey({ endpoint }: TableStub): Promise<string> {
  const client = new DynamoDBClient({ endpoint, region: 'eu-central-1', credentials });
  const store = createDynamoDbAccessStore({ client, tableName: ACCESS_TABLE });
  const settings = { name: 'bench', ratePerSecond: RATE, burst: RATE, dailyQuota: 1_000_000_000 };
  const { value } = await createApiKey(settings, { store, randomBytes, now: () => new Date() });
  client.destroy();
  return value;
}

/** A program of this folder. */
export function ownProgram(file: string): Program {
  return { program: fileURLToPath(new URL(file, import.meta.url)) };
}
