import { once } from 'node:events';
import {
  Agent,
  createServer,
  type IncomingMessage,
  request as requestTo,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { operationOf, readAddress } from '@upload-once/local-aws';
import type { Counts } from './counts.ts';

export type AwsService = 's3' | 'dynamodb' | 'sqs';

/** What lies between one service and AWS: it delays each call as AWS would, and counts it. */
export interface Meter {
  /** For the service: where AWS is for it. */
  readonly env: Readonly<Record<string, string>>;
  /** Where that queue is for the service. */
  queueUrl(queueUrl: string): string;
  /** So far. Calls by `<service> <operation>`, units of DynamoDB, and conditional writes of it that were refused. */
  counts(): Counts;
  stop(): void;
}

/** As within a region of AWS. */
const LATENCY_MS: Readonly<Record<AwsService, { readonly least: number; readonly most: number }>> = {
  s3: { least: 20, most: 60 },
  dynamodb: { least: 5, most: 5 },
  sqs: { least: 10, most: 10 },
};
/** Its multiples, without their whole parts, fill the range from 0 to 1 evenly, and are the same in each run. */
const GOLDEN_RATIO = (1 + Math.sqrt(5)) / 2;
const READS: ReadonlySet<string> = new Set(['GetItem', 'BatchGetItem', 'Query', 'Scan']);
/** Of this hop alone (RFC 9110, "Connection"), or made anew. */
const OWN_HEADERS: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding']);

interface Whole {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: Buffer;
}

interface ConsumedCapacity {
  readonly CapacityUnits: number;
}

export async function startMeter(endpoints: Readonly<Record<AwsService, string>>): Promise<Meter> {
  const counts: Record<string, number> = {};
  const agent = new Agent({ keepAlive: true });
  let number = 0;

  function add(name: string, value: number): void {
    counts[name] = (counts[name] ?? 0) + value;
  }

  function latencyMs(service: AwsService): number {
    const { least, most } = LATENCY_MS[service];
    number += 1;
    return least + (most - least) * ((number * GOLDEN_RATIO) % 1);
  }

  async function pass(service: AwsService, request: IncomingMessage, response: ServerResponse) {
    const operation = nameOf(service, request);
    const body = await buffer(request);
    await delay(latencyMs(service));
    const sent = service === 'dynamodb' ? askingForUnits(body) : body;
    const whole = await send(endpoints[service], request, sent);
    const received = service === 'dynamodb' ? withoutUnits(operation, whole) : whole.body;
    const isEmpty = operation === 'ReceiveMessage' && !JSON.parse(received.toString()).Messages;
    add(isEmpty ? 'emptyReceives' : `${service} ${operation}`, 1);
    response.statusCode = whole.status;
    for (const [name, value = ''] of Object.entries(whole.headers)) response.setHeader(name, value);
    if (request.method !== 'HEAD') response.setHeader('content-length', received.length);
    response.end(received);
  }

  async function send(
    endpoint: string,
    { method, url, headers }: IncomingMessage,
    body: Buffer,
  ): Promise<Whole> {
    const { hostname, port } = new URL(endpoint);
    const passedOn = { ...withoutOwn(headers), 'content-length': body.length };
    const upstream = requestTo({ hostname, port, agent, method, path: url, headers: passedOn });
    const responded = once(upstream, 'response') as Promise<[IncomingMessage]>;
    upstream.end(body);
    const [response] = await responded;
    return {
      status: response.statusCode ?? 502,
      headers: withoutOwn(response.headers),
      body: await buffer(response),
    };
  }

  /** Counts the units, and gives the response that the service would have had without asking for them. */
  function withoutUnits(operation: string, { status, body }: Whole): Buffer {
    const { ConsumedCapacity = [], ...rest } = JSON.parse(body.toString()) as {
      readonly ConsumedCapacity?: ConsumedCapacity | readonly ConsumedCapacity[];
      readonly __type?: string;
    };
    const units = [ConsumedCapacity].flat().reduce((sum, { CapacityUnits }) => sum + CapacityUnits, 0);
    // No error says its units: a write whose condition fails costs what the item has, and ours have less than a KiB.
    const isRefused = status === 400 && rest.__type?.endsWith('ConditionalCheckFailedException');
    if (isRefused) add('conditionsFailed', 1);
    add(READS.has(operation) ? 'readUnits' : 'writeUnits', isRefused ? 1 : units);
    return Buffer.from(JSON.stringify(rest));
  }

  const listen = async (service: AwsService) => {
    const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      pass(service, request, response).catch(() => response.destroy());
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  };
  const [s3, dynamodb, sqs] = await Promise.all([listen('s3'), listen('dynamodb'), listen('sqs')]);

  return {
    env: {
      AWS_ENDPOINT_URL_S3: s3.url,
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
      AWS_ENDPOINT_URL_SQS: sqs.url,
    },
    queueUrl: (queueUrl) => new URL(new URL(queueUrl).pathname, sqs.url).href,
    counts: () => ({ ...counts }),
    stop() {
      for (const { server } of [s3, dynamodb, sqs]) server.close().closeAllConnections();
      agent.destroy();
    },
  };
}

function nameOf(service: AwsService, request: IncomingMessage): string {
  if (service === 's3') return operationOf(request, readAddress(request));
  return String(request.headers['x-amz-target']).replace(/^.*\./, '');
}

/** Its signature, which local-aws does not check for DynamoDB, is no longer right. */
function askingForUnits(body: Buffer): Buffer {
  return Buffer.from(JSON.stringify({ ...JSON.parse(body.toString()), ReturnConsumedCapacity: 'TOTAL' }));
}

function withoutOwn(headers: NodeJS.Dict<string | string[]>): NodeJS.Dict<string | string[]> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OWN_HEADERS.has(name)));
}
