import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Test } from 'tap';

/** The commands that the handler in fixtures/do-as-told.ts takes. */
export type Command =
  | 'block for ever'
  | 'end with the signal, and go on'
  | 'throw outside the promise'
  | 'exit'
  | 'use up the memory'
  | 'be deaf'
  | 'log much'
  | 'print much'
  | 'fill the thread pool'
  | 'wait for a child process';

/** One run of a handler in fixtures/, which waits for what the test says. */
export interface HandlerCall {
  /** What the handler was given. */
  readonly given: unknown;
  succeed(): void;
  /** For fixtures/do-as-told.ts. */
  tell(command: Command): void;
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

/** Listens for the handlers of a test on 127.0.0.1. @param onCall called with each call, as it comes */
export async function listenForHandlers(
  t: Test,
  onCall: (call: HandlerCall) => void = () => undefined,
): Promise<HandlerCalls> {
  const all: HandlerCall[] = [];
  const looks = new Set<() => void>();
  const server = createServer(async (request, response) => {
    const cutOff = Promise.withResolvers<void>();
    response.once('close', () => response.writableFinished || cutOff.resolve());
    const call: HandlerCall = {
      given: JSON.parse(await text(request)),
      succeed: () => response.writeHead(204).end(),
      tell: (command) => response.writeHead(200).end(command),
      fail: (reason) => response.writeHead(500).end(reason),
      cutOff: cutOff.promise,
    };
    all.push(call);
    onCall(call);
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
