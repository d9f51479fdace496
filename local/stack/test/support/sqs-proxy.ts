import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Test } from 'tap';

/**
 * A proxy in front of SQS. It calls `before` with each call before it forwards the call, and `before` may return a changed input. If
 * `before` returns undefined, the call never reaches SQS and never gets a response.
 */
export async function startSqsProxy(
  t: Test,
  target: string,
  before: (name: string, input: Record<string, unknown>) => Record<string, unknown> | undefined,
): Promise<string> {
  const server = createServer(async (request, response) => {
    const headers = request.headers as Record<string, string>;
    const name = headers['x-amz-target']?.split('.').at(-1) ?? '';
    const input = before(name, JSON.parse(await text(request)));
    if (input === undefined) return;
    const { host: _, connection: __, 'content-length': ___, ...passedOn } = headers;
    const sqsResponse = await fetch(target + request.url, {
      method: 'POST',
      headers: passedOn,
      body: JSON.stringify(input),
    });
    const body = await sqsResponse.text();
    response
      .writeHead(sqsResponse.status, { 'content-type': sqsResponse.headers.get('content-type') ?? '' })
      .end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
