import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { EXAMPLE_CREDENTIAL } from '../src/defaults.ts';
import { createPostObject } from '../src/form/post-object.ts';
import { openUnsignedBody } from '../src/s3/request-body.ts';
import { createObjectStorage } from '../src/storage/create-object-storage.ts';
import { FORM_TYPE, fieldParts, formBody, formEnd, partHead } from './support/form-body.ts';
import { basicConditions, REGION, signForm } from './support/signed-form.ts';

const BUCKET = 'forms';
const KEY = 'uploads/cut';
const FILE = { name: 'file', fileName: 'a', content: '' };

/** One form upload over a socket of its own, with the operation's own outcome at hand. */
async function startUpload(t: Test): Promise<{
  socket: Socket;
  outcome: Promise<void>;
  reached: Promise<void>;
  left: () => Promise<unknown>;
}> {
  const directory = t.testdir();
  const storage = await createObjectStorage({ directory, now: () => new Date(), ids: randomUUID });
  await storage.createBucket(BUCKET);
  const created: unknown[] = [];
  const { promise: reached, resolve: atTheFile } = Promise.withResolvers<void>();
  const { promise: outcome, resolve: settle } = Promise.withResolvers<void>();
  const postObject = createPostObject(async () => atTheFile());
  const server = createServer((request, response) => {
    settle(
      postObject(
        {
          request,
          response,
          requestId: 'R',
          startedAt: new Date(),
          began: storage.moment(),
          operation: 'PostObject',
          bucket: BUCKET,
          key: '',
          query: new URLSearchParams(),
          body: openUnsignedBody(request),
        },
        {
          storage,
          region: REGION,
          credentials: [EXAMPLE_CREDENTIAL],
          now: () => new Date(),
          onCreated: (one) => created.push(one),
          testDestinations: async () => {},
        },
      ),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => {});
  return {
    socket,
    outcome,
    reached,
    left: async () => ({
      versions: storage.versions(BUCKET, KEY).length,
      created: created.length,
      data: (await readdir(join(directory, 'data'))).length,
    }),
  };
}

function fields(): ReturnType<typeof fieldParts> {
  const policy = {
    expiration: new Date(Date.now() + 60_000).toISOString(),
    conditions: [...basicConditions(BUCKET), { key: KEY }],
  };
  return fieldParts({ key: KEY, ...signForm({ policy }) });
}

function head(contentLength: number): string {
  return `POST /${BUCKET} HTTP/1.1\r\nHost: x\r\nContent-Type: ${FORM_TYPE}\r\nContent-Length: ${contentLength}\r\n\r\n`;
}

const NOTHING = { versions: 0, created: 0, data: 0 };

t.test('a connection cut in the middle of the file leaves no object and no event', async (t) => {
  const { socket, outcome, reached, left } = await startUpload(t);
  const before = formBody(fields()).subarray(0, -formEnd().length);
  socket.write(head(before.length + 1_000_000));
  socket.write(before);
  socket.write(partHead(FILE));
  socket.write(Buffer.alloc(300_000, 'x'));
  await reached;
  socket.destroy();
  await t.rejects(outcome, { code: 'IncompleteBody', status: 400 });
  t.same(await left(), NOTHING);
});

t.test('a connection cut between the end of the file and the end of the form', async (t) => {
  const { socket, outcome, reached, left } = await startUpload(t);
  const before = formBody([...fields(), { ...FILE, content: 'hello' }]).subarray(0, -4);
  socket.write(head(before.length + 100));
  socket.write(before);
  await reached;
  socket.destroy();
  await t.rejects(outcome, { code: 'IncompleteBody' });
  t.same(await left(), NOTHING);
});

t.test('a connection cut among the fields', async (t) => {
  const { socket, outcome, left } = await startUpload(t);
  socket.end(head(10_000) + formBody(fields()).subarray(0, 200).toString());
  await t.rejects(outcome, { code: 'IncompleteBody' });
  t.same(await left(), NOTHING);
});

t.test('a form whose last boundary is missing', async (t) => {
  const { socket, outcome, left } = await startUpload(t);
  const body = formBody([...fields(), { ...FILE, content: 'hello' }]).subarray(0, -20);
  socket.write(head(body.length));
  socket.write(body);
  await t.rejects(outcome, { code: 'MalformedPOSTRequest', status: 400 });
  t.same(await left(), NOTHING);
  socket.destroy();
});

t.test('bytes after the end of the form mean nothing', async (t) => {
  const { socket, outcome, left } = await startUpload(t);
  const body = Buffer.concat([
    formBody([...fields(), { ...FILE, content: 'hello' }]),
    Buffer.alloc(200_000, 'x'),
  ]);
  socket.write(head(body.length));
  socket.write(body);
  await outcome;
  t.same(await left(), { versions: 1, created: 1, data: 1 });
  socket.destroy();
});
