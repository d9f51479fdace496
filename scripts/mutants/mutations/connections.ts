import type { Mutation } from '../mutation.ts';

const SERVER = 'packages/runtime/src/bounded-server.ts';
const SERVER_TEST = 'packages/runtime/test/bounded-server.test.ts';
const BOUNDED = 'headers and trailers that have not come whole are bounded, and those of unfinished requests';

/** What clients can make a server hold. */
export const connectionMutations: readonly Mutation[] = [
  {
    id: 'headers-forgotten-early',
    change:
      'the headers of a request no longer count when its response is complete, though its body has not ended',
    breaks: 'P7: a client without a key ends a task of the url-issuer by bodies that do not end',
    file: SERVER,
    find: '!request.complete || ',
    replace: '',
    noticedIn: SERVER_TEST,
    noticedBy: BOUNDED,
  },
  {
    id: 'header-parts-uncounted',
    change: 'headers and trailers that have come in part do not count',
    breaks: 'P7: a client without a key ends a task of the url-issuer by headers or trailers that do not end',
    file: SERVER,
    find: 'connection.partMemoryBytes = partMemoryBytes(connection.partBytes);',
    replace: 'connection.partMemoryBytes = 0;',
    noticedIn: SERVER_TEST,
    noticedBy: BOUNDED,
  },
  {
    id: 'header-parts-by-their-characters',
    change: 'a header that has come in part counts its characters alone',
    breaks:
      'P7: a client without a key ends a task of the url-issuer by many short fields of headers that do not end',
    file: 'packages/runtime/src/header-bytes.ts',
    find: 'bytes + 2 * fields * STRING_OVERHEAD_BYTES',
    replace: 'bytes + 0 * fields',
    noticedIn: SERVER_TEST,
    noticedBy: BOUNDED,
  },
  {
    id: 'bodies-counted-as-headers',
    change: 'the bytes of a body count as those of a header that has not come whole',
    breaks: 'P7: connections of clients that sent large bodies are closed for headers they did not send',
    file: SERVER,
    find: 'if (connection) connection.partBytes -= piece.length;',
    replace: '',
    noticedIn: SERVER_TEST,
    noticedBy: 'bodies take no room of headers, and neither do complete requests',
  },
  {
    id: 'large-pieces-out-of-turn',
    change: 'connections that send large pieces are read on at once',
    breaks: 'P7: one turn of the event loop holds what all clients of the url-issuer send at the same time',
    file: SERVER,
    find: 'connection.isHeldBack = pieceBytes >= LARGE_PIECE_BYTES && !socket.isPaused();',
    replace: 'connection.isHeldBack = false;',
    noticedIn: SERVER_TEST,
    noticedBy: 'of connections with large headers one is read on in each turn of the event loop',
  },
  {
    id: 'newcomers-kept-out',
    change: 'no connection is closed behind its response while others wait for a place',
    breaks: 'P7: clients without a key that always have requests on their way keep all others out',
    file: SERVER,
    find: "if (connections.size > maxConnections) refuse(request.socket, 'TooManyConnections');",
    replace: '',
    noticedIn: SERVER_TEST,
    noticedBy: 'clients that always have requests on their way keep no other out',
  },
  {
    id: 'newcomers-last',
    change: 'the first request of a connection waits for its turn among those of all connections',
    breaks: 'P7: clients without a key make health checks of the url-issuer wait until ECS replaces the task',
    file: SERVER,
    find: '(connection?.isKnown ? turns : firstTurns).add',
    replace: 'turns.add',
    noticedIn: SERVER_TEST,
    noticedBy: 'a new client waits for no request of those that are there',
  },
  {
    id: 'first-requests-pile-up',
    change: 'no more first requests are handled in a turn than connections are taken',
    breaks: 'P7: first requests that came at the same moment hold up those of all later connections',
    file: SERVER,
    find: 'const FIRST_REQUESTS_IN_A_TURN = 2;',
    replace: 'const FIRST_REQUESTS_IN_A_TURN = 1;',
    noticedIn: SERVER_TEST,
    noticedBy: 'of first requests two are handled in each turn of the event loop',
  },
  {
    id: 'first-requests-in-order',
    change:
      'first requests are handled in the order in which they come, not those of the newest connections first',
    breaks:
      'P7: clients without a key that are silent and then ask at the same moment make health checks wait',
    file: SERVER,
    find: ', next: newest }',
    replace: ' }',
    noticedIn: SERVER_TEST,
    noticedBy: 'a new client waits for no first request of those that came before it',
  },
  {
    id: 'rest-of-bodies-out-of-turn',
    change: 'what is left of a body is read on at once when its response is given',
    breaks: 'P7: bodies that clients without a key send make health checks of the url-issuer wait',
    file: SERVER,
    find: 'if (request.complete) {',
    replace: 'if (request.readable) {',
    noticedIn: SERVER_TEST,
    noticedBy: 'of connections with large bodies one is read on in each turn of the event loop',
  },
];
