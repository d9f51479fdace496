import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { HttpRequest, HttpResponse } from '@smithy/core/protocols';
import { ConfiguredRetryStrategy } from '@smithy/core/retry';
import { SignatureV4 } from '@smithy/signature-v4';
import t, { type Test } from 'tap';
import { createFastSend, type FastSend } from '../src/fast-send.ts';

/** `createFastSend` is held to the SDK's own `client.send`: each test does the same with both. */

const Key = { id: { S: 'ä"b' }, item: { S: 'x' } };
const Item = {
  ...Key,
  count: { N: '1' },
  tags: { SS: ['a'] },
  list: { L: [{ BOOL: true }] },
  map: { M: {} },
};
const TableName = 'a';
const credentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};
const COMMANDS = [
  new GetItemCommand({ TableName, Key, ConsistentRead: true }),
  new PutItemCommand({ TableName, Item, ConditionExpression: undefined }),
  new UpdateItemCommand({ TableName, Key, UpdateExpression: 'SET #a = :a', ReturnValues: 'ALL_NEW' }),
  new DeleteItemCommand({ TableName, Key }),
  new QueryCommand({ TableName, KeyConditionExpression: 'id = :id', Limit: 2, ScanIndexForward: false }),
  new BatchGetItemCommand({ RequestItems: { a: { Keys: [Key], ConsistentRead: true } } }),
  new BatchWriteItemCommand({ RequestItems: { a: [{ PutRequest: { Item } }] } }),
];
const JSON_TYPE = { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': 'REQUEST' };

interface Request {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

interface Response {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The connection is closed before its end. */
  readonly isCut?: true;
}

function createClient(t: Test, config: DynamoDBClientConfig): DynamoDBClient {
  const client = new DynamoDBClient({ region: 'eu-central-1', credentials, ...config });
  t.teardown(() => client.destroy());
  return client;
}

/** A server with these responses, the last of them for every request that is left. Undefined: it closes the connection. */
async function respondWith(t: Test, responses: readonly (Response | undefined)[]) {
  const left = [...responses];
  const requests: Request[] = [];
  const server = createServer(async (request, response) => {
    const { method, url, headers } = request;
    requests.push({ method, url, headers, body: await json(request) });
    const next = left.length > 1 ? left.shift() : left[0];
    if (!next) request.socket.destroy();
    else if (next.isCut) {
      response.writeHead(next.status, { ...JSON_TYPE, 'content-length': 99 });
      response.write(next.body, () => request.socket.destroySoon());
    } else response.writeHead(next.status, { ...JSON_TYPE, ...next.headers }).end(next.body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close().closeAllConnections());
  return { requests, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** What comes of a command, sent by the SDK and by the fast way, each to a server and a client of its own. */
async function compare(
  t: Test,
  responses: readonly (Response | undefined)[],
  act: (send: FastSend) => Promise<unknown>,
  config: DynamoDBClientConfig = {},
) {
  async function outcomeOf(createSend: (client: DynamoDBClient) => FastSend): Promise<Outcome> {
    const { requests, endpoint } = await respondWith(t, responses);
    const retryStrategy = new ConfiguredRetryStrategy(3, 0);
    const client = createClient(t, { endpoint, retryStrategy, ...config });
    const outcome = await act(createSend(client)).catch(errorParts);
    return { outcome, requests: requests.length, all: requests };
  }
  return [await outcomeOf(sdkSend), await outcomeOf(createFastSend)] as const;
}

interface Outcome {
  readonly outcome: unknown;
  readonly requests: number;
  readonly all: readonly Request[];
}

const sdkSend = (client: DynamoDBClient): FastSend => client.send.bind(client) as FastSend;

function errorParts(error: Error & { $metadata?: object; $fault?: string; Item?: unknown; code?: string }) {
  const { name, $fault, Item, code } = error;
  const {
    totalRetryDelay: _,
    extendedRequestId: __,
    cfId: ___,
    ...metadata
  } = { ...error.$metadata } as Record<string, unknown>;
  // The SDK adds a hint about itself, and the port of a server.
  const message = error.message.split('\n')[0]?.replace(/:\d+/, '');
  const shown = Object.keys(error).sort();
  return { class: error.constructor.name, shown, name, message, $fault, Item, code, metadata };
}

t.test('the request is the same, and signed as DynamoDB wants it', async (t) => {
  const token = { ...credentials, sessionToken: 'TOKENEXAMPLE' };
  for (const command of COMMANDS) {
    const [sdk, fast] = await compare(
      t,
      [{ status: 200, body: '{}' }],
      (send) => send(command as GetItemCommand),
      {
        credentials: token,
      },
    );
    const [sent, expected] = [fast.all[0], sdk.all[0]];
    t.strictSame(sent?.body, expected?.body);
    t.equal(sent?.url, expected?.url);
    t.equal(sent?.method, expected?.method);
    const sameHeaders = [
      'content-type',
      'x-amz-target',
      'content-length',
      'amz-sdk-request',
      'x-amz-security-token',
    ];
    for (const name of sameHeaders) t.equal(sent?.headers[name], expected?.headers[name], name);
    if (sent) t.equal(sent.headers.authorization, await signatureOf(sent, token));
  }
});

/** What the SDK's signer makes of a request that was received. */
async function signatureOf({ headers, body }: Request, of: typeof credentials) {
  const names = /SignedHeaders=([^,]*)/.exec(headers.authorization ?? '')?.[1]?.split(';') ?? [];
  for (const name of ['host', 'x-amz-date', 'x-amz-security-token', 'x-amz-target'])
    t.ok(names.includes(name), name);
  const sha256 = new DynamoDBClient({ region: 'eu-central-1', credentials }).config.sha256;
  const signer = new SignatureV4({ credentials: of, region: 'eu-central-1', service: 'dynamodb', sha256 });
  const request = new HttpRequest({
    method: 'POST',
    path: '/',
    headers: Object.fromEntries(names.map((name) => [name, String(headers[name])])),
    body: JSON.stringify(body),
  });
  const [, year, month, day, hour, minute, second] =
    /^(....)(..)(..)T(..)(..)(..)Z$/.exec(String(headers['x-amz-date'])) ?? [];
  const signingDate = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return (await signer.sign(request, { signingDate })).headers['authorization'];
}

t.test('what DynamoDB responds is the same output', async (t) => {
  for (const [body, command] of [
    [{ Item }, COMMANDS[0]],
    [{}, COMMANDS[0]],
    [{ Attributes: Item }, COMMANDS[2]],
    [{ Items: [Item], Count: 1, LastEvaluatedKey: Key }, COMMANDS[4]],
    [{ Responses: { a: [Item] }, UnprocessedKeys: { a: { Keys: [Key] } } }, COMMANDS[5]],
    [{ UnprocessedItems: { a: [{ PutRequest: { Item } }] } }, COMMANDS[6]],
  ] as const) {
    const act = (send: FastSend) => send(command as GetItemCommand).then(({ $metadata, ...rest }) => rest);
    const [sdk, fast] = await compare(t, [{ status: 200, body: JSON.stringify(body) }], act);
    t.strictSame(fast.outcome, sdk.outcome);
  }
  const [sdk, fast] = await compare(t, [{ status: 200 }], (send) => send(COMMANDS[0] as GetItemCommand));
  t.match(fast.outcome, { $metadata: { httpStatusCode: 200, requestId: 'REQUEST', attempts: 1 } });
  t.match(sdk.outcome, fast.outcome as object);
});

const errorBody = (type: string, more: object = {}) =>
  JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: 'because', ...more });
const REFUSALS: readonly (Response | undefined)[] = [
  { status: 400, body: errorBody('ConditionalCheckFailedException', { Item }) },
  { status: 400, body: errorBody('ConditionalCheckFailedException') },
  { status: 400, body: errorBody('ProvisionedThroughputExceededException') },
  { status: 400, body: errorBody('RequestLimitExceeded') },
  { status: 400, body: errorBody('ThrottlingException'), headers: { 'retry-after': '0' } },
  {
    status: 400,
    body: JSON.stringify({ __type: 'com.amazon.coral.validate#ValidationException', Message: 'no' }),
  },
  { status: 400, body: errorBody('ResourceNotFoundException') },
  { status: 400, body: errorBody('AnErrorOfTomorrow') },
  { status: 400, body: '{"message":"x"}', headers: { 'x-amzn-errortype': 'AccessDeniedException:http://x' } },
  { status: 400, body: errorBody('ExpiredTokenException') },
  { status: 500, body: errorBody('InternalServerError') },
  { status: 503, body: '' },
  { status: 429, body: '' },
  { status: 502, body: '<html>bad gateway</html>' },
  { status: 504, body: '' },
  { status: 400, body: errorBody('TransactionConflictException') },
  { status: 400, body: errorBody('ReplicatedWriteConflictException') },
  { status: 400, body: errorBody('ItemCollectionSizeLimitExceededException') },
  { status: 400, body: errorBody('UnrecognizedClientException') },
  { status: 200, body: '{"Item":', isCut: true },
  { status: 503, body: '<html>busy</html>' },
  { status: 413, body: '<html>too large</html>' },
  { status: 200, body: '<html>a proxy</html>' },
  { status: 200, body: '{"Item":' },
  { status: 301, body: '', headers: { location: 'http://127.0.0.1/' } },
  undefined,
];

for (const refusal of REFUSALS) {
  const { status, body, isCut = false } = refusal ?? { status: 'a lost connection', body: '' };
  t.test(
    `the same error, after as many attempts: ${status} ${body}${isCut ? ', cut off' : ''}`,
    async (t) => {
      const [sdk, fast] = await compare(t, [refusal], (send) => send(COMMANDS[2] as UpdateItemCommand));
      t.strictSame(fast.outcome, sdk.outcome);
      t.equal(fast.requests, sdk.requests);
    },
  );
}

t.test('what is sent again is a request like the first, and gets its output', async (t) => {
  const [sdk, fast] = await compare(t, [{ status: 500 }, undefined, { status: 200, body: '{}' }], (send) =>
    send(COMMANDS[0] as GetItemCommand).then(({ $metadata }) => $metadata.attempts),
  );
  t.equal(fast.outcome, sdk.outcome);
  t.strictSame(
    fast.all.map(({ headers }) => headers['amz-sdk-request']),
    sdk.all.map(({ headers }) => headers['amz-sdk-request']),
  );
  t.strictSame(new Set(fast.all.map(({ body }) => JSON.stringify(body))).size, 1);
});

t.test('a clock that is off is corrected, by the time that DynamoDB responds with', async (t) => {
  const ahead = new Date(Date.now() + 20 * 60_000);
  const headers = { date: ahead.toUTCString() };
  const refused = { status: 400, headers, body: errorBody('InvalidSignatureException') };
  const [sdk, fast] = await compare(t, [refused, { status: 200, headers, body: '{}' }], (send) =>
    send(COMMANDS[0] as GetItemCommand).then(({ $metadata }) => $metadata.attempts),
  );
  t.equal(fast.outcome, sdk.outcome);
  t.equal(fast.requests, 2);
  t.strictSame(hoursOf(fast), hoursOf(sdk));
});

/** When each request was signed, without its seconds. */
function hoursOf({ all }: Outcome) {
  return all.map(({ headers }) => String(headers['x-amz-date']).slice(0, 12));
}

t.test('each attempt is signed with the credentials of its moment', async (t) => {
  for (const createSend of [sdkSend, createFastSend]) {
    const { requests, endpoint } = await respondWith(t, [{ status: 500 }, { status: 200, body: '{}' }]);
    let count = 0;
    const client = createClient(t, {
      endpoint,
      retryStrategy: new ConfiguredRetryStrategy(3, 0),
      credentials: async () => {
        count += 1;
        return {
          ...credentials,
          accessKeyId: `AKID${count}`,
          expiration: new Date(Date.now() - 1000 + count),
        };
      },
    });
    await createSend(client)(COMMANDS[0] as GetItemCommand);
    const ids = requests.map(({ headers }) => /AKID\d+/.exec(headers.authorization ?? '')?.[0]);
    t.equal(new Set(ids).size, 2);
  }
});

t.test('a signal ends the call, before it and in it', async (t) => {
  const aborted = (send: FastSend) =>
    send(COMMANDS[0] as GetItemCommand, { abortSignal: AbortSignal.abort() });
  const [sdk, fast] = await compare(t, [{ status: 200, body: '{}' }], aborted);
  t.strictSame(fast, sdk);
  const controller = new AbortController();
  const { requests, endpoint } = await respondWith(t, [{ status: 500 }]);
  const client = createClient(t, { endpoint, retryStrategy: new ConfiguredRetryStrategy(3, 0) });
  client.middlewareStack.add((next) => (args) => next(args).finally(() => controller.abort()), {
    step: 'deserialize',
    name: 'abortAfterIt',
  });
  await t.rejects(createFastSend(client)(COMMANDS[0] as GetItemCommand, { abortSignal: controller.signal }), {
    name: 'AbortError',
  });
  t.equal(requests.length, 1);
});

t.test('the endpoint is the one that the SDK finds', async (t) => {
  const withAccount = { ...credentials, accountId: '123456789012' };
  const configs: DynamoDBClientConfig[] = [
    {},
    { region: 'cn-north-1' },
    { region: 'us-gov-west-1', useFipsEndpoint: true },
    { useDualstackEndpoint: true },
    { credentials: withAccount },
    { credentials: withAccount, accountIdEndpointMode: 'disabled' },
    { endpoint: 'https://proxy.example:8443/dynamodb' },
  ];
  for (const config of configs) {
    const places = [];
    for (const createSend of [sdkSend, createFastSend]) {
      const asked: HttpRequest[] = [];
      const client = createClient(t, {
        ...config,
        requestHandler: { handle: (request: HttpRequest) => respond(asked, request) },
      });
      const send = createSend(client);
      await send(COMMANDS[0] as GetItemCommand);
      await send(COMMANDS[0] as GetItemCommand);
      places.push(
        asked.map(({ protocol, hostname, port, path, headers }) => ({
          protocol,
          hostname,
          port,
          path,
          host: headers['host'],
        })),
      );
    }
    t.strictSame(places[1], places[0], JSON.stringify(config));
  }
});

async function respond(asked: HttpRequest[], request: HttpRequest) {
  asked.push(request);
  return { response: new HttpResponse({ statusCode: 200, headers: JSON_TYPE, body: Readable.from(['{}']) }) };
}

t.test('an endpoint that is not found is looked for again', async (t) => {
  const { endpoint } = await respondWith(t, [{ status: 200, body: '{}' }]);
  let calls = 0;
  const client = createClient(t, {
    endpoint: async () => {
      calls += 1;
      if (calls === 1) throw new Error('no file');
      const { protocol, hostname, port, pathname: path } = new URL(endpoint);
      return { protocol, hostname, port: Number(port), path };
    },
  });
  const send = createFastSend(client);
  await t.rejects(send(COMMANDS[0] as GetItemCommand), /no file/);
  await t.resolves(send(COMMANDS[0] as GetItemCommand));
});

t.test('a client that keeps handlers is refused', async (t) => {
  t.throws(() => createFastSend(createClient(t, { cacheMiddleware: true })), /cacheMiddleware/);
});

t.test('an SDK whose parts have other names is noticed', async (t) => {
  const client = createClient(t, {});
  client.middlewareStack.remove('loggerMiddleware');
  await t.rejects(async () => createFastSend(client)(COMMANDS[0] as GetItemCommand), {
    message: 'the AWS SDK has no loggerMiddleware',
  });
});
