import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

/**
 * The receiver of webhooks of the acceptance suite, as a program of its own, because a sender in a container cannot reach a test. It imports
 * nothing of this repository, so that a bare Node runs it.
 *
 * It keeps the webhooks about uploads whose metadata has `webhooks`, and gives them as JSON at `GET /?id=<upload's id>`. With the value
 * `fail-once` each of them is responded to with 500 the first time. All else gets 204.
 */
interface Kept {
  readonly headers: unknown;
  readonly body: string;
}

const { HOST = '127.0.0.1', PORT = '0' } = process.env;
const keptOf = new Map<string, Kept[]>();

const server = createServer(async (request, response) => {
  if (request.method === 'GET') {
    const id = new URL(request.url ?? '/', 'http://localhost').searchParams.get('id') ?? '';
    return void response.end(JSON.stringify(keptOf.get(id) ?? []));
  }
  const body = await text(request);
  const { id, metadata } = JSON.parse(body).data;
  if (metadata.webhooks === undefined) return void response.writeHead(204).end();
  const kept = keptOf.get(id) ?? [];
  keptOf.set(id, kept);
  const webhookId = request.headers['webhook-id'];
  const isFirst = kept.every(
    ({ headers }) => (headers as typeof request.headers)['webhook-id'] !== webhookId,
  );
  kept.push({ headers: request.headers, body });
  response.writeHead(isFirst && metadata.webhooks === 'fail-once' ? 500 : 204).end();
});
server.listen({ host: HOST, port: Number(PORT) }, () => {
  process.stdout.write(`${JSON.stringify(server.address())}\n`);
});
