import {
  createServer,
  IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';

/**
 * The most requests of one connection that have no complete response yet. Load balancers, API Gateway, browsers and the HTTP clients
 * of common languages send one at a time.
 */
export const MAX_REQUESTS_AT_ONCE = 8;

/**
 * The most bytes of a request's body that the server reads, also when the response is given already. The listener's own limit is lower,
 * so a client that sends too much can read why. A piece, such as a chunk of the chunked coding, counts as 4 KiB at least: each costs
 * memory and time of its own, however short it is.
 */
const MAX_BODY_BYTES = 1024 ** 2;
const LEAST_BYTES_OF_A_PIECE = 4096;

/** Why the server closed a connection. */
export type ConnectionRefusal = 'TooManyAtOnce' | 'TooManyConnections' | 'TooLongBody';

export interface BoundedServerOptions
  extends Omit<ServerOptions, 'IncomingMessage' | 'requireHostHeader' | 'shouldUpgradeCallback'> {
  /** The most open connections, at least 1. */
  readonly maxConnections: number;
  /** Called once for each connection that the server closes. */
  readonly onRefused?: (reason: ConnectionRefusal) => void;
}

/**
 * An HTTP server, not listening yet, whose memory clients cannot exhaust by the number of their connections and requests, and which
 * divides its time fairly between its connections.
 *
 * - A connection has at most `MAX_REQUESTS_AT_ONCE` requests without a complete response. A response is complete when the operating
 *   system has taken its last byte, so a client that does not read its responses reaches the limit. One more request closes the
 *   connection, and nothing else that it sent is read.
 * - A connection beyond `maxConnections` takes the place of the oldest one that the server does no work for: one that is idle, that
 *   has not sent a whole request yet, or that has not read its response. So clients that only hold connections open keep no others
 *   out. Where the server works for every connection, the newest is closed.
 * - The listener gets one request in each turn of the event loop, from each connection in turn. Node.js takes one new connection a
 *   turn, so a turn that serves all that wait would keep new clients out for as many such turns as connections came before them.
 * - Of a body 1 MiB is read at most, before and after its response, and no more than 256 pieces. More closes the connection.
 * - Every request comes to the listener: one without a Host header and one with an expectation that Node.js does not know as well.
 *   Node.js would answer these itself, any number of them.
 */
export function createBoundedServer(options: BoundedServerOptions, listener: RequestListener): Server {
  const { maxConnections, onRefused, ...serverOptions } = options;
  /** The open connections, the oldest first, each with its requests that have no complete response. */
  const connections = new Map<Socket, Map<IncomingMessage, ServerResponse>>();

  /**
   * Node.js parses all requests in a chunk of 64 KiB at once, some 2,000, before a pause takes effect, and holds each of them and its
   * response until the connection is closed. The one thing that stops its parser in the middle is a change of protocol: what
   * follows is none of HTTP's. So one request too many is taken for that.
   */
  class BoundedRequest extends IncomingMessage {
    declare private isUpgrade: boolean;
    declare isTooMany: boolean;
    #bodyBytes = 0;

    get upgrade(): boolean {
      return this.isUpgrade;
    }

    /** Node.js sets this before the request reaches its listener, and so before the request is counted. */
    set upgrade(asksForUpgrade: boolean) {
      this.isTooMany = (connections.get(this.socket)?.size ?? 0) >= MAX_REQUESTS_AT_ONCE;
      this.isUpgrade = asksForUpgrade || this.isTooMany;
    }

    override push(piece: Buffer | null, encoding?: BufferEncoding): boolean {
      if (piece === null) return super.push(piece, encoding);
      const isRead = this.#bodyBytes <= MAX_BODY_BYTES;
      this.#bodyBytes += Math.max(piece.length, LEAST_BYTES_OF_A_PIECE);
      if (this.#bodyBytes <= MAX_BODY_BYTES) return super.push(piece, encoding);
      if (isRead) {
        this.socket.destroy();
        onRefused?.('TooLongBody');
      }
      return false;
    }
  }

  const inTurn = createTurns<Socket>();

  function handle(request: IncomingMessage, response: ServerResponse & { req: IncomingMessage }): void {
    const requests = connections.get(request.socket);
    requests?.set(request, response);
    response.once('close', () => requests?.delete(request));
    // Node.js would read the rest of the body without an end; read like this, it is bounded.
    response.once('prefinish', () => request.resume());
    inTurn(request.socket, () => {
      if (!request.socket.destroyed) listener(request, response);
    });
  }

  const server = createServer(
    {
      ...serverOptions,
      IncomingMessage: BoundedRequest,
      requireHostHeader: false,
      shouldUpgradeCallback: (request) => request.isTooMany,
    },
    handle,
  );
  server.on('checkExpectation', handle);
  server.on('upgrade', (_request, socket) => {
    socket.destroy();
    onRefused?.('TooManyAtOnce');
  });
  // Not by `server.maxConnections`: that closes the newest.
  server.on('connection', (socket) => {
    connections.set(socket, new Map());
    socket.once('close', () => connections.delete(socket));
    if (connections.size <= maxConnections) return;
    const oldest = [...connections.keys()].find((other) => other !== socket && !isWorkedFor(other));
    const closing = oldest ?? socket;
    // At once, not when it is closed: the next connection may come at the same moment, and takes the place of another.
    connections.delete(closing);
    closing.destroy();
    onRefused?.('TooManyConnections');
  });

  function isWorkedFor(socket: Socket): boolean {
    const requests = [...(connections.get(socket) ?? [])];
    return requests.some(([request, response]) => request.complete && !response.writableEnded);
  }

  return server;
}

/** Runs one task in each turn of the event loop: the first that waits of each owner, one owner after the other. */
function createTurns<Owner>(): (owner: Owner, task: () => void) => void {
  const waiting = new Map<Owner, (() => void)[]>();

  function runNext(): void {
    const [next] = waiting;
    if (!next) return;
    const [owner, [task, ...others]] = next;
    waiting.delete(owner);
    if (others.length > 0) waiting.set(owner, others);
    if (waiting.size > 0) setImmediate(runNext);
    task?.();
  }

  return (owner, task) => {
    if (waiting.size === 0) setImmediate(runNext);
    const tasks = waiting.get(owner);
    if (tasks) tasks.push(task);
    else waiting.set(owner, [task]);
  };
}
