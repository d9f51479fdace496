import { connect, type Socket } from 'node:net';

/**
 * Sends the same GET again and again, each on a connection that is free, or on a new one, of 256 at most: then it waits for one. By hand, because node:http takes more CPU for
 * a request than bare Fastify for its response, and a load would wait for itself. Responses must have a Content-Length.
 */
export interface LightClient {
  /** @returns the response's status @throws Error when the connection breaks */
  get(): Promise<number>;
  close(): void;
}

interface Connection {
  readonly socket: Socket;
  received: string;
  response: PromiseWithResolvers<number>;
}

const HEAD_END = '\r\n\r\n';
const MOST_CONNECTIONS = 256;

export function createLightClient(
  url: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): LightClient {
  const { hostname, port, host } = new URL(url);
  const lines = Object.entries({ host, ...headers }).map(([name, value]) => `\r\n${name}: ${value}`);
  const request = `GET ${path} HTTP/1.1${lines.join('')}${HEAD_END}`;
  const all: Connection[] = [];
  const free: Connection[] = [];
  const waiting: ((connection: Connection) => void)[] = [];

  function open(): Connection {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    const connection = { socket, received: '', response: Promise.withResolvers<number>() };
    socket.setEncoding('latin1').on('data', (chunk: string) => take(connection, chunk));
    socket.on('error', (error) => connection.response.reject(error));
    socket.on('close', () => connection.response.reject(new Error('the connection was closed')));
    all.push(connection);
    return connection;
  }

  function take(connection: Connection, chunk: string): void {
    connection.received += chunk;
    const headEnd = connection.received.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const [, length] = /\r\ncontent-length: (\d+)/i.exec(connection.received) ?? [];
    if (connection.received.length < headEnd + HEAD_END.length + Number(length)) return;
    const status = Number(connection.received.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length));
    connection.received = '';
    const { resolve } = connection.response;
    const next = waiting.shift();
    if (next) next(connection);
    else free.push(connection);
    resolve(status);
  }

  function send(connection: Connection): Promise<number> {
    connection.response = Promise.withResolvers();
    connection.socket.write(request);
    return connection.response.promise;
  }

  return {
    get() {
      const connection = free.pop() ?? (all.length < MOST_CONNECTIONS ? open() : undefined);
      if (connection) return send(connection);
      return new Promise((resolve, reject) => {
        waiting.push((freed) => send(freed).then(resolve, reject));
      });
    },
    close() {
      for (const { socket } of all) socket.destroy();
    },
  };
}
