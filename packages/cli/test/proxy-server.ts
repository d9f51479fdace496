import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Test } from 'tap';

const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port;

/** A proxy as they are: CONNECT for https, whole URLs for http. */
export async function startProxy(t: Test) {
  const proxy = {
    log: [] as string[],
    authorization: undefined as string | undefined,
    connect: (head: Buffer, client: Socket, path: string) => {
      const [, port] = path.split(':');
      const target = connect(Number(port), '127.0.0.1', () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        target.write(head);
        client.pipe(target).pipe(client);
      });
      target.on('error', () => client.destroy());
      client.on('error', () => target.destroy());
    },
    url: '',
  };
  const sockets = new Set<Socket>();
  const server = createServer((incoming, clientResponse) => {
    proxy.log.push(`${incoming.method} ${incoming.url}`);
    proxy.authorization = incoming.headers['proxy-authorization'];
    const { port, pathname, search } = new URL(incoming.url ?? '');
    const outgoing = request(
      {
        host: 'localhost',
        port,
        path: pathname + search,
        method: incoming.method,
        headers: incoming.headers,
      },
      (response) => {
        clientResponse.writeHead(response.statusCode ?? 0, response.headers);
        response.pipe(clientResponse);
      },
    );
    incoming.pipe(outgoing);
  });
  server.on('connect', (incoming: IncomingMessage, client: Socket, head: Buffer) => {
    proxy.log.push(`CONNECT ${incoming.url}`);
    proxy.authorization = incoming.headers['proxy-authorization'];
    proxy.connect(head, client, incoming.url ?? '');
  });
  server.on('connection', (socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  proxy.url = `http://127.0.0.1:${portOf(server)}`;
  return proxy;
}
