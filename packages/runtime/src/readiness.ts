import type { Clock } from '@upload-once/clock';
import type { Logger } from './logging.ts';

export interface ReadinessOptions {
  /**
   * What must respond, by what kind of thing it is (`The table of uploads`), never by its own name: `/readyz` needs no key.
   * A check may go on after its signal; its result is then ignored.
   */
  readonly checks: Readonly<Record<string, (signal: AbortSignal) => Promise<void>>>;
  /** How long one round of checks may take. */
  readonly limitMs: number;
  /** How long a result, good or bad, is kept: however many probes come, the tables are asked once in that time. */
  readonly validMs: number;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly log: Logger;
}

export interface Readiness {
  /** Why the service can't serve now, one sentence a reason; empty: it can. */
  reasonsAgainst(): Promise<readonly string[]>;
  /** From now on the service is leaving, and never ready again. */
  stop(): void;
}

interface Round {
  readonly reasons: Promise<string[]>;
  endedAtMs?: number;
}

/**
 * Whether a service can serve, by what it depends on. The log reports each check when it begins to fail and when it responds
 * again, not how often it was asked meanwhile.
 */
export function createReadiness(options: ReadinessOptions): Readiness {
  const silent = new Set<string>();
  let stopping = false;
  let round: Round | undefined;

  function isStale({ endedAtMs }: Round): boolean {
    return endedAtMs !== undefined && options.clock.monotonicMs() - endedAtMs >= options.validMs;
  }

  function startRound(): Round {
    const started: Round = { reasons: checkAll(options, silent) };
    started.reasons.then(() => {
      started.endedAtMs = options.clock.monotonicMs();
    });
    return started;
  }

  return {
    async reasonsAgainst() {
      if (stopping) return ['The service is stopping'];
      if (!round || isStale(round)) round = startRound();
      return await round.reasons;
    },
    stop() {
      stopping = true;
    },
  };
}

/** Never rejects. @param silent the checks that failed in the last round; brought up to date */
async function checkAll(options: ReadinessOptions, silent: Set<string>): Promise<string[]> {
  const limit = new AbortController();
  const timer = setTimeout(
    () => limit.abort(new Error(`no response within ${options.limitMs} ms`)),
    options.limitMs,
  );
  const reasons = await Promise.all(
    Object.entries(options.checks).map(async ([name, check]) => {
      try {
        await Promise.race([check(limit.signal), aborted(limit.signal)]);
        if (silent.delete(name)) options.log.info(`${name} responds again`);
        return [];
      } catch (error) {
        if (!silent.has(name)) options.log.warn({ err: error }, `${name} does not respond`);
        silent.add(name);
        return [`${name} does not respond`];
      }
    }),
  );
  clearTimeout(timer);
  return reasons.flat();
}

function aborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  return promise;
}
