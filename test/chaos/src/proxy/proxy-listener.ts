import { once } from 'node:events';
import { createServer, type IncomingMessage, request as requestTo, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { holdPort } from '@upload-once/local-stack/ports.ts';
import { type AwsCall, type AwsService, describeRequest } from './aws-call.ts';
import type { CallOutcome } from './call-outcome.ts';
import { refusalOf } from './refusal.ts';
import { writeHalf } from './write-half.ts';

export interface ProxyListener {
  /** `http://127.0.0.1:<port>`; stays the same over `close` and `open`. */
  readonly url: string;
  /** Resets what is under way and refuses connections. */
  close(): void;
  open(): Promise<void>;
}

interface ListenerOptions {
  readonly service: AwsService;
  readonly endpoint: string;
  readonly meet: (call: Omit<AwsCall, 'name' | 'number' | 'occurrence'>) => Promise<CallOutcome>;
}

const ADDRESS = '127.0.0.1';

/** Of this hop alone, not of the message (RFC 9110, "Connection"). */
const OWN_HEADERS = new Set(['connection', 'keep-alive']);

/** Listens in front of one service's endpoint. */
export async function startListener(options: ListenerOptions): Promise<ProxyListener> {
  const sockets = new Set<Socket>();
  // A call may be held, or a body be slow, for as long as a test says; an idle connection outlives the client's use of it.
  const http = createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 }, (request, response) => {
    void handle(request, response, options);
  });
  const server = createTcpServer({ allowHalfOpen: true, noDelay: true });
  async function listen(port: number): Promise<void> {
    server.listen(port, ADDRESS);
    await once(server, 'listening');
  }
  await listen(0);
  // Or another process could have it when this one opens again.
  const port = await holdPort(server);
  server.on('connection', (socket) => {
    sockets.add(socket);
    // A client that was killed leaves a broken pipe behind. This is no error.
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    http.emit('connection', socket);
  });

  return {
    url: `http://${ADDRESS}:${port}`,
    open: () => (server.listening ? Promise.resolve() : listen(port)),
    close() {
      server.close();
      for (const socket of sockets) socket.resetAndDestroy();
    },
  };
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  { service, endpoint, meet }: ListenerOptions,
): Promise<void> {
  const { socket } = request;
  response.on('error', () => undefined);
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  let outcome: CallOutcome;
  try {
    outcome = await meet({ service, ...describeRequest(service, request), gone: gone.signal });
  } catch (error) {
    // A judge that waits may fail once its client is gone.
    if (gone.signal.aborted) return;
    throw error;
  }
  switch (outcome.kind) {
    case 'cut':
      socket.resetAndDestroy();
      return;
    case 'refuse': {
      const { status, headers, body } = refusalOf(service, outcome.error);
      request.resume();
      response.writeHead(status, headers).end(request.method === 'HEAD' ? undefined : body);
      return;
    }
    case 'write-half':
    case 'pass':
    case 'late':
    case 'lose-response':
      try {
        if (outcome.kind === 'write-half') await writeHalf(request, response, endpoint);
        else await carryOut(request, response, endpoint, outcome);
      } catch {
        // Whichever side broke off, the other one sees its connection break, as it would without this one in between.
        socket.resetAndDestroy();
      }
  }
}

async function carryOut(
  request: IncomingMessage,
  response: ServerResponse,
  endpoint: string,
  outcome: Extract<CallOutcome, { kind: 'pass' | 'late' | 'lose-response' }>,
): Promise<void> {
  let body: Readable = request;
  if (outcome.kind === 'late') {
    body = Readable.from([await buffer(request)]);
    await outcome.meanwhile();
  }
  const { hostname, port } = new URL(endpoint);
  const upstream = requestTo({
    hostname,
    port,
    agent: false,
    ...(request.method !== undefined && { method: request.method }),
    ...(request.url !== undefined && { path: request.url }),
    headers: passedOn(request.rawHeaders),
  });
  const responded = once(upstream, 'response') as Promise<[IncomingMessage]>;
  // A client that leaves in the middle of its request ends it; once all of it is there, AWS carries it out without its client.
  responded.catch(() => undefined);
  await pipeline(body, upstream);
  const [upstreamResponse] = await responded;
  if (outcome.kind === 'lose-response') {
    upstreamResponse.resume();
    await once(upstreamResponse, 'end');
    await outcome.meanwhile?.();
    request.socket.resetAndDestroy();
    return;
  }
  if (outcome.kind === 'pass') await outcome.beforeResponse?.();
  response.writeHead(
    upstreamResponse.statusCode ?? 502,
    upstreamResponse.statusMessage,
    passedOn(upstreamResponse.rawHeaders),
  );
  await pipeline(upstreamResponse, response);
}

/** Names and values, one after the other, as they came. */
function passedOn(rawHeaders: readonly string[]): string[] {
  const headers: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2);
    if (!OWN_HEADERS.has(name.toLowerCase())) headers.push(name, value);
  }
  return headers;
}
