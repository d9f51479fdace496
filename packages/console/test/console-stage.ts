import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { type Clock, systemClock } from '@upload-once/clock';
import type { Test } from 'tap';
import { type ConsoleSources, type RunningConsole, startConsole } from '../src/index.ts';
import { fakeSources } from './fake-sources.ts';

export const TOKEN = 'a-token-of-this-test-which-is-long';

export interface Sent {
  readonly method?: string;
  /** Each name and value, as they go; the Host among them. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface ConsoleStage extends RunningConsole {
  /** Sends exactly these headers. */
  raw(
    path: string,
    sent?: Sent,
  ): Promise<{ readonly status: number; readonly text: string; readonly response: IncomingMessage }>;
  /** As the page does. */
  ask(
    path: string,
    body?: object,
  ): Promise<{ readonly status: number; readonly json: Record<string, unknown> }>;
}

/** The system's clock, whose time of day a test can put forward. It waits for `manualMs` or longer only as that passes. */
export function manualTime(manualMs = 60_000): Clock & { pass(ms: number): void } {
  let passedMs = 0;
  const waiting = new Set<{ readonly atMs: number; readonly call: () => void }>();
  return {
    ...systemClock,
    now: () => new Date(systemClock.now().getTime() + passedMs),
    after(ms, call) {
      if (ms < manualMs) return systemClock.after(ms, call);
      const one = { atMs: passedMs + ms, call };
      waiting.add(one);
      return () => waiting.delete(one);
    },
    pass(ms) {
      passedMs += ms;
      for (const one of waiting) {
        if (one.atMs > passedMs) continue;
        waiting.delete(one);
        one.call();
      }
    },
  };
}

/** A console in this process. It ends with the test. */
export async function startConsoleStage(
  t: Test,
  options: {
    readonly sources?: Partial<ConsoleSources>;
    readonly isWritable?: boolean;
    readonly clock?: Clock;
  } = {},
): Promise<ConsoleStage> {
  let ids = 0;
  const running = await startConsole({
    sources: fakeSources(options.sources),
    isWritable: options.isWritable ?? false,
    token: TOKEN,
    port: 0,
    clock: options.clock ?? systemClock,
    newId: () => `id-${++ids}`,
  });
  t.teardown(() => running.stop());

  async function raw(path: string, { method = 'GET', headers = {}, body }: Sent = {}) {
    const sent = httpRequest({
      host: '127.0.0.1',
      port: running.port,
      path,
      method,
      headers,
      setHost: false,
      agent: false,
    });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return { status: response.statusCode ?? 0, text: await text(response), response };
  }

  return {
    ...running,
    raw,
    async ask(path, body) {
      const { status, text } = await raw(path, {
        method: body ? 'POST' : 'GET',
        headers: {
          host: `127.0.0.1:${running.port}`,
          authorization: `Bearer ${TOKEN}`,
          'sec-fetch-site': 'same-origin',
          ...(body && { origin: running.origin, 'content-type': 'application/json' }),
        },
        body,
      });
      return { status, json: JSON.parse(text) };
    },
  };
}
