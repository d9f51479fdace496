import { median } from '../percentile.ts';
import { ratiosOf, shownRatios } from '../ratios.ts';

/** CPU of a call, in microseconds. */
export interface CallRound {
  readonly sdk: number;
  readonly own: number;
}

export interface CallResults {
  readonly machine: string;
  readonly calls: readonly { readonly name: string; readonly rounds: readonly CallRound[] }[];
}

export function callRows({ calls }: CallResults): string[][] {
  const rows = calls.map(({ name, rounds }) => {
    const [sdk, own] = [rounds.map((round) => round.sdk), rounds.map((round) => round.own)];
    const [ofSdk, ofOwn] = [sdk, own].map((figures) => `${median(figures).toFixed(0)} µs`);
    return [name, ofSdk ?? '', ofOwn ?? '', shownRatios(ratiosOf(own, sdk))];
  });
  return [['', 'AWS SDK', 'upload-once', '× AWS SDK'], ...rows];
}
