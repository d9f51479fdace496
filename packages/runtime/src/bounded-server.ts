// Over 250 lines: what a connection holds and what the server does with it share one account, which each step changes.
import {
  createServer,
  IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { memoryBytes, partMemoryBytes, sentBytes } from './header-bytes.ts';
import { createTurns } from './turns.ts';

/**
 * The most requests of one connection that have no complete response yet. Load balancers, API Gateway, browsers and the HTTP clients
 * of common languages send one at a time.
 */
export const MAX_REQUESTS_AT_ONCE = 8;

/**
 * The most bytes that the headers of those requests have together; a single request may have more. So a connection has one request with a
 * large header at a time.
 */
export const MAX_HEADER_BYTES_AT_ONCE = 32 * 1024;

/**
 * The most bytes that all headers and trailers have together that the server holds, whole or in part. A small part of the memory of the
 * smallest task. Without this limit, 300 connections with headers of 128 KiB fill its heap.
 */
export const MAX_HEADER_BYTES_OF_ALL = 32 * 1024 ** 2;

/**
 * The most bytes of a request's body that the server reads, also when the response is given already. The listener's own limit is lower,
 * so a client that sends too much can read why. A piece, such as a chunk of the chunked coding, counts as 1 KiB at least: each costs
 * memory and time of its own, however short it is.
 */
const MAX_BODY_BYTES = 256 * 1024;
const LEAST_BYTES_OF_A_PIECE = 1024;

/** A connection that sends so much at once waits for its turn before the server reads on. Ordinary requests are smaller. */
const LARGE_PIECE_BYTES = 16 * 1024;

/** More than the connections that Node.js takes in a turn: as many, and those that wait would never grow fewer. */
const FIRST_REQUESTS_IN_A_TURN = 2;

/** Why the server closed a connection. */
export type ConnectionRefusal = 'TooManyAtOnce' | 'TooManyConnections' | 'TooManyHeaderBytes' | 'TooLongBody';

export interface BoundedServerOptions
  extends Omit<
    ServerOptions,
    'IncomingMessage' | 'ServerResponse' | 'requireHostHeader' | 'shouldUpgradeCallback'
  > {
  /** The most open connections, at least 1; for the time until the next response a tenth more. */
  readonly maxConnections: number;
  /** Called once for each connection that the server closes. */
  readonly onRefused?: (reason: ConnectionRefusal) => void;
}

/** An open connection. */
interface Connection {
  /** Counted up from connection to connection. */
  readonly number: number;
  /** Its requests that are not complete or have no complete response. */
  readonly requests: Map<IncomingMessage, ServerResponse>;
  /** Those of them that came whole and whose response the listener has not ended. */
  readonly underWork: Set<IncomingMessage>;
  /** Whether a request of it has come. */
  isKnown: boolean;
  /** Of these requests. */
  headerBytes: number;
  /** Bytes that were read and that are no body and no whole header: all those of a header or of trailers that have not come whole. */
  partBytes: number;
  /** The most memory that these can take. */
  partMemoryBytes: number;
  /** Whether it is not read until its turn comes. */
  isHeldBack: boolean;
}

/**
 * An HTTP server, not listening yet, whose memory clients cannot exhaust by the number of their connections and requests or by the size of
 * these, and which divides its time fairly between its connections. Our own, because Node.js and Fastify bound one request, and not what one
 * client sends on one connection or on many.
 *
 * - A connection has at most `MAX_REQUESTS_AT_ONCE` requests without a complete response. A response is complete when the operating
 *   system has taken its last byte, so a client that does not read its responses reaches the limit. One more request closes the
 *   connection, and nothing else that it sent is read. So does one more request when those that it has fill `MAX_HEADER_BYTES_AT_ONCE`.
 * - Where headers and trailers of all connections fill `MAX_HEADER_BYTES_OF_ALL`, the connection with the largest is closed; of
 *   several, the newest. They count from their first byte until the request has come whole and its response is complete; what the
 *   parser drops, such as spaces before a value, until the next request.
 * - A connection that sends 16 KiB or more at once is read on in its turn, one connection in each turn of the event loop. So one turn
 *   does not parse, and does not hold, all that many clients send at the same time. A body is read on as the listener reads it, and
 *   after its response in turn as well.
 * - A connection beyond `maxConnections` takes the place of the one that the server has done no work for since longest: one that is
 *   idle, that has not sent a whole request yet, or that has not read its response. The last of these, a tenth of `maxConnections`, are
 *   left out: a request follows its connection. Where there are no others, one connection more is let in, up to a tenth more, and the
 *   connection that gets the next response is closed behind it. So neither clients that only hold connections open nor those that always
 *   have requests on their way keep others out. Beyond that tenth the newest is closed.
 * - In each turn of the event loop the listener gets two requests that are the first of their connections, of the newest connections,
 *   and one of the others, from each connection in turn. Node.js takes one new connection a turn. So a new client, such as a health check,
 *   does not wait for the requests of those that came before it; and no turn serves all that wait, which would keep new clients out for
 *   that time.
 * - Of a body 256 KiB are read at most, before and after its response, and no more than 256 pieces. More closes the connection.
 * - Every request comes to the listener: one without a Host header and one with an expectation that Node.js does not know as well.
 *   Node.js would respond to these itself, to any number of them.
 */
export function createBoundedServer(options: BoundedServerOptions, listener: RequestListener): Server {
  const { maxConnections, onRefused, ...serverOptions } = options;
  const mostNewcomers = Math.max(1, Math.floor(maxConnections / 10));
  const connections = new Map<Socket, Connection>();
  /** Those that the server does no work for, the longest first. */
  const idle = new Set<Socket>();
  const firstTurns = createTurns<Socket>({ tasksInATurn: FIRST_REQUESTS_IN_A_TURN, next: newest });
  const turns = createTurns<Socket>();
  const readTurns = createTurns<Socket>();
  /** Of all connections. */
  let headerBytes = 0;
  let taken = 0;

  /**
   * Node.js parses all requests in a chunk of 64 KiB at once, some 2,000, before a pause takes effect, and holds each of them and its
   * response until the connection is closed. The one thing that stops its parser in the middle is a change of protocol: what
   * follows is none of HTTP's. So one request too many is taken for that.
   */
  class BoundedRequest extends IncomingMessage {
    declare private isUpgrade: boolean;
    declare isTooMany: boolean;
    headerBytes = 0;
    #bodyBytes = 0;

    get upgrade(): boolean {
      return this.isUpgrade;
    }

    /** Node.js sets this before the request reaches its listener, and so before the request is counted. */
    set upgrade(asksForUpgrade: boolean) {
      this.isTooMany = hasMost(this.socket);
      this.isUpgrade = asksForUpgrade || this.isTooMany;
    }

    /** Node.js calls this where a response is given before its request was read to the end, and would read that without an end. */
    _dump(): void {}

    override push(piece: Buffer | null, encoding?: BufferEncoding): boolean {
      if (piece === null) {
        // The trailers, which come behind the body, take memory as headers do.
        count(this, this.rawTrailers);
        beginWork(this);
        forgetComplete(this);
        return super.push(piece, encoding);
      }
      const connection = connections.get(this.socket);
      if (connection) connection.partBytes -= piece.length;
      const isRead = this.#bodyBytes <= MAX_BODY_BYTES;
      this.#bodyBytes += Math.max(piece.length, LEAST_BYTES_OF_A_PIECE);
      if (this.#bodyBytes <= MAX_BODY_BYTES) return super.push(piece, encoding);
      if (isRead) refuse(this.socket, 'TooLongBody');
      return false;
    }
  }

  class BoundedResponse extends ServerResponse<BoundedRequest> {
    // biome-ignore lint/suspicious/noExplicitAny: Node.js takes its arguments in four ways, and this passes on what comes.
    override end(...data: any[]): this {
      super.end(...data);
      endWork(this.req);
      return this;
    }
  }

  /** Also of a connection that is closed already: Node.js parses the rest of what it has read. */
  function hasMost(socket: Socket): boolean {
    const connection = connections.get(socket);
    if (!connection) return true;
    return (
      connection.requests.size >= MAX_REQUESTS_AT_ONCE || connection.headerBytes >= MAX_HEADER_BYTES_AT_ONCE
    );
  }

  function handle(request: BoundedRequest, response: BoundedResponse): void {
    const connection = connections.get(request.socket);
    connection?.requests.set(request, response);
    response.once('close', () => forgetComplete(request));
    response.once('prefinish', () => readRest(request));
    (connection?.isKnown ? turns : firstTurns).add(request.socket, () => {
      if (!request.socket.destroyed) listener(request, response);
    });
    if (connection) connection.isKnown = true;
    count(request, [
      request.method ?? '',
      request.url ?? '',
      `HTTP/${request.httpVersion}`,
      ...request.rawHeaders,
    ]);
  }

  /** What is left of a body when its response is given. `request.resume()` would read on a connection that is held back. */
  function readRest(request: BoundedRequest): void {
    if (request.complete) {
      request.resume();
      return;
    }
    const inTurn = (task: () => void) => readTurns.add(request.socket, task);
    inTurn(() => request.on('readable', () => inTurn(() => request.read())));
  }

  function beginWork(request: BoundedRequest): void {
    const connection = connections.get(request.socket);
    if (connection?.requests.get(request)?.writableEnded !== false) return;
    connection.underWork.add(request);
    idle.delete(request.socket);
  }

  function endWork(request: BoundedRequest): void {
    const connection = connections.get(request.socket);
    if (!connection?.underWork.delete(request)) return;
    if (connection.underWork.size === 0) idle.add(request.socket);
  }

  /** Adds to what the request holds until it and its response are complete, and makes room for it. */
  function count(request: BoundedRequest, strings: readonly string[]): void {
    const connection = connections.get(request.socket);
    if (!connection?.requests.has(request)) return;
    // All that came before has been parsed. Below zero is what the piece that is being parsed has of this.
    connection.partBytes = Math.min(0, connection.partBytes - sentBytes(strings));
    const bytes = memoryBytes(strings);
    request.headerBytes += bytes;
    connection.headerBytes += bytes;
    headerBytes += bytes;
    makeRoom();
  }

  /** Counts a piece that Node.js has parsed. What is left of it is the beginning of a header or of trailers. */
  function countPart(socket: Socket, pieceBytes: number): void {
    const connection = connections.get(socket);
    if (!connection) return;
    connection.partBytes = Math.max(0, connection.partBytes + pieceBytes);
    headerBytes -= connection.partMemoryBytes;
    connection.partMemoryBytes = partMemoryBytes(connection.partBytes);
    headerBytes += connection.partMemoryBytes;
    makeRoom();
    // Where Node.js has paused it already, Node.js resumes it.
    connection.isHeldBack = pieceBytes >= LARGE_PIECE_BYTES && !socket.isPaused();
    if (!connection.isHeldBack) return;
    socket.pause();
    readTurns.add(socket, () => {
      if (connection.isHeldBack) socket.resume();
    });
  }

  function makeRoom(): void {
    while (headerBytes > MAX_HEADER_BYTES_OF_ALL) refuse(largest(), 'TooManyHeaderBytes');
  }

  function forgetComplete(request: BoundedRequest): void {
    const connection = connections.get(request.socket);
    if (!request.complete || connection?.requests.get(request)?.closed !== true) return;
    connection.requests.delete(request);
    connection.headerBytes -= request.headerBytes;
    headerBytes -= request.headerBytes;
    if (connections.size > maxConnections) refuse(request.socket, 'TooManyConnections');
  }

  function newest(sockets: Iterable<Socket>): Socket {
    const numberOf = (socket: Socket) => connections.get(socket)?.number ?? 0;
    return [...sockets].reduce((last, other) => (numberOf(other) > numberOf(last) ? other : last));
  }

  function largest(): Socket {
    const all = [...connections];
    return all.reduce((most, other) => (bytesOf(other[1]) >= bytesOf(most[1]) ? other : most))[0];
  }

  /** @returns false for a connection that was released before */
  function release(socket: Socket): boolean {
    const connection = connections.get(socket);
    if (connection) headerBytes -= connection.headerBytes + connection.partMemoryBytes;
    idle.delete(socket);
    firstTurns.drop(socket);
    turns.drop(socket);
    readTurns.drop(socket);
    return connections.delete(socket);
  }

  function refuse(socket: Socket, reason: ConnectionRefusal): void {
    // At once, not when it is closed: the next connection or request may come at the same moment, and needs the room of another.
    const isOpen = release(socket);
    socket.destroy();
    if (isOpen) onRefused?.(reason);
  }

  const server = createServer(
    {
      ...serverOptions,
      IncomingMessage: BoundedRequest,
      ServerResponse: BoundedResponse,
      requireHostHeader: false,
      shouldUpgradeCallback: (request) => request.isTooMany,
    },
    handle,
  );
  server.on('checkExpectation', handle);
  server.on('upgrade', ({ socket }) => refuse(socket, 'TooManyAtOnce'));
  // Not by `server.maxConnections`: that closes the newest.
  server.on('connection', (socket) => {
    taken += 1;
    connections.set(socket, {
      number: taken,
      requests: new Map(),
      underWork: new Set(),
      isKnown: false,
      headerBytes: 0,
      partBytes: 0,
      partMemoryBytes: 0,
      isHeldBack: false,
    });
    idle.add(socket);
    // Node.js takes its own listener away when a connection changes its protocol, and an error without a listener ends the process.
    socket.on('error', () => undefined);
    socket.once('close', () => release(socket));
    // Behind the listener of Node.js, which parses the piece.
    socket.on('data', (piece) => countPart(socket, piece.length));
    if (connections.size <= maxConnections) return;
    const [longestIdle] = idle;
    if (longestIdle && idle.size > mostNewcomers) refuse(longestIdle, 'TooManyConnections');
    else if (connections.size > maxConnections + mostNewcomers) refuse(socket, 'TooManyConnections');
  });

  return server;
}

/** What a connection holds for certain. The memory of a part is only known when it is whole. */
function bytesOf({ headerBytes, partBytes }: Connection): number {
  return headerBytes + partBytes;
}
