// Real clients of the SDK, and a server of this machine whose responses do not end.
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { sendMessages } from '@upload-once/queue';
import t, { type Test } from 'tap';
import { endEachAttempt } from '../src/commands/aws-time-limit.ts';

async function serve(t: Test, respond: (response: ServerResponse) => void) {
  const seen = { requests: 0 };
  const server = createServer((request, response) => {
    seen.requests += 1;
    request.resume().once('end', () => respond(response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  return { seen, settings: { endpoint, credentials, region: 'eu-central-1', maxAttempts: 2 } };
}

/** Ends no response, and is never silent for long. */
function drip(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
  const timer = setInterval(() => response.write(' '), 10);
  response.once('close', () => clearInterval(timer));
}

for (const [name, respond] of [
  ['comes byte by byte', drip],
  ['never begins', () => undefined],
] as const) {
  t.test(`a response that ${name}: each call ends, after all of its attempts`, async (t) => {
    const { seen, settings } = await serve(t, respond);
    const dynamoDb = new DynamoDBClient(settings);
    const s3 = new S3Client({ ...settings, forcePathStyle: true });
    for (const client of [dynamoDb, s3]) endEachAttempt(client, 0.2);
    const said = {
      name: 'TimeoutError',
      message: /^127\.0\.0\.1 did not send its whole response within 0\.2 s/,
    };
    await t.rejects(dynamoDb.send(new GetItemCommand({ TableName: 't', Key: { id: { S: 'a' } } })), said);
    await t.rejects(s3.send(new ListObjectVersionsCommand({ Bucket: 'b' })), said);
    t.equal(seen.requests, 4);
  });

  t.test(`a response that ${name}: a message may have been sent`, async (t) => {
    const { settings } = await serve(t, respond);
    const sqs = new SQSClient(settings);
    endEachAttempt(sqs, 0.2);
    const failures = await sendMessages(sqs, `${settings.endpoint}/0/queue`, [{ body: 'a' }]);
    t.match(
      [...failures],
      [[0, { mayBeSent: true, reason: /did not send its whole response within 0\.2 s/ }]],
    );
  });
}

t.test('a response that comes at once is as it was', async (t) => {
  const { settings } = await serve(t, (response) => {
    response
      .writeHead(200, { 'content-type': 'application/x-amz-json-1.0' })
      .end('{"Item":{"id":{"S":"a"}}}');
  });
  const dynamoDb = new DynamoDBClient(settings);
  endEachAttempt(dynamoDb, 60);
  const { Item } = await dynamoDb.send(new GetItemCommand({ TableName: 't', Key: { id: { S: 'a' } } }));
  t.strictSame(Item, { id: { S: 'a' } });
});
