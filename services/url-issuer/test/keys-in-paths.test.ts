import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { addKey, appUnderTest, KEY_VALUE } from './app-under-test.ts';

// Clients put their key where it does not belong. What is logged then is read by more people than may have the key.

/** As another system made it: nothing tells that it is a key. */
const IMPORTED = 'Zk8qT1rW5x';
const MADE = 'uo_0123456789abcdef_0123456789abcdefghijklmnopqrstuvwxyzabcdefghij';

/** The same path, with its first letter percent-encoded, in both cases, or with all of them so. */
function spellings(key: string): string[] {
  const encoded = [...key].map((letter) => `%${letter.charCodeAt(0).toString(16)}`);
  return [key, encoded[0] + key.slice(1), `${encoded[0]?.toUpperCase()}${key.slice(1)}`, encoded.join('')];
}

t.test(
  'a key that stands in a path is in no log line and no response, however it is written and whatever comes of it',
  async (t) => {
    const { app, accessStore, faults, logLines, metrics } = await appUnderTest(t, { pathPrefix: '/prod' });
    await addKey(accessStore, { value: IMPORTED });
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const send = async (head: string) => {
      const socket = connect(port, '127.0.0.1');
      socket.write(`${head}\r\nHost: x\r\nx-api-key: ${KEY_VALUE}\r\nConnection: close\r\n\r\n`);
      const response = await text(socket);
      responses.push(response);
      return Number(response.split(' ')[1]);
    };
    const responses: string[] = [];
    const statuses = new Set<number>();
    for (const path of [IMPORTED, MADE].flatMap(spellings)) {
      for (const head of [
        `GET /${path} HTTP/1.1`,
        `GET /${path}/getpresignedurl HTTP/1.1`,
        `PUT /prod/${path}?a=b HTTP/1.1`,
        `GET /prod/getpresignedurl/${path} HTTP/1.1`,
        `GET /prod/v1/uploads/${path} HTTP/1.1`,
        `DELETE /prod/v1/uploads/${path} HTTP/1.1`,
        `OPTIONS /prod/v1/uploads/${path} HTTP/1.1`,
        `GET /${path}%zz HTTP/1.1`,
        `GET /prod/v1/uploads/${path}%zz HTTP/1.1`,
        `GET /prod/v1/uploads/${path}${'x'.repeat(5_000)} HTTP/1.1`,
        `GET http://x/${path} HTTP/1.1`,
        `GET /${path} HTTP/9.9`,
        `${path} / HTTP/1.1`,
        `GET /prod/getpresignedurl?key=${path} HTTP/1.1`,
      ]) {
        statuses.add(await send(head));
      }
      faults.failNext('before', 'queryLast', new Error('the table is away'));
      statuses.add(await send(`GET /prod/v1/uploads/${path} HTTP/1.1`));
    }
    t.strictSame([...statuses].sort(), [200, 400, 404, 414, 503], 'all that can come of them');
    const written = `${logLines.join('')}${JSON.stringify(metrics)}${responses.join('')}`.toLowerCase();
    for (const path of [IMPORTED, MADE].flatMap(spellings))
      t.notOk(written.includes(path.toLowerCase()), path);
    t.ok(logLines.length > 0);
  },
);

t.test('a log line has the pattern of its route', async (t) => {
  const { app, get, logLines } = await appUnderTest(t, { pathPrefix: '/prod' });
  await get('/prod/getpresignedurl?a=b');
  await get('/prod/v1/uploads/none');
  await get('/nothing');
  await app.inject({ method: 'POST', url: '/prod/getpresignedurl' });
  await get('/%zz');
  const routes = logLines.map((line) => JSON.parse(line)).map(({ route, status }) => [route, status]);
  t.strictSame(routes, [
    ['/prod/getpresignedurl', 200],
    ['/prod/v1/uploads/:id', 404],
    [undefined, 404],
    [undefined, 404],
    [undefined, 400],
  ]);
});
