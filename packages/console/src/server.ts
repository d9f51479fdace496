// Own server: node:http and a list of routes. The command's package would need all of Fastify for a page that one person opens.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Clock } from '@upload-once/clock';
import { allowedHosts, assertHost, assertOwnOrigin, assertToken, RequestRefused } from './access-rules.ts';
import { createApi, type Route } from './api.ts';
import { createLive } from './live.ts';
import { type PageFile, readPageFiles } from './page-files.ts';
import { inPlainWords } from './plain-words.ts';
import { type ConsoleSources, CursorGone } from './ports.ts';
import type { UnderWay } from './redrives.ts';

export interface ConsoleOptions {
  readonly sources: ConsoleSources;
  /** Without it the console changes nothing. */
  readonly isWritable: boolean;
  /** What opens the console: at least 128 bits of randomness, in base64url. */
  readonly token: string;
  /** On 127.0.0.1; 0: any free one. */
  readonly port: number;
  readonly clock: Clock;
  /** Text that no one can guess. */
  readonly newId: () => string;
}

export interface RunningConsole {
  /** Without the token. */
  readonly origin: string;
  readonly port: number;
  /**
   * Ends it. A redrive or a repair that is under way comes to the end of its batch first, because a batch that is cut off leaves messages
   * hidden or doubled. It has half a minute for that.
   * @param onWords gets what it waits for, and what became of it, in sentences for a person
   */
  stop(onWords?: (words: string) => void): Promise<void>;
}

/** It is never another: the console has the credentials of the person who started it. */
const ADDRESS = '127.0.0.1';
const MOST_BODY_BYTES = 16_384;
/** Connections without the token yet. Beyond them the oldest one ends, so that no other program of this machine can keep the page out. */
const MOST_STRANGERS = 32;

/** SQS's calls for one batch take less. */
const STOP_MS = 30_000;

/** Content Security Policy Level 3, Trusted Types: scripts and styles are this console's own files, and no text becomes HTML. */
const HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
};

/**
 * Serves the console on 127.0.0.1 until it is stopped. The page's own files are served to each request that names this console as its Host;
 * everything else needs the token. docs/adr/0037-a-console-without-cookies.md has the reasons.
 */
export async function startConsole(options: ConsoleOptions): Promise<RunningConsole> {
  const { sources, isWritable, token, clock, newId } = options;
  const files = await readPageFiles();
  const live = createLive(clock, () => api.left());
  const api = createApi({ sources, isWritable, clock, live, newId });
  const ending = new AbortController();
  const strangers = new Set<Socket>();
  let hosts: readonly string[] = [];

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    assertHost(request, hosts);
    const [path = ''] = (request.url ?? '').split('?', 1);
    const file = files.get(path);
    if (file) return sendFile(request, response, file);
    if (!path.startsWith('/api/')) throw new RequestRefused(404, 'NotFound', 'there is nothing here');
    assertOwnOrigin(request);
    assertToken(request, token);
    strangers.delete(request.socket);
    if (path === '/api/live' && request.method === 'GET') return live.open(response, 'state', api.state());
    const route = api.routes.find((each) => isFor(each, request.method, path));
    if (!route) throw new RequestRefused(404, 'NotFound', 'there is nothing here');
    if (route.isWrite && !isWritable)
      throw new RequestRefused(
        403,
        'ReadOnly',
        'this console changes nothing: start it with "upload-once console --write"',
      );
    const body = route.method === 'POST' ? await bodyOf(request) : {};
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const signal = AbortSignal.any([gone.signal, ending.signal]);
    const result = await route.handle({ rest: path.slice(route.path.length), body, signal });
    sendJson(response, 200, result ?? {});
  }

  const server = createServer({ requireHostHeader: false }, (request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    respond(request, response).catch((error) => sendError(response, error));
  });
  server.on('connection', (socket) => {
    strangers.add(socket);
    socket.once('close', () => strangers.delete(socket));
    const [oldest] = strangers;
    if (strangers.size > MOST_STRANGERS) oldest?.destroy();
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  const port = await listen(server, options.port);
  hosts = allowedHosts(port);

  return {
    origin: `http://${hosts[0]}`,
    port,
    async stop(onWords = () => {}) {
      ending.abort();
      const closed = new Promise((resolve) => server.close(resolve));
      live.close();
      await Promise.all(api.stop().map((each) => waitFor(each, clock, onWords)));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function waitFor({ what, ended }: UnderWay, clock: Clock, onWords: (words: string) => void) {
  onWords(`${what} ends behind the batch that is under way`);
  let giveUp = () => {};
  const late = new Promise<undefined>((resolve) => {
    giveUp = clock.after(STOP_MS, () => resolve(undefined));
  });
  const words = await Promise.race([ended, late]);
  giveUp();
  onWords(
    words === undefined
      ? `${what} has not ended after ${STOP_MS / 1_000} s: messages can be hidden for a while, and moved twice, which is harmless`
      : `${what} has ended: ${words}`,
  );
}

function isFor({ method, path }: Route, given: string | undefined, at: string): boolean {
  const isPath = path.endsWith('/') ? at.startsWith(path) && at.length > path.length : at === path;
  return isPath && method === given;
}

function sendFile({ method }: IncomingMessage, response: ServerResponse, { type, body }: PageFile): void {
  if (method !== 'GET' && method !== 'HEAD')
    throw new RequestRefused(405, 'MethodNotAllowed', 'this can only be read');
  response.writeHead(200, { 'content-type': type, 'content-length': body.length });
  response.end(method === 'HEAD' ? undefined : body);
}

function sendJson(response: ServerResponse, status: number, data: unknown): void {
  if (response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(data));
}

/** AWS's failures are this console's response, and not its own failure: 502. */
function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy();
  const isRefused = error instanceof RequestRefused;
  const isGone = error instanceof CursorGone;
  const [status, code] = isRefused
    ? [error.status, error.code]
    : isGone
      ? [409, error.code]
      : [502, 'Failed'];
  // What is left of a body that was not read would be taken for the next request.
  response.setHeader('connection', 'close');
  sendJson(response, status, { code, message: isRefused ? error.message : inPlainWords(error) });
}

async function bodyOf(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  // A page of another site can't send this type without being asked for it (Fetch Standard, "CORS-safelisted request-header").
  if (request.headers['content-type'] !== 'application/json')
    throw new RequestRefused(415, 'WrongType', 'the body of a request is application/json');
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BODY_BYTES)
      throw new RequestRefused(413, 'TooLarge', `a request has at most ${MOST_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
    if (typeof body === 'object' && body !== null && !Array.isArray(body))
      return body as Record<string, unknown>;
  } catch {
    // As for what is no object.
  }
  throw new RequestRefused(400, 'BadRequest', 'the body of a request is a JSON object');
}

/** @throws Error naming the port, if it is taken */
function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? new PortTaken(port) : error);
    });
    server.listen(port, ADDRESS, () => resolve((server.address() as AddressInfo).port));
  });
}

/** Another program listens on the port. */
export class PortTaken extends Error {
  readonly code = 'PortTaken';

  constructor(port: number) {
    super(`port ${port} of ${ADDRESS} is taken: give another one with --port, or none`);
  }
}
