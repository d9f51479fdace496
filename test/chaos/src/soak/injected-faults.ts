import { below, type Random } from '@upload-once/simulation/src/simulation/random.ts';
import { AWS_SERVICES, type AwsService } from '../proxy/aws-call.ts';
import { type CallOutcome, type Judge, PASS, RefusalKind } from '../proxy/call-outcome.ts';

/** Of a thousand calls, at any time: 3 % of all. */
const ALWAYS: readonly { readonly perMille: number; readonly name: string; readonly outcome: CallOutcome }[] =
  [
    { perMille: 5, name: '500', outcome: { kind: 'refuse', error: RefusalKind.internal } },
    { perMille: 5, name: '503', outcome: { kind: 'refuse', error: RefusalKind.unavailable } },
    { perMille: 10, name: 'throttled', outcome: { kind: 'refuse', error: RefusalKind.throttled } },
    { perMille: 5, name: 'reset', outcome: { kind: 'cut' } },
    { perMille: 5, name: 'response lost', outcome: { kind: 'lose-response' } },
  ];
/** In a storm this share of one service's calls meets one of those: more than a client's own attempts get over. */
const STORM_SHARE = 0.7;
const STORM_SECONDS = { least: 1, most: 3 } as const;
const CALM_SECONDS = { least: 10, most: 30 } as const;

export interface InjectedFaults {
  readonly judge: Judge;
  /** How many calls met each fault; storms among them, by their own name. */
  readonly counts: ReadonlyMap<string, number>;
  /** From now on everything passes. */
  stop(): void;
}

/** A few per cent of all calls fail, in each way in which a call to AWS fails; now and then those to one service for seconds. */
export function injectFaults(random: Random): InjectedFaults {
  const counts = new Map<string, number>();
  let isOver = false;
  let stormOver: AwsService | undefined;
  let timer: NodeJS.Timeout;

  function count(name: string): void {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }

  function calm(): void {
    stormOver = undefined;
    timer = setTimeout(storm, secondsFrom(CALM_SECONDS) * 1000);
  }

  function storm(): void {
    stormOver = AWS_SERVICES[below(AWS_SERVICES.length, random)];
    count('storms');
    timer = setTimeout(calm, secondsFrom(STORM_SECONDS) * 1000);
  }

  function secondsFrom({ least, most }: { readonly least: number; readonly most: number }): number {
    return least + random() * (most - least);
  }

  calm();
  return {
    counts,
    judge({ service }) {
      if (isOver) return PASS;
      const all = ALWAYS.reduce((sum, { perMille }) => sum + perMille, 0);
      let at = service === stormOver && random() < STORM_SHARE ? below(all, random) : below(1000, random);
      for (const { perMille, name, outcome } of ALWAYS) {
        if (at < perMille) {
          count(name);
          return outcome;
        }
        at -= perMille;
      }
      return PASS;
    },
    stop() {
      isOver = true;
      clearTimeout(timer);
    },
  };
}
