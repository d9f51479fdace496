import { EventEmitter, once } from 'node:events';
import type { RequestListener, Server, ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import t, { type Test } from 'tap';
import { MAX_HEADER_BYTES_AT_ONCE, MAX_HEADER_BYTES_OF_ALL } from '../src/bounded-server.ts';
import { createBoundedServer, MAX_REQUESTS_AT_ONCE } from '../src/index.ts';

const large = Buffer.alloc(8 * 1024 ** 2);
const REQUEST = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const UPGRADE = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n';
/** As the url-issuer takes them. */
const MAX_HEADER_BYTES = 128 * 1024;
const LARGE_PIECE_BYTES = 16 * 1024;
const CHUNKED = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';

async function listening(t: Test, listener: RequestListener, maxConnections = 10) {
  const refused: string[] = [];
  const onRefused = (reason: string) => void refused.push(reason);
  const server = createBoundedServer(
    { maxConnections, onRefused, maxHeaderSize: MAX_HEADER_BYTES },
    listener,
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close().closeAllConnections());
  const { port } = server.address() as AddressInfo;
  return { server, refused, open: () => openSocket(t, port) };
}

async function openSocket(t: Test, port: number) {
  const socket = connect(port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  socket.on('error', () => {});
  const client = { socket, text: '', closed: new Promise((resolve) => socket.once('close', resolve)) };
  socket.on('data', (bytes) => {
    client.text += bytes;
  });
  await once(socket, 'connect');
  return client;
}

/** So many connections, which the server has taken. */
async function openAll<Client>(
  server: Server,
  open: () => Promise<Client>,
  count: number,
): Promise<Client[]> {
  let taken = 0;
  const areTaken = new Promise<void>((resolve) => {
    server.on('connection', () => ++taken === count && resolve());
  });
  const clients = await Promise.all(Array.from({ length: count }, open));
  await areTaken;
  return clients;
}

/** Until so many responses have come. */
async function responses(client: Awaited<ReturnType<typeof openSocket>>, count: number): Promise<void> {
  while (client.text.split('HTTP/1.1 200 OK').length - 1 < count) {
    await Promise.race([once(client.socket, 'data'), client.closed]);
    if (client.socket.closed) throw new Error(`the connection was closed after ${client.text}`);
  }
}

t.test('requests at once, up to the limit, get responses, and any number one after the other', async (t) => {
  const completed = new EventEmitter();
  const { open, refused } = await listening(t, (_request, response) => {
    response.once('close', () => completed.emit('one'));
    response.end('x');
  });
  const client = await open();
  for (let round = 1; round <= 3; round += 1) {
    const areComplete = new Promise<void>((resolve) => {
      let left = MAX_REQUESTS_AT_ONCE;
      completed.on('one', () => --left === 0 && resolve());
    });
    client.socket.write(REQUEST.repeat(MAX_REQUESTS_AT_ONCE));
    await areComplete;
    await responses(client, round * MAX_REQUESTS_AT_ONCE);
  }
  t.strictSame(refused, []);
});

t.test('one more closes the connection, and nothing else that it sent is handled', async (t) => {
  let handled = 0;
  const { open, refused } = await listening(t, (request, response) => {
    if (request.url === '/other') response.end('x');
    else handled += 1;
  });
  const [client, other] = [await open(), await open()];
  client.socket.write(REQUEST.repeat(1_000));
  await client.closed;
  t.strictSame(refused, ['TooManyAtOnce']);
  other.socket.write('GET /other HTTP/1.1\r\nHost: x\r\n\r\n');
  await responses(other, 1);
  t.ok(handled <= MAX_REQUESTS_AT_ONCE, `${handled}`);
});

t.test('requests with an expectation count as well', async (t) => {
  let handled = 0;
  const { open, refused } = await listening(t, (request) => {
    t.equal(request.headers.expect, 'more');
    handled += 1;
  });
  const client = await open();
  client.socket.write('GET / HTTP/1.1\r\nHost: x\r\nExpect: more\r\n\r\n'.repeat(1_000));
  await client.closed;
  t.ok(handled <= MAX_REQUESTS_AT_ONCE);
  t.strictSame(refused, ['TooManyAtOnce']);
});

t.test('requests to which Node.js would respond itself come to the listener', async (t) => {
  const { open } = await listening(t, (_request, response) => response.end('x'));
  const client = await open();
  for (const [at, header] of ['X: no host', 'Host: x\r\nExpect: more', 'Host: x'].entries()) {
    client.socket.write(`GET / HTTP/1.1\r\n${header}\r\n\r\n`);
    await responses(client, at + 1);
  }
  client.socket.write(UPGRADE);
  await responses(client, 4);
  client.socket.write(REQUEST);
  await responses(client, 5);
});

t.test('what follows a request for another protocol is no request until that has its response', async (t) => {
  let handled = 0;
  const { open, refused } = await listening(t, (_request, response) => {
    handled += 1;
    response.end('x');
  });
  const client = await open();
  client.socket.write(UPGRADE.repeat(1_000));
  await responses(client, 1);
  client.socket.write(REQUEST);
  await responses(client, 2);
  t.equal(handled, 2);
  t.strictSame(refused, []);
});

t.test('a request for a tunnel closes the connection', async (t) => {
  const { open } = await listening(t, () => t.fail('it is handled'));
  const client = await open();
  client.socket.write(`CONNECT other:443 HTTP/1.1\r\nHost: x\r\n\r\n${REQUEST}`);
  await client.closed;
  t.equal(client.text, '');
});

t.test('a client that does not read its responses reaches the limit', async (t) => {
  let handled = 0;
  const arrived = Promise.withResolvers<void>();
  const { open, refused, server } = await listening(t, (_request, response) => {
    handled += 1;
    response.end(large);
    arrived.resolve();
  });
  const cut = new Promise((resolve) => server.once('connection', (socket) => socket.once('close', resolve)));
  const client = await open();
  client.socket.pause();
  client.socket.write(REQUEST);
  await arrived.promise;
  // The first response fills what the operating system holds; the server reads on until the others wait behind it.
  client.socket.write(REQUEST.repeat(1_000));
  client.socket.resume();
  client.socket.pause();
  await Promise.race([cut, client.closed]);
  t.ok(handled <= MAX_REQUESTS_AT_ONCE);
  t.strictSame(refused, ['TooManyAtOnce']);
});

/** A request whose header has about so many bytes, in its path, in one field, in many, or behind its body. */
const LARGE_REQUESTS: Record<string, (bytes: number, path?: string) => string> = {
  'a long path': (bytes, path = '/') => `GET ${path}?${'x'.repeat(bytes)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  'a long field': (bytes, path = '/') => `GET ${path} HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(bytes)}\r\n\r\n`,
  // Each field costs more memory than its characters.
  'many fields': (bytes, path = '/') =>
    `GET ${path} HTTP/1.1\r\nHost: x\r\n${'x: yz\r\n'.repeat(Math.min(bytes / 64, 900))}\r\n`,
  'a trailer': (bytes, path = '/') =>
    `POST ${path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ${'x'.repeat(bytes)}\r\n\r\n`,
};

t.test('of requests with large headers a connection has one at a time', async (t) => {
  for (const [what, largeRequest] of Object.entries(LARGE_REQUESTS)) {
    t.test(what, async (t) => {
      const waiting: ServerResponse[] = [];
      const arrived = new EventEmitter();
      const { open, refused } = await listening(t, (request, response) => {
        if (request.url?.startsWith('/held')) waiting.push(response);
        else response.end('x');
        request.resume().once('end', () => arrived.emit('whole'));
      });
      const client = await open();
      for (let count = 1; count <= 10; count += 1) {
        client.socket.write(largeRequest(MAX_HEADER_BYTES_AT_ONCE));
        await responses(client, count);
      }
      t.strictSame(refused, [], 'one after the other, any number');
      const whole = once(arrived, 'whole');
      client.socket.write(largeRequest(MAX_HEADER_BYTES_AT_ONCE, '/held'));
      await whole;
      client.socket.write(REQUEST);
      await client.closed;
      t.strictSame(refused, ['TooManyAtOnce']);
      t.ok(waiting.length <= 1);
    });
  }
});

t.test('requests with ordinary headers may fill the limit', async (t) => {
  const { open, refused } = await listening(t, (_request, response) => response.end('x'));
  const client = await open();
  const ordinary = `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(MAX_HEADER_BYTES_AT_ONCE / MAX_REQUESTS_AT_ONCE - 200)}\r\n\r\n`;
  client.socket.write(ordinary.repeat(MAX_REQUESTS_AT_ONCE));
  await responses(client, MAX_REQUESTS_AT_ONCE);
  t.strictSame(refused, []);
});

t.test('all headers together are bounded, at the expense of the connection that holds most', async (t) => {
  const BYTES = 120 * 1024;
  const FITTING = Math.floor(MAX_HEADER_BYTES_OF_ALL / BYTES) - 2;
  for (const what of ['a long path', 'a long field', 'a trailer'] as const) {
    t.test(what, async (t) => {
      const largeRequest = LARGE_REQUESTS[what] as (bytes: number) => string;
      const waiting: ServerResponse[] = [];
      const arrived = new EventEmitter();
      const { open, refused } = await listening(
        t,
        (request, response) => {
          waiting.push(response);
          request.resume().once('end', () => arrived.emit('whole'));
        },
        3 * FITTING,
      );
      const hold = async (request: string) => {
        const client = await open();
        const whole = Promise.race([once(arrived, 'whole'), client.closed]);
        client.socket.write(request);
        await whole;
        return client;
      };
      // This one has waited longest, and still holds little.
      const small = await hold(REQUEST);
      const most = await hold(largeRequest(BYTES / 4));
      const more = once(arrived, 'whole');
      most.socket.write(largeRequest(BYTES));
      await more;
      for (let count = 1; count < FITTING; count += 1) await hold(largeRequest(BYTES - 500));
      t.strictSame(refused, [], 'they fit');
      for (let count = 0; count < 5; count += 1) await hold(largeRequest(BYTES - 500));
      await most.closed;
      t.ok(refused.length > 0);
      t.strictSame(new Set(refused), new Set(['TooManyHeaderBytes']));
      const late = await hold(REQUEST);
      for (const response of waiting) response.end('x');
      await Promise.all([responses(small, 1), responses(late, 1)]);
      const refusedBefore = refused.length;
      for (let count = 1; count < FITTING; count += 1) await hold(largeRequest(BYTES - 500));
      t.equal(refused.length, refusedBefore, 'requests that have their responses take no room');
    });
  }
});

/** A client that has sent this, once the server has read it or closed the connection. */
async function sent(server: Server, open: () => ReturnType<typeof openSocket>, text: string) {
  const accepted = once(server, 'connection');
  const client = await open();
  const [socket] = (await accepted) as [Socket];
  const isRead = new Promise<void>((resolve) =>
    socket.on('data', () => {
      if (socket.bytesRead >= text.length) resolve();
    }),
  );
  client.socket.write(text);
  await Promise.race([isRead, client.closed]);
  return client;
}

const FIELD = `X: ${'x'.repeat(120 * 1024)}`;
/** Requests that do not end, and the least memory that each takes. */
const UNFINISHED: Record<string, { text: string; bytes: number }> = {
  'a header of one long field': { text: `GET / HTTP/1.1\r\nHost: x\r\n${FIELD}`, bytes: FIELD.length },
  // Each name and each value takes 16 bytes besides its characters at least.
  'a header of many short fields': {
    text: `GET / HTTP/1.1\r\nHost: x\r\n${'ab:cd\r\n'.repeat(900)}`,
    bytes: 900 * 2 * 18,
  },
  'trailers, after the response': { text: `${CHUNKED}1\r\nx\r\n0\r\n${FIELD}`, bytes: FIELD.length },
  'a body, after the response to a large header': {
    text: `POST / HTTP/1.1\r\nHost: x\r\n${FIELD}\r\nContent-Length: 9\r\n\r\nx`,
    bytes: FIELD.length,
  },
};

t.test(
  'headers and trailers that have not come whole are bounded, and those of unfinished requests',
  async (t) => {
    for (const [what, { text, bytes }] of Object.entries(UNFINISHED)) {
      t.test(what, async (t) => {
        const count = Math.ceil(MAX_HEADER_BYTES_OF_ALL / bytes) + 20;
        const { server, open, refused } = await listening(
          t,
          (_request, response) => response.end('x'),
          count + 1,
        );
        const clients = [];
        for (let opened = 0; opened < count; opened += 1) clients.push(await sent(server, open, text));
        const held = (count - refused.length) * bytes;
        t.ok(held <= MAX_HEADER_BYTES_OF_ALL, `${held} bytes at least are held`);
        t.strictSame(new Set(refused), new Set(['TooManyHeaderBytes']));
        const late = await open();
        late.socket.write(REQUEST);
        await responses(late, 1);
        const refusedBefore = refused.length;
        for (const { socket } of clients) socket.destroy();
        await sent(server, open, text);
        t.equal(refused.length, refusedBefore, 'closed connections take no room');
      });
    }
  },
);

t.test('bodies take no room of headers, and neither do complete requests', async (t) => {
  const BODY_BYTES = 128 * 1024;
  const COUNT = MAX_HEADER_BYTES_OF_ALL / BODY_BYTES + 20;
  const { server, open, refused } = await listening(
    t,
    (request, response) => request.resume().once('end', () => response.end('x')),
    COUNT,
  );
  const body = `Content-Length: ${BODY_BYTES}\r\n\r\n${'x'.repeat(BODY_BYTES - 1)}`;
  const clients = [];
  for (let opened = 0; opened < COUNT; opened += 1) {
    clients.push(
      await sent(
        server,
        open,
        `${LARGE_REQUESTS['a long field']?.(BODY_BYTES / 8)}POST / HTTP/1.1\r\nHost: x\r\n${body}`,
      ),
    );
  }
  t.strictSame(refused, [], 'unfinished bodies');
  for (const { socket } of clients) socket.write('x');
  await Promise.all(clients.map((client) => responses(client, 2)));
  t.strictSame(refused, []);
});

t.test('a connection beyond the limit takes the place of the longest without work', async (t) => {
  const waiting: ServerResponse[] = [];
  const arrived = new EventEmitter();
  const { open, refused } = await listening(
    t,
    (request, response) => {
      arrived.emit(request.url ?? '');
      if (request.url === '/wait') waiting.push(response);
      // A body that never ends gets no response.
      else request.resume().once('end', () => response.end(request.url === '/large' ? large : 'x'));
    },
    5,
  );
  const send = (client: Awaited<ReturnType<typeof open>>, text: string) => client.socket.write(text);
  const busy = await open();
  send(busy, 'GET /wait HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(arrived, '/wait');
  const idle = await open();
  send(idle, REQUEST);
  await responses(idle, 1);
  const inItsHeader = await open();
  send(inItsHeader, 'GET / HTTP/1.1\r\nHost:');
  const inItsBody = await open();
  const bodyBegan = once(arrived, '/body');
  send(inItsBody, 'POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx');
  await bodyBegan;
  const deaf = await open();
  deaf.socket.pause();
  const largeBegan = once(arrived, '/large');
  send(deaf, 'GET /large HTTP/1.1\r\nHost: x\r\n\r\n');
  await largeBegan;

  for (const [at, other] of [idle, inItsHeader, inItsBody, deaf].entries()) {
    const next = await open();
    send(next, 'GET /wait HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(arrived, '/wait');
    other.socket.resume();
    await other.closed;
    t.equal(refused.length, at + 1);
  }
  const served = await open();
  send(served, REQUEST);
  await served.closed;
  t.match(served.text, /200 OK/, 'all are worked for: one more gets a response, and is closed then');
  send(await open(), 'GET /wait HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(arrived, '/wait');
  await (await open()).closed;
  t.strictSame(new Set(refused), new Set(['TooManyConnections']), 'the newest is closed');
  for (const response of waiting) response.end('x');
  await responses(busy, 1);
  t.equal(waiting.length, 6, 'no request under way is cut off');
});

t.test('clients that always have requests on their way keep no other out', async (t) => {
  const MOST = 100;
  let isOver = false;
  const { open } = await listening(t, (_request, response) => response.end('x'), MOST);
  /** Has seven requests on their way at any time. */
  async function openBusy() {
    const client = await open();
    const { socket } = client;
    socket.on('data', (bytes) => socket.write(REQUEST.repeat(`${bytes}`.split('200 OK').length - 1)));
    socket.write(REQUEST.repeat(7));
    return client;
  }
  async function comeAgainAndAgain(): Promise<void> {
    const { closed } = await openBusy();
    void closed.then(() => {
      if (!isOver) void comeAgainAndAgain();
    });
  }
  await Promise.all(Array.from({ length: MOST }, comeAgainAndAgain));
  t.teardown(() => {
    isOver = true;
  });
  for (let round = 0; round < 30; round += 1) await responses(await openBusy(), 1);
});

t.test('clients that open connections and send no whole request keep no other out', async (t) => {
  const { open } = await listening(t, (_request, response) => response.end('x'), 10);
  for (let round = 0; round < 20; round += 1) {
    for (let count = 0; count < 15; count += 1) (await open()).socket.write('GET / HTTP/1.1\r\nX:');
    const client = await open();
    client.socket.write(REQUEST);
    await responses(client, 1);
  }
});

t.test('connections that come at the same moment are bounded as well', async (t) => {
  const { server, open } = await listening(t, (_request, response) => response.end('x'), 2);
  const clients = await Promise.all(Array.from({ length: 100 }, open));
  let closed = 0;
  await new Promise<void>((resolve) => {
    for (const client of clients) {
      client.closed.then(() => {
        closed += 1;
        if (closed === 98) resolve();
      });
    }
  });
  t.equal(await new Promise((resolve) => server.getConnections((_error, count) => resolve(count))), 2);
});

t.test('connections have their requests handled in turn', async (t) => {
  const order: string[] = [];
  const { open } = await listening(t, (request, response) => {
    order.push(request.url ?? '');
    response.end('x');
  });
  const [first, second] = [await open(), await open()];
  const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
  first.socket.write(get('/first').repeat(MAX_REQUESTS_AT_ONCE));
  second.socket.write(get('/second').repeat(MAX_REQUESTS_AT_ONCE));
  await Promise.all([responses(first, MAX_REQUESTS_AT_ONCE), responses(second, MAX_REQUESTS_AT_ONCE)]);
  t.ok(order.indexOf('/second') < order.lastIndexOf('/first'), order.join());
});

t.test('a new client is served before all that other clients have asked for', async (t) => {
  const CLIENTS = 50;
  const arrived = new EventEmitter();
  let handled = 0;
  const { open } = await listening(
    t,
    (request, response) => {
      handled += 1;
      arrived.emit(request.url ?? '');
      response.end('x');
    },
    2 * CLIENTS,
  );
  const clients = await Promise.all(Array.from({ length: CLIENTS }, open));
  const began = once(arrived, '/');
  for (const { socket } of clients) socket.write(REQUEST.repeat(MAX_REQUESTS_AT_ONCE));
  await began;
  const late = await open();
  const lateCame = once(arrived, '/late').then(() => handled);
  late.socket.write('GET /late HTTP/1.1\r\nHost: x\r\n\r\n');
  await responses(late, 1);
  const all = CLIENTS * MAX_REQUESTS_AT_ONCE;
  t.ok((await lateCame) < all / 2, `it was number ${await lateCame} of ${all}`);
  await Promise.all(clients.map((client) => responses(client, MAX_REQUESTS_AT_ONCE)));
});

t.test('a new client waits for no request of those that are there', async (t) => {
  const CLIENTS = 100;
  let handled = 0;
  const { open } = await listening(
    t,
    (_request, response) => {
      handled += 1;
      response.end('x');
    },
    2 * CLIENTS,
  );
  const clients = await Promise.all(Array.from({ length: CLIENTS }, open));
  for (const { socket } of clients) {
    socket.on('data', (bytes) => socket.write(REQUEST.repeat(`${bytes}`.split('200 OK').length - 1)));
    socket.write(REQUEST.repeat(7));
  }
  await Promise.all(clients.map((client) => responses(client, 1)));
  for (let round = 0; round < 20; round += 1) {
    const before = handled;
    const late = await open();
    late.socket.write(REQUEST);
    await responses(late, 1);
    t.ok(handled - before < CLIENTS / 2, `${handled - before} of ${CLIENTS} clients came before it`);
    late.socket.destroy();
  }
});

t.test('a new client waits for no first request of those that came before it', async (t) => {
  const CLIENTS = 100;
  const order: string[] = [];
  const { server, open } = await listening(
    t,
    (request, response) => {
      order.push(request.url ?? '');
      response.end('x');
    },
    2 * CLIENTS,
  );
  const clients = await openAll(server, open, CLIENTS);
  const late = await openAll(server, open, 1);
  for (const { socket } of clients) socket.write(REQUEST);
  for (const { socket } of late) socket.write('GET /late HTTP/1.1\r\nHost: x\r\n\r\n');
  await Promise.all([...clients, ...late].map((client) => responses(client, 1)));
  t.ok(order.indexOf('/late') < CLIENTS / 2, `${order.indexOf('/late')} came before it`);
});

t.test('of first requests two are handled in each turn of the event loop', async (t) => {
  const CLIENTS = 100;
  let [inThisTurn, most] = [0, 0];
  const { server, open } = await listening(
    t,
    (_request, response) => {
      inThisTurn += 1;
      most = Math.max(most, inThisTurn);
      response.end('x');
    },
    CLIENTS,
  );
  const clients = await openAll(server, open, CLIENTS);
  let turn = setImmediate(function next() {
    inThisTurn = 0;
    turn = setImmediate(next);
  });
  t.teardown(() => clearImmediate(turn));
  for (const { socket } of clients) socket.write(REQUEST);
  await Promise.all(clients.map((client) => responses(client, 1)));
  t.equal(most, 2);
});

/** More than the server reads at once. */
const LARGE_TEXTS = {
  'with large headers': LARGE_REQUESTS['a long field']?.(120 * 1024),
  // Each has its response before it is read whole.
  'with large bodies': `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${120 * 1024}\r\n\r\n${'x'.repeat(120 * 1024)}`,
};
for (const [what, text] of Object.entries(LARGE_TEXTS)) {
  t.test(`of connections ${what} one is read on in each turn of the event loop`, async (t) => {
    const CLIENTS = 100;
    const arrived = new EventEmitter();
    let [opened, handled] = [0, 0];
    const { server, refused } = await listening(
      t,
      (_request, response) => {
        response.end('x');
        handled += 1;
        if (handled === CLIENTS) arrived.emit('all');
      },
      CLIENTS,
    );
    const begun = new Set<Socket>();
    const readOn = new Set<Socket>();
    let most = 0;
    server.on('connection', (socket) => {
      socket.on('data', (piece) => {
        if (begun.has(socket)) readOn.add(socket);
        if (piece.length >= LARGE_PIECE_BYTES) begun.add(socket);
        most = Math.max(most, readOn.size);
      });
      opened += 1;
      if (opened === CLIENTS) arrived.emit('connections');
    });
    const areOpen = once(arrived, 'connections');
    const { port } = server.address() as AddressInfo;
    const isWritten = new Int32Array(new SharedArrayBuffer(4));
    const clients = new Worker(new URL('fixtures/write-at-once.ts', import.meta.url), {
      workerData: { port, count: CLIENTS, text, isWritten },
    });
    t.teardown(() => clients.terminate());
    await areOpen;
    let turn = setImmediate(function next() {
      readOn.clear();
      turn = setImmediate(next);
    });
    t.teardown(() => clearImmediate(turn));
    const areHandled = once(arrived, 'all');
    clients.postMessage('write');
    // The server reads nothing before the clients have written: then all that they wrote waits for the same turn.
    Atomics.wait(isWritten, 0, 0);
    await areHandled;
    t.strictSame(refused, []);
    t.equal(begun.size, CLIENTS);
    // What was read of one before its turn can come in the turn of the next.
    t.ok(most <= 2, `${most} of ${CLIENTS} connections in one turn`);
  });
}

t.test('a body without an end is read up to a limit', async (t) => {
  const pieces = {
    'large pieces': { piece: `10000\r\n${'x'.repeat(0x10000)}\r\n`, mostBytes: 256 * 1024 },
    // Of one byte each.
    'small pieces': { piece: '1\r\nx\r\n'.repeat(100), mostBytes: 256 },
  };
  for (const [what, { piece, mostBytes }] of Object.entries(pieces)) {
    for (const hasResponse of [true, false]) {
      let bytes = 0;
      const { open, refused } = await listening(t, (request, response) => {
        if (hasResponse) response.end('x');
        else {
          request.on('data', (part) => {
            bytes += part.length;
          });
        }
      });
      const client = await open();
      const send = () => void (client.socket.writable && client.socket.write(piece, send));
      client.socket.write(CHUNKED, send);
      await client.closed;
      t.strictSame(refused, ['TooLongBody'], `${what}, with a response: ${hasResponse}`);
      t.ok(bytes <= mostBytes, `${what}: ${bytes} bytes`);
    }
  }
});

t.test('a client that sends on after its response can read it, and go on', async (t) => {
  const { open, refused } = await listening(t, (_request, response) => response.end('x'));
  const client = await open();
  client.socket.write(CHUNKED);
  await responses(client, 1);
  client.socket.write(`20000\r\n${'x'.repeat(0x20000)}\r\n`);
  client.socket.write(`${'1\r\nx\r\n'.repeat(50)}0\r\n\r\n${REQUEST}`);
  await responses(client, 2);
  t.strictSame(refused, []);
});
