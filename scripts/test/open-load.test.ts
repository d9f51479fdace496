import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { openLoad } from '../../bench/issuer/open-load.ts';

const ASK = { name: 'a server', path: '/form', headers: { 'x-api-key': 'a key' } };
/** Some fifty requests. */
const LOAD = { perSecond: 500, seconds: 0.1 };

async function serve(t: Test, respond: (response: ServerResponse) => void) {
  const seen: (string | undefined)[] = [];
  const server = createServer(({ method, url, headers }, response) => {
    seen.push(`${method} ${url} ${headers['x-api-key']}`);
    respond(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close().closeAllConnections());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

/** In two parts. */
function respond(response: ServerResponse, status = 200): void {
  response.writeHead(status, { 'content-length': 8 }).write('half');
  setImmediate(() => response.end('half'));
}

t.test('an open load waits for no response before it sends the next request', async (t) => {
  const held: ServerResponse[] = [];
  const { url, seen } = await serve(t, (response) => {
    held.push(response);
    if (held.length >= 10) for (const each of held.splice(0)) respond(each);
    else if (seen.length > 10) respond(held.pop() as ServerResponse);
  });
  const latencies = await openLoad({ url }, ASK, LOAD);
  t.equal(latencies.length, seen.length);
  t.ok(latencies.every((latency) => latency > 0));
  t.strictSame(new Set(seen), new Set(['GET /form a key']));
});

t.test('a response other than 200, and a connection that breaks, are no figures', async (t) => {
  const refusing = await serve(t, (response) => respond(response, 503));
  await t.rejects(openLoad(refusing, ASK, LOAD), { message: 'a server: a response was 503' });
  const breaking = await serve(t, (response) => response.destroy());
  await t.rejects(openLoad(breaking, ASK, LOAD), /ECONNRESET|closed/);
});
