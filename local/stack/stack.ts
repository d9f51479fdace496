import { mkdir } from 'node:fs/promises';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ManagedProcess, startProcess } from './child-process.ts';
import { createKey } from './create-key.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** A stop waits for the end of the last poll, and people for the end of a stop. */
const POLL_WAIT_SECONDS = '1';

/** What local-aws prints when it is ready. */
export interface LocalAwsFacts {
  readonly endpoints: Record<'s3' | 'sqs' | 'dynamodb' | 'control', string>;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    /** Set if local-aws was given one: the credentials are then temporary, as a task's are on ECS. */
    readonly sessionToken?: string;
  };
  readonly bucket: string;
  readonly queues: Record<
    | 'uploadEvents'
    | 'acceptedEvents'
    | 'uploadEventsDeadLetter'
    | 'acceptedEventsDeadLetter'
    | 'uploadReports'
    | 'webhooks'
    | 'webhooksDeadLetter',
    string
  >;
  readonly tables: Record<'uploads' | 'access', string>;
  readonly region: string;
}

export interface StackOptions {
  /** The services' logs go here. */
  readonly logFolder: string;
  /** Objects and tables are kept here and found again; without it they go when the stack stops. */
  readonly dataFolder?: string;
  /** Settings of single processes, beyond those that tie them together. The webhook-sender runs only if it has some. */
  readonly settings?: Partial<
    Record<'local-aws' | 'url-issuer' | 'acceptor' | 'processor' | 'webhook-sender', Record<string, string>>
  >;
  /** More url-issuers on the same tables and bucket, each with settings of its own. */
  readonly moreIssuers?: Readonly<Record<string, Record<string, string>>>;
  /** What every process gets beside its settings, which go before it. By default nothing of the caller's environment but PATH. */
  readonly env?: Readonly<Record<string, string>>;
  /** See `startProcess`. */
  readonly ownGroup?: boolean;
  /** An API key of an earlier start on the same data; where it opens nothing any more, a new one is made. */
  readonly apiKey?: string | undefined;
  /** Requests per second that the key allows. */
  readonly keyRate?: number;
}

export interface Stack extends LocalAwsFacts {
  /** With its path prefix. */
  readonly issuerUrl: string;
  /** The URLs of `moreIssuers`, by name. */
  readonly issuerUrls: Readonly<Record<string, string>>;
  readonly apiKey: string;
  /** What an AWS client needs to know to reach all this. */
  readonly awsEnv: Readonly<Record<string, string>>;
  readonly processes: readonly ManagedProcess[];
  /** Resolves when a process ends by itself, with what it said last. */
  readonly failed: Promise<string>;
  /** Stops all processes: those that work first, what they work on last. */
  stop(): Promise<void>;
}

/** Starts local-aws and the services, each in a process of its own on free ports of 127.0.0.1, and makes a key. */
export async function startStack(options: StackOptions): Promise<Stack> {
  await mkdir(options.logFolder, { recursive: true });
  const processes: ManagedProcess[] = [];
  let isStopping = false;
  const failed = Promise.withResolvers<string>();

  function start(name: string, program: string, env: Record<string, string>): ManagedProcess {
    const started = startProcess({
      name,
      program: join(repository, program),
      env: { PATH: process.env.PATH ?? '', POLL_WAIT_SECONDS, ...options.env, ...env },
      logFile: join(options.logFolder, `${name}.log`),
      ...(options.ownGroup && { ownGroup: true }),
    });
    processes.push(started);
    void started.ended.then((how) => isStopping || failed.resolve(how));
    return started;
  }

  async function stop(): Promise<void> {
    isStopping = true;
    const [localAws, ...services] = processes;
    await Promise.all(services.map((service) => service.stop()));
    await localAws?.stop();
  }

  try {
    const localAws = start('local-aws', 'local/aws/src/main.ts', {
      ...(options.dataFolder && { LOCAL_AWS_DATA: options.dataFolder }),
      ...options.settings?.['local-aws'],
    });
    const facts = await factsOf(localAws);
    const awsEnv = awsEnvOf(facts);
    const { webhooks } = facts.queues;
    const sender = options.settings?.['webhook-sender'];
    const common = {
      ...serviceEnvOf(facts),
      ...(sender && { REPORT_QUEUE_URLS: `${facts.queues.uploadReports},${webhooks}` }),
    };
    const issuer = (name: string, settings: Record<string, string>) =>
      urlOf(start(name, 'services/url-issuer/src/main.ts', { ...common, ...settings }));
    const consumer = (name: 'acceptor' | 'processor' | 'webhook-sender', QUEUE_URL: string) =>
      urlOf(
        start(name, `services/${name}/src/main.ts`, {
          ...common,
          QUEUE_URL,
          // As on AWS, though no policy keeps you from removing an upload here by hand.
          ...(name === 'acceptor' && { UPLOADS_PROTECTED: 'true' }),
          ...(name === 'processor' && sender && { WEBHOOK_QUEUE_URL: webhooks }),
          ...options.settings?.[name],
        }),
      );

    const moreIssuers = Object.entries(options.moreIssuers ?? {});
    const makeKey = () =>
      createKey({ ...awsEnv, PATH: process.env.PATH ?? '' }, facts.tables.access, options.keyRate ?? 100);
    const [newKey, urls, moreUrls] = await Promise.all([
      options.apiKey === undefined ? makeKey() : undefined,
      Promise.all([
        issuer('url-issuer', options.settings?.['url-issuer'] ?? {}),
        consumer('acceptor', facts.queues.uploadEvents),
        consumer('processor', facts.queues.acceptedEvents),
        ...(sender ? [consumer('webhook-sender', webhooks)] : []),
      ]),
      Promise.all(moreIssuers.map(([name, settings]) => issuer(name, settings))),
    ]);
    await Promise.all([...urls, ...moreUrls].map(assertReady));
    const { PATH_PREFIX = options.env?.PATH_PREFIX ?? '' } = options.settings?.['url-issuer'] ?? {};
    const issuerUrl = urls[0] + PATH_PREFIX.replace(/\/$/, '');
    const knownKey = options.apiKey !== undefined && (await opens(options.apiKey, issuerUrl));
    const apiKey = newKey ?? (knownKey ? options.apiKey : await makeKey());
    return {
      ...facts,
      issuerUrl,
      issuerUrls: Object.fromEntries(moreIssuers.map(([name], at) => [name, moreUrls[at] ?? ''])),
      apiKey,
      awsEnv,
      processes,
      failed: failed.promise,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What a started local-aws says of itself. */
export function factsOf(localAws: ManagedProcess): Promise<LocalAwsFacts> {
  return localAws.lineThat((line) =>
    line.startsWith('{"endpoints"') ? (JSON.parse(line) as LocalAwsFacts) : undefined,
  );
}

/** What every service on it needs to know; a consumer needs its QUEUE_URL as well. */
export function serviceEnvOf(facts: LocalAwsFacts): Record<string, string> {
  return {
    ...awsEnvOf(facts),
    S3_FORCE_PATH_STYLE: 'true',
    BUCKET: facts.bucket,
    UPLOADS_TABLE: facts.tables.uploads,
    REPORT_QUEUE_URLS: facts.queues.uploadReports,
    ACCESS_TABLE: facts.tables.access,
    HOST: '127.0.0.1',
    PORT: '0',
  };
}

/** Nothing of the caller's own AWS settings reaches the processes. */
export function awsEnvOf(facts: LocalAwsFacts): Record<string, string> {
  return {
    AWS_REGION: facts.region,
    AWS_ACCESS_KEY_ID: facts.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: facts.credentials.secretAccessKey,
    ...(facts.credentials.sessionToken && { AWS_SESSION_TOKEN: facts.credentials.sessionToken }),
    AWS_ENDPOINT_URL_S3: facts.endpoints.s3,
    AWS_ENDPOINT_URL_SQS: facts.endpoints.sqs,
    AWS_ENDPOINT_URL_DYNAMODB: facts.endpoints.dynamodb,
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
  };
}

/** A service on port 0 writes its address to its log. */
export async function urlOf(service: ManagedProcess): Promise<string> {
  const port = await service.lineThat((line) => {
    const found = /"port":(\d+)/.exec(line) ?? /listening at http:\/\/127\.0\.0\.1:(\d+)/.exec(line);
    return found?.[1];
  });
  return `http://127.0.0.1:${port}`;
}

async function assertReady(url: string): Promise<void> {
  const response = await fetch(`${url}/readyz`);
  if (!response.ok)
    throw new Error(`${url}/readyz responded with ${response.status}: ${await response.text()}`);
}

/** Whether an API key is good: an upload that never was is not found (404), but not refused (403). */
async function opens(apiKey: string, issuerUrl: string): Promise<boolean> {
  const response = await fetch(`${issuerUrl}/v1/uploads/none`, { headers: { 'x-api-key': apiKey } });
  await response.body?.cancel();
  return response.status === 404;
}
