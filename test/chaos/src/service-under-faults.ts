import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type ManagedProcess, startProcess } from '@upload-once/local-stack/child-process.ts';
import { urlOf } from '@upload-once/local-stack/stack.ts';
import type { AwsProxy } from './proxy/aws-proxy.ts';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
/** Enough for a test to look back; hours of work do not fill the memory. */
const KEPT_LINES = 10_000;

export type ServiceName = 'url-issuer' | 'acceptor' | 'processor';

/** One line that a service wrote: a log line, or a metric's. */
export interface OutputLine {
  readonly [name: string]: unknown;
  readonly level?: string;
  readonly msg?: string;
}

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A service that is started, killed and started again, one process at a time, always behind the same proxy. */
export interface ServiceUnderFaults {
  readonly name: string;
  readonly proxy: AwsProxy;
  /** The last 10,000 lines of all its processes. */
  readonly lines: readonly OutputLine[];
  /** The sum of all values of a metric that were written, over all its processes: gathered ones come a second later, or at a stop. */
  total(metric: string): number;
  /** Calls the listener with each line from now on, whichever process writes it. Returns a function that removes the listener. */
  onLine(listener: (line: OutputLine) => void): () => void;
  /** Resolves with the next line for which `isIt` is true. Rejects if the process ends before. */
  nextLine(isIt: (line: OutputLine) => boolean): Promise<OutputLine>;
  /** Of the process that runs, or ran last. */
  readonly pid: number;
  readonly isRunning: boolean;
  /** Starts a process, and does not wait. @throws Error when one runs already */
  launch(): void;
  /** Resolves when the launched process listens, with the URL of `/livez` and `/readyz`. Rejects when it ends before. */
  url(): Promise<string>;
  /** `launch`, and `url`. */
  start(): Promise<string>;
  /** From now on nothing that the process writes arrives anywhere. */
  closeOutput(): void;
  /** To the process that runs; SIGSTOP and SIGCONT too. */
  signal(name: NodeJS.Signals): void;
  /** Resolves when the last process has ended and its lines were read. */
  ended(): Promise<ProcessEnd>;
  /** SIGKILL, and `ended`. */
  kill(): Promise<ProcessEnd>;
  /** SIGTERM, and `ended`. */
  stop(): Promise<ProcessEnd>;
}

/** @param options.env the whole environment: nothing of the caller's comes with it */
export function createServiceUnderFaults(options: {
  readonly name: string;
  readonly service: ServiceName;
  readonly proxy: AwsProxy;
  readonly env: Readonly<Record<string, string>>;
  readonly logFolder: string;
  /** See `startProcess`. */
  readonly ownGroup: boolean;
}): ServiceUnderFaults {
  const { name, service, proxy, env, logFolder, ownGroup } = options;
  const lines: OutputLine[] = [];
  const totals = new Map<string, number>();
  const listeners = new Set<(line: OutputLine) => void>();
  let current: { readonly process: ManagedProcess; readonly url: Promise<string> } | undefined;
  let isRunning = false;
  let launches = 0;

  function take(text: string): void {
    const line = JSON.parse(text) as OutputLine;
    lines.push(line);
    if (lines.length > KEPT_LINES) lines.shift();
    if ('_aws' in line) {
      for (const [metric, written] of Object.entries(line)) {
        for (const value of [written].flat()) {
          if (typeof value === 'number') totals.set(metric, (totals.get(metric) ?? 0) + value);
        }
      }
    }
    for (const listener of [...listeners]) listener(line);
  }

  function running() {
    if (!current) throw new Error(`${name} was never started`);
    return current;
  }

  function launch(): void {
    if (isRunning) throw new Error(`${name} runs already`);
    launches += 1;
    isRunning = true;
    const started = startProcess({
      name,
      program: join(repository, `services/${service}/src/main.ts`),
      env,
      logFile: join(logFolder, `${name}-${launches}.log`),
      ownGroup,
    });
    started.onLine(take);
    void started.exit.then(() => {
      isRunning = false;
    });
    const url = urlOf(started);
    url.catch(() => undefined);
    current = { process: started, url };
  }

  async function ended(): Promise<ProcessEnd> {
    const end = await running().process.exit;
    // The last lines are handed on in turns of their own.
    await nextTurn();
    return end;
  }

  function end(signal: NodeJS.Signals): Promise<ProcessEnd> {
    running().process.signal(signal);
    return ended();
  }

  return {
    name,
    proxy,
    lines,
    total: (metric) => totals.get(metric) ?? 0,
    onLine(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    nextLine(isIt) {
      const { process } = running();
      const { promise, resolve, reject } = Promise.withResolvers<OutputLine>();
      const listener = (line: OutputLine) => isIt(line) && resolve(line);
      listeners.add(listener);
      void process.ended.then((how) => reject(new Error(how)));
      return promise.finally(() => listeners.delete(listener));
    },
    get pid() {
      return running().process.pid;
    },
    get isRunning() {
      return isRunning;
    },
    launch,
    url: () => running().url,
    start() {
      launch();
      return running().url;
    },
    closeOutput: () => running().process.closeOutput(),
    signal: (signal) => running().process.signal(signal),
    ended,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
}
