import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { HeadObjectCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { escapeUriPath, HttpRequest, HttpResponse } from '@smithy/core/protocols';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import t from 'tap';
import { dynamoDbClientConfig, s3ClientConfig, sqsClientConfig } from '../src/index.ts';
import { KeptKeySigner } from '../src/request-signer.ts';

const { sha256 } = new DynamoDBClient({ region: 'eu-central-1' }).config;
const region = 'eu-central-1';
const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const visible = fc.string({
  unit: fc.constantFrom(...'aZ09 \t\n;:,=~*\'"()!%/é\u00a0\u0085'),
  maxLength: 20,
});
const headerName = fc.constantFrom(
  'Host',
  'content-type',
  'X-Amz-Target',
  'x-amz-meta-a',
  'User-Agent',
  'expect',
  'amz-sdk-request',
  'date-2',
);

const REQUESTS = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
  path: fc
    .array(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).filter((part) => !/^\.+$|\//.test(part)),
      { minLength: 1 },
    )
    .map((parts) => `/${escapeUriPath(parts.join('/'))}`),
  // The SDK loses a parameter of the name __proto__.
  query: fc.dictionary(
    text.filter((name) => name !== '__proto__'),
    fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 })),
    { maxKeys: 4 },
  ),
  headers: fc.dictionary(headerName, visible, { maxKeys: 6 }),
  body: fc.oneof(
    fc.constant(undefined),
    text,
    fc.uint8Array({ maxLength: 40 }),
    fc.constant(new ReadableStream()),
  ),
});
const IDENTITY = fc.record(
  {
    accessKeyId: fc.constantFrom('AKIDEXAMPLE', 'AKIDEXAMPLE2'),
    secretAccessKey: fc.constantFrom('wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', 'another/EXAMPLEKEY'),
    sessionToken: fc.constant('TOKEN/EXAMPLE=='),
  },
  { requiredKeys: ['accessKeyId', 'secretAccessKey'] },
);
const SIGNING = fc.record(
  {
    service: fc.constantFrom('s3', 'sqs', 'dynamodb'),
    uriEscapePath: fc.boolean(),
    signingDate: fc.date({ min: new Date('2020-01-01'), max: new Date('2020-01-03'), noInvalidDate: true }),
    signingRegion: fc.constant('us-east-1'),
  },
  { requiredKeys: ['service', 'uriEscapePath', 'signingDate'] },
);

t.test('a signature is the SDK’s, whatever was signed before it', async (t) => {
  await fc.assert(
    fc.asyncProperty(REQUESTS, IDENTITY, SIGNING, async (parts, credentials, signing) => {
      const { service, uriEscapePath, ...args } = signing;
      const options = { credentials: async () => credentials, region, service, uriEscapePath, sha256 };
      const request = new HttpRequest({ hostname: 'a', ...parts });
      const before = JSON.stringify(request.headers);
      const expected = await new SignatureV4(options).sign(request, args);
      const signed = await new KeptKeySigner(options).sign(request, args);
      t.strictSame(signed.headers, expected.headers);
      t.equal(JSON.stringify(request.headers), before, 'the request can be signed again');
    }),
    { numRuns: 500 },
  );
});

t.test('a body that was hashed before is not hashed again', async (t) => {
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'EXAMPLEKEY' };
  const headers = { host: 'a', 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
  const request = new HttpRequest({ method: 'PUT', path: '/a', headers, body: 'b' });
  const options = { credentials, region, service: 's3', uriEscapePath: false, sha256 };
  const args = { signingDate: '2020-01-01T00:00:00.000Z' };
  const expected = await new SignatureV4(options).sign(request, args);
  t.strictSame((await new KeptKeySigner(options).sign(request, args)).headers, expected.headers);
});

t.test('credentials without a secret are an error, and a header without a value is left out', async (t) => {
  const request = new HttpRequest({
    method: 'GET',
    path: '/',
    headers: { host: 'a', 'x-amz-a': undefined as never },
  });
  const options = { region, service: 's3', uriEscapePath: false, sha256 };
  const args = { signingDate: '2020-01-01T00:00:00.000Z' };
  const half = { accessKeyId: 'AKIDEXAMPLE' } as never;
  await t.rejects(new KeptKeySigner({ ...options, credentials: half }).sign(request), /no secret access key/);
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'EXAMPLEKEY' };
  const expected = await new SignatureV4({ ...options, credentials }).sign(request, args);
  const { headers } = await new KeptKeySigner({ ...options, credentials }).sign(request, args);
  t.equal(headers['authorization'], expected.headers['authorization']);
});

t.test('each client of AWS signs with it what the SDK would sign', async (t) => {
  const authorizations: unknown[] = [];
  const requestHandler = {
    handle: async ({ headers }: HttpRequest) => {
      authorizations.push(headers['authorization']?.replace(/amz-sdk-invocation-id;|Signature=.*/g, ''));
      return { response: new HttpResponse({ statusCode: 200, headers: {} }) };
    },
  };
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'EXAMPLEKEY' };
  const own = { requestHandler, credentials };
  const calls = [
    (config: object) =>
      new S3Client({ ...s3ClientConfig({ region, forcePathStyle: false }), ...own, ...config }).send(
        new ListObjectVersionsCommand({ Bucket: 'a', Prefix: 'b c' }),
      ),
    (config: object) =>
      new S3Client({ ...s3ClientConfig({ region, forcePathStyle: true }), ...own, ...config }).send(
        new HeadObjectCommand({ Bucket: 'a', Key: 'ü/ü+' }),
      ),
    (config: object) =>
      new SQSClient({ ...sqsClientConfig({ region, longPollSeconds: 1 }), ...own, ...config }).send(
        new ListQueuesCommand(),
      ),
    (config: object) =>
      new DynamoDBClient({ ...dynamoDbClientConfig({ region }), ...own, ...config }).send(
        new GetItemCommand({ TableName: 'a', Key: {} }),
      ),
  ];
  for (const call of calls) {
    for (const config of [{}, { signerConstructor: undefined }]) await call(config).catch(() => undefined);
    const [ours, sdk] = authorizations.splice(0);
    t.type(ours, 'string');
    t.equal(ours, sdk);
  }
});
