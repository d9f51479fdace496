import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { FastifyInstance } from 'fastify';
import { assertDescribed } from './described-responses.ts';

/**
 * Sends exactly these characters to the listening app and gives what came back until it closed the connection. A response to
 * an operation of the API is held to the app's description.
 */
export async function exchange(
  app: FastifyInstance,
  request: string,
): Promise<{ status: number; headers: string; body: string }> {
  const { port } = app.server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(request, 'latin1');
  const response = await text(socket);
  const [head = '', ...body] = response.split('\r\n\r\n');
  const [statusLine = '', ...headers] = head.split('\r\n');
  const status = Number(statusLine.split(' ')[1]);
  const [, method, url] = /^([A-Z]+) (\/[^ ]*) HTTP\/1\.1\r\n/.exec(request) ?? [];
  if (method && url && !/\r\ntransfer-encoding: chunked/i.test(head)) {
    assertDescribed(app, {
      method,
      url,
      status,
      headers: Object.fromEntries(headers.map(nameAndValue)),
      body: body.join('\r\n\r\n'),
    });
  }
  return { status, headers: headers.join('\n'), body: body.join('\r\n\r\n') };
}

function nameAndValue(line: string): [string, string] {
  const [name = '', ...value] = line.split(': ');
  return [name.toLowerCase(), value.join(': ')];
}
