import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Test } from 'tap';

/** One run of the handler in fixtures/call-test.ts, which waits for what the test says. */
export interface HandlerCall {
  /** What the handler was given. */
  readonly given: unknown;
  succeed(): void;
  fail(reason: string): void;
  /** Resolves when the handler's signal has cut the call off. */
  readonly cutOff: Promise<void>;
}

export interface HandlerCalls {
  readonly url: string;
  /** All calls so far. */
  readonly all: readonly HandlerCall[];
  /** The so-many-th call, past or to come. */
  call(number: number): Promise<HandlerCall>;
}

/** Listens for the handlers of a test on 127.0.0.1. */
export async function listenForHandlers(t: Test): Promise<HandlerCalls> {
  const all: HandlerCall[] = [];
  const looks = new Set<() => void>();
  const server = createServer(async (request, response) => {
    const cutOff = Promise.withResolvers<void>();
    response.once('close', () => response.writableFinished || cutOff.resolve());
    all.push({
      given: JSON.parse(await text(request)),
      succeed: () => response.writeHead(204).end(),
      fail: (reason) => response.writeHead(500).end(reason),
      cutOff: cutOff.promise,
    });
    for (const look of looks) look();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    all,
    call: (number) =>
      new Promise((resolve) => {
        const look = () => {
          const found = all[number - 1];
          if (found) resolve(found);
        };
        looks.add(look);
        look();
      }),
  };
}
