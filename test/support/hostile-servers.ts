// An issuer and an S3 that send any bytes at any moment. A framework would send only valid responses; these tests need invalid ones.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { CREATE_UPLOAD_PATH, createdUpload } from './form-servers.ts';

/** When S3 responds: as soon as it has the request's head, or when it has all of it. */
export type Moment = 'early' | 'whole';
export type Responder = (socket: Socket) => void;

export interface IssuerResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** `raw('200 OK', 'body')`: a response that ends the connection. */
export function raw(status: string, body = '', headers: Readonly<Record<string, string>> = {}): Responder {
  const lines = Object.entries({ ...headers, connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const length = /^(1\d\d|204|304)/.test(status) ? '' : `content-length: ${Buffer.byteLength(body)}\r\n`;
  return (socket) => socket.end(`HTTP/1.1 ${status}\r\n${lines.join('')}${length}\r\n${body}`);
}

/** Writes `text` again and again, some a second, until the other side has had enough. */
export function dripping(beginning: string, text: string): Responder {
  return (socket) => {
    socket.write(beginning);
    const timer = setInterval(() => socket.write(text), 20);
    socket.once('close', () => clearInterval(timer));
  };
}

export function silent(): Responder {
  return () => {};
}

export function resetting(): Responder {
  return (socket) => socket.resetAndDestroy();
}

export async function startHostileServers() {
  const sockets = new Set<Socket>();
  const servers = {
    url: '',
    /** The path of each request to the issuer. */
    asked: [] as string[],
    /** How many uploads were sent to their end. */
    posts: 0,
    /** The form's fields beyond the key. */
    fields: {} as Record<string, string>,
    conditions: [] as unknown[],
    s3: raw('204 No Content') as Responder,
    moment: 'whole' as Moment,
    /** Instead of a form, once it has the whole request. */
    issuer: undefined as Responder | undefined,
    /** The response to every `GET /v1/uploads/{id}`. */
    status: { status: 200, body: { id: 'a', state: 'ISSUED' } } as IssuerResponse,
    formUrl: undefined as string | undefined,
    /** Gives a form. */
    issue(socket: Socket) {
      const policy = Buffer.from(
        JSON.stringify({ expiration: '2030-01-02T03:04:05.000Z', conditions: servers.conditions }),
      ).toString('base64');
      const fields = { key: 'uploads/a', policy, ...servers.fields };
      const url = servers.formUrl ?? `${servers.url}/bucket`;
      raw('201 Created', JSON.stringify(createdUpload({ url, fields })))(socket);
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    let head = '';
    let path = '';
    let leftBytes: number | undefined;
    const respond = () => {
      if (head.startsWith('GET ')) {
        const { status, headers, body } = servers.status;
        raw(`${status} x`, JSON.stringify(body) ?? '', headers)(socket);
      } else if (CREATE_UPLOAD_PATH.test(path)) (servers.issuer ?? servers.issue)(socket);
      else {
        servers.posts += 1;
        servers.s3(socket);
      }
    };
    socket.on('data', (bytes) => {
      if (leftBytes === undefined) {
        head += bytes.toString('latin1');
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        // As a proxy, they are asked for whole URLs.
        path = (head.split(' ', 2)[1] ?? '').replace(/^http:\/\/[^/]+/, '');
        const isS3 = !path.includes('/v1/');
        if (!isS3) servers.asked.push(path);
        leftBytes = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0) - (head.length - end - 4);
        if (isS3 && servers.moment === 'early') {
          socket.pause();
          servers.s3(socket);
          return;
        }
      } else leftBytes -= bytes.length;
      if (leftBytes <= 0) respond();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return servers;
}
